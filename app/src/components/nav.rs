//! The navigation: the cluster switcher and the pages by task. Only what exists is linked.

use crate::components::mark;
use crate::components::theme::ThemeToggle;
use crate::state::here::use_here;
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use model::{Cluster, ClusterStatus, Health, KindId};

/// The tasks and the kinds that belong to them.
const TASKS: [(&str, &[&str]); 4] = [
    (
        "Run",
        &[
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "Pod",
            "ReplicaSet",
            "Job",
            "CronJob",
        ],
    ),
    ("Network", &["Ingress", "Service", "EndpointSlice"]),
    (
        "Config and storage",
        &["ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume"],
    ),
    ("Cluster", &["Node", "Namespace", "ServiceAccount"]),
];

/// The tasks with their kinds; kinds that no task names come last.
fn tasks() -> Vec<(&'static str, Vec<KindId>)> {
    let mut tasks: Vec<(&str, Vec<KindId>)> = TASKS
        .iter()
        .map(|(task, kinds)| (*task, kinds.iter().filter_map(|kind| KindId::of(kind)).collect()))
        .collect();
    let others = KindId::all()
        .filter(|id| !tasks.iter().any(|(_, kinds)| kinds.contains(id)))
        .collect::<Vec<_>>();
    if !others.is_empty() {
        tasks.push(("More", others));
    }
    tasks
}

/// The state of a cluster's connection as a health.
pub fn cluster_health(status: ClusterStatus) -> Health {
    match status {
        ClusterStatus::Connecting => Health::Progressing,
        ClusterStatus::Connected => Health::Healthy,
        ClusterStatus::Disconnected => Health::Warning,
        ClusterStatus::Error => Health::Unhealthy,
    }
}

/// What fits under a cluster's name: `v1.36.3, 6 nodes`.
fn about(cluster: &Cluster) -> String {
    let nodes = cluster.counts.map(|counts| text::counted(counts.nodes, "node"));
    let parts: Vec<String> = cluster.version.clone().into_iter().chain(nodes).collect();
    if parts.is_empty() {
        cluster.status.word().to_owned()
    } else {
        parts.join(", ")
    }
}

/// Which cluster this is, and the way to the others.
#[component]
fn ClusterSwitcher() -> impl IntoView {
    let here = use_here();
    let menu = NodeRef::<leptos::html::Details>::new();
    Effect::new(move |_| {
        here.place.track();
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    });
    let name = move || match (here.cluster(), here.cluster_id()) {
        (Some(cluster), _) => cluster.name,
        (None, Some(id)) => id.to_string(),
        (None, None) => text::PRODUCT.to_owned(),
    };
    let line = move || match here.cluster() {
        Some(cluster) => about(&cluster),
        None => here
            .clusters
            .0
            .with(|clusters| text::counted(u32::try_from(clusters.len()).unwrap_or(u32::MAX), "cluster")),
    };
    let others = move || {
        here.clusters
            .0
            .get()
            .into_iter()
            .map(|cluster| {
                let href = Place::Topology(cluster.id.clone()).href(&Query::default());
                let current = here.cluster_id().as_ref() == Some(&cluster.id);
                view! {
                    <li>
                        <a href=href aria-current=current.then_some("true")>
                            <span class="name">{cluster.name.clone()}</span>
                            {mark::state(cluster_health(cluster.status), cluster.status.word())}
                        </a>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <details class="switcher" data-testid="cluster-switcher" node_ref=menu>
            <summary>
                {mark::sign()}
                <span class="two">
                    <span class="name">{name}</span>
                    <small>{line}</small>
                </span>
            </summary>
            <ul class="pop">
                {others}
                <li><a href=Place::Clusters.href(&Query::default())>"All clusters"</a></li>
            </ul>
        </details>
    }
}

/// One link of the navigation.
#[component]
fn Item(
    /// Where it leads.
    #[prop(into)]
    place: Signal<Place>,
    /// What it says.
    #[prop(into)]
    label: String,
    /// How many unhealthy objects are behind it, if known.
    #[prop(into, default = Signal::stored(None))]
    unhealthy: Signal<Option<u32>>,
) -> impl IntoView {
    let here = use_here();
    let href = move || place.with(|place| here.query.with(|query| place.href(&query.elsewhere())));
    let current = move || (here.place.get() == place.get()).then_some("page");
    let badge = move || {
        unhealthy.get().filter(|count| *count > 0).map(|count| {
            view! { <b title="unhealthy objects">{text::number(count)}<span class="unseen">" unhealthy"</span></b> }
        })
    };
    view! { <a class="i" href=href aria-current=current><span>{label}</span>{badge}</a> }
}

/// The links of a cluster, by task.
#[component]
fn ClusterLinks() -> impl IntoView {
    let here = use_here();
    let unhealthy =
        Signal::derive(move || here.cluster().and_then(|cluster| Some(cluster.counts?.unhealthy)));
    move || {
        here.cluster_id().map(|cluster| {
            let groups = tasks()
                .into_iter()
                .map(|(task, kinds)| {
                    let items = kinds.into_iter().map(|kind| {
                    view! { <Item place=Place::List(cluster.clone(), kind) label=text::plural(kind) /> }
                }).collect_view();
                    view! { <h2>{task}</h2> {items} }
                })
                .collect_view();
            view! {
                <h2 class="unseen">"This cluster"</h2>
                <Item place=Place::Topology(cluster.clone()) label="Topology" unhealthy=unhealthy />
                {groups}
            }
        })
    }
}

/// The navigation at the left.
#[component]
pub fn SideNav() -> impl IntoView {
    view! {
        <nav class="side" aria-label="Main">
            <ClusterSwitcher />
            <div class="links">
                <ClusterLinks />
                <h2>{text::PRODUCT}</h2>
                <Item place=Place::Clusters label="Clusters" />
            </div>
            <div class="foot"><ThemeToggle /></div>
        </nav>
    }
}

/// The bar at the bottom of a phone: the pages that matter most, and the rest in a sheet.
#[component]
pub fn PhoneBar() -> impl IntoView {
    let here = use_here();
    let sheet = NodeRef::<leptos::html::Details>::new();
    Effect::new(move |_| {
        here.place.track();
        if let Some(sheet) = sheet.get_untracked() {
            sheet.set_open(false);
        }
    });
    let main = move || {
        here.cluster_id().map(|cluster| {
            let lists = ["Pod", "Deployment"]
                .into_iter()
                .filter_map(KindId::of)
                .map(|kind| {
                    view! { <Item place=Place::List(cluster.clone(), kind) label=text::plural(kind) /> }
                })
                .collect_view();
            view! { <Item place=Place::Topology(cluster.clone()) label="Topology" /> {lists} }
        })
    };
    view! {
        <nav class="bar" aria-label="Main, short">
            {main}
            <Item place=Place::Clusters label="Clusters" />
            <details node_ref=sheet>
                <summary class="i">"More"</summary>
                <div class="sheet"><ClusterLinks /><ThemeToggle /></div>
            </details>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_place_in_the_navigation() {
        let mut linked: Vec<KindId> = tasks().into_iter().flat_map(|(_, kinds)| kinds).collect();
        linked.sort_unstable();
        assert_eq!(linked, KindId::all().collect::<Vec<_>>());
    }
}
