//! Watches: a cursor into the history of a resource. There is no queue per watcher; one that is slower than the
//! history is long is told 410, as by the API server.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::stream;
use http::StatusCode;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::http::answer::{self, Answer};
use crate::http::form::Form;
use crate::http::request::{Query, Target};
use crate::list::{check_options, version};
use crate::selector::Selectors;
use crate::shared::Shared;
use crate::status::Refusal;
use crate::store::{Dictionary, Event, Key, Part, ResourceId, Snapshot};
use crate::view::View;

/// How long a watch lasts when the client does not say: the API server draws between 30 and 60 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
/// How many events a watch takes before other tasks get their turn.
const BATCH: usize = 64;
/// Lines go out together up to about this size.
const PART: usize = 64 * 1024;
/// From so many watches of a resource on they are a crowd, which is woken together at this pace: a thousand writes per
/// event cost more than what is written. One event after a pause is told at once.
const CROWD: usize = 100;
const PACE: Duration = Duration::from_millis(20);

/// Answers a watch.
pub(crate) fn watch(
    shared: &Arc<Shared>,
    target: &Target,
    query: &Query,
    form: Form,
    no_bookmarks: bool,
) -> Result<Answer, Refusal> {
    let resource = &*target.resource;
    check_options(query, true)?;
    let selectors = Selectors::of(resource, query)?;
    let view = View::of(shared, resource, query, form)?;
    // The layer that reads it is another one than for lists, and does not make a proper refusal of it.
    let asked = version(query).map_err(|refusal| {
        let message = refusal.message.trim_start_matches("invalid resource version: ");
        Refusal::other(StatusCode::INTERNAL_SERVER_ERROR, "", message, None)
    })?;
    let timeout = match query.number("timeoutSeconds")? {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds.unsigned_abs()),
        _ => DEFAULT_TIMEOUT,
    };
    let initial = query.flag("sendInitialEvents") && query.has("sendInitialEvents");
    let bookmarks = query.flag("allowWatchBookmarks") && !no_bookmarks;
    let mut store = shared.store.lock();
    let changed = store.subscribe(resource.id);
    let dictionary = store.dictionary(resource.id);
    // Without a version, or with 0, a watch begins with what there is; unless initial events are declined.
    let declined = query.has("sendInitialEvents") && !initial;
    let begins_with_state = initial || (matches!(asked, None | Some(0)) && !declined);
    let (cursor, state) = if begins_with_state {
        let snapshot = store.snapshot(resource.id);
        (snapshot.version, Some((snapshot, None)))
    } else {
        (asked.filter(|v| *v > 0).unwrap_or_else(|| store.version()), None)
    };
    let too_old = state.is_none() && cursor < store.begun(resource.id);
    drop(store);
    let end = Instant::now() + timeout;
    let mut watcher = Watcher {
        shared: shared.clone(),
        resource: resource.id,
        namespace: target.namespace.clone(),
        selectors,
        view,
        dictionary,
        cursor,
        changed,
        last_sent: None,
        end,
        bookmark: bookmarks
            .then(|| next_bookmark(shared.bookmark_interval, end))
            .flatten(),
        initial_bookmark: (initial && bookmarks).then_some(cursor),
        state,
        ready: VecDeque::new(),
        columns_sent: false,
        finished: false,
        stop: shared.stop.clone(),
        ended: resource
            .custom
            .as_ref()
            .map(|custom| custom.ended.clone())
            .unwrap_or_default(),
    };
    if too_old {
        watcher.expire();
    }
    Ok(answer::lines(watcher.lines()))
}

/// Bookmarks come at an interval, and one shortly before the end so that the next watch can go on from it.
fn next_bookmark(interval: Duration, end: Instant) -> Option<Instant> {
    let now = Instant::now();
    let last = end
        .checked_sub(Duration::from_secs(2))
        .filter(|last| *last > now)?;
    Some((now + interval).min(last))
}

struct Watcher {
    shared: Arc<Shared>,
    resource: ResourceId,
    namespace: String,
    selectors: Selectors,
    view: View,
    dictionary: Arc<Dictionary>,
    /// Everything up to this resourceVersion is told.
    cursor: u64,
    changed: Receiver<u64>,
    /// When events were told last.
    last_sent: Option<Instant>,
    end: Instant,
    bookmark: Option<Instant>,
    initial_bookmark: Option<u64>,
    /// What the watch begins with, until it is sent, and up to where it is.
    state: Option<(Snapshot, Option<Key>)>,
    ready: VecDeque<Bytes>,
    columns_sent: bool,
    finished: bool,
    stop: CancellationToken,
    /// The definition of the resource is gone, or is another one.
    ended: CancellationToken,
}

/// What a watch has to tell.
enum News {
    Nothing,
    Events(Vec<Arc<Event>>),
    /// The lines that another watch has made of the events.
    Part(Part),
    Forgotten,
}

impl Watcher {
    fn lines(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::unfold(self, |mut watcher| async move {
            let line = watcher.next().await?;
            Some((Ok(line), watcher))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(self.with_more(line));
            }
            if self.finished {
                return None;
            }
            if self.send_state() {
                continue;
            }
            if let Some(next) = self.pace() {
                sleep_until(next).await;
            }
            self.view.at(self.shared.clock.seconds());
            // Marked before the store is asked: a change in between wakes the wait below at once.
            self.changed.borrow_and_update();
            match self.news() {
                News::Part(part) => return Some(self.send(part)),
                News::Events(events) if self.shares() => {
                    let part = self.part(&events);
                    self.shared.store.lock().keep_part(self.resource, part.clone());
                    return Some(self.send(part));
                }
                News::Events(events) => events.iter().for_each(|event| self.take(event)),
                News::Forgotten => self.expire(),
                News::Nothing if self.ended.is_cancelled() => self.finished = true,
                News::Nothing => self.wait().await,
            }
        }
    }

    /// What has happened since this watch told something.
    fn news(&self) -> News {
        let mut store = self.shared.store.lock();
        if self.shares()
            && let Some(part) = store.part(self.resource, self.cursor)
        {
            return News::Part(part);
        }
        match store.next_events(self.resource, self.cursor, BATCH) {
            Some(events) if events.is_empty() => News::Nothing,
            Some(events) => News::Events(events),
            None => News::Forgotten,
        }
    }

    /// Whether this watch sends what all others of its kind send.
    fn shares(&self) -> bool {
        self.view.is_plain() && self.selectors.is_empty() && self.namespace.is_empty()
    }

    /// The next piece of what such watches send.
    fn part(&self, events: &[Arc<Event>]) -> Part {
        let mut lines = Vec::new();
        let mut upto = self.cursor;
        for event in events {
            lines.extend_from_slice(&self.line_of(event));
            upto = event.version();
            if lines.len() >= PART {
                break;
            }
        }
        Part {
            after: self.cursor,
            upto,
            lines: lines.into(),
        }
    }

    fn send(&mut self, part: Part) -> Bytes {
        self.cursor = part.upto;
        // One that is behind does not wait.
        self.last_sent = (part.lines.len() < PART).then(Instant::now);
        part.lines
    }

    /// An event as a line, which all watches share that send it as it is.
    fn line_of(&self, event: &Event) -> Bytes {
        event.line(|| {
            let text = self.dictionary.unpack(&event.after);
            line(type_of(event), &self.view, &text, event.version(), false)
        })
    }

    /// A line, with those that wait behind it: a watch that is late sends more at a time, and catches up.
    fn with_more(&mut self, line: Bytes) -> Bytes {
        if self.ready.is_empty() {
            return line;
        }
        let mut part = line.to_vec();
        while part.len() < PART
            && let Some(line) = self.ready.pop_front()
        {
            part.extend_from_slice(&line);
        }
        part.into()
    }

    /// Queues the next part of what the watch begins with. Returns whether there was any. The lines are made as the
    /// client takes them: a watch of everything never costs the memory of a list.
    fn send_state(&mut self) -> bool {
        let Some((snapshot, after)) = self.state.take() else {
            return false;
        };
        let mut last = None;
        for (key, stored) in snapshot.from(&self.namespace, after.as_ref()).take(BATCH) {
            last = Some(key.clone());
            let text = snapshot.dictionary.unpack(stored);
            if self.selectors.is_empty() || self.selectors.matches(key, &text) {
                let line = line("ADDED", &self.view, &text, stored.version, !self.columns_sent);
                self.columns_sent = true;
                self.ready.push_back(line);
            }
        }
        if last.is_some() {
            self.state = Some((snapshot, last));
        } else if let Some(version) = self.initial_bookmark.take() {
            self.ready.push_back(bookmark_line(&self.view, version, true));
        }
        true
    }

    /// Queues what an event is to this watch, if it is anything.
    fn take(&mut self, event: &Arc<Event>) {
        self.cursor = event.version();
        if !self.namespace.is_empty() && *event.key.namespace != *self.namespace {
            return;
        }
        let plain = self.view.is_plain() && self.selectors.is_empty();
        if plain {
            let line = self.line_of(event);
            self.ready.push_back(line);
            return;
        }
        let after = self.dictionary.unpack(&event.after);
        // An object that begins to match is new to this watch, and one that ceases to is gone.
        let matched = |text: &[u8]| self.selectors.is_empty() || self.selectors.matches(&event.key, text);
        let before = event
            .before
            .as_ref()
            .is_some_and(|before| self.selectors.is_empty() || matched(&self.dictionary.unpack(before)));
        let now = !event.deleted && matched(&after);
        let (kind, text) = match (before, now) {
            (false, false) => return,
            (false, true) => ("ADDED", after),
            (true, true) => ("MODIFIED", after),
            (true, false) if event.deleted => ("DELETED", after),
            (true, false) => ("DELETED", self.last_match(event)),
        };
        let line = line(kind, &self.view, &text, event.version(), !self.columns_sent);
        self.columns_sent = true;
        self.ready.push_back(line);
    }

    /// The state before an object ceased to match, with the resourceVersion at which it did.
    fn last_match(&self, event: &Event) -> Vec<u8> {
        let before = event
            .before
            .as_ref()
            .map(|before| self.dictionary.unpack(before))
            .unwrap_or_default();
        let mut object: serde_json::Value = serde_json::from_slice(&before).unwrap_or_default();
        object["metadata"]["resourceVersion"] = event.version().to_string().into();
        crate::store::object::text_of(&object)
    }

    fn expire(&mut self) {
        let begun = self.shared.store.lock().begun(self.resource);
        let expired = Refusal::expired(format!("too old resource version: {} ({begun})", self.cursor));
        let line = format!("{{\"type\":\"ERROR\",\"object\":{}}}\n", expired.status());
        self.ready.push_back(line.into());
        self.finished = true;
    }

    async fn wait(&mut self) {
        let bookmark = self.bookmark;
        tokio::select! {
            changed = self.changed.changed() => self.finished |= changed.is_err(),
            () = sleep_until(self.end) => self.finished = true,
            () = self.stop.cancelled() => self.finished = true,
            () = self.ended.cancelled() => {}
            () = async { match bookmark {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            } } => {
                self.cursor = self.cursor.max(self.idle_version());
                self.ready.push_back(bookmark_line(&self.view, self.cursor, false));
                self.bookmark = next_bookmark(self.shared.bookmark_interval, self.end);
            }
        }
    }

    /// When a watch of a crowd may tell the next event: all at the same time, so that they send the same.
    fn pace(&self) -> Option<Instant> {
        let last = self.last_sent?;
        if self.shared.store.lock().watches(self.resource) < CROWD {
            return None;
        }
        let since = last.duration_since(self.shared.begun).as_nanos();
        let count = u32::try_from(since / PACE.as_nanos()).unwrap_or(u32::MAX);
        Some(self.shared.begun + PACE * count.saturating_add(1))
    }

    /// Where an idle watch stands: at the newest change of anything, unless an event has come in just now.
    fn idle_version(&self) -> u64 {
        let mut store = self.shared.store.lock();
        let pending = store
            .next_events(self.resource, self.cursor, 1)
            .is_none_or(|events| !events.is_empty());
        if pending { self.cursor } else { store.version() }
    }
}

fn type_of(event: &Event) -> &'static str {
    match (event.deleted, &event.before) {
        (true, _) => "DELETED",
        (false, None) => "ADDED",
        (false, Some(_)) => "MODIFIED",
    }
}

fn line(kind: &str, view: &View, text: &[u8], version: u64, columns: bool) -> Bytes {
    let mut line = Vec::with_capacity(text.len() + 96);
    line.extend_from_slice(format!("{{\"type\":\"{kind}\",\"object\":").as_bytes());
    view.object(&mut line, text, version, columns);
    line.extend_from_slice(b"}\n");
    line.into()
}

fn bookmark_line(view: &View, version: u64, initial: bool) -> Bytes {
    let mut line = b"{\"type\":\"BOOKMARK\",\"object\":".to_vec();
    line.extend_from_slice(&view.bookmark(version, initial));
    line.extend_from_slice(b"}\n");
    line.into()
}
