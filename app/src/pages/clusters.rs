//! `/clusters`: every context, how it is, and what to do.

use crate::components::clusters::{ClusterRow, FileProblems, FirstStart};
use crate::components::problem::Problem;
use crate::components::whole::{Whole, entry, list, part, says};
use crate::pages::announce;
use crate::source::SharedSource;
use crate::state::feed::Phase;
use crate::state::here::use_here;
use crate::state::memo::memo;
use crate::state::seed::seed;
use crate::text;
use leptos::prelude::*;
use model::ClusterId;

/// What is wrong with the configuration, as of when the page was rendered.
pub(super) fn use_problems() -> StoredValue<Vec<String>> {
    StoredValue::new(
        seed(|| use_context::<SharedSource>().map(|source| source.problems())).unwrap_or_default(),
    )
}

/// The clusters page.
#[component]
pub fn ClustersPage() -> impl IntoView {
    let here = use_here();
    let problems = use_problems();
    announce(&here, here.registry);
    let ids = memo(move || {
        here.clusters.0.with(|clusters| {
            clusters
                .iter()
                .map(|cluster| cluster.id.clone())
                .collect::<Vec<_>>()
        })
    });
    let empty = memo(move || ids.with(Vec::is_empty));
    let phase = here.registry.phase;
    part(move || {
        if !empty.get() {
            let row = move |id: ClusterId| {
                let (of, key) = (id.clone(), id.clone());
                entry(key, move || {
                    let cluster = memo(move || here.clusters.find(&of));
                    view! { <ClusterRow id=id cluster=cluster /> }.whole()
                })
            };
            let rows = move || ids.get().into_iter().map(row).collect();
            let count = says(move || text::counted(text::count(ids.with(Vec::len)), "context"));
            view! {
                <div class="head"><h1>"Clusters"</h1><span class="dim num">{count}</span></div>
                <div class="scroll">
                    <FileProblems problems=problems.get_value() />
                    {list(rows)}
                </div>
            }
            .whole()
        } else {
            match phase.get() {
                Phase::Failed(error) => view! { <Problem error=error /> }.whole(),
                Phase::Waiting => view! { <p class="note">{text::WAITING}</p> }.whole(),
                Phase::Ready => view! {
                    <div class="scroll"><FileProblems problems=problems.get_value() /><FirstStart /></div>
                }
                .whole(),
            }
        }
    })
}
