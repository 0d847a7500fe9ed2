//! What the server provides to a page while it is rendered: where state comes from, and facts of the request.
//!
//! In Leptos context: [`SharedSource`] (required), [`Visit`] and [`SetStatus`] (optional, with defaults).

use crate::theme::Theme;
use model::stream::{Snapshot, Topic, TopicState};
use model::{ApiError, Epoch, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A topic's state at an epoch. It is serialised into the page, so that hydration starts from exactly what was
/// rendered and the stream resumes from its epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopicView {
    /// The state's epoch.
    pub epoch: Epoch,
    /// The state.
    pub content: Snapshot,
    /// How trustworthy it is.
    pub state: TopicState,
}

/// Reads topics as the user whose request is being rendered. Implemented by the server; never waits for a cluster.
pub trait Source: Send + Sync {
    /// The topic's state now, or the error that the API would answer.
    fn read(&self, topic: &Topic) -> Result<TopicView, ApiError>;

    /// What is wrong with the configuration that clusters come from, one sentence each: a kubeconfig file that
    /// cannot be read, a context that names a missing cluster. Shown on the clusters page and on first start.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The [`Source`] as it is found in Leptos context.
pub type SharedSource = Arc<dyn Source>;

/// What a page needs to know of the request it answers. Without one in context: the clock of this machine and the
/// system's theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The server's clock: ages are counted from it.
    pub now: Timestamp,
    /// The theme of the cookie [`crate::theme::COOKIE`].
    pub theme: Theme,
}

/// Sets the status of the HTTP answer, from context: a page that does not exist calls it with 404. It is called
/// before the first byte of the body exists. The server passes it on to `leptos_axum::ResponseOptions`.
#[derive(Clone)]
pub struct SetStatus(pub Arc<dyn Fn(u16) + Send + Sync>);

/// Addresses of the built files that a page loads; their names hold a hash of their content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// The module that starts the WASM; `None` in a build without it: pages then work without script.
    pub script: Option<String>,
    /// The WASM file, for preloading.
    pub wasm: Option<String>,
    /// The WASM files that a page needs besides, by the page's part of the app; see [`crate::pages::lazy`].
    pub parts: BTreeMap<String, Vec<String>>,
    /// The style sheet.
    pub style: Option<String>,
    /// Fonts to preload.
    pub fonts: Vec<String>,
}
