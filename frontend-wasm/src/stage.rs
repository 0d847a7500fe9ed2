//! Where a JavaScript module draws: it is loaded when it is first needed, and there is one drawing of it at a time.

use js_sys::{Error, Function, Promise};
use std::cell::{Cell, RefCell};
use std::thread::LocalKey;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Makes a drawing with the module.
pub(crate) type Begin = Box<dyn FnOnce(JsValue) -> Result<JsValue, JsValue>>;
/// Told whether there is a drawing now, or why there is none.
pub(crate) type Begun = Box<dyn FnOnce(Option<String>)>;

/// A module and its drawing.
pub(crate) struct Stage {
    loader: RefCell<Option<Function>>,
    drawing: RefCell<Option<JsValue>>,
    /// Counts the drawings: one that was asked for and is no longer wanted when it has loaded is not started.
    turn: Cell<u32>,
}

impl Stage {
    /// A place that nothing can be loaded for yet.
    pub(crate) const fn new() -> Self {
        Self {
            loader: RefCell::new(None),
            drawing: RefCell::new(None),
            turn: Cell::new(0),
        }
    }

    /// Loads the module by this function, which returns a promise of it.
    pub(crate) fn load_by(&self, loader: Function) {
        self.loader.replace(Some(loader));
    }

    /// The drawing, if there is one. Its own handle, so that a callback from inside may come back here.
    pub(crate) fn drawing<D: JsCast>(&self) -> Option<D> {
        self.drawing.borrow().clone().map(JsCast::unchecked_into)
    }

    /// Takes the drawing away, also one that is still loading.
    pub(crate) fn take(&self) -> Option<JsValue> {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.drawing.take()
    }

    /// Loads the module and begins a drawing; says nothing if that is no longer wanted by then.
    pub(crate) fn begin(stage: &'static LocalKey<Self>, begin: Begin, begun: Begun) {
        let (loader, turn) = stage.with(|own| (own.loader.borrow().clone(), own.turn.get()));
        wasm_bindgen_futures::spawn_local(async move {
            let module = load(loader).await;
            if stage.with(|own| own.turn.get() != turn) {
                return;
            }
            match module.and_then(begin) {
                Ok(drawing) => {
                    stage.with(|own| own.drawing.replace(Some(drawing)));
                    begun(None);
                }
                Err(error) => begun(Some(words(&error))),
            }
        });
    }
}

async fn load(loader: Option<Function>) -> Result<JsValue, JsValue> {
    let loader = loader.ok_or_else(|| Error::new("there is nothing to load it with"))?;
    JsFuture::from(Promise::resolve(&loader.call0(&JsValue::UNDEFINED)?)).await
}

fn words(error: &JsValue) -> String {
    error.dyn_ref::<Error>().map_or_else(
        || "the module did not load".to_owned(),
        |error| error.message().into(),
    )
}
