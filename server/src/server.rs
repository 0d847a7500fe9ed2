//! What every request and socket shares.

use crate::auth::Auth;
use crate::config::Listen;
use crate::http::assets;
use crate::http::host::Hosts;
use crate::http::origin::Origins;
use crate::maps::Maps;
use crate::metrics::Metrics;
use crate::stream::Sockets;
use app::source::Assets;
use cluster::{Registry, Tasks};
use model::Timestamp;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};
use store::Store;
use utoipa::openapi::OpenApi;

/// What every request and socket shares.
pub type Shared = Arc<Server>;

/// The parts of a running server.
#[derive(Debug)]
pub struct Server {
    /// Who is asking.
    pub auth: Auth,
    /// Under which names we answer.
    pub hosts: Hosts,
    /// Which pages may call us.
    pub origins: Origins,
    /// The database.
    pub store: Store,
    /// The clusters.
    pub registry: Registry,
    /// The maps of the clusters that are looked at.
    pub(crate) maps: Maps,
    /// The built files.
    pub assets: Assets,
    /// The numbers.
    pub metrics: Metrics,
    /// The sockets that are open, by who opened them.
    pub sockets: Sockets,
    /// The branch of the task registry for what clients keep open.
    pub tasks: Tasks,
    /// Where a browser finds us: `http://127.0.0.1:8190`.
    pub url: String,
    document: OnceLock<String>,
}

impl Server {
    /// Puts the parts together.
    pub fn new(
        listen: &Listen,
        url: String,
        auth: Auth,
        store: Store,
        registry: Registry,
        tasks: Tasks,
    ) -> Self {
        Self {
            auth,
            hosts: Hosts::new(listen),
            origins: Origins::new(&listen.allowed_origins),
            store,
            registry,
            maps: Maps::default(),
            assets: assets::assets(),
            metrics: Metrics::default(),
            sockets: Sockets::default(),
            tasks,
            url,
            document: OnceLock::new(),
        }
    }

    /// The time on the wall, to the millisecond.
    pub fn now(&self) -> Timestamp {
        now()
    }

    /// Keeps the OpenAPI document; the first one stays.
    pub(crate) fn set_document(&self, document: &OpenApi) {
        // A document is a tree of strings: serialising it cannot fail.
        self.document
            .get_or_init(|| document.to_pretty_json().unwrap_or_default());
    }

    /// The OpenAPI document, as JSON.
    pub(crate) fn document(&self) -> &str {
        self.document.get().map_or("{}", String::as_str)
    }

    /// The address that signs a browser in with this token.
    pub fn link(&self, token: &crate::auth::Token) -> String {
        format!("{}/?token={}", self.url, token.reveal())
    }
}

/// The time on the wall, to the millisecond.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
