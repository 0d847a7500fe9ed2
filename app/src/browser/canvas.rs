//! The graph's canvas: what the app asks of it. The browser half of it is installed by `frontend-wasm`.

use crate::state::picture::Change;
use std::sync::OnceLock;

/// What a canvas says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is there and can be drawn on.
    Ready,
    /// It could not be loaded, and why.
    Failed(String),
    /// An object was chosen, by its address; `None` for the empty plane.
    Chosen(Option<String>),
}

/// A place that draws one graph at a time.
pub trait Canvas: Send + Sync {
    /// Starts drawing into the element of this id. Everything drawn before is forgotten.
    fn start(&self, element: &str, said: Box<dyn Fn(Said)>);
    /// Carries out a change as one step, so that nothing is seen half done.
    fn change(&self, change: &Change);
    /// Marks one object and brings it into view; `None` marks none.
    fn select(&self, id: Option<&str>);
    /// Shows everything.
    fn fit(&self);
    /// Shows it at its natural size.
    fn natural_size(&self);
    /// Reads the colours again after the theme changed.
    fn recolour(&self);
    /// Stops drawing.
    fn stop(&self);
}

static CANVAS: OnceLock<Box<dyn Canvas>> = OnceLock::new();

/// Installs the canvas of this page, once, before hydration.
pub fn install(canvas: impl Canvas + 'static) {
    let _ = CANVAS.set(Box::new(canvas));
}

/// The installed canvas; `None` natively.
pub fn canvas() -> Option<&'static dyn Canvas> {
    CANVAS.get().map(Box::as_ref)
}
