//! How far to trust what is shown of a cluster: the same judgement for the API, the stream and the pages.

use cluster::{Published, Registry};
use model::cluster::{ConnectionProblem, KindLimit, KindProblem};
use model::list::ListQuery;
use model::stream::{Topic, TopicState};
use model::topology::Warning;
use model::{ApiError, Cluster, ClusterId, ClusterStatus, ErrorCode, KindId};
use std::sync::Arc;
use topology::{ListView, ViewError};

/// The cluster of this id.
pub fn cluster(registry: &Registry, id: &ClusterId) -> Result<Cluster, ApiError> {
    let (_, clusters) = registry.clusters();
    let found = clusters.iter().find(|cluster| cluster.id == *id).cloned();
    found.ok_or_else(|| {
        ApiError::new(ErrorCode::ClusterNotFound, format!("there is no cluster `{id}`")).with("cluster", id)
    })
}

/// The present state of the cluster of this id; an error if it does not exist or its context cannot be used.
pub fn published(registry: &Registry, id: &ClusterId) -> Result<Arc<Published>, ApiError> {
    match registry.engine(id) {
        Some(engine) => Ok(engine.published()),
        None => Err(unavailable(&cluster(registry, id)?)),
    }
}

/// Why nothing is known of a cluster.
pub fn unavailable(cluster: &Cluster) -> ApiError {
    let error =
        |message: &str| ApiError::new(ErrorCode::ClusterUnavailable, message).with("cluster", &cluster.id);
    match &cluster.status_reason {
        Some(reason) => error(&reason.message)
            .with("reason", reason.code.word())
            .with("next", &reason.next),
        None => error("the cluster is not reachable"),
    }
}

/// Why the state of a cluster has nothing in it at all: it has never been reached, or denies everything.
pub fn never_reached(id: &ClusterId, published: &Published) -> Option<ApiError> {
    let reason = published
        .reason
        .as_ref()
        .filter(|_| published.status == ClusterStatus::Error)?;
    let code = match reason.code {
        ConnectionProblem::Forbidden => ErrorCode::Forbidden,
        _ => ErrorCode::ClusterUnavailable,
    };
    Some(
        ApiError::new(code, &reason.message)
            .with("cluster", id)
            .with("reason", reason.code.word())
            .with("next", &reason.next),
    )
}

/// Why there is nothing of a topic at all: its cluster has never been reached, or denies everything. Lists say by
/// themselves what is denied, and the diagnostics are there for when nothing works.
pub fn nothing_of(registry: &Registry, topic: &Topic) -> Option<ApiError> {
    let (id, is_list) = match topic {
        Topic::Graph { cluster, .. }
        | Topic::Search { cluster, .. }
        | Topic::Map { cluster, .. }
        | Topic::Cell { cluster, .. } => (cluster, false),
        Topic::List { cluster, .. } => (cluster, true),
        Topic::Clusters | Topic::Diagnostics { .. } => return None,
    };
    let published = registry.engine(id)?.published();
    let reason = published.reason.as_ref()?;
    never_reached(id, &published).filter(|_| !is_list || reason.code != ConnectionProblem::Forbidden)
}

/// A list's query as the cluster's kinds and columns let it be read. As long as not all kinds are known, one that is not
/// may still turn up.
pub fn list_view(query: &ListQuery, published: &Published) -> Result<ListView, ApiError> {
    let error = match ListView::parse(query, &published.state) {
        Ok(view) => return Ok(view),
        Err(error) => ApiError::from(error),
    };
    if error.code == ErrorCode::KindNotFound && !published.are_kinds_known {
        let message = format!("the cluster has not said yet whether it serves {}", query.kind);
        return Err(ApiError::new(ErrorCode::Syncing, message).with("resource", &query.kind));
    }
    Err(error)
}

/// The denial of what a list shows, if all of it is denied: the kind, or each of the namespaces.
pub fn denied(id: &ClusterId, view: &ListView, published: &Published) -> Option<ApiError> {
    let kind = view.kind();
    let problem = match (of_kind(&published.sync.denied, kind), published.limit(kind)) {
        (Some(problem), _) => problem.clone(),
        (None, Some(limit)) => KindProblem {
            namespace: unseen(limit, view.namespaces())?,
            ..limit.problem()
        },
        (None, None) => return None,
    };
    Some(with_details(ErrorCode::Forbidden, id, &problem).with("reason", "Forbidden"))
}

/// Why a view cannot be had. Of an object that may not be seen, or whose kind fails, nobody can say that it does not exist.
pub fn no_view(id: &ClusterId, error: ViewError, published: &Published) -> ApiError {
    let ViewError::FocusNotFound(key) = &error else {
        return error.into();
    };
    let Some(kind) = KindId::of(&key.kind) else {
        return error.into();
    };
    let sync = &published.sync;
    let namespaces: Vec<String> = key.namespace.iter().cloned().collect();
    let limit = published.limit(kind).filter(|limit| !limit.covers(&namespaces));
    let denied = of_kind(&sync.denied, kind)
        .cloned()
        .or_else(|| limit.map(KindLimit::problem));
    let (code, problem) = match (denied, of_kind(&sync.failed, kind)) {
        (Some(problem), _) => (ErrorCode::Forbidden, problem),
        (None, Some(problem)) => (ErrorCode::ClusterUnavailable, problem.clone()),
        (None, None) => return error.into(),
    };
    let problem = KindProblem {
        namespace: key.namespace.clone(),
        message: format!("whether there is {key} cannot be said: {}", problem.message),
        ..problem
    };
    with_details(code, id, &problem).with("name", &key.name)
}

/// The first of some namespaces, if none of them can be seen.
fn unseen(limit: &KindLimit, namespaces: &[String]) -> Option<Option<String>> {
    let is_seen = |name: &String| limit.namespaces.contains(name);
    (!namespaces.is_empty() && !namespaces.iter().any(is_seen)).then(|| namespaces.first().cloned())
}

/// Why the rows of a list cannot be had at all: denied, never reached, failing before the first list, or not there yet.
pub fn missing(id: &ClusterId, view: &ListView, published: &Published) -> Option<ApiError> {
    if let Some(error) = denied(id, view, published) {
        return Some(error);
    }
    let kind = view.kind();
    if published.is_synced(kind) {
        return None;
    }
    let plural = kind.get().plural;
    if published.is_unserved(kind) {
        let message = format!("this cluster does not serve {plural}");
        let error = ApiError::new(ErrorCode::KindNotFound, message);
        return Some(error.with("cluster", id).with("resource", plural));
    }
    if let Some(error) = never_reached(id, published) {
        return Some(error);
    }
    if let Some(problem) = of_kind(&published.sync.failed, kind) {
        return Some(with_details(ErrorCode::ClusterUnavailable, id, problem));
    }
    let message = format!("the first list of {plural} has not come yet");
    Some(
        ApiError::new(ErrorCode::Syncing, message)
            .with("cluster", id)
            .with("resource", plural),
    )
}

/// How far to trust a list. What is denied as a whole is [`denied`], not this.
pub fn of_list(view: &ListView, published: &Published) -> TopicState {
    let kind = view.kind();
    if let Some(since) = published.stale_since {
        TopicState::Stale { since }
    } else if let Some(problem) = of_kind(&published.sync.failed, kind) {
        TopicState::Partial {
            kinds: vec![problem.clone()],
        }
    } else if let Some(limit) = limit(view, published) {
        TopicState::Partial {
            kinds: vec![limit.problem()],
        }
    } else if published.is_synced(kind) || published.is_unserved(kind) {
        TopicState::Live
    } else {
        syncing(published)
    }
}

/// What cannot be seen of the namespaces that a list shows.
fn limit<'p>(view: &ListView, published: &'p Published) -> Option<&'p KindLimit> {
    let limit = published
        .limit(view.kind())
        .filter(|_| published.is_synced(view.kind()));
    limit.filter(|limit| !limit.covers(view.namespaces()))
}

/// How far to trust a view of the graph.
pub fn of_graph(published: &Published) -> TopicState {
    let sync = &published.sync;
    if let Some(since) = published.stale_since {
        TopicState::Stale { since }
    } else if !sync.complete {
        syncing(published)
    } else if sync.denied.is_empty() && sync.failed.is_empty() && sync.limited.is_empty() {
        TopicState::Live
    } else {
        let problems = sync.denied.iter().chain(&sync.failed).cloned();
        TopicState::Partial {
            kinds: problems
                .chain(sync.limited.iter().map(KindLimit::problem))
                .collect(),
        }
    }
}

fn syncing(published: &Published) -> TopicState {
    TopicState::Syncing {
        synced: published.sync.synced,
        kinds: published.sync.kinds,
    }
}

/// What the whole of a cluster's state lacks.
pub fn warnings(published: &Published) -> Vec<Warning> {
    let kinds = published.state.kinds();
    kinds
        .filter_map(|kind| warning(kind, &[], published))
        .chain(stale(published))
        .chain((published.sync.skipped > 0).then(|| skipped(published.sync.skipped, Vec::new())))
        .collect()
}

/// What a list lacks. `skipped_objects` of its kind could not be read.
pub fn warnings_of_list(view: &ListView, published: &Published, skipped_objects: u64) -> Vec<Warning> {
    let affected = vec![view.kind().to_string()];
    warning(view.kind(), view.namespaces(), published)
        .into_iter()
        .chain(stale(published))
        .chain((skipped_objects > 0).then(|| skipped(skipped_objects, affected)))
        .collect()
}

/// What is missing of a kind in some namespaces, or in all.
fn warning(kind: KindId, namespaces: &[String], published: &Published) -> Option<Warning> {
    let sync = &published.sync;
    let plural = kind.get().plural;
    let (code, message) = if let Some(problem) = of_kind(&sync.denied, kind) {
        (
            "denied",
            format!("may not {} {plural}: {}", problem.verb, problem.message),
        )
    } else if let Some(problem) = of_kind(&sync.failed, kind) {
        (
            "failed",
            format!("the watch of {plural} fails: {}", problem.message),
        )
    } else if !published.is_synced(kind) && !published.is_unserved(kind) {
        ("syncing", format!("the first list of {plural} has not come yet"))
    } else if let Some(limit) = published.limit(kind).filter(|limit| !limit.covers(namespaces)) {
        ("limited", format!("{plural}: {}", limit.problem().message))
    } else {
        return None;
    };
    Some(Warning {
        code: code.to_owned(),
        message,
        affected: vec![kind.to_string()],
    })
}

fn stale(published: &Published) -> Option<Warning> {
    published.stale_since.map(|since| Warning {
        code: "stale".to_owned(),
        message: format!("the cluster does not answer; this is its state of {since}"),
        affected: Vec::new(),
    })
}

fn skipped(count: u64, affected: Vec<String>) -> Warning {
    let message = format!("{count} objects could not be read and are not shown");
    Warning {
        code: "skipped".to_owned(),
        message,
        affected,
    }
}

fn of_kind(problems: &[KindProblem], kind: KindId) -> Option<&KindProblem> {
    let kind = kind.get();
    problems
        .iter()
        .find(|problem| problem.resource == kind.plural && problem.group == kind.group)
}

fn with_details(code: ErrorCode, id: &ClusterId, problem: &KindProblem) -> ApiError {
    ApiError::new(code, &problem.message)
        .with("cluster", id)
        .with("verb", &problem.verb)
        .with("group", &problem.group)
        .with("resource", &problem.resource)
        .with("namespace", problem.namespace.as_deref().unwrap_or_default())
        .with("name", "")
}
