//! A list's window, with a signal for each row: a change of one row renders that row.

use crate::state::feed::Store;
use leptos::prelude::*;
use model::NodeId;
use model::list::{Column, ListWindow, Row};
use model::stream::{Delta, Snapshot};
use std::collections::HashMap;
use std::sync::Arc;

/// A window onto a list.
#[derive(Clone, Copy, Debug)]
pub struct List {
    rows: StoredValue<HashMap<NodeId, ArcRwSignal<Row>>>,
    /// Whether a row got a signal since the order was last told.
    renewed: StoredValue<bool>,
    order: RwSignal<Vec<NodeId>>,
    columns: RwSignal<Arc<[Column]>>,
    namespaced: RwSignal<bool>,
    /// Rows before and after the filter.
    pub counts: RwSignal<(u32, u32)>,
}

impl Default for List {
    fn default() -> Self {
        Self {
            rows: StoredValue::new(HashMap::new()),
            renewed: StoredValue::new(false),
            order: RwSignal::default(),
            columns: RwSignal::new(Arc::default()),
            namespaced: RwSignal::default(),
            counts: RwSignal::default(),
        }
    }
}

impl List {
    /// A row of the window.
    pub fn row(&self, id: NodeId) -> Option<ArcRwSignal<Row>> {
        self.rows.with_value(|rows| rows.get(&id).cloned())
    }

    /// Whether there is no row. Follows the order.
    pub fn is_empty(&self) -> bool {
        self.order.with(Vec::is_empty)
    }

    /// The columns; none before the first window.
    pub fn columns(&self) -> Arc<[Column]> {
        self.columns.get()
    }

    /// Whether its objects are in namespaces; not before the first window.
    pub fn is_namespaced(&self) -> bool {
        self.namespaced.get()
    }

    /// How many rows there are. Follows the order.
    pub fn len(&self) -> usize {
        self.order.with(Vec::len)
    }

    /// The rows in order. Follows the order, not what the rows say.
    pub fn rows(&self) -> Vec<ArcRwSignal<Row>> {
        self.order
            .with(|order| order.iter().filter_map(|id| self.row(*id)).collect())
    }

    fn put(&self, row: Row) {
        let existing = self.row(row.id);
        match existing.filter(|signal| signal.with_untracked(|before| before.key == row.key)) {
            Some(signal) => {
                if signal.with_untracked(|before| *before != row) {
                    signal.set(row);
                }
            }
            // New, or a number that another server (or another cluster) gave to another object.
            None => {
                self.renewed.set_value(true);
                self.rows.update_value(|rows| {
                    rows.insert(row.id, ArcRwSignal::new(row));
                });
            }
        }
    }

    fn arrange(&self, order: Vec<NodeId>) {
        let order: Vec<NodeId> = self
            .rows
            .with_value(|rows| order.into_iter().filter(|id| rows.contains_key(id)).collect());
        let renewed = self.renewed.try_update_value(std::mem::take).unwrap_or_default();
        if renewed || self.order.with_untracked(|before| *before != order) {
            self.order.set(order);
        }
        // Only now, so that no row is rendered without its signal.
        let keep: std::collections::HashSet<NodeId> =
            self.order.with_untracked(|order| order.iter().copied().collect());
        self.rows
            .update_value(|rows| rows.retain(|id, _| keep.contains(id)));
    }

    fn count(&self, total: u32, matched: u32) {
        if self.counts.get_untracked() != (total, matched) {
            self.counts.set((total, matched));
        }
    }
}

impl Store for List {
    fn replace(&self, snapshot: Snapshot) {
        let Snapshot::List(window) = snapshot else { return };
        let ListWindow {
            columns,
            namespaced,
            total,
            matched,
            rows,
        } = window;
        // An emptied list keeps its headings.
        if !columns.is_empty() && self.namespaced.get_untracked() != namespaced {
            self.namespaced.set(namespaced);
        }
        if !columns.is_empty() && self.columns.with_untracked(|before| **before != *columns) {
            self.columns.set(columns.into());
        }
        let order = rows.iter().map(|row| row.id).collect();
        rows.into_iter().for_each(|row| self.put(row));
        self.arrange(order);
        self.count(total, matched);
    }

    fn clear(&self) {
        self.replace(Snapshot::List(ListWindow::default()));
    }

    fn apply(&self, delta: &Delta) {
        let Delta::List(delta) = delta else { return };
        for row in &delta.rows {
            // Without a new order, a row that is not in the window does not come into it.
            if delta.order.is_some() || self.row(row.id).is_some() {
                self.put(row.clone());
            }
        }
        if let Some(order) = &delta.order {
            self.arrange(order.clone());
        }
        self.count(delta.total, delta.matched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::list::{Cell, ColumnFormat};
    use model::{Health, NodeKey};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn row(id: u32, cell: i64) -> Row {
        Row {
            id: NodeId(id),
            key: NodeKey::new("Pod", Some("shop"), format!("p{id}")),
            uid: String::new(),
            created_at: None,
            cells: vec![Cell::Number(cell)],
            health: Health::Healthy,
            reason: None,
            labels: BTreeMap::new(),
        }
    }

    fn window(ids: &[(u32, i64)], total: u32) -> ListWindow {
        let mut seen = std::collections::HashSet::new();
        let rows: Vec<Row> = ids
            .iter()
            .filter(|(id, _)| seen.insert(*id))
            .map(|(id, cell)| row(*id, *cell))
            .collect();
        ListWindow {
            columns: columns(),
            namespaced: true,
            total,
            matched: total,
            rows,
        }
    }

    fn columns() -> Vec<Column> {
        let column = Column {
            name: "Name".into(),
            format: ColumnFormat::Name,
            priority: 0,
            description: "".into(),
        };
        vec![column]
    }

    fn shown(list: &List) -> ListWindow {
        let (total, matched) = list.counts.get_untracked();
        ListWindow {
            columns: untrack(|| list.columns()).to_vec(),
            namespaced: untrack(|| list.is_namespaced()),
            total,
            matched,
            rows: untrack(|| list.rows())
                .iter()
                .map(|row| row.get_untracked())
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn a_delta_leads_to_what_the_model_says(
            before in proptest::collection::vec((0_u32..12, 0_i64..3), 0..12),
            later in proptest::collection::vec((0_u32..12, 0_i64..3), 0..12),
        ) {
            Owner::new().with(|| {
                let list = List::default();
                let (before, later) = (window(&before, 5), window(&later, 6));
                list.replace(Snapshot::List(before.clone()));
                if let Some(delta) = before.diff(&later) {
                    list.apply(&Delta::List(delta));
                }
                assert_eq!(shown(&list).rows, later.rows);
                list.rows.with_value(|rows| assert_eq!(rows.len(), later.rows.len(), "no signal is left behind"));
            });
        }
    }

    #[test]
    fn an_emptied_list_keeps_its_headings() {
        Owner::new().with(|| {
            let list = List::default();
            list.replace(Snapshot::List(window(&[(1, 0)], 1)));
            list.clear();
            assert_eq!((list.len(), untrack(|| list.columns()).len()), (0, 1));
        });
    }

    #[test]
    fn a_row_that_did_not_change_keeps_its_signal() {
        Owner::new().with(|| {
            let list = List::default();
            list.replace(Snapshot::List(window(&[(1, 0), (2, 0)], 2)));
            let kept = list.row(NodeId(1)).unwrap();
            list.replace(Snapshot::List(window(&[(2, 7), (1, 0)], 2)));
            kept.set(row(1, 42));
            assert_eq!(
                list.row(NodeId(1)).unwrap().get_untracked().cells,
                [Cell::Number(42)]
            );
            assert_eq!(list.order.get_untracked(), [NodeId(2), NodeId(1)]);
        });
    }

    #[test]
    fn a_number_that_means_another_object_gets_another_signal() {
        Owner::new().with(|| {
            let list = List::default();
            list.replace(Snapshot::List(window(&[(1, 0)], 1)));
            let before = list.row(NodeId(1)).unwrap();
            let mut other = row(1, 0);
            other.key.name = "other".into();
            list.replace(Snapshot::List(ListWindow {
                columns: columns(),
                namespaced: true,
                total: 1,
                matched: 1,
                rows: vec![other],
            }));
            assert_eq!(before.get_untracked().key.name, "p1");
            assert_eq!(list.row(NodeId(1)).unwrap().get_untracked().key.name, "other");
        });
    }
}
