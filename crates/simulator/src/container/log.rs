//! `pods/log`: which lines are asked for, and following them as the clock goes on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::lines::Lines;
use super::{Container, End, Run};
use crate::controllers::json::seconds;
use crate::http::answer::{self, Answer};
use crate::http::request::{Query, Target};
use crate::shared::Shared;
use crate::status::{Cause, Refusal};

/// How much is made at a time.
const CHUNK: usize = 32 * 1024;
/// How often somebody who follows looks whether the container still runs.
const LOOK: Duration = Duration::from_secs(1);
/// The same under a clock that is moved by hand, and may be moved at any time.
const LOOK_OFTEN: Duration = Duration::from_millis(20);

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    follow: bool,
    previous: bool,
    timestamps: bool,
    tail: Option<usize>,
    /// Nanoseconds since 1970.
    since: Option<i64>,
    limit: Option<usize>,
}

impl Options {
    fn parse(query: &Query, pod: &str, now: i64) -> Result<Self, Refusal> {
        let mut causes = Vec::new();
        let tail = query.number("tailLines")?;
        if let Some(tail) = tail.filter(|tail| *tail < 0) {
            causes.push(Cause::invalid(
                "tailLines",
                &json!(tail),
                "must be greater than or equal to 0",
            ));
        }
        let limit = query.number("limitBytes")?;
        if let Some(limit) = limit.filter(|limit| *limit < 1) {
            causes.push(Cause::invalid(
                "limitBytes",
                &json!(limit),
                "must be greater than 0",
            ));
        }
        let seconds_ago = query.number("sinceSeconds")?;
        let time = query.get("sinceTime");
        if seconds_ago.is_some() && time.is_some() {
            let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
            causes.push(Cause::forbidden("[]", why));
        } else if let Some(seconds_ago) = seconds_ago.filter(|seconds_ago| *seconds_ago < 1) {
            causes.push(Cause::invalid(
                "sinceSeconds",
                &json!(seconds_ago),
                "must be greater than 0",
            ));
        }
        if query.has("stream") {
            causes.push(Cause::forbidden("stream", "may not be specified"));
        }
        if !causes.is_empty() {
            return Err(Refusal::invalid("", "PodLogOptions", pod, causes));
        }
        let since_time = match time {
            None => None,
            Some(text) => Some(seconds(text).ok_or_else(|| {
                Refusal::bad_request(format!(
                    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
                ))
            })?),
        };
        let nanos = |seconds: i64| seconds.saturating_mul(1_000_000_000);
        Ok(Self {
            follow: query.flag("follow"),
            previous: query.flag("previous"),
            timestamps: query.flag("timestamps"),
            tail: tail.and_then(|tail| usize::try_from(tail).ok()),
            since: since_time
                .map(nanos)
                .or(seconds_ago.map(|seconds| now.saturating_sub(nanos(seconds)))),
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
        })
    }
}

/// Answers `get` of `pods/log`.
pub(crate) fn get(shared: &Arc<Shared>, target: &Target, query: &Query) -> Result<Answer, Refusal> {
    let now = shared.clock.nanos();
    let options = Options::parse(query, &target.name, now)?;
    let container = Container::find(shared, target, query.get("container"))?;
    if !container.is_scheduled() {
        return Ok(answer::nothing());
    }
    container.check_node(shared, "containerLogs")?;
    let run = container.run(options.previous)?;
    let lines = Lines::new(&container.pod, container.spec(), &run);
    let count = lines.count(now);
    let mut next = lines.first(now);
    if let Some(tail) = options.tail {
        next = next.max(count.saturating_sub(tail));
    }
    if let Some(since) = options.since {
        // Times grow with the numbers of lines.
        let (mut low, mut high) = (next, count);
        while low < high {
            let middle = low + (high - low) / 2;
            match lines.time(middle) < since {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        next = low;
    }
    let mut reader = Reader::new(shared, target, &container, run, lines);
    reader.next = next;
    reader.follow &= options.follow;
    reader.left = options.limit;
    reader.timestamps = options.timestamps;
    Ok(answer::plain(
        StatusCode::OK,
        stream::unfold(reader, Reader::read),
    ))
}

/// What a container says from now on.
pub(super) fn follow(
    shared: &Arc<Shared>,
    target: &Target,
    container: &Container,
) -> Result<Reader, Refusal> {
    let run = container.run(false)?;
    let lines = Lines::new(&container.pod, container.spec(), &run);
    let mut reader = Reader::new(shared, target, container, run, lines);
    reader.next = reader.lines.count(shared.clock.nanos());
    Ok(reader)
}

/// Where a container is.
struct Place {
    resource: usize,
    namespace: String,
    name: String,
    container: String,
}

/// Somebody who reads a log. It costs nothing while it waits but a timer of its connection.
pub(super) struct Reader {
    shared: Arc<Shared>,
    target: Place,
    follow: bool,
    run: Run,
    lines: Lines,
    /// The next line to send.
    next: usize,
    /// Bytes that may still be sent.
    left: Option<usize>,
    timestamps: bool,
}

impl Reader {
    fn new(shared: &Arc<Shared>, target: &Target, container: &Container, run: Run, lines: Lines) -> Self {
        Self {
            shared: shared.clone(),
            target: Place {
                resource: target.resource.id,
                namespace: target.namespace.clone(),
                name: target.name.clone(),
                container: container.name.clone(),
            },
            follow: run.ended.is_none(),
            run,
            lines,
            next: 0,
            left: None,
            timestamps: false,
        }
    }

    pub(super) async fn read(mut self) -> Option<(io::Result<Bytes>, Self)> {
        loop {
            if self.left == Some(0) {
                return None;
            }
            let chunk = self.chunk();
            if !chunk.is_empty() {
                return Some((Ok(chunk.into()), self));
            }
            if !self.follow {
                return None;
            }
            self.wait().await;
            self.look();
        }
    }

    fn chunk(&mut self) -> Vec<u8> {
        let count = self.lines.count(self.shared.clock.nanos());
        let mut chunk = Vec::new();
        while self.next < count && chunk.len() < CHUNK {
            if self.timestamps {
                chunk.extend_from_slice(nano_stamp(self.lines.time(self.next)).as_bytes());
                chunk.push(b' ');
            }
            chunk.extend_from_slice(self.lines.text(self.next).as_bytes());
            chunk.push(b'\n');
            self.next += 1;
        }
        if let Some(left) = &mut self.left {
            chunk.truncate(*left);
            *left -= chunk.len();
        }
        chunk
    }

    /// Until the next line is due, or it is time to look at the container.
    async fn wait(&self) {
        let pause = if self.shared.clock.is_manual() {
            LOOK_OFTEN
        } else {
            let due = self.lines.time(self.next) - self.shared.clock.nanos();
            LOOK.min(Duration::from_nanos(
                u64::try_from(due).unwrap_or_default().max(1_000_000),
            ))
        };
        tokio::time::sleep(pause).await;
    }

    /// A run that has ended has last lines, and then nothing follows.
    fn look(&mut self) {
        let key = crate::store::Key::new(&self.target.namespace, &self.target.name);
        let found = self.shared.store.lock().get(self.target.resource, &key);
        let pod: Option<Value> = found.and_then(|(_, text)| serde_json::from_slice(&text).ok());
        let ended = match pod {
            None => None,
            Some(pod) => {
                let name = self.target.container.clone();
                let container = Container { pod, name };
                let same = |run: &Run| run.id == self.run.id && run.started == self.run.started;
                let runs = [container.run(false), container.run(true)];
                match runs.into_iter().flatten().find(same) {
                    Some(Run { ended: None, .. }) => return,
                    Some(run) => run.ended,
                    None => None,
                }
            }
        };
        // A pod that is gone was told to end before.
        let asked = || End {
            at: self.shared.clock.seconds(),
            code: 0,
            reason: "Completed".to_owned(),
        };
        self.lines.finish(ended.unwrap_or_else(asked));
        // It ended a moment before anybody knew.
        self.next = self.next.min(self.lines.last_words());
        self.follow = false;
    }
}

/// A time as in logs, with nanoseconds: `2026-11-21T14:00:00.037000001Z`.
fn nano_stamp(nanos: i64) -> String {
    let time = Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.9}")
}
