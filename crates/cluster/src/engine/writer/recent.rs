//! The objects that changed last, with their versions.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Events of one object may come twice or, from a faulty proxy or cache, in the wrong order. The index must not be given an
/// older state after a newer one; since the objects themselves do not carry their version, the last few are kept here.
/// Within Kubernetes the versions of one resource can be compared as numbers (KEP-5504).
#[derive(Default)]
pub(super) struct Recent {
    hasher: RandomState,
    versions: HashMap<u64, u64>,
    order: VecDeque<u64>,
}

/// Objects that are kept: events that overtake each other are not far apart.
const MOST: usize = 1024;

impl Recent {
    /// Forgets all: a list is newer than anything before it.
    pub fn clear(&mut self) {
        self.versions.clear();
        self.order.clear();
    }

    /// Notes a version; true if a newer one of the same object was noted before.
    pub fn is_old(&mut self, namespace: Option<&str>, name: &str, version: u64) -> bool {
        let key = self.hasher.hash_one((namespace, name));
        if let Some(last) = self.versions.get_mut(&key) {
            if version < *last {
                return true;
            }
            *last = version;
            return false;
        }
        if self.order.len() == MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.versions.remove(&oldest);
        }
        self.order.push_back(key);
        self.versions.insert(key, version);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_older_version_of_the_same_object_is_old() {
        let mut recent = Recent::default();
        assert!(!recent.is_old(Some("a"), "x", 5));
        assert!(recent.is_old(Some("a"), "x", 4));
        assert!(!recent.is_old(Some("a"), "x", 5), "twice the same is no harm");
        assert!(!recent.is_old(Some("b"), "x", 4));
        assert!(!recent.is_old(None, "x", 4));
        recent.clear();
        assert!(!recent.is_old(Some("a"), "x", 1));
    }

    #[test]
    fn it_does_not_grow() {
        let mut recent = Recent::default();
        for number in 0..5000 {
            recent.is_old(None, &number.to_string(), 1);
        }
        assert_eq!((recent.order.len(), recent.versions.len()), (MOST, MOST));
    }
}
