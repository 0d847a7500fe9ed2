//! A connection to one API server: a kube client made from a resolved context, with credentials that are renewed.
//!
//! kube never sees a kubeconfig, an exec plugin or our environment: it gets a URL, certificates and a short-lived token.

mod answer;
mod build;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::{ACCEPT, RETRY_AFTER};
use kube::client::Body;
use model::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clock;
use crate::exec::{self, ExecCredential, ExecError, ExecPolicy};
use crate::kubeconfig::identity::token_in;
use crate::kubeconfig::resolve::without_credentials;
use crate::kubeconfig::{Authority, Context, Credential, Secret, small_file};

pub(crate) use answer::{Answer, Get};

/// Until TCP and TLS are up.
const CONNECT: Duration = Duration::from_secs(5);
/// Until the first byte of an answer. A large list from a slow API server may take a minute.
const FIRST_BYTE: Duration = Duration::from_secs(90);
/// A credential is renewed this long before it ends.
const RENEW_BEFORE: i64 = 60_000;
/// A failure to get a credential is shared with all who ask within this time: seventeen watches ask at once.
const SHARE_FAILURE: Duration = Duration::from_secs(1);
/// How often the files that a context names are looked at, in milliseconds: as often as client-go reads a token file.
const LOOK_EVERY: i64 = 60_000;

/// Why there is no answer from an API server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No credential.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A file that the context names cannot be read any more.
    #[error("{what} cannot be read: {source}")]
    Read {
        /// The client certificate, the key, the authority.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// kube makes no client from it.
    #[error("no client can be made for {server}: {source}")]
    Build {
        /// The API server's URL.
        server: String,
        /// Why.
        source: kube::Error,
    },
    /// The request could not be sent, or the connection broke before the answer began.
    #[error("{server} cannot be reached: {source}")]
    Send {
        /// The API server's URL.
        server: String,
        /// The URL of the proxy that leads to it, without credentials.
        proxy: Option<String>,
        /// Why.
        source: kube::Error,
    },
    /// The connection broke within the answer.
    #[error("the answer of {server} broke off: {source}")]
    Body {
        /// The API server's URL.
        server: String,
        /// Why.
        source: kube::Error,
    },
    /// No answer in time.
    #[error("{server} did not answer within {} s", after.as_secs())]
    TimedOut {
        /// The API server's URL.
        server: String,
        /// The time it had.
        after: Duration,
    },
    /// It refuses.
    #[error("{server} answered {status}: {message}")]
    Status {
        /// The API server's URL.
        server: String,
        /// The HTTP status.
        status: u16,
        /// The message in the answer, made harmless.
        message: String,
    },
    /// It answers, but not as a Kubernetes API server.
    #[error("{server} is not a Kubernetes API server: {what}")]
    NotKubernetes {
        /// The URL.
        server: String,
        /// What it did.
        what: String,
    },
}

/// An error that several tasks get to know.
pub(crate) type Failure = Arc<ConnectError>;

/// A connection to one API server as one user. Cheap to share; every request goes through it.
#[derive(Debug)]
pub struct Connection {
    context: Arc<Context>,
    server: String,
    policy: ExecPolicy,
    /// Held while a credential is fetched, so that many who ask at once start one plugin, not many.
    session: Mutex<Session>,
}

#[derive(Default)]
enum Session {
    #[default]
    None,
    Ready(Ready),
    Failed(Instant, Failure),
}

#[derive(Clone)]
struct Ready {
    client: kube::Client,
    number: u64,
    renew_at: Option<Timestamp>,
    /// A hash over the files that were read for it, and when they are looked at again; `None` if there are none.
    files: Option<(u64, Timestamp)>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Ready(_) => "Ready",
            Self::Failed(..) => "Failed",
        })
    }
}

impl Connection {
    /// A connection that is made when it is first used.
    pub fn new(context: Arc<Context>, policy: ExecPolicy) -> Self {
        let server = context.server.to_string();
        Self {
            server: server.trim_end_matches('/').to_owned(),
            context,
            policy,
            session: Mutex::default(),
        }
    }

    /// The API server's URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The context's name.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// A client with a credential that is good now. Never retries by itself.
    pub async fn client(&self) -> Result<kube::Client, Arc<ConnectError>> {
        Ok(self.ready().await?.client)
    }

    /// Throws the credential away if it is still the one with this number: a server has refused it.
    pub(crate) async fn renew(&self, number: u64) {
        let mut session = self.session.lock().await;
        if matches!(&*session, Session::Ready(ready) if ready.number == number) {
            *session = Session::None;
        }
    }

    /// Throws the credential away, and any failure to get one: the user asked to try again, or files may have changed.
    pub(crate) async fn forget(&self) {
        *self.session.lock().await = Session::None;
    }

    async fn ready(&self) -> Result<Ready, Failure> {
        let mut session = self.session.lock().await;
        let now = clock::now();
        match &mut *session {
            Session::Ready(ready) if ready.renew_at.is_none_or(|at| now < at) => match &mut ready.files {
                Some((hash, at)) if now >= *at => {
                    *at = Timestamp(now.0 + LOOK_EVERY);
                    // The same files need no new connections.
                    if self.files() == Some(*hash) {
                        return Ok(ready.clone());
                    }
                }
                _ => return Ok(ready.clone()),
            },
            Session::Failed(at, failure) if at.elapsed() < SHARE_FAILURE => return Err(failure.clone()),
            _ => {}
        }
        let made = self.make().await.map_err(Arc::new);
        *session = match &made {
            Ok(ready) => Session::Ready(ready.clone()),
            Err(failure) => Session::Failed(Instant::now(), failure.clone()),
        };
        made
    }

    async fn make(&self) -> Result<Ready, ConnectError> {
        let credential = match &self.context.identity.credential {
            Credential::Exec(plugin) => {
                let limits = exec::Limits::default();
                Some(exec::run(plugin, &self.context, &self.policy, limits).await?)
            }
            _ => None,
        };
        let now = clock::now().0;
        let renew_at = credential
            .as_ref()
            .and_then(|credential: &ExecCredential| credential.expires)
            // One that is over when it comes is not asked for again at once.
            .map(|expires| Timestamp((expires.0 - RENEW_BEFORE).max(now + 10_000)));
        // Before they are read: what changes in between is seen as a change.
        let files = self.files().map(|hash| (hash, Timestamp(now + LOOK_EVERY)));
        let credential = match credential {
            None => self.token_file()?.map(ExecCredential::of_token),
            some => some,
        };
        let config = build::config(&self.context, credential)?;
        let client = kube::Client::try_from(config).map_err(|source| ConnectError::Build {
            server: self.server.clone(),
            source,
        })?;
        Ok(Ready {
            client,
            number: clock::unique(),
            renew_at,
            files,
        })
    }

    /// What the token file says now, if the context names one.
    fn token_file(&self) -> Result<Option<SecretString>, ConnectError> {
        let Credential::TokenFile(path) = &self.context.identity.credential else {
            return Ok(None);
        };
        let refused = |source| ConnectError::Read {
            what: format!("the token file {}", path.display()),
            source,
        };
        let text = Secret::File(path.clone()).read().map_err(refused)?;
        match token_in(text.expose_secret()) {
            Ok(token) => Ok(Some(SecretString::from(token))),
            Err(problem) => Err(refused(io::Error::other(format!("it {problem}")))),
        }
    }

    /// A hash over all files that the context names; `None` if it names none.
    fn files(&self) -> Option<u64> {
        let of = |secret: &Secret| match secret {
            Secret::File(path) => Some(path.clone()),
            Secret::Inline(_) => None,
        };
        let identity = &self.context.identity;
        let authority = match &self.context.authority {
            Authority::Bundle(bundle) => of(bundle),
            Authority::System | Authority::Any => None,
        };
        let token = match &identity.credential {
            Credential::TokenFile(path) => Some(path.clone()),
            _ => None,
        };
        let pair = identity
            .certificate
            .iter()
            .flat_map(|(certificate, key)| [of(certificate), of(key)]);
        let mut hasher = DefaultHasher::new();
        let mut found = false;
        for path in pair.chain([authority, token]).flatten() {
            found = true;
            small_file::read(&path).ok().hash(&mut hasher);
        }
        found.then(|| hasher.finish())
    }

    /// Sends a request and returns when the answer begins.
    pub(crate) async fn get(&self, get: &Get) -> Result<Answer, Failure> {
        let ready = self.ready().await?;
        let request = Request::get(&get.path)
            .header(ACCEPT, get.accept)
            .body(Body::empty())
            .map_err(|error| {
                Arc::new(ConnectError::Build {
                    server: self.server.clone(),
                    source: kube::Error::HttpError(error),
                })
            })?;
        let after = get.timeout.unwrap_or(FIRST_BYTE);
        let response = match tokio::time::timeout(after, ready.client.send(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(source)) => {
                return Err(Arc::new(ConnectError::Send {
                    server: self.server.clone(),
                    proxy: self.context.proxy.as_ref().map(shown),
                    source,
                }));
            }
            Err(_) => {
                let server = self.server.clone();
                return Err(Arc::new(ConnectError::TimedOut { server, after }));
            }
        };
        // Seconds, or a date that no API server sends.
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            credential: ready.number,
            body: answer::body(response.into_body(), self.server.clone()),
        })
    }
}

/// A proxy's URL as it may be shown.
fn shown(proxy: &http::Uri) -> String {
    without_credentials(proxy.to_string().trim_end_matches('/'))
}

#[cfg(test)]
mod tests;
