//! The browser half: hydrates the pages of `app`, and binds the canvas to cytoscape and the map to WebGL.
//!
//! It must never know Kubernetes: what is drawn comes as tiles, lines and regions, or as boxes of cells. `js/main.js` loads it and calls
//! [`start`]. JavaScript values stay in this crate.

mod canvas;
mod plane;
mod stage;

use app::pages::lazy;
use app::state::url::Place;
use wasm_bindgen::prelude::*;

/// How long the page is left in peace before the code of the others is loaded, in milliseconds.
const REST_MS: u32 = 1000;

/// Takes over the page, once the code of the page is there. `load_graph` is called when a page needs the canvas; it
/// returns a promise of `js/graph.js`, `load_map` when one needs the map: of `js/map.js`.
#[wasm_bindgen]
pub async fn start(load_graph: js_sys::Function, load_map: js_sys::Function) -> Result<(), JsValue> {
    app::browser::canvas::install(canvas::Cytoscape::new(load_graph));
    app::browser::plane::install(plane::WebGl::new(load_map));
    let place = Place::parse(&app::browser::path());
    lazy::load(&place)
        .await
        .map_err(|error| JsValue::from_str(&error.to_string()))?;
    leptos::mount::hydrate_body(app::App);
    // Whoever goes on to another page should not wait for it.
    app::browser::after(REST_MS, || wasm_bindgen_futures::spawn_local(lazy::load_all()));
    Ok(())
}

/// The newest epoch that any topic of the page has reached; for tests.
#[wasm_bindgen(js_name = debugEpoch)]
pub fn debug_epoch() -> f64 {
    // Epochs stay below 2^53.
    app::state::live::newest_epoch() as f64
}
