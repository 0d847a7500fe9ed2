//! Lists of a kind: kubectl's columns, with filter, order and window over all rows.

use crate::http::Problem;
use crate::http::query::Parameters;
use crate::server::Shared;
use crate::trust;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::stream;
use http::{Uri, header};
use model::list::{self, Cell, ColumnFormat, ListQuery, Row, Sort};
use model::topology::Warning;
use model::{ApiError, ClusterId, Epoch, ErrorCode, Health, KindId, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;
use utoipa::ToSchema;

/// A list, or a page of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// The columns, in the order of `cells`.
    pub columns: Vec<Column>,
    /// The rows.
    pub items: Vec<ListItem>,
    /// About the list.
    pub metadata: ListMetadata,
}

/// A column, as in the API server's Table.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// The heading.
    pub name: String,
    /// As the API server says it: `string`, `integer` or `boolean`. Of some kinds it calls numbers strings.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `name`, `date` (the cells are RFC 3339 times, printed as ages by the client) or empty.
    pub format: &'static str,
    /// 0 is always shown, 1 with kubectl's `-o wide`.
    pub priority: u8,
    /// What it means.
    pub description: String,
}

/// A row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListItem {
    /// Its address: `Pod/shop/cart-0`.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// metadata.uid.
    pub uid: String,
    /// metadata.creationTimestamp.
    pub created_at: Option<Timestamp>,
    /// As kubectl prints them; numbers as numbers, points in time as RFC 3339.
    #[schema(value_type = Vec<TableCell>)]
    pub cells: Vec<Value>,
    /// Its own health.
    pub health: Health,
    /// Why.
    pub reason: Option<String>,
    /// metadata.labels.
    pub labels: BTreeMap<String, String>,
}

/// What stands in one column of a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(
    dead_code,
    reason = "it is there to be described: the cells are written as JSON values"
)]
enum TableCell {
    Number(i64),
    Switch(bool),
    Text(String),
}

/// About a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListMetadata {
    /// Rows before the filter.
    pub total: u32,
    /// Rows after it.
    pub matched: u32,
    /// For the next page; absent on the last.
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The state it shows.
    pub epoch: Epoch,
    /// The same, as the opaque text that clients of Kubernetes expect.
    pub resource_version: String,
    /// False if rows may be missing or out of date; the warnings say why.
    pub is_complete: bool,
    /// What is missing, and why.
    pub warnings: Vec<Warning>,
}

const PARAMETERS: [&str; 6] = [
    "namespace",
    "labelSelector",
    "filter",
    "sort",
    "limit",
    "continue",
];

/// Rows in one chunk of a long answer.
const CHUNK: usize = 500;

/// Lists a kind. `kind` is a plural, `plural.group` or `plural.version.group`.
#[utoipa::path(get, path = "/api/v1/clusters/{clusterId}/resources/{kind}", operation_id = "listResources", tag = "resources",
    params(
        ("clusterId" = String, Path, description = "The cluster's slug"),
        ("kind" = String, Path, description = "`pods`, `deployments.apps`, `deployments.v1.apps`"),
        ("namespace" = Option<Vec<String>>, Query, description = "Only this namespace; may be repeated"),
        ("labelSelector" = Option<String>, Query, description = "As in kubectl"),
        ("filter" = Option<String>, Query, description = "Words that must stand in the cells, `field:value`, `field>value`, `-term`"),
        ("sort" = Option<Vec<String>>, Query, description = "A column's name in lower case, `-` in front for descending; repeated for ties"),
        ("limit" = Option<u32>, Query, description = "Rows in the answer; 500 by default, 0 for all"),
        ("continue" = Option<String>, Query, description = "From the page before"),
    ),
    responses(
        (status = OK, body = List),
        (status = BAD_REQUEST, body = ApiError),
        (status = UNAUTHORIZED, body = ApiError),
        (status = FORBIDDEN, body = ApiError, description = "The cluster denies the kind"),
        (status = NOT_FOUND, body = ApiError, description = "`cluster_not_found`, `kind_not_found`"),
        (status = SERVICE_UNAVAILABLE, body = ApiError, description = "`syncing`, `cluster_unavailable`"),
    )
)]
pub(super) async fn list(
    State(server): State<Shared>,
    Path((id, plural)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(&uri, &PARAMETERS)?;
    let query = list_query(plural, &parameters)?;
    let id = ClusterId::from(id.as_str());
    let cluster = trust::cluster(&server.registry, &id)?;
    let engine = server
        .registry
        .engine(&id)
        .ok_or_else(|| trust::unavailable(&cluster))?;
    let published = engine.published();
    let view = trust::list_view(&query, &published)?;
    let kind = view.kind();
    if let Some(error) = trust::missing(&id, &view, &published) {
        return Err(error.into());
    }
    let diagnostics = engine.diagnostics();
    let skipped = diagnostics
        .kinds
        .iter()
        .find(|of| of.kind == kind)
        .map_or(0, |of| of.skipped);
    let now = server.now();
    let window = view.window(&published.state, now);
    let end = query
        .offset
        .saturating_add(u32::try_from(window.rows.len()).unwrap_or(u32::MAX));
    let warnings = trust::warnings_of_list(&view, &published, skipped);
    let metadata = ListMetadata {
        total: window.total,
        matched: window.matched,
        next: (end < window.matched && !window.rows.is_empty()).then(|| Cursor::encode(end, &query)),
        epoch: published.epoch,
        resource_version: published.epoch.0.to_string(),
        is_complete: warnings.is_empty(),
        warnings,
    };
    Ok(stream_list(
        columns(kind, window.columns),
        window.rows,
        published.state.api_version(kind),
        metadata,
        now,
    ))
}

fn list_query(kind: String, parameters: &Parameters) -> Result<ListQuery, Problem> {
    let limit = parameters.parsed("limit", "a number; 0 for all", |text| text.parse::<u32>().ok())?;
    let sort = parameters
        .many("sort")
        .flat_map(|keys| keys.split(','))
        .map(|key| {
            key.parse::<Sort>().map_err(|error| {
                let error = ApiError::new(ErrorCode::BadRequest, error.to_string())
                    .with("field", "sort")
                    .with("value", key);
                Problem(error.with(
                    "allowed",
                    "a column's name in lower case, with `-` in front for descending",
                ))
            })
        });
    let query = ListQuery {
        kind,
        namespaces: parameters.many("namespace").map(str::to_owned).collect(),
        selector: parameters.one("labelSelector")?.unwrap_or_default().to_owned(),
        filter: parameters.one("filter")?.unwrap_or_default().to_owned(),
        sort: sort.collect::<Result<_, _>>()?,
        offset: 0,
        len: match limit {
            None => ListQuery::default_len(),
            Some(0) => u32::MAX,
            Some(limit) => limit,
        },
    };
    let allowed = "what the page before gave, with the same namespaces, selector, filter and order";
    let offset = parameters.parsed("continue", allowed, |text| Cursor::decode(text, &query))?;
    Ok(ListQuery {
        offset: offset.unwrap_or(0),
        ..query
    })
}

/// Where the next page starts: a place in the rows of one query. Opaque to clients.
struct Cursor;

impl Cursor {
    fn encode(offset: u32, query: &ListQuery) -> String {
        URL_SAFE_NO_PAD.encode(format!("v2:{offset}:{}", Self::of(query)))
    }

    fn decode(text: &str, query: &ListQuery) -> Option<u32> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (offset, of) = std::str::from_utf8(&bytes)
            .ok()?
            .strip_prefix("v2:")?
            .split_once(':')?;
        (of == Self::of(query)).then(|| offset.parse().ok())?
    }

    /// Which rows, and in which order.
    fn of(query: &ListQuery) -> String {
        let of = (
            &query.kind,
            &query.namespaces,
            &query.selector,
            &query.filter,
            &query.sort,
        );
        let digest = Sha256::digest(text(&of));
        hex::encode(digest.get(..8).unwrap_or_default())
    }
}

/// Columns of numbers that the API server calls strings.
const STRINGS: [(&str, &str); 6] = [
    ("Pod", "Restarts"),
    ("Deployment", "Up-to-date"),
    ("Deployment", "Available"),
    ("ConfigMap", "Data"),
    ("Secret", "Data"),
    ("Event", "Count"),
];
/// Columns of words that the API server calls booleans.
const BOOLEANS: [(&str, &str); 7] = [
    ("CronJob", "Suspend"),
    ("PriorityClass", "Global-Default"),
    ("CSIDriver", "AttachRequired"),
    ("CSIDriver", "PodInfoOnMount"),
    ("CSIDriver", "StorageCapacity"),
    ("CSIDriver", "RequiresRepublish"),
    ("VolumeAttachment", "Attached"),
];

fn columns(kind: KindId, columns: Vec<list::Column>) -> Vec<Column> {
    let column = |column: list::Column| {
        let is_in = |those: &[(&str, &str)]| those.contains(&(kind.get().kind, &*column.name));
        let (kind, format) = match column.format {
            ColumnFormat::Name => ("string", "name"),
            ColumnFormat::Text if is_in(&BOOLEANS) => ("boolean", ""),
            ColumnFormat::Number if !is_in(&STRINGS) => ("integer", ""),
            ColumnFormat::Text | ColumnFormat::Number => ("string", ""),
            ColumnFormat::Date => ("string", "date"),
        };
        Column {
            name: column.name.into_owned(),
            kind,
            format,
            priority: column.priority,
            description: column.description.into_owned(),
        }
    };
    columns.into_iter().map(column).collect()
}

/// A row with its cells as the API server writes them into its Table.
fn item(row: Row, columns: &[Column], api_version: String, now: Timestamp) -> ListItem {
    let is_restarts = |column: &Column| row.key.kind == "Pod" && column.name == "Restarts";
    let cell = |(cell, column): (&Cell, &Column)| match cell {
        Cell::Number(number) if !is_restarts(column) => json!(number),
        Cell::Time(time) => json!(time),
        Cell::Text(text) if column.kind == "boolean" && text == "true" => json!(true),
        Cell::Text(text) if column.kind == "boolean" && text == "false" => json!(false),
        other => Value::String(other.print(now)),
    };
    ListItem {
        id: row.key.to_string(),
        cells: row.cells.iter().zip(columns).map(cell).collect(),
        kind: row.key.kind,
        api_version,
        namespace: row.key.namespace,
        name: row.key.name,
        uid: row.uid,
        created_at: row.created_at,
        health: row.health,
        reason: row.reason,
        labels: row.labels,
    }
}

/// Writes a [`List`] in chunks, so that a list of a hundred thousand rows is never one text in memory.
fn stream_list(
    columns: Vec<Column>,
    rows: Vec<Row>,
    api_version: String,
    metadata: ListMetadata,
    now: Timestamp,
) -> Response {
    let head = format!("{{\"columns\":{},\"items\":[", text(&columns));
    let tail = format!("],\"metadata\":{}}}", text(&metadata));
    let mut rows = rows.into_iter();
    let mut first = true;
    let chunks = std::iter::from_fn(move || {
        let mut chunk = String::new();
        for row in rows.by_ref().take(CHUNK) {
            if !std::mem::take(&mut first) {
                chunk.push(',');
            }
            chunk.push_str(&text(&item(row, &columns, api_version.clone(), now)));
        }
        (!chunk.is_empty()).then_some(chunk)
    });
    let whole = std::iter::once(head).chain(chunks).chain(std::iter::once(tail));
    let body = Body::from_stream(stream::iter(
        whole.map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))),
    ));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// JSON of what has only strings for keys: it cannot fail.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_form() {
        let query: ListQuery = serde_json::from_value(json!({"kind": "pods"})).unwrap();
        let cursor = Cursor::encode(1500, &query);
        assert_eq!(Cursor::decode(&cursor, &query), Some(1500));
        for bad in ["", "x", "djI6MQ", "djE6LTE"] {
            assert!(Cursor::decode(bad, &query).is_none(), "{bad}");
        }
        let other = ListQuery {
            filter: "cart".to_owned(),
            ..query
        };
        assert_eq!(Cursor::decode(&cursor, &other), None, "of other rows");
    }
}
