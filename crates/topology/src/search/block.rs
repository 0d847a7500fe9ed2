//! Sixty-four objects with their names in a row.

use super::Reach;
use super::text::Needle;
use crate::facts::Facts;
use model::{Health, KindId, NodeId};
use std::sync::Arc;

/// The objects of sixty-four slots.
#[derive(Clone, Debug)]
pub(super) struct Block {
    live: u64,
    /// Which have which health, in the order of [`Health::ALL`].
    healths: [u64; Health::ALL.len()],
    /// Meaningful where `live` is.
    nodes: [NodeId; 64],
    kinds: [KindId; 64],
    /// Apart, as a health changes more often than a name.
    names: Arc<Names>,
}

/// The names in lower case, each with a line break behind it; empty where there is no object.
#[derive(Clone, Debug)]
struct Names {
    text: Box<str>,
    /// Where the line breaks are.
    ends: [u32; 64],
}

impl Names {
    fn of(names: &[&str; 64]) -> Self {
        let mut text = String::with_capacity(names.iter().map(|name| name.len() + 1).sum());
        let ends = names.map(|name| {
            text.push_str(name);
            text.push('\n');
            u32::try_from(text.len() - 1).unwrap_or(u32::MAX)
        });
        Self {
            text: text.into_boxed_str(),
            ends,
        }
    }

    fn end(&self, place: usize) -> usize {
        self.ends.get(place).map_or(0, |end| *end as usize)
    }

    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).map_or(0, |before| self.end(before) + 1)
    }

    fn get(&self, place: usize) -> &str {
        self.text
            .get(self.start(place)..self.end(place))
            .unwrap_or_default()
    }

    fn with(&self, place: usize, name: &str) -> Self {
        let mut names = std::array::from_fn(|own| self.get(own));
        if let Some(own) = names.get_mut(place) {
            *own = name;
        }
        Self::of(&names)
    }
}

impl Block {
    /// A block without objects. The kind only fills its places.
    pub(super) fn new(kind: KindId) -> Self {
        Self {
            live: 0,
            healths: [0; Health::ALL.len()],
            nodes: [NodeId(0); 64],
            kinds: [kind; 64],
            names: Arc::new(Names::of(&[""; 64])),
        }
    }

    /// An object comes to a place that is free. Its name is in lower case and in one line.
    pub(super) fn put(&mut self, place: usize, id: NodeId, facts: &Facts, name: &str) {
        if let (Some(node), Some(kind)) = (self.nodes.get_mut(place), self.kinds.get_mut(place)) {
            (*node, *kind) = (id, facts.key.kind);
        }
        self.live |= 1 << place;
        self.set_health(place, Some(facts.status.health));
        self.names = Arc::new(self.names.with(place, name));
    }

    /// An object goes. Answers whether it was the last.
    pub(super) fn take(&mut self, place: usize) -> bool {
        self.live &= !(1 << place);
        self.set_health(place, None);
        self.names = Arc::new(self.names.with(place, ""));
        self.live == 0
    }

    pub(super) fn set_health(&mut self, place: usize, health: Option<Health>) {
        for (own, slots) in Health::ALL.into_iter().zip(&mut self.healths) {
            *slots &= !(1 << place);
            if Some(own) == health {
                *slots |= 1 << place;
            }
        }
    }

    /// The slots that have an object.
    pub(super) fn live(&self) -> u64 {
        self.live
    }

    /// The slots of a health, by its place in [`Health::ALL`].
    pub(super) fn of_health(&self, place: usize) -> u64 {
        self.healths.get(place).copied().unwrap_or(0)
    }

    pub(super) fn node(&self, place: usize) -> Option<NodeId> {
        self.nodes.get(place).copied()
    }

    pub(super) fn kind(&self, place: usize) -> Option<KindId> {
        self.kinds.get(place).copied()
    }

    /// A name in lower case.
    pub(super) fn name(&self, place: usize) -> &str {
        self.names.get(place)
    }

    /// Says of each name that has the word how far it has it.
    pub(super) fn scan(&self, needle: &Needle, mut found: impl FnMut(usize, Reach)) {
        let names = &*self.names;
        let mut from = 0;
        while let Some(at) = names
            .text
            .as_bytes()
            .get(from..)
            .and_then(|rest| needle.find(rest))
        {
            let at = from + at;
            let place = names.ends.partition_point(|end| (*end as usize) <= at);
            let (start, end) = (names.start(place), names.end(place));
            let reach = match (at == start, at + needle.len() == end) {
                (true, true) => Reach::Exact,
                (true, false) => Reach::Start,
                (false, _) => Reach::Inside,
            };
            found(place, reach);
            from = end + 1;
        }
    }
}
