//! The clusters of the registry: how each is, and what to do about one that is not well.

use crate::components::cell::Age;
use crate::components::mark;
use crate::components::nav::cluster_health;
use crate::state::connection::problem;
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use model::{Cluster, Health};

/// One cluster.
#[component]
pub fn ClusterRow(
    /// Which.
    #[prop(into)]
    cluster: Signal<Option<Cluster>>,
) -> impl IntoView {
    move || {
        cluster.get().map(|cluster| {
            let Cluster { id, name, context, source, server, status, status_reason, version, stale_since, sync, counts } = cluster;
            let href = Place::Topology(id.clone()).href(&Query::default());
            let word = match &status_reason {
                Some(reason) if status != model::ClusterStatus::Connected => format!("{}: {}", status.word(), problem(reason.code)),
                _ => status.word().to_owned(),
            };
            // Unknown is never shown as zero.
            let figure = |count: Option<u32>| count.map_or("<unknown>".to_owned(), text::number);
            let unhealthy = counts.map(|counts| counts.unhealthy);
            let bad = unhealthy.filter(|count| *count > 0);
            let partial = (sync.denied.len() + sync.failed.len() > 0)
                .then(|| format!("{} of {} kinds not visible", sync.denied.len() + sync.failed.len(), sync.kinds));
            let loading = (!sync.complete && status == model::ClusterStatus::Connected)
                .then(|| format!("loading, {} of {} kinds", sync.synced, sync.kinds));
            let renamed = (context != name).then(|| view! { <dt>"Context"</dt> <dd class="mono">{context}</dd> });
            view! {
                <article class="cluster" data-testid="cluster" data-id=id.to_string() data-status=status.word()>
                    <header>
                        <h2><a class="mono" href=href>{name}</a></h2>
                        {mark::state(cluster_health(status), word)}
                        {stale_since.map(|since| view! { <span class="dim">"last state " <Age of=Signal::stored(Some(since)) /> " ago"</span> })}
                        {partial.map(|words| mark::state(Health::Warning, words))}
                        {loading.map(|words| mark::state(Health::Progressing, words))}
                    </header>
                    {status_reason.map(|reason| {
                        view! {
                            <div class=format!("cause {}", cluster_health(status).word()) data-code=reason.code.word()>
                                <p>{reason.message}</p>
                                <p class="next">{reason.next}</p>
                            </div>
                        }
                    })}
                    <div class="figures num" class:na=counts.is_none()>
                        <div><b>{figure(counts.map(|counts| counts.pods))}</b><span>"pods"</span></div>
                        <div><b>{figure(counts.map(|counts| counts.nodes))}</b><span>"nodes"</span></div>
                        <div><b>{figure(counts.map(|counts| counts.namespaces))}</b><span>"namespaces"</span></div>
                        <div class:bad=bad.is_some()><b>{figure(unhealthy)}</b><span>"unhealthy"</span></div>
                    </div>
                    <dl>
                        <dt>"Version"</dt>
                        <dd class="mono">{version.unwrap_or_else(|| "<unknown>".to_owned())}</dd>
                        {renamed}
                        <dt>"Source"</dt>
                        <dd class="mono">{source}</dd>
                        {(!server.is_empty()).then(|| view! { <dt>"API server"</dt> <dd class="mono">{server}</dd> })}
                    </dl>
                </article>
            }
        })
    }
}

/// What is wrong with the configuration that clusters come from.
#[component]
pub fn FileProblems(
    /// One sentence each.
    problems: Vec<String>,
) -> impl IntoView {
    (!problems.is_empty()).then(|| {
        let lines = problems.into_iter().map(|problem| view! { <p>{problem}</p> }).collect_view();
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
