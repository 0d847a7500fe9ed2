//! One look at an API server: ready, a Kubernetes one, which version, which cluster.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::client::{Answer, ConnectError, Connection, Failure, Get};
use crate::exec::harmless;

/// Until the answer to a probe begins.
const PATIENCE: Duration = Duration::from_secs(3);
/// No answer to a probe is longer.
const MOST: usize = 1024 * 1024;
/// Probes that may find the API server alive but not ready. A server that stays so is used as it is: one failing check
/// does not make its objects unreadable.
const NOT_READY: u32 = 10;

/// Looks at one API server, again and again.
pub(crate) struct Probe {
    connection: Arc<Connection>,
    not_ready: u32,
}

/// What a probe found.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `v1.36.3`; `None` if this user may not ask.
    pub version: Option<String>,
    /// The UID of the namespace kube-system; `None` if this user may not see it, or if it was not asked for.
    pub identity: Option<String>,
}

impl Probe {
    pub fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            not_ready: 0,
        }
    }

    /// Looks. `only_alive`: the connection is up and nobody doubts it, so one request will do.
    pub async fn run(&mut self, only_alive: bool) -> Result<Seen, Failure> {
        if !only_alive {
            self.ready().await?;
        }
        let version = self.version().await?;
        let identity = if only_alive { None } else { self.identity().await };
        Ok(Seen { version, identity })
    }

    async fn ready(&mut self) -> Result<(), Failure> {
        let answer = self.get("/readyz").await?;
        if answer.status < 500 || self.not_ready >= NOT_READY {
            self.not_ready = 0;
            return Ok(());
        }
        self.not_ready += 1;
        let error = answer.into_error(self.connection.server()).await;
        Err(Arc::new(match error {
            ConnectError::Status { server, status, .. } => ConnectError::Status {
                server,
                status,
                message: "the API server is starting or stopping, or one of its checks fails".to_owned(),
            },
            other => other,
        }))
    }

    async fn version(&self) -> Result<Option<String>, Failure> {
        let answer = self.get("/version").await?;
        let status = answer.status;
        let server = self.connection.server();
        if matches!(status, 429 | 500..) {
            return Err(Arc::new(answer.into_error(server).await));
        }
        let body = answer.collect(server, PATIENCE, MOST).await?;
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        let text = |field: &str| value.as_ref()?.get(field)?.as_str();
        match (status, text("gitVersion"), text("kind")) {
            (200, Some(version), _) => Ok(Some(harmless(version))),
            (403, _, Some("Status")) => Ok(None),
            _ => Err(Arc::new(ConnectError::NotKubernetes {
                server: server.to_owned(),
                what: match status {
                    200 => "/version answers with something else than a version".to_owned(),
                    status => format!("/version answers with status {status}"),
                },
            })),
        }
    }

    async fn identity(&self) -> Option<String> {
        let answer = self.get("/api/v1/namespaces/kube-system").await.ok()?;
        if answer.status != 200 {
            return None;
        }
        let body = answer
            .collect(self.connection.server(), PATIENCE, MOST)
            .await
            .ok()?;
        let value: Value = serde_json::from_slice(&body).ok()?;
        Some(value.pointer("/metadata/uid")?.as_str()?.to_owned())
    }

    /// A GET that renews the credential once if it is refused, and fails if it is refused again.
    async fn get(&self, path: &str) -> Result<Answer, Failure> {
        let get = Get {
            path: path.to_owned(),
            accept: "application/json",
            timeout: Some(PATIENCE),
        };
        let answer = self.once(&get).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.connection.renew(answer.credential).await;
        let answer = self.once(&get).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        Err(Arc::new(answer.into_error(self.connection.server()).await))
    }

    async fn once(&self, get: &Get) -> Result<Answer, Failure> {
        self.connection.get(get).await
    }
}
