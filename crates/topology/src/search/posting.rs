//! The objects that a text stands in.

use super::bits::Bits;
use imbl::OrdMap;
use std::sync::Arc;

/// The most slots in an array. A tree costs at least as much as an array of this many.
const FEW: usize = 64;

/// The slots of the objects that a text stands in. Most texts are those of one workload, and some those of half a cluster.
#[derive(Clone, Debug)]
pub(super) enum Posting {
    /// Sorted.
    Few(Arc<[u32]>),
    /// By block, none without a slot.
    Many(Arc<OrdMap<u32, u64>>),
}

impl Default for Posting {
    fn default() -> Self {
        Self::Few(Arc::new([]))
    }
}

impl Posting {
    pub(super) fn insert(&mut self, slot: u32) {
        match self {
            Self::Few(slots) => {
                let Err(place) = slots.binary_search(&slot) else {
                    return;
                };
                let (before, after) = slots.split_at(place);
                if slots.len() < FEW {
                    *slots = before.iter().chain(&[slot]).chain(after).copied().collect();
                } else {
                    let mut blocks = OrdMap::new();
                    for slot in before.iter().chain(&[slot]).chain(after) {
                        *blocks.entry(slot / 64).or_insert(0) |= 1 << (slot % 64);
                    }
                    *self = Self::Many(Arc::new(blocks));
                }
            }
            Self::Many(blocks) => {
                *Arc::make_mut(blocks).entry(slot / 64).or_insert(0) |= 1 << (slot % 64);
            }
        }
    }

    pub(super) fn remove(&mut self, slot: u32) {
        match self {
            Self::Few(slots) => {
                if slots.contains(&slot) {
                    *slots = slots.iter().copied().filter(|own| *own != slot).collect();
                }
            }
            Self::Many(shared) => {
                let blocks = Arc::make_mut(shared);
                let Some(word) = blocks.get_mut(&(slot / 64)) else {
                    return;
                };
                *word &= !(1 << (slot % 64));
                if *word == 0 {
                    blocks.remove(&(slot / 64));
                }
                // Half as many, so that it does not go back and forth. Of that few, counting costs little.
                if blocks.len() <= FEW / 2 && self.len() <= FEW / 2 {
                    let mut slots = Vec::with_capacity(FEW / 2);
                    self.each(|block, word| {
                        slots.extend(
                            (0..64)
                                .filter(|bit| word >> bit & 1 == 1)
                                .map(|bit| block * 64 + bit),
                        );
                    });
                    *self = Self::Few(slots.into());
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Few(slots) if slots.is_empty())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(slots) => slots.len(),
            Self::Many(blocks) => blocks.values().map(|word| word.count_ones() as usize).sum(),
        }
    }

    /// Adds its slots to a set.
    pub(super) fn add_to(&self, bits: &mut Bits) {
        self.each(|block, word| bits.add(block, word));
    }

    fn each(&self, mut take: impl FnMut(u32, u64)) {
        match self {
            Self::Few(slots) => slots.iter().for_each(|slot| take(slot / 64, 1 << (slot % 64))),
            Self::Many(blocks) => blocks.iter().for_each(|(block, word)| take(*block, *word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(steps in proptest::collection::vec((any::<bool>(), 0_u32..300), 0..600)) {
            let (mut posting, mut expected) = (Posting::default(), BTreeSet::new());
            for (add, slot) in steps {
                if add {
                    posting.insert(slot);
                    expected.insert(slot);
                } else {
                    posting.remove(slot);
                    expected.remove(&slot);
                }
                prop_assert_eq!(posting.len(), expected.len());
                prop_assert_eq!(posting.is_empty(), expected.is_empty());
            }
            let (mut bits, mut wanted) = (Bits::none(5), Bits::none(5));
            posting.add_to(&mut bits);
            expected.iter().for_each(|slot| wanted.insert(*slot));
            prop_assert_eq!(bits, wanted);
        }
    }

    #[test]
    fn it_is_two_words() {
        assert_eq!(size_of::<Posting>(), 16);
    }
}
