//! One client's stream, from the first word to the last.

use super::diagnostics::APART;
use super::engines::Engines;
use super::socket::{End, Inbound, Socket};
use super::subscription::Subscription;
use super::{FRAME_INTERVAL, LIMITS};
use crate::server::Shared;
use model::stream::{ClientMessage, ServerMessage, TopicId, VERSION};
use model::{ApiError, ClusterId, ErrorCode};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// How often a silent client is asked for a sign of life.
const PROBE: Duration = Duration::from_secs(20);
/// How long a client may take to say hello.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);

/// Serves a socket until either side ends it.
pub(super) async fn run(mut socket: Socket, server: Shared, name: String) {
    let session = Session {
        server,
        greeted: false,
        topics: BTreeMap::new(),
        engines: Engines::default(),
        dirty: BTreeSet::new(),
    };
    tracing::debug!(stream.session = name, "a stream is open");
    let end = session.serve(&mut socket, &name).await;
    tracing::debug!(stream.session = name, stream.end = ?end, "a stream has ended");
    socket.close(end).await;
}

struct Session {
    server: Shared,
    greeted: bool,
    topics: BTreeMap<TopicId, Subscription>,
    engines: Engines,
    /// Topics that may have something new.
    dirty: BTreeSet<TopicId>,
}

impl Session {
    async fn serve(mut self, socket: &mut Socket, name: &str) -> End {
        match self.run(socket, name).await {
            Ok(()) => End::Gone,
            Err(end) => end,
        }
    }

    async fn run(&mut self, socket: &mut Socket, name: &str) -> Result<(), End> {
        let welcome = ServerMessage::Welcome {
            version: VERSION,
            session: name.to_owned(),
            limits: LIMITS,
        };
        socket.send(&welcome).await?;
        let stopping = self.server.tasks.token();
        let mut registry = self.server.registry.subscribe();
        let mut probe = interval(PROBE);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = interval(APART);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let hello_until = Instant::now() + HELLO_PATIENCE;
        let mut last_flush: Option<Instant> = None;
        loop {
            // After a quiet time the first change leaves at once; what follows waits for its turn.
            let due = last_flush.map_or_else(Instant::now, |last| last + FRAME_INTERVAL);
            tokio::select! {
                () = stopping.cancelled() => return Err(End::ShuttingDown),
                inbound = socket.receive() => self.take(inbound?, socket).await?,
                cluster = self.engines.changed() => self.mark(Some(&cluster)),
                changed = registry.changed() => {
                    if changed.is_err() {
                        return Err(End::ShuttingDown);
                    }
                    self.mark(None);
                }
                () = sleep_until(due), if !self.dirty.is_empty() => {
                    self.flush(socket).await?;
                    last_flush = Some(Instant::now());
                }
                _ = look.tick(), if self.topics.values().any(Subscription::is_looked_at) => {
                    let looked_at = self.topics.iter().filter(|(_, topic)| topic.is_looked_at());
                    self.dirty.extend(looked_at.map(|(id, _)| *id));
                }
                _ = probe.tick() => socket.probe().await?,
                () = sleep_until(hello_until), if !self.greeted => return Err(End::Protocol),
            }
        }
    }

    /// Notes that a cluster has changed; `None` for the registry, which may also have given a cluster a new engine.
    fn mark(&mut self, cluster: Option<&ClusterId>) {
        let touched = self
            .topics
            .iter()
            .filter(|(_, topic)| cluster.is_none() || topic.cluster() == cluster && !topic.is_looked_at());
        self.dirty.extend(touched.map(|(id, _)| *id));
    }

    /// Sends what is new of every topic that is marked: one frame each, and one if its trustworthiness changed.
    async fn flush(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.follow();
        for id in std::mem::take(&mut self.dirty) {
            self.send_update(id, socket).await?;
        }
        Ok(())
    }

    async fn send_update(&mut self, id: TopicId, socket: &mut Socket) -> Result<(), End> {
        let Some(topic) = self.topics.get_mut(&id) else {
            return Ok(());
        };
        let mut messages = Vec::new();
        if topic.update(&self.server.registry, self.server.now(), &mut messages) {
            self.server.metrics.stream_resyncs.inc();
        }
        for message in messages {
            socket.send(&message).await?;
        }
        Ok(())
    }

    /// Listens to the engines of the topics' clusters. Before the topics are read, so that no change is missed.
    fn follow(&mut self) {
        let clusters = self
            .topics
            .values()
            .filter_map(Subscription::cluster)
            .cloned()
            .collect();
        self.engines.follow(&clusters, &self.server.registry);
    }

    async fn take(&mut self, inbound: Inbound, socket: &mut Socket) -> Result<(), End> {
        let message = match inbound {
            Inbound::Message(message) => message,
            Inbound::Unreadable(error) => {
                socket.send(&ServerMessage::Error { id: None, error }).await?;
                return if self.greeted { Ok(()) } else { Err(End::Protocol) };
            }
        };
        if !self.greeted {
            return self.greet(&message, socket).await;
        }
        match message {
            ClientMessage::Hello { .. } => Ok(()),
            ClientMessage::Ping { nonce } => {
                let at = self.server.now();
                socket.send(&ServerMessage::Pong { nonce, at }).await
            }
            ClientMessage::Unsubscribe { id } => {
                self.topics.remove(&id);
                self.dirty.remove(&id);
                self.follow();
                Ok(())
            }
            ClientMessage::Subscribe { id, topic, since } => {
                let made = match self.topics.len() >= LIMITS.topics as usize && !self.topics.contains_key(&id)
                {
                    true => Err(too_many()),
                    false => Subscription::new(id, topic, since, &self.server),
                };
                match made {
                    Ok(subscription) => {
                        self.topics.insert(id, subscription);
                        self.follow();
                        self.send_update(id, socket).await
                    }
                    Err(error) => {
                        self.topics.remove(&id);
                        socket.send(&ServerMessage::Error { id: Some(id), error }).await
                    }
                }
            }
            ClientMessage::Window { id, offset, len } => {
                let moved = match self.topics.get_mut(&id) {
                    Some(topic) => topic.set_window(offset, len),
                    None => Err(ApiError::new(
                        ErrorCode::BadRequest,
                        "no topic of this number is followed",
                    )),
                };
                match moved {
                    Ok(()) => self.send_update(id, socket).await,
                    Err(error) => socket.send(&ServerMessage::Error { id: Some(id), error }).await,
                }
            }
        }
    }

    async fn greet(&mut self, message: &ClientMessage, socket: &mut Socket) -> Result<(), End> {
        let text = match message {
            ClientMessage::Hello { version: VERSION } => {
                self.greeted = true;
                return Ok(());
            }
            ClientMessage::Hello { version } => {
                format!("this server speaks version {VERSION} of the stream, not {version}; reload the page")
            }
            _ => "the first message must be `hello`".to_owned(),
        };
        let error = ApiError::new(ErrorCode::BadRequest, text)
            .with("field", "version")
            .with("allowed", VERSION);
        socket.send(&ServerMessage::Error { id: None, error }).await?;
        Err(End::Protocol)
    }
}

fn too_many() -> ApiError {
    let message = format!("at most {} topics can be followed on one socket", LIMITS.topics);
    ApiError::new(ErrorCode::TooMany, message).with("allowed", LIMITS.topics)
}
