//! Strings that recur, kept once per engine.

use crate::facts::{Images, Labels, Owner, Reference};
use crate::pool::Pool;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A shared string: a name, a namespace, a label, a field path.
///
/// It carries its text, so that a snapshot reads without the table it came from, orders as its text does, and gives its
/// memory back when the last object that uses it is gone. (A number into a table would be smaller and would never be
/// given back: a cluster that makes a Job a minute fills it with names of pods long gone.) Equal symbols of one
/// [`Symbols`] are the same allocation, which equality tries first.
#[derive(Clone)]
pub struct Sym(Arc<str>);

impl Deref for Sym {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Sym {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Sym {}

impl PartialOrd for Sym {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sym {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            Ordering::Equal
        } else {
            self.0.cmp(&other.0)
        }
    }
}

impl Hash for Sym {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Borrow<str> for Sym {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Sym {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Sym {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

/// A symbol outside any table, for looking things up.
impl From<&str> for Sym {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// What the objects of one engine share: strings, and the parts of facts that the pods of one workload have in common.
#[derive(Debug, Default)]
pub struct Symbols {
    texts: Pool<str>,
    labels: Pool<[(Sym, Sym)]>,
    images: Pool<Vec<Sym>>,
    owners: Pool<[Owner]>,
    references: Pool<Reference>,
}

impl Symbols {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The symbol of a text.
    pub fn intern(&mut self, text: &str) -> Sym {
        Sym(self.texts.share(text, || text.into()))
    }

    /// The shared form of a set of labels; of a key that comes twice the last value stays.
    pub fn labels<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
        let mut pairs: Vec<(Sym, Sym)> = pairs
            .into_iter()
            .map(|(key, value)| (self.intern(key), self.intern(value)))
            .collect();
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|a, b| a.0 == b.0);
        Labels::from_sorted(self.labels.share(&pairs, || pairs.as_slice().into()))
    }

    /// The shared form of the images of some containers.
    pub fn images<'a>(&mut self, images: impl IntoIterator<Item = &'a str>) -> Images {
        let images = images.into_iter().filter(|image| !image.is_empty());
        let mut images: Vec<Sym> = images.map(|image| self.intern(image)).collect();
        images.sort_unstable();
        images.dedup();
        if images.is_empty() {
            return Images::default();
        }
        images.shrink_to_fit();
        Images::from_sorted(self.images.share_owned(images))
    }

    /// The shared form of a list of owners.
    pub fn owners(&mut self, owners: &[Owner]) -> Arc<[Owner]> {
        self.owners.share(owners, || owners.into())
    }

    /// The shared form of a reference.
    pub fn reference(&mut self, reference: Reference) -> Arc<Reference> {
        self.references.share_owned(reference)
    }

    /// How many strings the table holds.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether the table holds no string.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_label_sets_are_one() {
        let mut symbols = Symbols::new();
        let first = symbols.labels([("b", "2"), ("a", "1")]);
        let second = symbols.labels([("a", "0"), ("a", "1"), ("b", "2")]);
        assert_eq!(first, second);
        assert_eq!(first.get("a").unwrap(), "1");
        assert_eq!(first.get("c"), None);
    }

    #[test]
    fn symbols_order_as_their_text_does() {
        let mut symbols = Symbols::new();
        let (b, a) = (symbols.intern("b"), symbols.intern("a"));
        assert!(a < b);
        assert_eq!(
            a,
            Sym::from("a"),
            "a symbol of no table equals one of the same text"
        );
    }
}
