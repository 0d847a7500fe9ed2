//! How the watches of a cluster are, as rows of a list.

use cluster::{Engine, KindDiagnostics, Published};
use model::list::{Cell, Column, ColumnFormat, ListWindow, Row};
use model::{Health, NodeId, NodeKey};
use std::collections::BTreeMap;

/// One row for each kind that is watched, and one for each API that cannot be shown, in the order of the kind table.
pub fn window(engine: &Engine) -> ListWindow {
    let published = engine.published();
    let diagnostics = engine.diagnostics();
    let kinds = diagnostics.kinds.iter().map(|kind| row(kind, &published));
    let apis = diagnostics.apis.iter().map(|problem| {
        // Discovery as a whole has no name, and an address no slash.
        let name = Some(problem.api.replace('/', " ")).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "discovery".to_owned());
        Row {
            key: NodeKey::new("API", None, &name),
            cells: vec![Cell::Text(name), Cell::Text("not shown".to_owned())],
            health: Health::Warning,
            reason: Some(problem.message.clone()),
            ..blank()
        }
    });
    let mut rows: Vec<Row> = kinds.chain(apis).collect();
    for (number, row) in (0..).zip(&mut rows) {
        row.id = NodeId(number);
        // What is not known has its place too.
        row.cells.resize(columns().len(), Cell::None);
    }
    let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    ListWindow {
        columns: columns(),
        namespaced: false,
        total,
        matched: total,
        rows,
    }
}

fn blank() -> Row {
    Row {
        id: NodeId(0),
        key: NodeKey::new("", None, ""),
        uid: String::new(),
        created_at: None,
        cells: Vec::new(),
        health: Health::Unknown,
        reason: None,
        labels: BTreeMap::new(),
    }
}

fn row(kind: &KindDiagnostics, published: &Published) -> Row {
    let name = kind.kind.get().plural_group();
    let (state, health) = if published.is_unserved(kind.kind) {
        ("not served", Health::Suspended)
    } else {
        (kind.state, health(kind))
    };
    let number = |number: u64| Cell::Number(i64::try_from(number).unwrap_or(i64::MAX));
    Row {
        key: NodeKey::new(kind.kind.get().id, None, &name),
        cells: vec![
            Cell::Text(name),
            Cell::Text(state.to_owned()),
            kind.objects
                .map_or(Cell::Unknown, |objects| number(objects.into())),
            number(kind.skipped),
            number(kind.events),
            kind.last_event.map_or(Cell::None, Cell::Time),
            number(kind.lists),
            number(kind.restarts),
        ],
        health,
        reason: reason(kind),
        ..blank()
    }
}

fn health(kind: &KindDiagnostics) -> Health {
    match kind.state {
        "watching" if kind.skipped == 0 => Health::Healthy,
        "waiting" | "listing" => Health::Progressing,
        "watching" | "denied" => Health::Warning,
        _ => Health::Unhealthy,
    }
}

/// What is wrong with a watch: of all namespaces, of single ones, and with what it brings.
fn reason(kind: &KindDiagnostics) -> Option<String> {
    let namespaces = kind.namespaces.iter().map(|part| match &part.error {
        Some(error) => format!("{}: {}, {error}", part.namespace, part.state),
        None => format!("{}: {}", part.namespace, part.state),
    });
    let skipped = (kind.skipped > 0)
        .then(|| kind.skip_reasons.last().cloned())
        .flatten();
    let words: Vec<String> = kind
        .error
        .clone()
        .into_iter()
        .chain(namespaces)
        .chain(skipped)
        .collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// The columns.
pub fn columns() -> Vec<Column> {
    let column = |name: &'static str, format, description: &'static str| Column {
        name: name.into(),
        format,
        priority: 0,
        description: description.into(),
    };
    vec![
        column("Kind", ColumnFormat::Name, "The kind, as its list is addressed"),
        column("Status", ColumnFormat::Text, "What its watch does now"),
        column("Objects", ColumnFormat::Number, "Objects in the present state"),
        column(
            "Skipped",
            ColumnFormat::Number,
            "Objects that cannot be read and are not shown",
        ),
        column(
            "Events",
            ColumnFormat::Number,
            "Events that arrived, without bookmarks",
        ),
        column("Last event", ColumnFormat::Date, "Time since the last of them"),
        column("Lists", ColumnFormat::Number, "Times that it was listed in full"),
        column("Starts", ColumnFormat::Number, "Times that its watch was started"),
    ]
}
