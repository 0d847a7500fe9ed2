//! The canvas of the map: what the app asks of it. The browser half of it is installed by `frontend-wasm`.

use model::level::GroupId;
use model::map::{Map, MapDelta};
use std::sync::OnceLock;

/// A place on the map: an application, or one of its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The application.
    pub application: GroupId,
    /// The cell; `None` from too far away to tell one from the next.
    pub slot: Option<u32>,
}

/// What the canvas of the map says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaneSaid {
    /// It is there and can be drawn on.
    Ready,
    /// It could not be had, and why.
    Failed(String),
    /// The pointer rests on a place, or has left all.
    Rests(Option<Spot>),
    /// A place was chosen; `None` for the empty plane.
    Chosen(Option<Spot>),
}

/// A place that draws one map at a time.
pub trait Plane: Send + Sync {
    /// Starts drawing into the element of this id. Everything drawn before is forgotten.
    fn start(&self, element: &str, said: Box<dyn Fn(PlaneSaid)>);
    /// Draws a map in place of the one before.
    fn whole(&self, map: &Map);
    /// Carries out changes of which `map` is the result.
    fn change(&self, map: &Map, changes: &[MapDelta]);
    /// Marks an application and brings it into view, with lines to others; `None` marks none.
    fn select(&self, application: Option<GroupId>, to: &[(GroupId, bool)]);
    /// What is written beside the cell that the pointer rests on.
    fn tell(&self, spot: Spot, name: &str, why: &str);
    /// Whether only what is not well stands out.
    fn only_unwell(&self, only: bool);
    /// Shows everything.
    fn fit(&self);
    /// Reads the colours again after the theme changed.
    fn recolour(&self);
    /// Stops drawing.
    fn stop(&self);
}

static PLANE: OnceLock<Box<dyn Plane>> = OnceLock::new();

/// Installs the canvas of this page's map, once, before hydration.
pub fn install(plane: impl Plane + 'static) {
    let _ = PLANE.set(Box::new(plane));
}

/// The installed canvas; `None` natively.
pub fn plane() -> Option<&'static dyn Plane> {
    PLANE.get().map(Box::as_ref)
}
