//! What the cluster's CustomResourceDefinitions say of the lists of their kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use topology::kinds::{DefinedVersion, Definition};

/// The definitions that the engine has seen. The writer keeps them up to date.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    /// Grows with every change of a definition or an aggregated API.
    pub changes: u64,
    /// The list of aggregated APIs was in once.
    pub services_listed: bool,
    /// By name: `widgets.example.org`. The plural is not needed: the API server serves it, or does not.
    by_name: BTreeMap<Arc<str>, Arc<Definition>>,
    /// What the list that is coming in has named so far.
    listed: BTreeMap<Arc<str>, Arc<Definition>>,
}

impl Definitions {
    /// A page of their list, which counts when it is complete.
    pub fn page(&mut self, found: Vec<Definition>, first: bool, last: bool) {
        if first {
            self.listed.clear();
        }
        self.listed.extend(found.into_iter().map(named));
        if last {
            self.by_name = std::mem::take(&mut self.listed);
        }
    }

    /// A definition is so now.
    pub fn set(&mut self, definition: Option<Definition>) {
        self.by_name.extend(definition.map(named));
    }

    /// A definition is gone.
    pub fn remove(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.by_name.remove(name);
        }
    }

    /// What is said of a version of a kind.
    pub fn version(&self, plural: &str, group: &str, version: &str) -> Option<&DefinedVersion> {
        let definition = self.by_name.get(format!("{plural}.{group}").as_str())?;
        definition.versions.iter().find(|defined| defined.name == version)
    }
}

fn named(definition: Definition) -> (Arc<str>, Arc<Definition>) {
    (Arc::from(definition.name.as_str()), Arc::new(definition))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str) -> Definition {
        let json =
            format!(r#"{{"metadata": {{"name": "{name}"}}, "spec": {{"versions": [{{"name": "v1"}}]}}}}"#);
        Definition::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_list_counts_when_it_is_complete() {
        let mut definitions = Definitions::default();
        let has =
            |definitions: &Definitions, plural: &str| definitions.version(plural, "x.org", "v1").is_some();
        definitions.page(vec![definition("a.x.org"), definition("b.x.org")], true, true);
        definitions.page(vec![definition("c.x.org")], true, false);
        assert!(has(&definitions, "a") && !has(&definitions, "c"));
        definitions.page(vec![definition("b.x.org")], false, true);
        assert!(!has(&definitions, "a") && has(&definitions, "b") && has(&definitions, "c"));
        definitions.remove(Some("b.x.org"));
        definitions.set(Some(definition("d.x.org")));
        assert!(!has(&definitions, "b") && has(&definitions, "d"));
        assert!(definitions.version("d", "x.org", "v2").is_none());
    }
}
