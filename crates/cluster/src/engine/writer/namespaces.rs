//! The namespaces to look into where a kind may not be listed in all of them.

use std::sync::Arc;

use model::KindId;
use topology::{Change, State};

use super::Writer;

/// The most of them: each costs a request, and maybe a connection of its own, for each kind that is denied as a whole.
const MOST: usize = 16;

impl Writer {
    /// Tells the watches when namespaces have come or gone.
    pub(super) fn find_namespaces(&self, change: &Change) {
        let touched = KindId::of("Namespace").is_some_and(|kind| change.touches(kind, &[]));
        if touched {
            let found = of(&self.index.state(), &self.own_namespace, MOST);
            self.outlets.namespaces.send_if_modified(|last| {
                let differs = **last != *found;
                *last = found.into();
                differs
            });
        }
    }
}

/// The kubeconfig's own namespace first, whether it exists or not: who may see only that one may not ask. Then those that
/// can be listed, by name.
fn of(state: &State, own: &Arc<str>, most: usize) -> Vec<Arc<str>> {
    let kind = KindId::of("Namespace");
    let listed = kind.into_iter().flat_map(|kind| {
        let names: Vec<Arc<str>> = state
            .objects(kind, &[])
            .map(|entry| Arc::from(&*entry.key().name))
            .collect();
        names
    });
    let others = listed.filter(|name| name != own);
    std::iter::once(own.clone()).chain(others).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Index;

    #[test]
    fn the_own_namespace_comes_first_and_not_twice() {
        let mut index = Index::new();
        let kind = KindId::of("Namespace").unwrap();
        let own: Arc<str> = "team-b".into();
        assert_eq!(of(&index.state(), &own, 9).join(" "), "team-b");
        for name in ["team-c", "team-b", "team-a"] {
            let json = format!(r#"{{"metadata": {{"name": "{name}", "uid": "{name}"}}}}"#);
            let facts = topology::kinds::read(kind, json.as_bytes(), index.symbols()).unwrap();
            index.upsert(facts);
        }
        let found = |most| of(&index.state(), &own, most).join(" ");
        assert_eq!(found(9), "team-b team-a team-c");
        assert_eq!(found(2), "team-b team-a");
    }
}
