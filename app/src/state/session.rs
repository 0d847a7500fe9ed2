//! The client's side of the stream's protocol, without I/O: what is followed, up to which epoch, and what to say when
//! the socket opens, speaks or closes.

use model::level::Level;
use model::stream::{ClientMessage, Delta, ServerMessage, Snapshot, Topic, TopicId, TopicState, VERSION};
use model::{ApiError, Epoch, Timestamp};

/// The client's side of one stream.
#[derive(Debug, Default)]
pub struct Session {
    /// A page follows a handful.
    followed: Vec<Followed>,
    next: u32,
    open: bool,
    failures: u32,
}

#[derive(Debug)]
struct Followed {
    id: TopicId,
    topic: Topic,
    /// The state the page holds; `None` until the first snapshot.
    epoch: Option<Epoch>,
    /// From how far away the page sees a graph.
    level: Option<Level>,
}

/// Something happened to a topic.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Its whole state.
    Snapshot(Epoch, Snapshot),
    /// A change of the state the page holds, seen by the server at a time.
    Delta(Epoch, Delta, Timestamp),
    /// How far to trust it.
    State(TopicState),
    /// It cannot be followed.
    Failed(ApiError),
}

/// What a message of the server leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// An event of a topic that is followed.
    Event(TopicId, Event),
    /// Something to say.
    Say(Vec<ClientMessage>),
    /// The stream works.
    Welcome,
    /// The answer to a ping, with the server's clock.
    Pong(u32, Timestamp),
    /// Nothing.
    Nothing,
}

impl Session {
    /// Follows a topic from the state at `since`, or from a snapshot; `level` is that of a graph in that state. Answers its
    /// number and what to say now.
    pub fn follow(
        &mut self,
        topic: Topic,
        since: Option<Epoch>,
        level: Option<Level>,
    ) -> (TopicId, Vec<ClientMessage>) {
        self.next += 1;
        let id = TopicId(self.next);
        let followed = Followed {
            id,
            topic,
            epoch: since,
            level,
        };
        let now = if self.open {
            vec![followed.subscribe()]
        } else {
            Vec::new()
        };
        self.followed.push(followed);
        (id, now)
    }

    /// Stops following a topic.
    pub fn unfollow(&mut self, id: TopicId) -> Vec<ClientMessage> {
        let before = self.followed.len();
        self.followed.retain(|followed| followed.id != id);
        match self.open && self.followed.len() < before {
            true => vec![ClientMessage::Unsubscribe { id }],
            false => Vec::new(),
        }
    }

    /// The socket is open: says hello and takes up everything followed where it was left.
    pub fn opened(&mut self) -> Vec<ClientMessage> {
        self.open = true;
        let mut messages = vec![ClientMessage::Hello { version: VERSION }];
        messages.extend(self.followed.iter().map(Followed::subscribe));
        messages
    }

    /// The socket closed, or did not open. Answers after how many milliseconds to try again; `random` is in 0..1.
    pub fn closed(&mut self, random: f64) -> u32 {
        self.open = false;
        self.failures = self.failures.saturating_add(1);
        let full = 500_u32
            .saturating_mul(1 << (self.failures - 1).min(5))
            .min(15_000);
        // Half fixed, half by chance, so that a thousand pages do not come back in the same instant.
        full / 2 + (f64::from(full / 2) * random.clamp(0.0, 1.0)) as u32
    }

    /// The server spoke.
    pub fn received(&mut self, message: ServerMessage) -> Outcome {
        match message {
            ServerMessage::Welcome { .. } => {
                self.failures = 0;
                Outcome::Welcome
            }
            ServerMessage::Pong { nonce, at } => Outcome::Pong(nonce, at),
            ServerMessage::Snapshot { id, epoch, content } => match self.find(id) {
                Some(followed) => {
                    followed.epoch = Some(epoch);
                    followed.level = content.level();
                    Outcome::Event(id, Event::Snapshot(epoch, content))
                }
                None => Outcome::Nothing,
            },
            ServerMessage::Delta {
                id,
                from,
                to,
                seen_at,
                content,
            } => match self.find(id) {
                // Waiting for a snapshot: what came before it does not count.
                None | Some(Followed { epoch: None, .. }) => Outcome::Nothing,
                Some(followed) if followed.epoch == Some(from) && followed.level == content.level() => {
                    followed.epoch = Some(to);
                    Outcome::Event(id, Event::Delta(to, content, seen_at))
                }
                Some(followed) => {
                    // A gap, or another level: never apply a delta to a state it does not start from.
                    followed.epoch = None;
                    Outcome::Say(vec![ClientMessage::Unsubscribe { id }, followed.subscribe()])
                }
            },
            ServerMessage::State { id, state } if self.find(id).is_some() => {
                Outcome::Event(id, Event::State(state))
            }
            ServerMessage::Error { id: Some(id), error } if self.find(id).is_some() => {
                Outcome::Event(id, Event::Failed(error))
            }
            ServerMessage::State { .. } | ServerMessage::Error { .. } => Outcome::Nothing,
        }
    }

    fn find(&mut self, id: TopicId) -> Option<&mut Followed> {
        self.followed.iter_mut().find(|followed| followed.id == id)
    }
}

impl Followed {
    fn subscribe(&self) -> ClientMessage {
        ClientMessage::Subscribe {
            id: self.id,
            topic: self.topic.clone(),
            since: self.epoch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::stream::ClustersDelta;

    fn delta(id: TopicId, from: u64, to: u64) -> ServerMessage {
        ServerMessage::Delta {
            id,
            from: Epoch(from),
            to: Epoch(to),
            seen_at: Timestamp(0),
            content: Delta::Clusters(ClustersDelta::default()),
        }
    }

    fn subscribe(id: TopicId, since: Option<u64>) -> ClientMessage {
        ClientMessage::Subscribe {
            id,
            topic: Topic::Clusters,
            since: since.map(Epoch),
        }
    }

    #[test]
    fn a_lost_stream_is_taken_up_at_the_last_epoch() {
        let mut session = Session::default();
        let (id, now) = session.follow(Topic::Clusters, Some(Epoch(5)), None);
        assert!(now.is_empty(), "nothing is said before the socket is open");
        assert_eq!(session.opened()[1], subscribe(id, Some(5)));
        assert!(matches!(session.received(delta(id, 5, 8)), Outcome::Event(..)));
        session.closed(0.0);
        assert_eq!(session.opened()[1], subscribe(id, Some(8)));
    }

    #[test]
    fn a_gap_asks_for_a_snapshot_and_ignores_deltas_until_it_comes() {
        let mut session = Session::default();
        let (id, _) = session.follow(Topic::Clusters, Some(Epoch(5)), None);
        session.opened();
        let outcome = session.received(delta(id, 6, 7));
        assert_eq!(
            outcome,
            Outcome::Say(vec![ClientMessage::Unsubscribe { id }, subscribe(id, None)])
        );
        assert_eq!(session.received(delta(id, 7, 8)), Outcome::Nothing);
        let snapshot = ServerMessage::Snapshot {
            id,
            epoch: Epoch(9),
            content: Snapshot::Clusters(Vec::new()),
        };
        assert!(matches!(session.received(snapshot), Outcome::Event(..)));
        assert!(matches!(session.received(delta(id, 9, 10)), Outcome::Event(..)));
    }

    #[test]
    fn a_delta_of_another_level_asks_for_a_snapshot() {
        let mut session = Session::default();
        let topic = Topic::Graph {
            cluster: "demo".into(),
            query: model::graph::GraphQuery::default(),
        };
        let (id, _) = session.follow(topic, Some(Epoch(5)), Some(Level::Namespace));
        session.opened();
        let delta = |from, to, level| ServerMessage::Delta {
            id,
            from: Epoch(from),
            to: Epoch(to),
            seen_at: Timestamp(0),
            content: Delta::Graph(model::graph::GraphDelta {
                level,
                ..model::graph::GraphDelta::default()
            }),
        };
        let fits = session.received(delta(5, 6, Level::Namespace));
        assert!(matches!(fits, Outcome::Event(..)));
        let other = session.received(delta(6, 7, Level::Object));
        assert!(matches!(other, Outcome::Say(messages) if messages.len() == 2));
    }

    #[test]
    fn a_topic_that_is_no_longer_followed_says_nothing() {
        let mut session = Session::default();
        session.opened();
        let (id, said) = session.follow(Topic::Clusters, None, None);
        assert_eq!(said, [subscribe(id, None)]);
        assert_eq!(session.unfollow(id), [ClientMessage::Unsubscribe { id }]);
        assert_eq!(session.received(delta(id, 0, 1)), Outcome::Nothing);
    }

    #[test]
    fn waiting_grows_to_a_bound_and_starts_over_when_the_stream_works() {
        let mut session = Session::default();
        let waits: Vec<u32> = (0..8).map(|_| session.closed(1.0)).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
        assert!(session.closed(0.0) >= 7_500);
        session.opened();
        let limits = model::stream::Limits {
            topics: 8,
            frame_bytes: 1,
            frame_interval_ms: 50,
        };
        session.received(ServerMessage::Welcome {
            version: 1,
            session: String::new(),
            limits,
        });
        assert_eq!(session.closed(1.0), 500);
    }
}
