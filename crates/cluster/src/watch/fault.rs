//! What can go wrong with a watch, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use model::cluster::KindProblem;

use super::event::Line;
use super::{Cursor, News, State, Step, Transport, Watch};
use crate::client::{ConnectError, Failure};
use crate::clock;
use crate::exec::harmless;
use crate::problem;

/// A watch that lived this long was a good one, even if nothing happened.
pub(super) const LIVED: Duration = Duration::from_secs(5);

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Between attempts at what is denied or not served.
const SLOW: Duration = Duration::from_secs(60);
/// The longest time between attempts at what is denied in a namespace: a cluster has many.
const SLOWEST: Duration = Duration::from_secs(16 * 60);
/// More patience than this no Retry-After gets.
const LONGEST_WISH: Duration = Duration::from_secs(120);
/// Closes without an event before the resourceVersion is taken for stale.
const BARREN: u32 = 3;
/// Attempts that fail before the kind counts as failing.
const TELL_AFTER: u32 = 3;

/// What can go wrong.
#[derive(Debug)]
pub(super) enum Fault {
    /// The link lost the API server, or found another one, while an answer was waited for.
    Lost,
    /// No answer, or a list broke off.
    Broken(Failure),
    /// A watch broke off; everything up to `from` was seen.
    Cut { from: String, failure: Failure },
    /// A watch sent nothing for longer than it may be silent.
    Silent { from: String, after: Duration },
    /// A watch was closed at once and without an event, several times.
    Barren { from: String, pause: Barren },
    /// The API server refuses, with this HTTP status.
    Status {
        status: u16,
        retry_after: Option<Duration>,
        credential: u64,
        error: Failure,
    },
    /// An ERROR event ended the watch; everything up to `from` was seen.
    Ended { from: String, error: Line },
    /// The resourceVersion is too old, within a watch.
    Gone,
    /// It answers 200, with something else than a list.
    Unreadable(String),
}

/// What to do about a watch that is closed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barren {
    /// Ask again after this.
    Again(Duration),
    /// The resourceVersion may be stale, whatever the API server says: list, after this.
    List(Duration),
}

impl Fault {
    pub fn of_event(error: Line, from: String) -> Self {
        if error.code == 410 {
            Self::Gone
        } else {
            Self::Ended { from, error }
        }
    }
}

/// How often what went wrong, since it last went well.
#[derive(Debug, Default)]
pub(super) struct Patience {
    lists: u32,
    watches: u32,
    expired_lists: u32,
    closes: u32,
    denials: u32,
    renewed: bool,
}

impl Patience {
    /// A page came.
    pub fn listed(&mut self) {
        self.lists = 0;
        self.denials = 0;
        self.renewed = false;
    }

    /// A watch brought something, or lived.
    pub fn followed(&mut self) {
        *self = Self::default();
    }

    /// The link came up anew: what was is no measure any more.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// A watch was closed after living this long; `None` if that is as it should be.
    pub fn closed(&mut self, lived: Duration) -> Option<Barren> {
        if lived >= LIVED || self.closes == 0 && lived >= Duration::from_secs(1) {
            self.followed();
            return None;
        }
        self.closes += 1;
        let pause = pause(self.closes.saturating_sub(1));
        Some(if self.closes.is_multiple_of(BARREN) {
            Barren::List(pause)
        } else {
            Barren::Again(pause)
        })
    }

    /// How long to leave what is denied alone. Every minute, but one of many namespaces ever less often.
    fn until_asked_again(&self, is_one_of_many: bool) -> Duration {
        if is_one_of_many {
            let doubled = self.denials.saturating_sub(1).min(12);
            SLOW.saturating_mul(1 << doubled).min(SLOWEST)
        } else {
            SLOW
        }
    }

    fn failed(&mut self, step: &Step) -> u32 {
        let count = match step {
            Step::List(_) => &mut self.lists,
            Step::Watch(_) => &mut self.watches,
        };
        *count += 1;
        *count
    }
}

/// 200 ms, doubled with each attempt (the first is 0) up to 30 s, less a quarter at most, at random.
fn pause(attempt: u32) -> Duration {
    clock::jitter(
        FIRST_PAUSE
            .saturating_mul(1 << attempt.min(12))
            .min(LONGEST_PAUSE),
    )
}

impl<T: Transport> Watch<T> {
    /// What follows from a fault in `step`.
    pub(super) async fn after(&mut self, fault: Fault, step: Step) -> State {
        match fault {
            // Waits for the link first.
            Fault::Lost => State::Active(step),
            Fault::Broken(failure) => self.broken(&failure, step).await,
            Fault::Cut { from, failure } => self.broken(&failure, Step::Watch(from)).await,
            Fault::Silent { from, after } => {
                let server = self.transport.server().to_owned();
                let failure = Arc::new(ConnectError::TimedOut { server, after });
                self.broken(&failure, Step::Watch(from)).await
            }
            Fault::Barren { from, pause } => {
                let (pause, then) = match pause {
                    Barren::Again(pause) => (pause, Step::Watch(from)),
                    Barren::List(pause) => (pause, Step::START),
                };
                State::BackingOff { pause, then }
            }
            Fault::Gone => self.expired(step),
            Fault::Ended { from, error } => {
                let message = format!(
                    "the watch ended with {}: {}",
                    error.code,
                    harmless(&error.message)
                );
                self.retry(&message, None, Step::Watch(from)).await
            }
            Fault::Unreadable(what) => self.retry(&what, None, step).await,
            Fault::Status {
                status,
                retry_after,
                credential,
                error,
            } => match status {
                410 => self.expired(step),
                504 if is_from_the_future(&error) => self.expired(step),
                401 => self.unauthorized(credential, &error, step).await,
                // Rights are looked at first: of what is not served one hears that it is forbidden.
                403 if self.context.kind.get().optional && !self.is_served().await => self.not_served().await,
                403 => self.denied(&error, step).await,
                404 if self.context.kind.get().optional => self.not_served().await,
                429 | 500.. => self.retry(&text(&error), retry_after, step).await,
                // Not served (404), or not in this form (406, 400): a restart of the API server may change that.
                _ => {
                    self.trouble(false, &text(&error), &step).await;
                    self.pause(SLOW, Step::START, text(&error))
                }
            },
        }
    }

    async fn not_served(&mut self) -> State {
        self.synced = false;
        self.context.denied.send_if_modified(std::mem::take);
        self.tell(clock::now(), News::NotServed).await;
        // A definition may be installed at any time; nobody waits for it to the second.
        self.pause(SLOW, Step::START, "the cluster does not serve it".to_owned())
    }

    /// The connection is gone, or was never there. The link finds out whether that is more than this one connection.
    async fn broken(&mut self, failure: &Failure, step: Step) -> State {
        self.context.suspect.notify_one();
        self.retry(&text(failure), None, step).await
    }

    /// Something that may pass. After a few attempts the kind counts as failing.
    async fn retry(&mut self, message: &str, retry_after: Option<Duration>, step: Step) -> State {
        let attempts = self.patience.failed(&step);
        if attempts >= TELL_AFTER {
            self.trouble(false, message, &step).await;
        }
        let pause = match retry_after {
            // Not all at the very moment that they were told.
            Some(wish) => wish.min(LONGEST_WISH) + clock::jitter(FIRST_PAUSE),
            None => pause(attempts - 1),
        };
        self.pause(pause, step, message.to_owned())
    }

    /// What was asked for no longer exists: list. At once, unless that has not helped before.
    fn expired(&mut self, step: Step) -> State {
        let whole = match &step {
            Step::List(cursor) => {
                self.patience.expired_lists += 1;
                cursor.whole || self.patience.expired_lists >= 2
            }
            Step::Watch(_) => false,
        };
        let then = Step::List(Cursor { token: None, whole });
        match self.patience.failed(&step) {
            1 => State::Active(then),
            attempts => self.pause(
                pause(attempts - 2),
                then,
                "the resourceVersion is too old".to_owned(),
            ),
        }
    }

    async fn unauthorized(&mut self, credential: u64, error: &Failure, step: Step) -> State {
        self.transport.renew(credential).await;
        if !std::mem::replace(&mut self.patience.renewed, true) {
            return State::Active(step);
        }
        // The link sees the same and tells the user.
        self.broken(error, step).await
    }

    async fn denied(&mut self, error: &Failure, step: Step) -> State {
        self.patience.denials += 1;
        // An API server that has just started denies things for a moment: its roles are not loaded yet.
        let pause = match (self.synced, self.patience.denials) {
            (true, 1) => Duration::from_secs(1),
            _ => {
                self.synced = false;
                self.trouble(true, &text(error), &step).await;
                self.context.denied.send_replace(true);
                self.patience.until_asked_again(self.context.namespace.is_some())
            }
        };
        // What was listed is no longer to be shown, so it has to be listed again.
        let then = if self.synced { step } else { Step::START };
        let state = self.pause(pause, then, text(error));
        if !self.synced {
            self.note("denied", Some(text(error)));
        }
        state
    }

    fn pause(&self, pause: Duration, then: Step, error: String) -> State {
        let kind = self.context.kind.get().kind;
        tracing::debug!(
            cluster.id = %self.context.cluster, watch.kind = kind, duration_ms = pause.as_millis(),
            "the watch of {kind} pauses: {error}"
        );
        self.note("backing off", Some(error));
        State::BackingOff { pause, then }
    }

    async fn trouble(&mut self, denied: bool, message: &str, step: &Step) {
        let kind = self.context.kind.get();
        let problem = KindProblem {
            kind: kind.id.to_owned(),
            verb: step.verb().to_owned(),
            group: kind.group.to_owned(),
            resource: kind.plural.to_owned(),
            namespace: self.context.namespace.as_deref().map(str::to_owned),
            seen_in: Vec::new(),
            message: message.to_owned(),
        };
        self.tell(clock::now(), News::Trouble { denied, problem }).await;
    }
}

/// The API server's own words if it said any, else the error's.
fn text(error: &Failure) -> String {
    match &**error {
        ConnectError::Status { message, status, .. } if message.is_empty() => format!("HTTP status {status}"),
        ConnectError::Status { message, .. } => message.clone(),
        other => problem::message(other),
    }
}

/// "Too large resource version": etcd was restored from a backup, or another cluster has taken the place of ours. The API
/// server will answer this until its own counter gets there, which may take years.
fn is_from_the_future(error: &Failure) -> bool {
    matches!(&**error, ConnectError::Status { message, .. } if message.contains("Too large resource version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        for (attempt, millis) in [
            (0, 200),
            (1, 400),
            (3, 1600),
            (7, 25_600),
            (8, 30_000),
            (400, 30_000),
        ] {
            let full = Duration::from_millis(millis);
            let pause = pause(attempt);
            assert!(
                pause <= full && pause >= full.mul_f64(0.74),
                "{attempt}: {pause:?}"
            );
        }
    }

    #[test]
    fn the_third_close_without_an_event_asks_for_a_list() {
        let mut patience = Patience::default();
        let at_once = Duration::from_millis(3);
        let lists = |patience: &mut Patience| matches!(patience.closed(at_once), Some(Barren::List(_)));
        assert!(!lists(&mut patience));
        assert!(!lists(&mut patience));
        assert!(lists(&mut patience));
        patience.followed();
        assert!(!lists(&mut patience));
        assert_eq!(patience.closed(Duration::from_secs(290)), None);
    }
}
