//! The task registry: every task has a name and a kind, and is awaited at shutdown.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// What cancelling a task means, and what it means when one ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Nothing works without it: if it ends or panics, the whole registry is cancelled. Cancelled, it is dropped at its
    /// next await.
    Essential,
    /// One part's loop, for as long as that part lives: an end or a panic is a defect and logged as one, the rest goes
    /// on. Cancelled, it is dropped at its next await.
    Service,
    /// Lives as long as its client. It watches [`Tasks::token`] itself, so that it can say goodbye within the grace
    /// period; ending is normal.
    Session,
    /// Something with an end that must be reached, such as a durable write: cancelling does not touch it, shutdown
    /// waits for it within the grace period.
    Job,
}

impl TaskKind {
    const fn dropped_when_cancelled(self) -> bool {
        matches!(self, Self::Essential | Self::Service)
    }

    const fn may_end(self) -> bool {
        matches!(self, Self::Session | Self::Job)
    }
}

/// A task that is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its name, as given to [`Tasks::spawn`].
    pub name: String,
    /// Its kind.
    pub kind: TaskKind,
}

/// A branch of the task registry. Clones are the same branch; [`child`](Self::child) makes one below it.
///
/// Nothing in the product calls `tokio::spawn` but this.
#[derive(Clone, Debug)]
pub struct Tasks {
    shared: Arc<Shared>,
    branch: Arc<Branch>,
}

#[derive(Debug)]
struct Shared {
    root: CancellationToken,
    entries: Mutex<Entries>,
    /// Ticks whenever a task ends.
    ended: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    running: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    task: Running,
    branch: Arc<Branch>,
    abort: Option<AbortHandle>,
}

#[derive(Debug)]
struct Branch {
    token: CancellationToken,
    parent: Option<Arc<Branch>>,
}

impl Branch {
    fn is_within(self: &Arc<Self>, other: &Arc<Branch>) -> bool {
        let mut branch = Some(self);
        while let Some(at) = branch {
            if Arc::ptr_eq(at, other) {
                return true;
            }
            branch = at.parent.as_ref();
        }
        false
    }
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new()
    }
}

impl Tasks {
    /// An empty registry.
    pub fn new() -> Self {
        let root = CancellationToken::new();
        Self {
            branch: Arc::new(Branch {
                token: root.clone(),
                parent: None,
            }),
            shared: Arc::new(Shared {
                root,
                entries: Mutex::default(),
                ended: watch::Sender::new(0),
            }),
        }
    }

    /// A branch that is cancelled with this one, and can be cancelled alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            branch: Arc::new(Branch {
                token: self.branch.token.child_token(),
                parent: Some(self.branch.clone()),
            }),
        }
    }

    /// Cancelled with this branch.
    pub fn token(&self) -> CancellationToken {
        self.branch.token.clone()
    }

    /// Cancels this branch and those below it, and does not wait.
    pub fn cancel(&self) {
        self.branch.token.cancel();
    }

    /// Starts a task in this branch.
    pub fn spawn(
        &self,
        name: impl Into<String>,
        kind: TaskKind,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = Running {
            name: name.into(),
            kind,
        };
        let number = {
            let mut entries = self.entries();
            let number = entries.next;
            entries.next += 1;
            let branch = self.branch.clone();
            let entry = Entry {
                task: task.clone(),
                branch,
                abort: None,
            };
            entries.running.insert(number, entry);
            number
        };
        let token = self.token();
        let end = End {
            shared: self.shared.clone(),
            number,
        };
        let handle = tokio::spawn(async move {
            // Dropped last, also when the task is aborted: the entry goes when the future is gone.
            let end = end;
            let guarded = AssertUnwindSafe(async {
                if kind.dropped_when_cancelled() {
                    token.run_until_cancelled(future).await.is_some()
                } else {
                    future.await;
                    true
                }
            })
            .catch_unwind()
            .await;
            report(&end.shared, &task, guarded, token.is_cancelled());
        });
        if let Some(entry) = self.entries().running.get_mut(&number) {
            entry.abort = Some(handle.abort_handle());
        }
    }

    /// What runs in this branch and below it, oldest first.
    pub fn running(&self) -> Vec<Running> {
        let entries = self.entries();
        let mine = entries
            .running
            .values()
            .filter(|entry| entry.branch.is_within(&self.branch));
        mine.map(|entry| entry.task.clone()).collect()
    }

    /// Cancels this branch and waits until its tasks have ended, at most `grace`. What has not stopped by then is
    /// aborted, and its names are returned: a defect, or a job that was too long.
    pub async fn shutdown(&self, grace: Duration) -> Vec<String> {
        self.cancel();
        let mut ended = self.shared.ended.subscribe();
        let all_ended = async {
            while !self.running().is_empty() {
                if ended.changed().await.is_err() {
                    break;
                }
            }
        };
        if tokio::time::timeout(grace, all_ended).await.is_ok() {
            return Vec::new();
        }
        let mut late = Vec::new();
        for entry in self.entries().running.values() {
            if entry.branch.is_within(&self.branch) {
                late.push(entry.task.name.clone());
                if let Some(abort) = &entry.abort {
                    abort.abort();
                }
            }
        }
        late
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.shared.entries()
    }
}

impl Shared {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // Nothing panics while it holds the lock; should it, the map is still a map.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a task off the list when it is dropped.
struct End {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for End {
    fn drop(&mut self) {
        self.shared.entries().running.remove(&self.number);
        self.shared.ended.send_modify(|count| *count += 1);
    }
}

/// Logs an end that should not be, and stops everything if the task was essential. `outcome` is whether the future ran
/// to its end; an error is a panic.
fn report(shared: &Shared, task: &Running, outcome: std::thread::Result<bool>, cancelled: bool) {
    let (name, kind) = (task.name.as_str(), task.kind);
    match outcome {
        Ok(true) if !kind.may_end() && !cancelled => {
            tracing::error!(
                task.name = name,
                "the task `{name}` ended, although it should run on"
            );
        }
        Ok(_) => return,
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned());
            let text = text.unwrap_or_else(|| "no message".to_owned());
            tracing::error!(task.name = name, "the task `{name}` panicked: {text}");
        }
    }
    if kind == TaskKind::Essential {
        shared.root.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::sync::oneshot;

    const GRACE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn shutdown_ends_everything_of_its_branch_only() {
        let tasks = Tasks::new();
        let branch = tasks.child();
        tasks.spawn("outside", TaskKind::Service, pending());
        branch.spawn("inside", TaskKind::Service, pending());
        branch.child().spawn("below", TaskKind::Service, pending());
        let names = |tasks: &Tasks| tasks.running().into_iter().map(|t| t.name).collect::<Vec<_>>();
        assert_eq!(names(&tasks), ["outside", "inside", "below"]);
        assert!(branch.shutdown(GRACE).await.is_empty());
        assert_eq!(names(&tasks), ["outside"]);
        assert!(tasks.shutdown(GRACE).await.is_empty());
        assert!(tasks.running().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_names_and_aborts_what_does_not_stop() {
        let tasks = Tasks::new();
        tasks.spawn("stubborn", TaskKind::Session, pending());
        assert_eq!(tasks.shutdown(GRACE).await, ["stubborn"]);
        // Aborted: the next wait finds nothing.
        assert!(tasks.shutdown(GRACE).await.is_empty());
    }

    #[tokio::test]
    async fn a_job_is_finished_and_a_session_says_goodbye() {
        let tasks = Tasks::new();
        let (finish, finished) = oneshot::channel::<()>();
        let (goodbye, heard) = oneshot::channel();
        tasks.spawn("job", TaskKind::Job, async move {
            let _ = finished.await;
        });
        let token = tasks.token();
        tasks.spawn("session", TaskKind::Session, async move {
            token.cancelled().await;
            let _ = goodbye.send("bye");
            let _ = finish.send(());
        });
        assert!(tasks.shutdown(GRACE).await.is_empty());
        assert_eq!(heard.await, Ok("bye"));
    }

    #[tokio::test]
    async fn only_an_essential_task_takes_the_rest_with_it() {
        let tasks = Tasks::new();
        tasks.spawn("worker", TaskKind::Service, async { panic!("on purpose") });
        let mut ended = tasks.shared.ended.subscribe();
        while !tasks.running().is_empty() {
            ended.changed().await.unwrap();
        }
        assert!(!tasks.token().is_cancelled());
        tasks
            .child()
            .spawn("listener", TaskKind::Essential, async { panic!("on purpose") });
        let token = tasks.token();
        assert!(tokio::time::timeout(GRACE, token.cancelled()).await.is_ok());
    }
}
