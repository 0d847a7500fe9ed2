//! A set of slots as bits: sixty-four to a word, the words by block.

/// A set of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// No slot, with room for this many blocks.
    pub(super) fn none(blocks: usize) -> Self {
        Self(vec![0; blocks])
    }

    #[cfg(test)]
    pub(super) fn insert(&mut self, slot: u32) {
        self.add(slot / 64, 1 << (slot % 64));
    }

    /// Adds slots of one block. What lies beyond its room is no object's slot.
    pub(super) fn add(&mut self, block: u32, slots: u64) {
        if let Some(word) = usize::try_from(block)
            .ok()
            .and_then(|block| self.0.get_mut(block))
        {
            *word |= slots;
        }
    }

    /// Takes slots of one block out.
    pub(super) fn clear(&mut self, block: u32, slots: u64) {
        if let Some(word) = usize::try_from(block)
            .ok()
            .and_then(|block| self.0.get_mut(block))
        {
            *word &= !slots;
        }
    }

    /// The slots of a block.
    pub(super) fn block(&self, block: usize) -> u64 {
        self.0.get(block).copied().unwrap_or(0)
    }

    /// Keeps what the other has too.
    pub(super) fn keep(&mut self, other: &Self) {
        for (block, word) in self.0.iter_mut().enumerate() {
            *word &= other.block(block);
        }
    }

    /// Adds what the other has.
    pub(super) fn join(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// The places of the bits that are set.
pub(super) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (place < 64).then_some(place as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_meet() {
        let (mut a, mut b) = (Bits::none(2), Bits::none(2));
        for slot in [0, 63, 64, 127] {
            a.insert(slot);
        }
        for slot in [63, 64, 65, 999] {
            b.insert(slot);
        }
        a.keep(&b);
        assert_eq!((a.len(), a.block(0), a.block(1)), (2, 1 << 63, 1));
        assert_eq!(ones(a.block(0) | 5).collect::<Vec<_>>(), [0, 2, 63]);
        assert_eq!(ones(0).count(), 0);
        assert_eq!(ones(u64::MAX).count(), 64);
    }
}
