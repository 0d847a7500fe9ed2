//! The canvas of `app`, on cytoscape: loaded when it is first needed, then told of changes.

use app::browser::canvas::{Canvas, Said};
use app::state::picture::{Change, Line, Region, Tile};
use js_sys::{Array, Function, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The module `js/graph.js`.
    type Module;

    #[wasm_bindgen(method)]
    fn start(this: &Module, element: &str, chosen: &Function) -> Drawing;

    /// One drawing of it.
    #[derive(Clone)]
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
    /// The drawing of the page; there is one at a time.
    static DRAWING: RefCell<Option<Drawing>> = const { RefCell::new(None) };
    static LOADER: RefCell<Option<Function>> = const { RefCell::new(None) };
    /// Counts the drawings: one that was asked for and is no longer wanted when it has loaded is not started.
    static TURN: Cell<u32> = const { Cell::new(0) };
}

/// The canvas on cytoscape.
#[derive(Clone, Copy, Debug)]
pub struct Cytoscape;

impl Cytoscape {
    /// A canvas that loads its module by this function.
    pub fn new(loader: Function) -> Self {
        LOADER.with_borrow_mut(|slot| *slot = Some(loader));
        Self
    }
}

fn with(draw: impl FnOnce(&Drawing)) {
    // Cloned, so that a callback from inside may come back here.
    if let Some(drawing) = DRAWING.with_borrow(Clone::clone) {
        draw(&drawing);
    }
}

fn words(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(
        || "the module did not load".to_owned(),
        |error| error.message().into(),
    )
}

impl Canvas for Cytoscape {
    fn start(&self, element: &str, said: Box<dyn Fn(Said)>) {
        self.stop();
        let turn = TURN.get();
        let said: Rc<dyn Fn(Said)> = Rc::from(said);
        let Some(loader) = LOADER.with_borrow(Clone::clone) else {
            return said(Said::Failed("there is nothing to load it with".to_owned()));
        };
        let element = element.to_owned();
        wasm_bindgen_futures::spawn_local(async move {
            let loading = loader
                .call0(&JsValue::UNDEFINED)
                .map(|promise| Promise::resolve(&promise));
            let module = match loading {
                Ok(promise) => JsFuture::from(promise).await,
                Err(error) => Err(error),
            };
            if TURN.get() != turn {
                return;
            }
            match module {
                Ok(module) => {
                    let chosen = Closure::<dyn Fn(Option<String>)>::new({
                        let said = Rc::clone(&said);
                        move |id| said(Said::Chosen(id))
                    });
                    let drawing = module
                        .unchecked_ref::<Module>()
                        .start(&element, chosen.into_js_value().unchecked_ref());
                    DRAWING.with_borrow_mut(|slot| *slot = Some(drawing));
                    said(Said::Ready);
                }
                Err(error) => said(Said::Failed(words(&error))),
            }
        });
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
        TURN.set(TURN.get().wrapping_add(1));
        if let Some(drawing) = DRAWING.with_borrow_mut(Option::take) {
            drawing.stop();
        }
    }
}
