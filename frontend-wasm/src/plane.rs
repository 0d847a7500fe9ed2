//! The map of `app`, on WebGL: loaded when it is first needed, then told of changes.

use crate::stage::Stage;
use app::browser::plane::{Plane, PlaneSaid, Spot};
use app::state::map::code;
use js_sys::{Array, Function};
use model::level::GroupId;
use model::map::{Map, MapApplication, MapDelta, MapSpace};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The module `js/map.js`.
    type Module;

    #[wasm_bindgen(method, catch)]
    fn start(this: &Module, element: &str, rests: &Function, chosen: &Function) -> Result<JsValue, JsValue>;

    /// One drawing of it.
    type Drawing;

    #[wasm_bindgen(method)]
    fn clear(this: &Drawing);
    #[wasm_bindgen(method)]
    fn space(this: &Drawing, id: u32, name: &str, x: u32, y: u32, width: u32, height: u32, header: u32);
    #[wasm_bindgen(method)]
    fn application(
        this: &Drawing,
        id: u32,
        space: u32,
        name: &str,
        x: u32,
        y: u32,
        columns: u32,
        cells: &[u8],
    );
    #[wasm_bindgen(method)]
    fn cell(this: &Drawing, application: u32, slot: u32, code: u8);
    #[wasm_bindgen(method)]
    fn commit(this: &Drawing, gone_spaces: Array, gone_applications: Array);
    #[wasm_bindgen(method)]
    fn select(this: &Drawing, application: Option<u32>, to: Array, healthy: Array);
    #[wasm_bindgen(method)]
    fn tell(this: &Drawing, application: u32, slot: u32, name: &str, why: &str);
    #[wasm_bindgen(method, js_name = onlyUnwell)]
    fn only_unwell(this: &Drawing, only: bool);
    #[wasm_bindgen(method)]
    fn fit(this: &Drawing);
    #[wasm_bindgen(method)]
    fn recolour(this: &Drawing);
    #[wasm_bindgen(method)]
    fn stop(this: &Drawing);
}

thread_local! {
    static STAGE: Stage = const { Stage::new() };
}

/// The map on WebGL.
#[derive(Clone, Copy, Debug)]
pub struct WebGl;

impl WebGl {
    /// A map that loads its module by this function.
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

/// Where a function of the module says that something is: -1 for nothing.
fn spot(application: f64, slot: f64) -> Option<Spot> {
    (application >= 0.0).then_some(Spot {
        application: GroupId(application as u32),
        slot: (slot >= 0.0).then_some(slot as u32),
    })
}

fn draw_space(drawing: &Drawing, space: &MapSpace) {
    let MapSpace {
        id,
        name,
        x,
        y,
        width,
        height,
        header,
    } = space;
    drawing.space(id.0, name, *x, *y, *width, *height, *header);
}

fn draw_application(drawing: &Drawing, own: &MapApplication) {
    let codes: Vec<u8> = own.cells.0.iter().map(|cell| code(*cell)).collect();
    drawing.application(
        own.id.0,
        own.space.0,
        own.label(),
        own.x,
        own.y,
        own.columns,
        &codes,
    );
}

fn array(ids: impl Iterator<Item = GroupId>) -> Array {
    ids.map(|id| JsValue::from(id.0)).collect()
}

impl Plane for WebGl {
    fn start(&self, element: &str, said: Box<dyn Fn(PlaneSaid)>) {
        self.stop();
        let element = element.to_owned();
        let said: Rc<dyn Fn(PlaneSaid)> = Rc::from(said);
        let told = Rc::clone(&said);
        let begin = move |module: JsValue| {
            let callback = |make: fn(Option<Spot>) -> PlaneSaid| {
                let told = Rc::clone(&told);
                let call = move |application, slot| told(make(spot(application, slot)));
                Closure::<dyn Fn(f64, f64)>::new(call).into_js_value()
            };
            let (rests, chosen) = (callback(PlaneSaid::Rests), callback(PlaneSaid::Chosen));
            let module = module.unchecked_ref::<Module>();
            module.start(&element, rests.unchecked_ref(), chosen.unchecked_ref())
        };
        let begun = move |failed: Option<String>| said(failed.map_or(PlaneSaid::Ready, PlaneSaid::Failed));
        Stage::begin(&STAGE, Box::new(begin), Box::new(begun));
    }

    fn whole(&self, map: &Map) {
        with(|drawing| {
            drawing.clear();
            for space in map.spaces.values() {
                draw_space(drawing, space);
            }
            for own in map.applications.values() {
                draw_application(drawing, own);
            }
            drawing.commit(Array::new(), Array::new());
        });
    }

    fn change(&self, map: &Map, changes: &[MapDelta]) {
        with(|drawing| {
            for delta in changes {
                for space in delta.spaces.iter().filter_map(|space| map.spaces.get(&space.id)) {
                    draw_space(drawing, space);
                }
                let own = delta.applications.iter();
                for own in own.filter_map(|own| map.applications.get(&own.id)) {
                    draw_application(drawing, own);
                }
                for cell in &delta.cells {
                    drawing.cell(cell.application.0, cell.slot, code(cell.health));
                }
                let spaces = delta.removed_spaces.iter().copied();
                let applications = delta.removed_applications.iter().copied();
                drawing.commit(
                    array(spaces.filter(|id| !map.spaces.contains_key(id))),
                    array(applications.filter(|id| !map.applications.contains_key(id))),
                );
            }
        });
    }

    fn select(&self, application: Option<GroupId>, to: &[(GroupId, bool)]) {
        with(|drawing| {
            let healthy = to.iter().map(|(_, healthy)| JsValue::from(*healthy)).collect();
            drawing.select(
                application.map(|id| id.0),
                array(to.iter().map(|(id, _)| *id)),
                healthy,
            );
        });
    }

    fn tell(&self, spot: Spot, name: &str, why: &str) {
        if let Some(slot) = spot.slot {
            with(|drawing| drawing.tell(spot.application.0, slot, name, why));
        }
    }

    fn only_unwell(&self, only: bool) {
        with(|drawing| drawing.only_unwell(only));
    }

    fn fit(&self) {
        with(Drawing::fit);
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
