//! The mark of the embedded demo cluster: nothing in it is real, and it says so on every page.

use crate::components::whole::{Whole, part};
use crate::state::here::use_here;
use crate::state::memo::memo;
use crate::text;
use leptos::prelude::*;
use model::cluster::DEMO_SOURCE;

/// Says that the cluster of this page is the demo cluster, and how to see a real one.
#[component]
pub fn DemoMark() -> impl IntoView {
    let here = use_here();
    let is_demo = memo(move || {
        here.cluster()
            .is_some_and(|cluster| cluster.source == DEMO_SOURCE)
    });
    part(move || match is_demo.get() {
        true => view! {
            <details class="demo" data-testid="demo">
                <summary>"Demo cluster"</summary>
                <div class="pop"><p>{text::DEMO}</p><p>{text::DEMO_NEXT}</p></div>
            </details>
        }
        .whole(),
        false => ().whole(),
    })
}
