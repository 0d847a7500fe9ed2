//! The objects that could not be read.

use std::collections::BTreeSet;

use crate::watch::ObjectName;

/// What could not be read, by name, so that one object counts once however often it comes.
#[derive(Default)]
pub(super) struct Unreadable {
    /// Namespace (empty for none) and name.
    named: BTreeSet<(String, String)>,
    nameless: u64,
}

impl Unreadable {
    pub fn count(&self) -> u64 {
        u64::try_from(self.named.len()).unwrap_or(u64::MAX) + self.nameless
    }

    pub fn add(&mut self, name: &ObjectName) {
        self.named.insert(key(name));
    }

    pub fn add_nameless(&mut self) {
        self.nameless += 1;
    }

    /// The object is readable, or gone.
    pub fn remove(&mut self, name: &ObjectName) {
        if !self.named.is_empty() {
            self.named.remove(&key(name));
        }
    }

    /// A list of one namespace, or of all, tells anew.
    pub fn clear(&mut self, namespace: Option<&str>) {
        match namespace {
            None => *self = Self::default(),
            Some(namespace) => self.named.retain(|(own, _)| own != namespace),
        }
    }
}

fn key(name: &ObjectName) -> (String, String) {
    let namespace = name.namespace.as_deref().unwrap_or_default();
    (namespace.to_owned(), name.name.to_string())
}
