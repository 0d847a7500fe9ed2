//! The words of a cluster's objects, and where they stand. Part of a state: a clone shares everything.

use super::bits::Bits;
use super::block::Block;
use super::query::Word;
use super::text::folded;
use super::{Matches, Reach, has_made_name};
use crate::facts::Facts;
use crate::symbols::Sym;
use imbl::OrdMap;
use model::{KindId, NodeId};
use std::sync::Arc;

/// Texts of one field, each with the objects that have it; none without an object.
type Texts = OrdMap<Sym, super::posting::Posting>;

/// The words of live objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// The objects and their names.
    blocks: OrdMap<u32, Arc<Block>>,
    kinds: OrdMap<KindId, super::posting::Posting>,
    namespaces: Texts,
    /// By key, then value.
    labels: OrdMap<Sym, Texts>,
    images: Texts,
    statuses: Texts,
}

impl Words {
    /// An object comes, to a slot that is free. Cost: its words.
    pub(crate) fn insert(&mut self, slot: u32, id: NodeId, facts: &Facts) {
        let kind = facts.key.kind;
        let block = self
            .blocks
            .entry(slot / 64)
            .or_insert_with(|| Arc::new(Block::new(kind)));
        Arc::make_mut(block).put(place(slot), id, facts, &folded(&facts.key.name));
        self.kinds.entry(kind).or_default().insert(slot);
        if let Some(namespace) = &facts.key.namespace {
            note(&mut self.namespaces, namespace, slot);
        }
        for (key, value) in facts.labels.iter() {
            note(self.labels.entry(key.clone()).or_default(), value, slot);
        }
        for image in facts.images.iter() {
            note(&mut self.images, image, slot);
        }
        self.note_status(&facts.status.word, slot);
    }

    /// An object goes. Cost: its words.
    pub(crate) fn remove(&mut self, slot: u32, facts: &Facts) {
        if let Some(block) = self.blocks.get_mut(&(slot / 64))
            && Arc::make_mut(block).take(place(slot))
        {
            self.blocks.remove(&(slot / 64));
        }
        if let Some(posting) = self.kinds.get_mut(&facts.key.kind) {
            posting.remove(slot);
            if posting.is_empty() {
                self.kinds.remove(&facts.key.kind);
            }
        }
        if let Some(namespace) = &facts.key.namespace {
            strike(&mut self.namespaces, namespace, slot);
        }
        for (key, value) in facts.labels.iter() {
            self.strike_label(key, value, slot);
        }
        for image in facts.images.iter() {
            strike(&mut self.images, image, slot);
        }
        strike(&mut self.statuses, &facts.status.word, slot);
    }

    /// An object changes, but not its address. Cost: the words that differ.
    pub(crate) fn update(&mut self, slot: u32, old: &Facts, new: &Facts) {
        if old.status.health != new.status.health
            && let Some(block) = self.blocks.get_mut(&(slot / 64))
        {
            Arc::make_mut(block).set_health(place(slot), Some(new.status.health));
        }
        if old.status.word != new.status.word {
            strike(&mut self.statuses, &old.status.word, slot);
            self.note_status(&new.status.word, slot);
        }
        if old.labels != new.labels {
            for (key, value) in old.labels.iter() {
                if new.labels.get(key) != Some(value) {
                    self.strike_label(key, value, slot);
                }
            }
            for (key, value) in new.labels.iter() {
                if old.labels.get(key) != Some(value) {
                    note(self.labels.entry(key.clone()).or_default(), value, slot);
                }
            }
        }
        if old.images != new.images {
            for image in old.images.iter() {
                strike(&mut self.images, image, slot);
            }
            for image in new.images.iter() {
                note(&mut self.images, image, slot);
            }
        }
    }

    fn note_status(&mut self, word: &Sym, slot: u32) {
        if !word.is_empty() {
            note(&mut self.statuses, word, slot);
        }
    }

    fn strike_label(&mut self, key: &Sym, value: &Sym, slot: u32) {
        if let Some(values) = self.labels.get_mut(key) {
            strike(values, value, slot);
            if values.is_empty() {
                self.labels.remove(key);
            }
        }
    }

    /// Whether a word names a kind of which there are objects, as kubectl knows it.
    pub(super) fn narrows(&self, word: &Word) -> bool {
        !word.quoted
            && self
                .kinds
                .keys()
                .any(|kind| kind.get().is_named(word.needle.text()))
    }

    /// The blocks by their number.
    /// The objects of some namespaces.
    pub(super) fn within(&self, namespaces: &[Sym], blocks: usize) -> Bits {
        let mut bits = Bits::none(blocks);
        let known = namespaces
            .iter()
            .filter_map(|namespace| self.namespaces.get(namespace));
        known.for_each(|posting| posting.add_to(&mut bits));
        bits
    }

    pub(super) fn blocks(&self) -> Vec<Option<&Block>> {
        let last = self
            .blocks
            .get_max()
            .map_or(0, |(number, _)| *number as usize + 1);
        let mut blocks = vec![None; last];
        for (number, block) in &self.blocks {
            if let Some(place) = blocks.get_mut(*number as usize) {
                *place = Some(&**block);
            }
        }
        blocks
    }

    /// The objects that have a word, of some candidates at least. Cost: the texts, and the objects.
    pub(super) fn find(&self, word: &Word, blocks: &[Option<&Block>], candidates: &Bits) -> Matches {
        let mut matches = Matches::none(blocks.len());
        self.find_names(word, blocks, candidates, &mut matches);
        let narrows = self.narrows(word);
        for (kind, posting) in &self.kinds {
            if word.is_kind(*kind, narrows) {
                posting.add_to(&mut matches.all);
            }
        }
        if !narrows {
            for texts in [&self.namespaces, &self.images, &self.statuses] {
                add_texts(texts, |text| word.is_text(text), &mut matches.all);
            }
            for (key, values) in &self.labels {
                let has_key = word.is_text(key);
                let is_wanted = |value: &Sym| has_key || word.is_text(value) || word.is_pair(key, value);
                add_texts(values, is_wanted, &mut matches.all);
            }
        }
        matches
    }

    fn find_names(&self, word: &Word, blocks: &[Option<&Block>], candidates: &Bits, matches: &mut Matches) {
        for (number, block) in blocks.iter().enumerate() {
            let (Some(block), Ok(at)) = (block, u32::try_from(number)) else {
                continue;
            };
            if candidates.block(number) == 0 {
                continue;
            }
            block.scan(&word.needle, |place, reach| {
                if word.quoted && reach != Reach::Exact {
                    return;
                }
                matches.all.add(at, 1 << place);
                if reach == Reach::Exact || !block.kind(place).is_some_and(has_made_name) {
                    matches.reach_mut(reach).add(at, 1 << place);
                }
            });
        }
    }
}

/// A slot's place in its block.
fn place(slot: u32) -> usize {
    (slot % 64) as usize
}

fn note(texts: &mut Texts, text: &Sym, slot: u32) {
    texts.entry(text.clone()).or_default().insert(slot);
}

fn strike(texts: &mut Texts, text: &Sym, slot: u32) {
    if let Some(posting) = texts.get_mut(text) {
        posting.remove(slot);
        if posting.is_empty() {
            texts.remove(text);
        }
    }
}

fn add_texts(texts: &Texts, is_wanted: impl Fn(&Sym) -> bool, bits: &mut Bits) {
    for (text, posting) in texts {
        if is_wanted(text) {
            posting.add_to(bits);
        }
    }
}
