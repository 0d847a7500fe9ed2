//! The clusters of the registry: how each is, and what to do about one that is not well.

use crate::components::cell::Age;
use crate::components::mark;
use crate::components::nav::cluster_health;
use crate::components::whole::{Whole, each, part, says, whether, word};
use crate::state::connection::problem;
use crate::state::memo::{Known, memo};
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use model::cluster::{Counts, StatusReason};
use model::{Cluster, ClusterId, ClusterStatus, Health};

/// One cluster. What counts while it is looked at is a text of its own: the link stays under the pointer.
#[component]
pub fn ClusterRow(
    /// Which.
    id: ClusterId,
    /// As it is now; empty once it is gone.
    cluster: Known<Option<Cluster>>,
) -> impl IntoView {
    let of = move |read: fn(&Cluster) -> String| {
        says(move || {
            cluster
                .with(|cluster| cluster.as_ref().map(read))
                .unwrap_or_default()
        })
    };
    let figure = move |read: fn(&Counts) -> Option<u32>| {
        // Unknown is never shown as zero.
        says(move || {
            let count = cluster.with(|cluster| read(cluster.as_ref()?.counts.as_ref()?));
            count.map_or("<unknown>".to_owned(), text::number)
        })
    };
    let counts = memo(move || cluster.with(|cluster| cluster.as_ref().and_then(|cluster| cluster.counts)));
    let marks = memo(move || cluster.with(|cluster| cluster.as_ref().map(marks).unwrap_or_default()));
    let stale =
        memo(move || cluster.with(|cluster| cluster.as_ref().and_then(|cluster| cluster.stale_since)));
    let reason = memo(move || cluster.with(|cluster| cluster.as_ref().and_then(reason)));
    let status = move || cluster.with(|cluster| cluster.as_ref().map(|cluster| cluster.status.word()));
    let (address, href) = (
        id.as_str().to_owned(),
        Place::Topology(id).href(&Query::default()),
    );
    view! {
        <article class="cluster" data-testid="cluster" data-id=address data-status=word(status)>
            <header>
                <h2><a class="mono" href=href>{of(|cluster| cluster.name.clone())}</a></h2>
                {part(move || each(marks.get(), &mut |(health, words)| mark::state(health, words).whole()).whole())}
                {part(move || stale.get().map(|since| {
                    view! { <span class="dim">"last state " <Age of=Signal::stored(Some(since)) /> " ago"</span> }
                }).whole())}
            </header>
            {part(move || reason.get().map(|(health, StatusReason { code, message, next })| {
                view! {
                    <div class=format!("cause {}", health.word()) data-code=code.word()>
                        <p>{message}</p>
                        <p class="next">{next}</p>
                    </div>
                }
            }).whole())}
            <div class="figures num" class:na=whether(move || counts.get().is_none())>
                <div><b>{figure(|counts| counts.pods)}</b><span>"pods"</span></div>
                <div><b>{figure(|counts| counts.nodes)}</b><span>"nodes"</span></div>
                <div><b>{figure(|counts| counts.namespaces)}</b><span>"namespaces"</span></div>
                <div class:bad=whether(move || counts.get().is_some_and(|counts| counts.unhealthy > 0))>
                    <b>{figure(|counts| Some(counts.unhealthy))}</b><span>"unhealthy"</span>
                </div>
            </div>
            <dl>
                <dt>"Version"</dt>
                <dd class="mono">{of(|cluster| cluster.version.clone().unwrap_or_else(|| "<unknown>".to_owned()))}</dd>
                <dt>"Context"</dt>
                <dd class="mono">{of(|cluster| cluster.context.clone())}</dd>
                <dt>"Source"</dt>
                <dd class="mono">{of(|cluster| cluster.source.clone())}</dd>
                <dt>"API server"</dt>
                <dd class="mono">{of(|cluster| cluster.server.clone())}</dd>
            </dl>
        </article>
    }
}

/// The state of a cluster, and what its watches lack.
fn marks(cluster: &Cluster) -> Vec<(Health, String)> {
    let Cluster {
        status,
        status_reason,
        sync,
        ..
    } = cluster;
    let is_connected = *status == ClusterStatus::Connected;
    let word = match status_reason {
        Some(reason) if !is_connected => format!("{}: {}", status.word(), problem(reason.code)),
        _ => status.word().to_owned(),
    };
    let lacking = sync.denied.len() + sync.failed.len();
    let mut marks = vec![(cluster_health(*status), word)];
    if lacking > 0 {
        marks.push((
            Health::Warning,
            format!("{lacking} of {} kinds not visible", sync.kinds),
        ));
    }
    if !sync.limited.is_empty() {
        let limited = sync.limited.len();
        marks.push((
            Health::Warning,
            format!(
                "{limited} of {} kinds visible in some namespaces only",
                sync.kinds
            ),
        ));
    }
    if is_connected && !sync.complete {
        marks.push((
            Health::Progressing,
            format!("loading, {} of {} kinds", sync.synced, sync.kinds),
        ));
    }
    marks
}

fn reason(cluster: &Cluster) -> Option<(Health, StatusReason)> {
    cluster
        .status_reason
        .clone()
        .map(|reason| (cluster_health(cluster.status), reason))
}

/// What is wrong with the configuration that clusters come from.
#[component]
pub fn FileProblems(
    /// One sentence each.
    problems: Vec<String>,
) -> impl IntoView {
    (!problems.is_empty()).then(|| {
        let lines = each(problems, &mut |problem| view! { <p>{problem}</p> }.whole());
        view! { <section class="files" aria-label="Problems of the configuration"><div class="cause warning">{lines}</div></section> }
    })
}

/// No cluster at all: how to get one.
#[component]
pub fn FirstStart() -> impl IntoView {
    view! {
        <section class="first" data-testid="first-start">
            <h1>"No cluster yet"</h1>
            <p class="dim">"Kubilitics found no kubeconfig with a context in it. It reads kubeconfig files as kubectl does, and never changes them."</p>
            <ol>
                <li>
                    <h2>"Open a kubeconfig"</h2>
                    <p>"Name the file when you start it; the option can be repeated."</p>
                    <pre>"kubilitics serve --kubeconfig ~/work/cluster.yaml"</pre>
                </li>
                <li>
                    <h2>"Or set KUBECONFIG"</h2>
                    <p>"As for kubectl; without it, ~/.kube/config is read."</p>
                    <pre>"KUBECONFIG=~/work/a.yaml:~/work/b.yaml kubilitics serve"</pre>
                </li>
                <li>
                    <h2>"Or run it in a cluster"</h2>
                    <p>"In a pod it uses the pod's service account, which needs the verbs list and watch on what it is to show."</p>
                    <pre>"kubectl create clusterrolebinding kubilitics-view --clusterrole=view --serviceaccount=NAMESPACE:NAME"</pre>
                </li>
            </ol>
            <p class="dim">"Then load this page again."</p>
        </section>
    }
}
