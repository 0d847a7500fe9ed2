//! Kinds that come and go while the cluster runs.

use super::Index;
use crate::change::Extent;
use crate::facts::Key;
use crate::kinds::Printer;
use crate::state::Served;
use model::KindId;
use model::kind::{Discovered, KindError};

impl Index {
    /// The cluster serves this kind in this version. What names objects of it gets its edges; objects may be handed in by
    /// the id that is answered. The same again changes nothing. Cost: what names objects of the kind; with another
    /// version than before, the nodes of the kind. Its columns are those of any kind.
    pub fn register(&mut self, found: &Discovered<'_>) -> Result<KindId, KindError> {
        self.register_printed(found, &Printer::default())
    }

    /// The same with columns of its own. Those that its objects were read with must not stay with other columns: take the
    /// objects out first ([`Self::relist`]).
    pub fn register_printed(
        &mut self,
        found: &Discovered<'_>,
        printer: &Printer,
    ) -> Result<KindId, KindError> {
        let kind = KindId::discovered(found)?;
        let known = self.state.serves(kind);
        let shown = self.state.api_version(kind);
        let served = Served {
            version: self.symbols.intern(found.version),
            columns: printer.columns().clone(),
        };
        if self.state.set_served(kind, Some(served)) && self.state.api_version(kind) != shown {
            self.touch_nodes(kind);
        }
        if !known {
            self.complete_kind(kind);
        }
        Ok(kind)
    }

    /// The cluster no longer serves a kind: its objects are gone, and so are the places of those that something named,
    /// unless the table has the kind.
    pub fn forget(&mut self, kind: KindId) {
        self.relist(kind, Vec::new());
        self.set_kind_visible(kind, false);
        if self.state.set_served(kind, None) {
            self.complete_kind(kind);
            self.touch_nodes(kind);
        }
    }

    fn touch_nodes(&mut self, kind: KindId) {
        let nodes = self.state.nodes_of(kind, &[]);
        let nodes: Vec<(model::NodeId, Key)> = nodes.map(|entry| (entry.id(), entry.key().clone())).collect();
        for (id, key) in nodes {
            self.touch(id, &key, Extent::Whole);
        }
    }
}
