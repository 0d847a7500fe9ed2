//! The navigation: the cluster switcher and the pages by task. Only what exists is linked.

use crate::components::mark;
use crate::components::theme::ThemeToggle;
use crate::components::whole::{Piece, Whole, effect, part, says, word};
use crate::state::feed::use_feed;
use crate::state::here::use_here;
use crate::state::list::List;
use crate::state::memo::{Known, memo};
use crate::state::url::{Listed, Place, Query};
use crate::text;
use leptos::prelude::*;
use model::list::ListQuery;
use model::stream::Topic;
use model::{Cluster, ClusterId, ClusterStatus, Health, KindId};

/// The tasks, the kinds that belong to them, and those that are behind "More": looked at now and then, or made by others.
const TASKS: [(&str, &[&str], &[&str]); 5] = [
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
        &[
            "HorizontalPodAutoscaler",
            "PodDisruptionBudget",
            "ReplicationController",
            "PriorityClass",
            "RuntimeClass",
        ],
    ),
    (
        "Network",
        &["Ingress", "Service", "EndpointSlice", "NetworkPolicy"],
        &["IngressClass"],
    ),
    (
        "Config and storage",
        &["ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume"],
        &[
            "StorageClass",
            "VolumeAttachment",
            "CSIDriver",
            "CSINode",
            "ResourceQuota",
            "LimitRange",
        ],
    ),
    (
        "Access",
        &["ServiceAccount", "Role", "RoleBinding"],
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    (
        "Cluster",
        &["Node", "Namespace", "Event"],
        &[
            "CustomResourceDefinition",
            "APIService",
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "Lease",
        ],
    ),
];

/// A task with its kinds, and those behind "More".
type Task = (&'static str, Vec<KindId>, Vec<KindId>);

/// The tasks with their kinds; kinds that no task names come last.
fn tasks() -> Vec<Task> {
    let ids = |kinds: &[&str]| kinds.iter().filter_map(|kind| KindId::of(kind)).collect();
    let mut tasks: Vec<Task> = TASKS
        .iter()
        .map(|(task, kinds, more)| (*task, ids(kinds), ids(more)))
        .collect();
    let others = KindId::all()
        .filter(|id| {
            !tasks
                .iter()
                .any(|(_, kinds, more)| kinds.contains(id) || more.contains(id))
        })
        .collect::<Vec<_>>();
    if !others.is_empty() {
        tasks.push(("Custom resources", Vec::new(), others));
    }
    tasks
}

/// As many kinds of the cluster's own stand in the navigation, and as many of them not behind "More".
const CUSTOM: (u32, usize) = (200, 8);

/// The kinds that the cluster's own definitions bring, without those of the table: `plural.group`, in order.
#[derive(Clone, Copy)]
struct CustomKinds(Known<Vec<String>>);

/// Follows the definitions of the page's cluster, for all navigations of the page.
pub fn provide_custom_kinds() {
    let here = use_here();
    let definitions = List::default();
    let topic = memo(move || {
        let cluster = here.cluster_id()?;
        let query = ListQuery {
            len: CUSTOM.0,
            ..Query::default().list(&KindId::of("CustomResourceDefinition")?.into())
        };
        Some(Topic::List { cluster, query })
    });
    use_feed(topic, definitions);
    provide_context(CustomKinds(memo(move || {
        // A definition is called by the plural and the group of what it defines.
        let rows = definitions.rows();
        let names = rows.iter().map(|row| row.with(|row| row.key.name.clone()));
        names
            .filter(|name| matches!(Listed::parse(name), Listed::Other(_)))
            .collect()
    })));
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
    let nodes = cluster.counts.and_then(|counts| counts.nodes);
    let nodes = nodes.map(|nodes| text::counted(nodes, "node"));
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
    effect(move || {
        here.place.track();
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    });
    let name = says(move || match (here.cluster(), here.cluster_id()) {
        (Some(cluster), _) => cluster.name,
        (None, Some(id)) => id.as_str().to_owned(),
        (None, None) => text::PRODUCT.to_owned(),
    });
    let line = says(move || match here.cluster() {
        Some(cluster) => about(&cluster),
        None => text::counted(text::count(here.clusters.0.with(Vec::len)), "cluster"),
    });
    let known = memo(move || {
        here.clusters.0.with(|clusters| {
            let entry = |cluster: &Cluster| (cluster.id.clone(), cluster.name.clone(), cluster.status);
            clusters.iter().map(entry).collect::<Vec<_>>()
        })
    });
    let current = memo(move || here.cluster_id());
    let others = part(move || {
        known
            .get()
            .into_iter()
            .map(|(id, name, status)| {
                let href = Place::Topology(id.clone()).href(&Query::default());
                let is_current = word(move || {
                    current
                        .with(|current| current.as_ref() == Some(&id))
                        .then_some("true")
                });
                view! {
                    <li>
                        <a href=href aria-current=is_current>
                            <span class="name">{name}</span>
                            {mark::state(cluster_health(status), status.word())}
                        </a>
                    </li>
                }
            })
            .collect_view()
            .whole()
    });
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
    place: Place,
    /// What it says.
    #[prop(into)]
    label: String,
    /// How many unhealthy objects are behind it, if known.
    #[prop(optional)]
    unhealthy: Option<Known<Option<u32>>>,
) -> impl IntoView {
    let here = use_here();
    let target = place.clone();
    let href = says(move || target.href(&here.query.with(Query::elsewhere)));
    let current = word(move || here.place.with(|here| *here == place).then_some("page"));
    let badge = part(move || {
        let count = unhealthy.and_then(|count| count.get()).filter(|count| *count > 0);
        let badge = |count| view! { <b title="unhealthy objects">{text::number(count)}<span class="unseen">" unhealthy"</span></b> };
        count.map(badge).whole()
    });
    view! { <a class="i" href=href aria-current=current><span>{label}</span>{badge}</a> }.whole()
}

/// The links of a cluster, by task.
#[component]
fn ClusterLinks() -> impl IntoView {
    let here = use_here();
    let unhealthy = memo(move || here.cluster().and_then(|cluster| Some(cluster.counts?.unhealthy)));
    let cluster = memo(move || here.cluster_id());
    part(move || {
        let Some(cluster) = cluster.get() else {
            return ().whole();
        };
        let groups = tasks()
            .into_iter()
            .map(|(task, kinds, more)| {
                let items = |kinds: Vec<KindId>| {
                    let item = |kind: KindId| view! { <Item place=Place::List(cluster.clone(), kind.into()) label=text::plural(kind) /> };
                    kinds.into_iter().map(item).collect_view()
                };
                let more = (!more.is_empty())
                    .then(|| view! { <details><summary class="i">"More"</summary>{items(more)}</details> });
                view! { <h2>{task}</h2> {items(kinds)} {more} }
            })
            .collect_view();
        let custom = {
            let cluster = cluster.clone();
            part(move || custom_items(&cluster))
        };
        view! {
            <h2 class="unseen">"This cluster"</h2>
            <Item place=Place::Topology(cluster.clone()) label="Topology" unhealthy=unhealthy />
            <Item place=Place::Map(cluster) label="Map" />
            {groups}
            {custom}
        }
        .whole()
    })
}

/// The links to the kinds that only this cluster has.
fn custom_items(cluster: &ClusterId) -> Piece {
    let Some(CustomKinds(names)) = use_context() else {
        return ().whole();
    };
    let mut first = names.get();
    let rest = first.split_off(first.len().min(CUSTOM.1));
    let items = |names: Vec<String>| {
        let item = |name: String| {
            let (plural, _) = name.split_once('.').unwrap_or((&name, ""));
            let label = plural.to_owned();
            view! { <Item place=Place::List(cluster.clone(), Listed::Other(name)) label=label /> }
        };
        names.into_iter().map(item).collect_view()
    };
    let heading = (!first.is_empty()).then(|| view! { <h2>"Of this cluster"</h2> });
    let rest = (!rest.is_empty())
        .then(|| view! { <details><summary class="i">"More"</summary>{items(rest)}</details> });
    view! { {heading} {items(first)} {rest} }.whole()
}

/// The navigation at the left.
#[component]
pub fn SideNav() -> impl IntoView {
    let here = use_here();
    let cluster = memo(move || here.cluster_id());
    let diagnostics = part(move || {
        let link = |cluster| view! { <Item place=Place::Diagnostics(cluster) label="Diagnostics" /> };
        cluster.get().map(link).whole()
    });
    view! {
        <nav class="side" aria-label="Main">
            <ClusterSwitcher />
            <div class="links">
                <ClusterLinks />
                <h2>{text::PRODUCT}</h2>
                <Item place=Place::Clusters label="Clusters" />
                {diagnostics}
            </div>
            <div class="foot"><ThemeToggle /></div>
        </nav>
    }
    .whole()
}

/// The bar at the bottom of a phone: the pages that matter most, and the rest in a sheet.
#[component]
pub fn PhoneBar() -> impl IntoView {
    let here = use_here();
    let sheet = NodeRef::<leptos::html::Details>::new();
    effect(move || {
        here.place.track();
        if let Some(sheet) = sheet.get_untracked() {
            sheet.set_open(false);
        }
    });
    let cluster = memo(move || here.cluster_id());
    let main = part(move || {
        let Some(cluster) = cluster.get() else {
            return ().whole();
        };
        let item = |kind: KindId| view! { <Item place=Place::List(cluster.clone(), kind.into()) label=text::plural(kind) /> };
        let lists = ["Pod", "Deployment"]
            .into_iter()
            .filter_map(KindId::of)
            .map(item)
            .collect_view();
        view! { <Item place=Place::Topology(cluster) label="Topology" /> {lists} }.whole()
    });
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
        let mut linked: Vec<KindId> = tasks()
            .into_iter()
            .flat_map(|(_, kinds, more)| [kinds, more].concat())
            .collect();
        linked.sort_unstable();
        assert_eq!(linked, KindId::all().collect::<Vec<_>>());
    }
}
