//! `/`: leads to the first cluster, or says how to get one.

use crate::components::clusters::{FileProblems, FirstStart};
use crate::components::problem::Problem;
use crate::components::whole::{Whole, part};
use crate::pages::announce;
use crate::pages::clusters::use_problems;
use crate::state::feed::Phase;
use crate::state::here::use_here;
use crate::state::memo::memo;
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use model::{Cluster, ClusterStatus};

/// The cluster to open first: the first that is connected, else the first.
fn first(clusters: &[Cluster]) -> Option<&Cluster> {
    clusters
        .iter()
        .find(|cluster| cluster.status == ClusterStatus::Connected)
        .or(clusters.first())
}

/// The start page.
#[component]
pub fn HomePage() -> impl IntoView {
    let here = use_here();
    let problems = use_problems();
    announce(&here, here.registry);
    let target = memo(move || {
        here.clusters
            .0
            .with(|clusters| first(clusters).map(|cluster| cluster.id.clone()))
    });
    part(move || match (target.get(), here.registry.phase.get()) {
        (Some(id), _) => view! { <Redirect path=Place::Topology(id).href(&Query::default()) /> }.whole(),
        (None, Phase::Failed(error)) => view! { <Problem error=error /> }.whole(),
        (None, Phase::Waiting) => view! { <p class="note">{text::WAITING}</p> }.whole(),
        (None, Phase::Ready) => {
            view! { <div class="scroll"><FileProblems problems=problems.get_value() /><FirstStart /></div> }
                .whole()
        }
    })
}
