//! The graph.

use crate::http::Problem;
use crate::http::query::{self, Parameters};
use crate::server::Shared;
use crate::trust;
use ::topology::layout::{layout, layout_seed};
use ::topology::view::parse_level;
use ::topology::{LevelView, State as GraphState};
use axum::Json;
use axum::extract::{Path, State};
use cluster::Published;
use http::Uri;
use model::graph::{Graph, GraphQuery, Layer};
use model::topology::{SCHEMA_VERSION, Topology, TopologyEdge, TopologyMetadata, TopologyNode};
use model::{ApiError, ClusterId, KindId, NodeKey, Timestamp};
use std::collections::BTreeMap;

const PARAMETERS: [&str; 5] = ["namespace", "focus", "depth", "layer", "level"];

/// The graph of a cluster, or a view of it, with positions.
///
/// It never hides that it is not complete: `metadata.isComplete` is false, and a warning names each kind that is denied,
/// failing or not synced yet.
#[utoipa::path(get, path = "/api/v1/clusters/{clusterId}/topology", operation_id = "getTopology", tag = "topology",
    params(
        ("clusterId" = String, Path, description = "The cluster's slug"),
        ("namespace" = Option<Vec<String>>, Query, description = "Only this namespace and what its objects reach; may be repeated"),
        ("focus" = Option<String>, Query, description = "Only what is near this object: `Kind/namespace/name` or `Kind/name`"),
        ("depth" = Option<u8>, Query, description = "How many edges away from the focus, 1 to 10; 2 by default"),
        ("layer" = Option<Vec<Layer>>, Query, description = "Only this layer; may be repeated"),
        ("level" = Option<String>, Query, description = "`auto` (the deepest level with at most 1,500 nodes), `cluster`, `namespace`, `application` or `object`"),
    ),
    responses(
        (status = OK, body = Topology),
        (status = BAD_REQUEST, body = ApiError),
        (status = UNAUTHORIZED, body = ApiError),
        (status = FORBIDDEN, body = ApiError, description = "The focus may not be seen, or nothing may"),
        (status = NOT_FOUND, body = ApiError, description = "`cluster_not_found`, `object_not_found` (the focus)"),
        (status = SERVICE_UNAVAILABLE, body = ApiError, description = "`cluster_unavailable`: it was never reached; `syncing`"),
    )
)]
pub(super) async fn get(
    State(server): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Topology>, Problem> {
    let parameters = Parameters::parse(&uri, &PARAMETERS)?;
    let query = graph_query(&parameters)?;
    let id = ClusterId::from(id.as_str());
    let published = trust::published(&server.registry, &id)?;
    if let Some(error) = trust::never_reached(&id, &published) {
        return Err(error.into());
    }
    let mut view = LevelView::of(&query).map_err(ApiError::from)?;
    let graph = match view.graph(&published.state) {
        Ok(graph) => graph,
        // Before everything is in, nobody can say that the object does not exist.
        Err(_) if !published.sync.complete => {
            let message = "the first lists are still coming in, and the focus is in none of them yet";
            return Err(Problem::new(model::ErrorCode::Syncing, message));
        }
        Err(error) => return Err(trust::no_view(&id, error, &published).into()),
    };
    Ok(Json(answer(id, &query, &published, &graph, server.now())))
}

fn graph_query(parameters: &Parameters) -> Result<GraphQuery, Problem> {
    let level = match parameters.one("level")? {
        Some(text) => parse_level(text).map_err(ApiError::from)?,
        None => None,
    };
    let layers = parameters.many("layer").map(|word| {
        let allowed = || Layer::ALL.map(Layer::word).join(", ");
        let found = Layer::ALL.into_iter().find(|layer| layer.word() == word);
        found.ok_or_else(|| query::invalid("layer", word, &format!("one of {}", allowed())))
    });
    let focus = parameters.parsed("focus", "Kind/namespace/name or Kind/name", |text| {
        text.parse::<NodeKey>().ok()
    })?;
    let depth = parameters.parsed("depth", "a number from 1 to 10", |text| text.parse().ok())?;
    if depth.is_some() && focus.is_none() {
        return Err(Problem::new(
            model::ErrorCode::BadRequest,
            "`depth` is counted from a focus: give `focus` too",
        ));
    }
    Ok(GraphQuery {
        namespaces: parameters.many("namespace").map(str::to_owned).collect(),
        layers: layers.collect::<Result<_, _>>()?,
        focus,
        depth: depth.unwrap_or(GraphQuery::default_depth()),
        level,
    })
}

fn answer(
    id: ClusterId,
    query: &GraphQuery,
    published: &Published,
    graph: &Graph,
    now: Timestamp,
) -> Topology {
    let picture = layout(graph);
    let mut nodes: Vec<TopologyNode> = graph
        .nodes
        .values()
        .map(|node| {
            let position = picture.positions.get(&node.id).copied().unwrap_or_default();
            TopologyNode::new(node, Some(::topology::layout::group_of(node)), position)
        })
        .collect();
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    let mut edges: Vec<TopologyEdge> = graph
        .edges
        .values()
        .filter_map(|edge| TopologyEdge::new(edge, graph))
        .collect();
    edges.sort_by(|a, b| a.id.cmp(&b.id));
    let warnings = trust::warnings(published);
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    Topology {
        schema_version: SCHEMA_VERSION.to_owned(),
        metadata: TopologyMetadata {
            cluster_id: id,
            generated_at: now,
            epoch: published.epoch,
            level: graph.level,
            layout_seed: layout_seed(graph),
            is_complete: warnings.is_empty(),
            warnings,
            node_count: count(nodes.len()),
            edge_count: count(edges.len()),
            totals: totals(&published.state, published, &query.namespaces),
            counts: published.counts,
        },
        nodes,
        edges,
        groups: picture.groups,
    }
}

/// Objects of each kind in the namespaces, for the kinds that are known in full: what is not known is not zero.
fn totals(state: &GraphState, published: &Published, namespaces: &[String]) -> BTreeMap<String, u32> {
    let count = |kind: KindId| {
        if namespaces.is_empty() || !kind.get().namespaced {
            state.count(kind)
        } else {
            namespaces
                .iter()
                .map(|name| state.tally(kind, Some(name)).objects)
                .sum()
        }
    };
    let known = state.kinds().filter(|kind| published.is_synced(*kind));
    known
        .map(|kind| (kind.get().id.to_owned(), count(kind)))
        .collect()
}
