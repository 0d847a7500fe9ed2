//! One watch of a kind, in all namespaces or in one: list in pages, then follow, for ever.
//!
//! An explicit state machine. Every answer, or lack of one, is either progress or a [`Fault`]; what follows from a fault
//! is decided in one place, [`Watch::after`]. Whether the API server is there at all is not for a watch to find out: it
//! raises a suspicion, and the link of the engine, which probes, says when to try again.

mod event;
mod fault;
mod kind;
mod lines;
mod page;
mod request;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use model::cluster::KindProblem;
use model::{ClusterId, KindId, Timestamp};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::Instant;

use crate::client::{Answer, Connection, Failure, Get};
use crate::clock;
use crate::engine::{Counter, Inlet, Link};

use event::WatchLine;
pub(crate) use event::{Event, ObjectName};
use fault::{Fault, LIVED, Patience};
pub(crate) use kind::{KindWatch, Namespaces};
use lines::Lines;
use request::Resource;

/// A piece of a list may take this long to arrive.
const LIST_IDLE: Duration = Duration::from_secs(90);
/// The most bytes of a page: 500 objects of 3 MiB do not occur together.
const PAGE: usize = 512 * 1024 * 1024;
/// The most bytes of an event: etcd's limit for an object is 1.5 MiB, its JSON may be twice that.
const LINE: usize = 8 * 1024 * 1024;
/// How long a stream may be silent after the time at which the API server should have ended it.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a stream may be silent if the API server is known to send bookmarks: they come once a minute.
const BETWEEN_BOOKMARKS: Duration = Duration::from_secs(150);

/// How many namespaces are listed at once: each list may need a connection.
pub(crate) const NAMESPACES_AT_ONCE: usize = 16;

/// How long a list may keep others from theirs. One that takes longer goes on, but no longer counts: an API that does not
/// answer would hold up all that do.
const AT_ONCE_FOR: Duration = Duration::from_secs(5);

/// Where answers come from: the API server, or a script.
pub(crate) trait Transport: Send + Sync + 'static {
    /// Sends a request; returns when the answer begins.
    fn get(&self, get: &Get) -> impl Future<Output = Result<Answer, Failure>> + Send;
    /// The credential of this number was refused.
    fn renew(&self, credential: u64) -> impl Future<Output = ()> + Send;
    /// The API server's URL, for messages.
    fn server(&self) -> &str;
}

impl Transport for Connection {
    async fn get(&self, get: &Get) -> Result<Answer, Failure> {
        Connection::get(self, get).await
    }

    async fn renew(&self, credential: u64) {
        Connection::renew(self, credential).await;
    }

    fn server(&self) -> &str {
        Connection::server(self)
    }
}

/// What a watch tells the writer.
#[derive(Debug)]
pub(crate) struct Input {
    /// The kind.
    pub kind: KindId,
    /// The namespace that is watched; `None` for all.
    pub namespace: Option<Arc<str>>,
    /// When the bytes arrived.
    pub seen_at: Timestamp,
    /// What it is.
    pub news: News,
}

/// See [`Input`].
#[derive(Debug)]
pub(crate) enum News {
    /// A page of a list.
    Page {
        /// Objects, or rows of a Table.
        items: Vec<Bytes>,
        /// It begins a list: what was listed before no longer counts.
        first: bool,
        /// It ends the list: what it did not name is gone.
        last: bool,
    },
    /// Events, in their order.
    Events(Vec<Event>),
    /// The watch follows again, in this generation of the link.
    Live(u64),
    /// The API server does not serve the kind, which not every cluster has: there are no objects of it.
    NotServed,
    /// Since looking into all namespaces is denied, these are looked into, each by a watch of its own. What is known of
    /// others no longer counts.
    Namespaces(Arc<[Arc<str>]>),
    /// The kind cannot be shown, or not kept up to date.
    Trouble {
        /// True for a 403: nothing of the kind may be shown.
        denied: bool,
        /// What failed.
        problem: KindProblem,
    },
}

/// What a watch is part of.
#[derive(Clone, Debug)]
pub(crate) struct WatchContext {
    pub cluster: ClusterId,
    pub kind: KindId,
    /// The version to ask for, which the cluster serves.
    pub version: Arc<str>,
    /// The namespace to watch; `None` for all.
    pub namespace: Option<Arc<str>>,
    /// How many namespaces may be listed at once, of all kinds: where much is denied, much is tried.
    pub gate: Arc<Semaphore>,
    /// Whether the API server denies it: set when it is denied for good, and when a list comes.
    pub denied: watch::Sender<bool>,
    pub output: mpsc::Sender<Inlet>,
    pub link: watch::Receiver<Link>,
    /// Asks the link to probe now.
    pub suspect: Arc<Notify>,
    pub counter: Arc<Counter>,
}

impl WatchContext {
    async fn tell(&self, seen_at: Timestamp, news: News) {
        let input = Input {
            kind: self.kind,
            namespace: self.namespace.clone(),
            seen_at,
            news,
        };
        // Closed: the engine ends, and so does this task.
        let _ = self.output.send(Inlet::Watch(input)).await;
    }
}

/// The watch of one kind in all namespaces or in one.
pub(crate) struct Watch<T> {
    context: WatchContext,
    transport: Arc<T>,
    resource: Resource,
    state: State,
    patience: Patience,
    /// The first list is in.
    synced: bool,
    /// The API server sends bookmarks of this kind, so that silence says something.
    bookmarked: bool,
    /// The last generation and relist of the link that this watch acted on.
    generation: u64,
    relist: u64,
    /// How often waiting had been over when it last asked. What it was told then may be out of date by the next time.
    wake: u64,
}

/// What a watch does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It asks the API server.
    Active(Step),
    /// It waits before it asks again, or until the link says that it is worth it.
    BackingOff {
        /// How long.
        pause: Duration,
        /// What to do then.
        then: Step,
    },
}

/// What a watch asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The next page of a list.
    List(Cursor),
    /// Everything after this resourceVersion.
    Watch(String),
}

/// A place in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The token for the next page; `None` for the first.
    token: Option<String>,
    /// Ask for all at once: the pages of a list as long as this one expire before they are all read.
    whole: bool,
}

impl Step {
    const START: Self = Self::List(Cursor {
        token: None,
        whole: false,
    });

    const fn verb(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Watch(_) => "watch",
        }
    }
}

/// What came of one step.
type Outcome = Result<State, Fault>;

impl<T: Transport> Watch<T> {
    pub fn new(context: WatchContext, transport: Arc<T>) -> Self {
        Self {
            resource: Resource::of(context.kind, &context.version, context.namespace.as_deref()),
            context,
            transport,
            state: State::Active(Step::START),
            patience: Patience::default(),
            synced: false,
            bookmarked: false,
            generation: 0,
            relist: 0,
            wake: 0,
        }
    }

    /// Runs until the engine ends.
    pub async fn run(mut self) {
        // Either end of the engine gone means that all of it goes.
        while !self.context.output.is_closed() && self.context.link.has_changed().is_ok() {
            self.step().await;
        }
    }

    async fn step(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Active(Step::START));
        self.state = match state {
            State::BackingOff { pause, then } => State::Active(self.back_off(pause, then).await),
            State::Active(step) => {
                let step = self.wait_for_link(step).await;
                let outcome = match step.clone() {
                    Step::List(cursor) => self.list(cursor).await,
                    Step::Watch(from) => self.watch(from).await,
                };
                match outcome {
                    Ok(next) => next,
                    Err(fault) => self.after(fault, step).await,
                }
            }
        };
    }

    /// Waits until the pause is over or the link came up anew, be it while the answer was on its way.
    async fn back_off(&mut self, pause: Duration, then: Step) -> Step {
        let wake = self.wake;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = self.context.link.wait_for(|link| link.up && link.wake != wake) => self.patience.reset(),
        }
        then
    }

    /// Waits until the API server is there. What was to be done changes if another cluster may have taken its place.
    async fn wait_for_link(&mut self, step: Step) -> Step {
        if !self.context.link.borrow().up {
            self.note("waiting", None);
        }
        let up = self.context.link.wait_for(|link| link.up).await.map(|link| *link);
        let Ok(link) = up else {
            // The engine ends, and with it this task.
            return std::future::pending().await;
        };
        self.generation = link.generation;
        self.wake = link.wake;
        if std::mem::replace(&mut self.relist, link.relist) == link.relist {
            step
        } else {
            Step::START
        }
    }

    async fn list(&mut self, cursor: Cursor) -> Outcome {
        if self.context.namespace.is_none() {
            return self.list_page(cursor).await;
        }
        let gate = self.context.gate.clone();
        // It is never closed.
        let place = gate.acquire().await.ok();
        let mut listed = pin!(self.list_page(cursor));
        let in_time = tokio::time::timeout(AT_ONCE_FOR, &mut listed).await;
        drop(place);
        match in_time {
            Ok(listed) => listed,
            Err(_) => listed.await,
        }
    }

    async fn list_page(&mut self, cursor: Cursor) -> Outcome {
        self.note("listing", None);
        let first = cursor.token.is_none();
        if first {
            self.context.counter.lists.fetch_add(1, Ordering::Relaxed);
        }
        let get = self.resource.list(cursor.token.as_deref(), cursor.whole);
        let answer = self.ask(&get).await?;
        let server = self.transport.server();
        let body = self.while_linked(answer.collect(server, LIST_IDLE, PAGE)).await?;
        let seen_at = clock::now();
        self.context.denied.send_if_modified(std::mem::take);
        let page = page::read(&body, self.resource.form).map_err(Fault::Unreadable)?;
        let last = page.token.is_none();
        let items = page.items;
        self.tell(seen_at, News::Page { items, first, last }).await;
        self.patience.listed();
        Ok(State::Active(match page.token {
            Some(token) => Step::List(Cursor {
                token: Some(token),
                whole: cursor.whole,
            }),
            None => {
                self.synced = true;
                Step::Watch(page.resource_version)
            }
        }))
    }

    async fn watch(&mut self, mut from: String) -> Outcome {
        self.context.counter.restarts.fetch_add(1, Ordering::Relaxed);
        let timeout = clock::jitter(request::WATCH);
        let answer = self.ask(&self.resource.watch(&from, timeout)).await?;
        self.note("watching", None);
        self.tell(clock::now(), News::Live(self.generation)).await;
        let started = Instant::now();
        let mut body = answer.body;
        let mut lines = Lines::new(LINE);
        let mut link = self.context.link.clone();
        let generation = self.generation;
        loop {
            let patience = match self.bookmarked {
                true => BETWEEN_BOOKMARKS.min(timeout + MARGIN),
                false => timeout + MARGIN,
            };
            let idle = tokio::time::timeout(patience, body.next());
            let chunk = tokio::select! {
                chunk = idle => chunk,
                // The link found the API server gone while this stream is still silent.
                _ = link.wait_for(|link| link.generation != generation) => {
                    return Ok(State::Active(Step::Watch(from)));
                }
            };
            match chunk {
                Err(_) => {
                    return Err(Fault::Silent {
                        from,
                        after: patience,
                    });
                }
                Ok(Some(Err(failure))) => return Err(Fault::Cut { from, failure }),
                // Closed. What is left of a line is of no use: the event comes again after `from`.
                Ok(None) => {
                    return match self.patience.closed(started.elapsed()) {
                        Some(pause) => Err(Fault::Barren { from, pause }),
                        None => Ok(State::Active(Step::Watch(from))),
                    };
                }
                Ok(Some(Ok(bytes))) => {
                    let seen_at = clock::now();
                    lines.push(&bytes);
                    let end = self.take_lines(&mut lines, &mut from, seen_at).await;
                    if started.elapsed() >= LIVED {
                        self.patience.followed();
                    }
                    if let Some(fault) = end {
                        return Err(fault);
                    }
                }
            }
        }
    }

    /// Hands the complete lines on as one batch. Returns the fault that ends the watch, if a line says so.
    async fn take_lines(
        &mut self,
        lines: &mut Lines,
        from: &mut String,
        seen_at: Timestamp,
    ) -> Option<Fault> {
        let mut events = Vec::new();
        let mut end = None;
        while let Some(line) = lines.next() {
            match WatchLine::read(line, self.resource.form) {
                WatchLine::Event { event, version } => {
                    from.clone_from(&version);
                    events.push(event);
                }
                WatchLine::Bookmark { version } => {
                    *from = version;
                    self.bookmarked = true;
                }
                WatchLine::Unreadable(reason) => events.push(Event::Unreadable(reason)),
                WatchLine::Error(error) => {
                    end = Some(Fault::of_event(error, from.clone()));
                    break;
                }
            }
            self.patience.followed();
        }
        if !events.is_empty() {
            self.context.counter.count_events(events.len(), seen_at);
            self.tell(seen_at, News::Events(events)).await;
        }
        end
    }

    /// Sends a request; anything but 200 is a fault.
    async fn ask(&self, get: &Get) -> Result<Answer, Fault> {
        let answer = self.while_linked(self.transport.get(get)).await?;
        if answer.status == 200 {
            return Ok(answer);
        }
        let (status, retry_after, credential) = (answer.status, answer.retry_after, answer.credential);
        let error = answer.into_error(self.transport.server()).await;
        Err(Fault::Status {
            status,
            retry_after,
            credential,
            error: Arc::new(error),
        })
    }

    /// Whether the API server serves the kind, as far as it says so.
    async fn is_served(&self) -> bool {
        match self.ask(&self.resource.group()).await {
            Ok(answer) => {
                let body = answer.collect(self.transport.server(), LIST_IDLE, LINE);
                self.while_linked(body)
                    .await
                    .map_or(true, |body| self.resource.is_in(&body))
            }
            Err(Fault::Status { status, .. }) => status != 404,
            Err(_) => true,
        }
    }

    /// Waits for something from the API server, but not longer than it is there.
    async fn while_linked<R>(&self, answer: impl Future<Output = Result<R, Failure>>) -> Result<R, Fault> {
        let mut link = self.context.link.clone();
        let generation = self.generation;
        tokio::select! {
            answer = answer => answer.map_err(Fault::Broken),
            _ = link.wait_for(|link| link.generation != generation) => Err(Fault::Lost),
        }
    }

    async fn tell(&self, seen_at: Timestamp, news: News) {
        self.context.tell(seen_at, news).await;
    }

    fn note(&self, state: &'static str, error: Option<String>) {
        self.context.counter.note_state(state, error);
    }
}

#[cfg(test)]
mod tests;
