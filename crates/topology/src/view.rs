//! Views of the graph: the part that a page asks for, as a snapshot and as deltas.
//!
//! `apply(delta(a..b), snapshot(a)) == snapshot(b)`, always. What is in a view is decided from the state at b alone, so a
//! delta costs what the change touches; only a view with a focus remembers something, the nodes it shows.

use crate::change::Change;
use crate::state::State;
use model::graph::{Graph, GraphDelta, GraphQuery};
use model::level::Level;
use model::{ApiError, ErrorCode, NodeKey};
use scope::Scope;

mod focus;
mod levels;
mod map;
mod scope;

pub use levels::{LevelView, NODE_BUDGET, ViewStep, parse_level};
pub use map::MapView;

/// The largest depth of a focus.
pub const MAX_DEPTH: u8 = 10;

/// Why a view cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The depth is out of range.
    #[error("depth must be between 1 and {MAX_DEPTH}, not {0}")]
    Depth(u8),
    /// The cluster has no object of the focus's address, and nothing names one.
    #[error("there is no {0}, and nothing refers to it")]
    FocusNotFound(NodeKey),
    /// A focus has no other level than that of objects.
    #[error("a focus is shown at level object, not {}", .0.word())]
    FocusLevel(Level),
}

impl From<ViewError> for ApiError {
    fn from(error: ViewError) -> Self {
        let answer = |code| ApiError::new(code, error.to_string());
        match &error {
            ViewError::Depth(depth) => answer(ErrorCode::BadRequest)
                .with("field", "depth")
                .with("value", depth)
                .with("allowed", format_args!("1 to {MAX_DEPTH}")),
            ViewError::FocusLevel(level) => answer(ErrorCode::BadRequest)
                .with("field", "level")
                .with("value", level.word())
                .with("allowed", "auto or object, with a focus"),
            ViewError::FocusNotFound(key) => answer(ErrorCode::ObjectNotFound).with("focus", key),
        }
    }
}

/// A view of a cluster's graph.
///
/// Without a focus: the nodes of the namespaces asked for, the edges at them in the layers asked for, and the nodes that
/// those edges lead to, which are marked as outside. With a focus: the nodes within so many edges of it, the edges among
/// them, and the namespaces only mark.
#[derive(Clone, Debug)]
pub struct GraphView {
    scope: Scope,
    focus: Option<focus::Focus>,
}

impl GraphView {
    /// The view that a query asks for.
    pub fn parse(query: &GraphQuery) -> Result<Self, ViewError> {
        let focus = match &query.focus {
            None => None,
            Some(_) if !(1..=MAX_DEPTH).contains(&query.depth) => return Err(ViewError::Depth(query.depth)),
            Some(key) => Some(focus::Focus::new(key.clone(), query.depth)),
        };
        Ok(Self {
            scope: Scope::new(&query.namespaces, &query.layers),
            focus,
        })
    }

    /// The view of a state, whole. Deltas go on from here.
    pub fn snapshot(&mut self, state: &State) -> Result<Graph, ViewError> {
        match &mut self.focus {
            Some(focus) => focus.snapshot(&self.scope, state),
            None => Ok(self.scope.snapshot(state)),
        }
    }

    /// What changed in the view, from the state that the last snapshot or delta was of to `state`, given everything that
    /// changed in between; `None` if nothing did. When the focus goes, everything does; when it comes back, so does
    /// the rest.
    pub fn delta(&mut self, state: &State, change: &Change) -> Option<GraphDelta> {
        let delta = match &mut self.focus {
            Some(focus) => focus.delta(&self.scope, state, change),
            None => self.scope.delta(state, change),
        };
        (!delta.is_empty()).then_some(delta)
    }

    /// True for a view whose focus is gone: it is empty until the focus comes back.
    pub fn is_gone(&self) -> bool {
        self.focus.as_ref().is_some_and(focus::Focus::is_gone)
    }
}
