//! The page's one stream: keeps the socket open, hands events to those who follow, and says how the link is.

use crate::browser::{self, SocketEvent};
use crate::state::clock::Clock;
use crate::state::session::{Event, Outcome, Session};
use leptos::prelude::*;
use model::level::Level;
use model::stream::{ClientMessage, Format, Topic, TopicId, decode_binary, encode_binary};
use model::{Epoch, Timestamp};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often the server is asked whether it is still there, in milliseconds.
const PING_MS: i32 = 10_000;

/// What only those who are signed in may ask for.
const PRIVATE: &str = "/api/v1/clusters";

static EPOCH: AtomicU64 = AtomicU64::new(0);

/// The newest epoch that any topic of the page has reached; for tests.
pub fn newest_epoch() -> u64 {
    EPOCH.load(Ordering::Relaxed)
}

/// Takes note of an epoch that the page has reached.
pub fn reached(epoch: Epoch) {
    EPOCH.fetch_max(epoch.0, Ordering::Relaxed);
}

/// How the page and the server are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not at all: this is a page as it was rendered.
    Rendered,
    /// The first connection is being made.
    Connecting,
    /// Frames come.
    Open,
    /// It was lost, or never made; what is shown is as old as this. With the status that the server answers otherwise, if
    /// it does.
    Lost(Timestamp, Option<NonZeroU16>),
    /// The server speaks another version than this page.
    Outdated,
}

/// Gets the events of one topic.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// The stream, from context.
#[derive(Clone, Copy)]
pub struct Live {
    inner: StoredValue<Inner>,
    clock: Clock,
    /// How the page and the server are connected.
    pub link: RwSignal<Link>,
    /// How far behind the cluster the page was when it last could tell, in milliseconds.
    pub behind: RwSignal<Option<i64>>,
}

#[derive(Default)]
struct Inner {
    session: Session,
    sinks: Vec<(TopicId, Sink)>,
    /// The ping without an answer yet, and when it was sent.
    ping: Option<(u32, Timestamp)>,
    pings: u32,
}

impl Live {
    /// A stream that is not connected.
    pub fn new(clock: Clock) -> Self {
        let inner = StoredValue::new(Inner::default());
        Self {
            inner,
            clock,
            link: RwSignal::new(Link::Rendered),
            behind: RwSignal::new(None),
        }
    }

    /// Connects, and stays connected for as long as the page lives.
    pub fn connect(self) {
        self.link.set(Link::Connecting);
        self.open();
        browser::every(PING_MS, move || self.ping());
    }

    /// Follows a topic from the state at `since`, or from a snapshot; see [`Session::follow`].
    pub fn follow(&self, topic: Topic, since: Option<Epoch>, level: Option<Level>, sink: Sink) -> TopicId {
        let followed = self.inner.try_update_value(|inner| {
            let (id, messages) = inner.session.follow(topic, since, level);
            inner.sinks.push((id, sink));
            (id, messages)
        });
        let (id, messages) = followed.unwrap_or((TopicId(0), Vec::new()));
        say(&messages);
        id
    }

    /// Stops following a topic.
    pub fn unfollow(&self, id: TopicId) {
        let messages = self.inner.try_update_value(|inner| {
            inner.sinks.retain(|(own, _)| *own != id);
            inner.session.unfollow(id)
        });
        say(&messages.unwrap_or_default());
    }

    fn open(self) {
        browser::connect(Format::Binary.subprotocol(), move |event| match event {
            SocketEvent::Opened => {
                say(&self
                    .inner
                    .try_update_value(|inner| inner.session.opened())
                    .unwrap_or_default());
            }
            SocketEvent::Frame(frame) => self.frame(&frame),
            SocketEvent::Closed => self.closed(),
        });
    }

    fn frame(self, frame: &[u8]) {
        let Ok(message) = decode_binary(frame) else {
            self.link.set(Link::Outdated);
            return browser::disconnect();
        };
        let outcome = self
            .inner
            .try_update_value(|inner| inner.session.received(message));
        match outcome.unwrap_or(Outcome::Nothing) {
            Outcome::Event(id, event) => self.event(id, event),
            Outcome::Say(messages) => say(&messages),
            Outcome::Welcome => {
                self.link.set(Link::Open);
                self.inner.update_value(|inner| inner.ping = None);
                self.ping();
            }
            Outcome::Pong(nonce, at) => self.pong(nonce, at),
            Outcome::Nothing => {}
        }
    }

    fn event(self, id: TopicId, event: Event) {
        match &event {
            Event::Snapshot(epoch, _) => reached(*epoch),
            Event::Delta(epoch, _, seen_at) => {
                reached(*epoch);
                self.behind
                    .set(Some(seen_at.millis_until(self.clock.exact()).max(0)));
            }
            Event::State(_) | Event::Failed(_) => {}
        }
        // The sink is called outside of the store: it may follow or unfollow.
        let sink = self.inner.with_value(|inner| {
            let sink = inner.sinks.iter().find(|(own, _)| *own == id);
            sink.map(|(_, sink)| Arc::clone(sink))
        });
        if let Some(sink) = sink {
            sink(event);
        }
    }

    /// Asks whether the server is there. One that has not answered the last time is gone, whatever the socket says.
    fn ping(self) {
        if self.link.get_untracked() != Link::Open {
            return;
        }
        let silent = self.inner.with_value(|inner| inner.ping.is_some());
        if silent {
            browser::disconnect();
            return self.closed();
        }
        let nonce = self.inner.try_update_value(|inner| {
            inner.pings = inner.pings.wrapping_add(1);
            inner.ping = Some((inner.pings, browser::now()));
            inner.pings
        });
        say(&nonce
            .map(|nonce| ClientMessage::Ping { nonce })
            .into_iter()
            .collect::<Vec<_>>());
    }

    fn pong(self, nonce: u32, at: Timestamp) {
        let sent = self
            .inner
            .try_update_value(|inner| inner.ping.take_if(|(expected, _)| *expected == nonce));
        if let Some(Some((_, sent))) = sent {
            let there_and_back = sent.millis_until(browser::now());
            self.clock.learn(at, Timestamp(sent.0 + there_and_back / 2));
            // An idle cluster sends no deltas: then the way of a frame is all there is to be behind.
            if self
                .behind
                .get_untracked()
                .is_none_or(|behind| behind > there_and_back)
            {
                self.behind.set(Some(there_and_back / 2));
            }
        }
    }

    fn closed(self) {
        let link = self.link.get_untracked();
        if !matches!(link, Link::Lost(..) | Link::Outdated) {
            self.link.set(Link::Lost(self.clock.exact(), None));
        }
        // A socket does not say why it could not be opened.
        browser::ask(PRIVATE, move |status| {
            if let Link::Lost(since, _) = self.link.get_untracked() {
                self.link.set(Link::Lost(since, status));
            }
        });
        let wait = self.inner.try_update_value(|inner| {
            inner.ping = None;
            inner.session.closed(browser::random())
        });
        browser::after(wait.unwrap_or(1000), move || self.open());
    }
}

fn say(messages: &[ClientMessage]) {
    for message in messages {
        if let Ok(frame) = encode_binary(message) {
            browser::send(&frame);
        }
    }
}
