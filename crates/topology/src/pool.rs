//! Values that many objects share, kept once.

use rustc_hash::FxHashSet;
use std::hash::Hash;
use std::sync::Arc;

/// Below this many values a pool never looks for unused ones.
const SMALL: usize = 1024;

/// A set of shared values. Asking for an equal value twice gives the same allocation twice.
///
/// A value lives as long as someone outside the pool holds it: when the pool has doubled since the last look, those that
/// only the pool still holds are dropped. So the pool's size follows what is alive, and the cost of looking is spread
/// over the values that were added.
#[derive(Debug)]
pub(crate) struct Pool<T: ?Sized> {
    values: FxHashSet<Arc<T>>,
    sweep_at: usize,
}

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self {
            values: FxHashSet::default(),
            sweep_at: SMALL,
        }
    }
}

impl<T: ?Sized + Eq + Hash> Pool<T> {
    /// The shared form of `value`; `make` builds it if it is new.
    pub(crate) fn share(&mut self, value: &T, make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        if let Some(shared) = self.values.get(value) {
            return Arc::clone(shared);
        }
        if self.values.len() >= self.sweep_at {
            self.values.retain(|shared| Arc::strong_count(shared) > 1);
            self.sweep_at = (self.values.len() * 2).max(SMALL);
        }
        let shared = make();
        self.values.insert(Arc::clone(&shared));
        shared
    }

    /// How many values it holds, unused ones that have not been swept among them.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

impl<T: Eq + Hash> Pool<T> {
    /// The shared form of `value`.
    pub(crate) fn share_owned(&mut self, value: T) -> Arc<T> {
        if let Some(shared) = self.values.get(&value) {
            return Arc::clone(shared);
        }
        let shared = Arc::new(value);
        self.share(&Arc::clone(&shared), || shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_values_are_given_back() {
        let mut pool: Pool<str> = Pool::default();
        let kept = pool.share("kept", || "kept".into());
        for number in 0..10 * SMALL {
            let text = number.to_string();
            pool.share(&text, || text.as_str().into());
        }
        assert!(pool.len() <= SMALL, "{} values", pool.len());
        assert!(Arc::ptr_eq(&kept, &pool.share("kept", || unreachable!())));
    }
}
