//! Whether the API server is there. One task probes; all watches of the cluster go by what it finds.

use std::sync::Arc;
use std::time::Duration;

use model::cluster::{ConnectionProblem, StatusReason};
use model::{ClusterId, ClusterStatus, Timestamp};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::reason;
use crate::client::{ConnectError, Connection, Failure};
use crate::clock;
pub(crate) use probe::Probe;
use probe::Seen;

mod probe;

/// Between probes while all is well: a host that vanished without a word is found out by these.
const WHILE_UP: Duration = Duration::from_secs(5);
/// Two probes are at least this far apart, however many watches raise a suspicion.
const APART: Duration = Duration::from_millis(100);
/// The first pause after a failed probe.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause for a cluster that was connected, at first: it is seen soon after it is back.
const LONGEST_WHILE_LOST: Duration = Duration::from_millis(1500);
/// The longest pause for a cluster that never answered, or whose problem does not pass by itself.
const LONGEST: Duration = Duration::from_secs(30);
/// After as many failed probes again (half a minute at first), that pause is longer by as much as it was at first.
const HURRIED: u32 = 20;

/// What the watches go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    /// The API server answers.
    pub up: bool,
    /// Grows when the connection is lost: streams from before are worth nothing.
    pub generation: u64,
    /// Grows when waiting is over: the API server is back, or the user wants another attempt.
    pub wake: u64,
    /// Grows when another cluster may have taken the place of the one that was listed.
    pub relist: u64,
}

/// What the writer publishes of the connection.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub generation: u64,
    pub status: ClusterStatus,
    pub reason: Option<StatusReason>,
    pub version: Option<String>,
    pub lost_at: Option<Timestamp>,
}

impl Default for News {
    fn default() -> Self {
        Self {
            generation: 0,
            status: ClusterStatus::Connecting,
            reason: None,
            version: None,
            lost_at: None,
        }
    }
}

/// The task that probes.
pub(super) struct Linker {
    cluster: ClusterId,
    connection: Arc<Connection>,
    link: watch::Sender<Link>,
    news: watch::Sender<News>,
    retry: Arc<Notify>,
    probe: Probe,
    /// The UID of the cluster's first namespace: it is this cluster, and no other at its address.
    identity: Option<String>,
    was_up: bool,
    failures: u32,
}

/// Why the next probe is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Time,
    Suspicion,
    Retry,
}

impl Linker {
    pub fn new(
        cluster: ClusterId,
        connection: Arc<Connection>,
        link: watch::Sender<Link>,
        news: watch::Sender<News>,
        retry: Arc<Notify>,
    ) -> Self {
        Self {
            cluster,
            probe: Probe::new(connection.clone()),
            connection,
            link,
            news,
            retry,
            identity: None,
            was_up: false,
            failures: 0,
        }
    }

    /// Probes until the engine ends.
    pub async fn run(mut self, suspect: Arc<Notify>) {
        let mut cause = Cause::Time;
        loop {
            let started = Instant::now();
            let up = self.link.borrow().up;
            if cause == Cause::Retry {
                self.connection.forget().await;
                self.link.send_modify(|link| link.wake += 1);
            }
            let mut seen = self.probe.run(up && cause == Cause::Time).await;
            if up && seen.as_ref().is_err_and(is_timeout) {
                // One slow answer is no loss.
                seen = self.probe.run(false).await;
            }
            let pause = match seen {
                Ok(seen) => {
                    self.found(seen);
                    WHILE_UP
                }
                Err(failure) => self.lost(&failure).await,
            };
            tokio::time::sleep_until(started + APART).await;
            let up = self.link.borrow().up;
            cause = tokio::select! {
                () = tokio::time::sleep(pause) => Cause::Time,
                () = self.retry.notified() => Cause::Retry,
                // While it is lost nobody has to say so.
                () = suspect.notified(), if up => Cause::Suspicion,
            };
        }
    }

    fn found(&mut self, seen: Seen) {
        let was = *self.link.borrow();
        let is_other = match (&self.identity, &seen.identity) {
            (Some(before), Some(now)) => before != now,
            // Who may not see it cannot tell: after every loss, better list than trust.
            (_, None) => self.was_up && !was.up,
            (None, Some(_)) => false,
        };
        self.identity = seen.identity.or(self.identity.take());
        if is_other && self.was_up {
            tracing::info!(cluster.id = %self.cluster, "listing again: another cluster may have taken the address");
        }
        if !was.up {
            tracing::info!(cluster.id = %self.cluster, "connected to {}", self.connection.server());
        }
        self.failures = 0;
        self.was_up = true;
        // First what is published, then what the watches go by: no watch is live before the cluster is connected.
        self.news.send_if_modified(|news| {
            let version = seen.version.or_else(|| news.version.clone());
            let same = news.status == ClusterStatus::Connected && news.version == version;
            news.status = ClusterStatus::Connected;
            news.reason = None;
            news.lost_at = None;
            news.version = version;
            !same
        });
        self.link.send_if_modified(|link| {
            link.relist += u64::from(is_other);
            // A stream of the other cluster's predecessor is cut.
            link.generation += u64::from(is_other && link.up);
            link.wake += u64::from(!was.up);
            link.up = true;
            *link != was
        });
        if is_other {
            let generation = self.link.borrow().generation;
            self.news
                .send_if_modified(|news| std::mem::replace(&mut news.generation, generation) != generation);
        }
    }

    /// Tells all, and says how long to wait.
    async fn lost(&mut self, failure: &Failure) -> Duration {
        let reason = reason(failure, &self.connection);
        self.link.send_if_modified(|link| {
            let was_up = std::mem::take(&mut link.up);
            link.generation += u64::from(was_up);
            was_up
        });
        let generation = self.link.borrow().generation;
        let status = if self.was_up {
            ClusterStatus::Disconnected
        } else {
            ClusterStatus::Error
        };
        self.news.send_if_modified(|news| {
            let same = news.status == status && news.reason.as_ref() == Some(&reason);
            if !same {
                tracing::warn!(cluster.id = %self.cluster, "{}", reason.message);
            }
            if news.lost_at.is_none() && self.was_up {
                news.lost_at = Some(clock::now());
            }
            news.generation = generation;
            news.status = status;
            news.reason = Some(reason.clone());
            !same
        });
        // Certificates and tokens may lie in files that somebody renews.
        if does_not_pass(reason.code) {
            self.connection.forget().await;
        }
        let (first, longest) = match reason.code {
            // A plugin may open a browser window.
            code if does_not_pass(code) => (FIRST_PAUSE * 10, LONGEST),
            _ if !self.was_up => (FIRST_PAUSE * 2, LONGEST),
            // The longer it is away, the less a few seconds count.
            _ => {
                let patience = 1 + self.failures / HURRIED;
                (
                    FIRST_PAUSE,
                    LONGEST_WHILE_LOST.saturating_mul(patience).min(LONGEST),
                )
            }
        };
        let pause = first.saturating_mul(1 << self.failures.min(12)).min(longest);
        self.failures += 1;
        clock::jitter(pause)
    }
}

fn is_timeout(failure: &Failure) -> bool {
    matches!(**failure, ConnectError::TimedOut { .. })
}

/// Whether somebody has to do something before it can work.
fn does_not_pass(code: ConnectionProblem) -> bool {
    use ConnectionProblem as P;
    matches!(
        code,
        P::Kubeconfig | P::Tls | P::Unauthorized | P::ExecPlugin | P::NotKubernetes
    )
}
