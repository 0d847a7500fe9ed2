//! What only a browser has, behind functions that do nothing natively. The only place where the two differ.
//!
//! The real half is compiled for wasm32 alone, so that a build of the whole workspace, in which Cargo unites
//! features, still gives a server that never calls a browser.

pub mod canvas;
pub mod plane;

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
#[path = "browser/real.rs"]
mod half;
#[cfg(not(all(feature = "hydrate", target_arch = "wasm32")))]
#[path = "browser/fake.rs"]
mod half;

pub use half::{
    after, ask, connect, disconnect, every, focus, mark_theme, now, on_key, path, random, send, step,
    title_text,
};

/// What the page's one socket does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is open.
    Opened,
    /// A binary frame came.
    Frame(Vec<u8>),
    /// It closed, or could not be opened.
    Closed,
}

/// Ctrl-K or Cmd-K, as a [`Key`].
pub const SEARCH: &str = "Control+K";

/// A key that was pressed outside of any text field, without Ctrl, Alt or Meta; or `Escape` or [`SEARCH`] anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(pub String);
