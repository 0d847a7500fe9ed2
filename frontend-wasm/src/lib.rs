//! The browser half: hydrates the pages of `app`, and binds the canvas to cytoscape.
//!
//! It must never know Kubernetes: what is drawn comes as tiles, lines and regions. `js/main.js` loads it and calls
//! [`start`]. JavaScript values stay in this crate.

mod canvas;

use wasm_bindgen::prelude::*;

/// Takes over the page. `load_graph` is called when a page needs the canvas; it returns a promise of `js/graph.js`.
#[wasm_bindgen]
pub fn start(load_graph: js_sys::Function) {
    app::browser::canvas::install(canvas::Cytoscape::new(load_graph));
    leptos::mount::hydrate_body(app::App);
}

/// The newest epoch that any topic of the page has reached; for tests.
#[wasm_bindgen(js_name = debugEpoch)]
pub fn debug_epoch() -> f64 {
    // Epochs stay below 2^53.
    app::state::live::newest_epoch() as f64
}
