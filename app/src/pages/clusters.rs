//! `/clusters`: every context, how it is, and what to do.

use crate::components::clusters::{ClusterRow, FileProblems, FirstStart};
use crate::components::problem::Problem;
use crate::components::whole::Whole;
use crate::pages::announce;
use crate::source::SharedSource;
use crate::state::feed::Phase;
use crate::state::here::use_here;
use crate::state::seed::seed;
use crate::text;
use leptos::prelude::*;

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
    let ids = Memo::new(move |_| {
        here.clusters.0.with(|clusters| {
            clusters
                .iter()
                .map(|cluster| cluster.id.clone())
                .collect::<Vec<_>>()
        })
    });
    let empty = Memo::new(move |_| ids.with(Vec::is_empty));
    move || {
        if !empty.get() {
            let count = move || {
                ids.with(|ids| text::counted(u32::try_from(ids.len()).unwrap_or(u32::MAX), "context"))
            };
            view! {
                <div class="head"><h1>"Clusters"</h1><span class="dim num">{count}</span></div>
                <div class="scroll">
                    <FileProblems problems=problems.get_value() />
                    <For each=move || ids.get() key=Clone::clone children=move |id| {
                        let cluster = Memo::new(move |_| here.clusters.find(&id));
                        view! { <ClusterRow cluster=cluster /> }
                    } />
                </div>
            }
            .whole()
        } else {
            match here.registry.phase.get() {
                Phase::Failed(error) => view! { <Problem error=error /> }.whole(),
                Phase::Waiting => view! { <p class="note">{text::WAITING}</p> }.whole(),
                Phase::Ready => view! {
                    <div class="scroll"><FileProblems problems=problems.get_value() /><FirstStart /></div>
                }
                .whole(),
            }
        }
    }
}
