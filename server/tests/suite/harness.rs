//! A server for one test, on a free port, with its own data folder.

use crate::client::{Answer, Ask};
use futures::{SinkExt, StreamExt};
use model::stream::{ClientMessage, Format, ServerMessage, Snapshot, Topic, TopicId, TopicState, VERSION};
use model::{ApiError, Epoch};
use server::Running;
use server::config::{Config, Flags, Surroundings};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. [`stop`](Self::stop) checks that nothing of it is left.
pub struct TestServer {
    running: Running,
    cookie: String,
    folder: TempDir,
}

impl TestServer {
    /// With the clusters of a kubeconfig.
    pub async fn start(kubeconfig: &Path) -> Self {
        Self::start_with(&[("kubeconfig", kubeconfig.to_str().unwrap())]).await
    }

    /// Without any cluster.
    pub async fn empty() -> Self {
        Self::start_with(&[("kubeconfig", "/nowhere/kubeconfig")]).await
    }

    pub async fn start_with(given: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut flags = Flags::new();
        flags.insert("addr", vec!["127.0.0.1:0".to_owned()]);
        flags.insert(
            "data-dir",
            vec![folder.path().join("data").to_str().unwrap().to_owned()],
        );
        for (flag, value) in given {
            flags.entry(flag).or_default().push((*value).to_owned());
        }
        let config = Config::read(&flags, &Surroundings::default()).unwrap();
        let running = Running::start(&config).await.unwrap();
        let mut server = Self {
            running,
            cookie: String::new(),
            folder,
        };
        server.cookie = server.sign_in().await;
        server
    }

    /// Signs a new browser in and gives its cookie.
    pub async fn sign_in(&self) -> String {
        let token = self.running.server.auth.first_visit().unwrap();
        let answer = self
            .ask("GET", &format!("/?token={}", token.reveal()))
            .send()
            .await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer
            .header("set-cookie")
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub fn running(&self) -> &Running {
        &self.running
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.running.address)
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.running.token.reveal())
    }

    /// A request without credentials.
    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.running.address, method, path)
    }

    /// A GET as a signed-in browser.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).header("Cookie", &self.cookie).send().await
    }

    /// Asks until the answer is as wanted.
    pub async fn get_until(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let until = async {
            loop {
                let answer = self.get(path).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match timeout(PATIENCE, until).await {
            Ok(answer) => answer,
            Err(_) => panic!("{path} is still {}", self.get(path).await.text()),
        }
    }

    /// Until every kind of the only cluster is in, denied or failing; answers its slug.
    pub async fn synced(&self) -> String {
        let complete = |answer: &Answer| answer.json()["items"][0]["sync"]["complete"] == true;
        let answer = self.get_until("/api/v1/clusters", complete).await;
        answer.json()["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Opens the stream with these headers besides those of the handshake.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> Result<Client, Answer> {
        let mut request = format!("ws://{}{path}", self.running.address)
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(self.running.address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, response)) => {
                let protocol = response.headers().get("sec-websocket-protocol");
                let json = path.contains("format=json")
                    || protocol.is_some_and(|name| name == Format::Json.subprotocol());
                Ok(Client {
                    socket,
                    format: if json { Format::Json } else { Format::Binary },
                })
            }
            Err(tungstenite::Error::Http(response)) => Err(Answer {
                status: response.status().as_u16(),
                headers: response
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect(),
                body: response.into_body().unwrap_or_default(),
            }),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens the stream as a script and says hello.
    pub async fn client(&self) -> Client {
        let mut client = self
            .open("/api/v1/stream", &[("Authorization", &self.bearer())])
            .await
            .unwrap_or_else(|answer| panic!("{}", answer.text()));
        assert!(matches!(
            client.next().await,
            ServerMessage::Welcome { version: VERSION, .. }
        ));
        client.say(&ClientMessage::Hello { version: VERSION }).await;
        client
    }

    /// Stops it, and checks that no task, no socket and no file of a running server is left.
    pub async fn stop(self) {
        let server = self.running.server.clone();
        let tasks = self.running.tasks.clone();
        timeout(PATIENCE, self.running.stop())
            .await
            .expect("the server stops");
        assert_eq!(tasks.running(), [], "tasks that were leaked");
        assert_eq!(server.sockets.count(), 0, "sockets that were leaked");
        let data = self.folder.path().join("data");
        assert!(!data.join("token").exists() && !data.join("address").exists());
    }
}

/// The other end of the stream.
pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    pub format: Format,
}

impl Client {
    pub async fn say(&mut self, message: &ClientMessage) {
        let bytes = self.format.encode(message).unwrap();
        let frame = match self.format {
            Format::Binary => Message::Binary(bytes.into()),
            Format::Json => Message::Text(String::from_utf8(bytes).unwrap().into()),
        };
        self.socket.send(frame).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: u32, topic: Topic, since: Option<Epoch>) {
        let id = TopicId(id);
        self.say(&ClientMessage::Subscribe { id, topic, since }).await;
    }

    /// The next message, or how the server closed.
    pub async fn next_or_close(&mut self) -> Result<ServerMessage, Option<CloseFrame>> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next())
                .await
                .expect("a frame in time");
            match frame {
                Some(Ok(Message::Binary(bytes))) => return Ok(self.format.decode(&bytes).unwrap()),
                Some(Ok(Message::Text(text))) => return Ok(self.format.decode(text.as_bytes()).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub async fn next(&mut self) -> ServerMessage {
        self.next_or_close().await.expect("a message")
    }

    /// Reads until the server closes, and gives its code.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let Err(frame) = self.next_or_close().await {
                return frame.map(|frame| frame.code.into());
            }
        }
    }
}

/// A topic as a client keeps it: the last snapshot with every delta applied.
#[derive(Debug, Default)]
pub struct Kept {
    pub epoch: Epoch,
    pub content: Option<Snapshot>,
    pub state: Option<TopicState>,
    pub error: Option<ApiError>,
    pub snapshots: u32,
    pub deltas: u32,
}

impl Kept {
    /// Takes a message as a client must: a delta applies only to the state that it starts from.
    pub fn take(&mut self, id: u32, message: ServerMessage) {
        match message {
            ServerMessage::Snapshot {
                id: TopicId(of),
                epoch,
                content,
            } if of == id => {
                self.epoch = epoch;
                self.content = Some(content);
                self.error = None;
                self.snapshots += 1;
            }
            ServerMessage::Delta {
                id: TopicId(of),
                from,
                to,
                content,
                ..
            } if of == id => {
                assert_eq!(
                    from, self.epoch,
                    "a delta that does not start where the client is"
                );
                assert!(to >= from);
                self.epoch = to;
                if let Some(kept) = &mut self.content {
                    assert!(kept.apply(&content), "a delta of another topic");
                }
                self.deltas += 1;
            }
            ServerMessage::State {
                id: TopicId(of),
                state,
            } if of == id => self.state = Some(state),
            ServerMessage::Error {
                id: Some(TopicId(of)),
                error,
            } if of == id => self.error = Some(error),
            _ => {}
        }
    }

    /// Reads until the topic is as wanted.
    pub async fn until(&mut self, client: &mut Client, id: u32, wanted: impl Fn(&Kept) -> bool) {
        let until = async {
            while !wanted(self) {
                let message = client.next().await;
                self.take(id, message);
            }
        };
        if timeout(PATIENCE, until).await.is_err() {
            panic!("still {self:?}");
        }
    }
}
