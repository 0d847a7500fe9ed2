//! The canvas of `app`, on cytoscape: loaded when it is first needed, then told of changes.

use crate::stage::Stage;
use app::browser::canvas::{Canvas, Said};
use app::state::picture::{Change, Line, Region, Tile};
use js_sys::{Array, Function};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The module `js/graph.js`.
    type Module;

    #[wasm_bindgen(method, catch)]
    fn start(this: &Module, element: &str, chosen: &Function) -> Result<JsValue, JsValue>;

    /// One drawing of it.
    type Drawing;

    #[wasm_bindgen(method)]
    fn tile(
        this: &Drawing,
        id: &str,
        code: &str,
        name: &str,
        word: &str,
        health: &str,
        state: &str,
        ready: f64,
        desired: f64,
        x: f32,
        y: f32,
    );
    #[wasm_bindgen(method)]
    fn line(this: &Drawing, id: &str, source: &str, target: &str, healthy: bool, inferred: bool);
    #[wasm_bindgen(method)]
    fn region(
        this: &Drawing,
        label: &str,
        objects: u32,
        unhealthy: u32,
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    );
    #[wasm_bindgen(method)]
    fn commit(this: &Drawing, gone: Array, gone_lines: Array, regions: bool, level: &str);
    #[wasm_bindgen(method)]
    fn select(this: &Drawing, id: Option<&str>);
    #[wasm_bindgen(method)]
    fn fit(this: &Drawing);
    #[wasm_bindgen(method, js_name = naturalSize)]
    fn natural_size(this: &Drawing);
    #[wasm_bindgen(method)]
    fn recolour(this: &Drawing);
    #[wasm_bindgen(method)]
    fn stop(this: &Drawing);
}

thread_local! {
    static STAGE: Stage = const { Stage::new() };
}

/// The canvas on cytoscape.
#[derive(Clone, Copy, Debug)]
pub struct Cytoscape;

impl Cytoscape {
    /// A canvas that loads its module by this function.
    pub fn new(loader: Function) -> Self {
        STAGE.with(|stage| stage.load_by(loader));
        Self
    }
}

fn with(draw: impl FnOnce(&Drawing)) {
    if let Some(drawing) = STAGE.with(Stage::drawing) {
        draw(&drawing);
    }
}

impl Canvas for Cytoscape {
    fn start(&self, element: &str, said: Box<dyn Fn(Said)>) {
        self.stop();
        let element = element.to_owned();
        let said: Rc<dyn Fn(Said)> = Rc::from(said);
        let chosen = Rc::clone(&said);
        let begin = move |module: JsValue| {
            let chosen = Closure::<dyn Fn(Option<String>)>::new(move |id| chosen(Said::Chosen(id)));
            let module = module.unchecked_ref::<Module>();
            module.start(&element, chosen.into_js_value().unchecked_ref())
        };
        let begun = move |failed: Option<String>| said(failed.map_or(Said::Ready, Said::Failed));
        Stage::begin(&STAGE, Box::new(begin), Box::new(begun));
    }

    fn change(&self, change: &Change) {
        with(|drawing| {
            for Tile {
                id,
                code,
                name,
                word,
                health,
                state,
                ready,
                at,
            } in &change.tiles
            {
                let (now, of) = ready.map_or((-1.0, -1.0), |(now, of)| (f64::from(now), f64::from(of)));
                drawing.tile(
                    id,
                    code,
                    name,
                    word,
                    health.word(),
                    state.word(),
                    now,
                    of,
                    at.x,
                    at.y,
                );
            }
            for Line {
                id,
                source,
                target,
                healthy,
                inferred,
            } in &change.lines
            {
                drawing.line(id, source, target, *healthy, *inferred);
            }
            for Region {
                label,
                objects,
                unhealthy,
                at,
                size,
                ..
            } in change.regions.iter().flatten()
            {
                drawing.region(label, *objects, *unhealthy, at.0, at.1, size.0, size.1);
            }
            let array = |ids: &[String]| ids.iter().map(|id| JsValue::from_str(id)).collect::<Array>();
            drawing.commit(
                array(&change.gone),
                array(&change.gone_lines),
                change.regions.is_some(),
                change.level.word(),
            );
        });
    }

    fn select(&self, id: Option<&str>) {
        with(|drawing| drawing.select(id));
    }

    fn fit(&self) {
        with(Drawing::fit);
    }

    fn natural_size(&self) {
        with(Drawing::natural_size);
    }

    fn recolour(&self) {
        with(Drawing::recolour);
    }

    fn stop(&self) {
        if let Some(drawing) = STAGE.with(Stage::take) {
            drawing.unchecked_ref::<Drawing>().stop();
        }
    }
}
