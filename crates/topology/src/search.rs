//! Search over all objects: by kind, name, namespace, label, image and status word.
//!
//! A word is found in a text if it stands anywhere in it, in any case; in quotes, if it is all of it. All words of a query
//! must be found in an object. One that names a kind, as kubectl knows it, asks for objects of that kind, or with the
//! word in their name. Hits come by how far the name has a word (all of it, its beginning, somewhere; else another
//! field), at the same rank the worst health first, then by kind, name and namespace.
//!
//! Read [`Words`] next: what is kept, and why it costs so little ([why](../../../docs/decisions/0012-search-index.md)).

use crate::change::{Change, Extent};
use crate::facts::Facts;
use crate::query::QueryError;
use crate::state::{Entry, State};
use crate::symbols::Sym;
use bits::Bits;
use model::list::{Cell, Column, ColumnFormat, ListWindow, Row};
use model::search::{Found, Hit, Matched, SearchField, SearchQuery};
use model::{KindId, NodeId};
use query::Word;
use std::collections::BTreeMap;

mod bits;
mod block;
mod posting;
mod query;
mod rank;
mod slots;
mod text;
mod words;

pub(crate) use slots::Slots;
pub(crate) use words::Words;

/// A search that can be asked again of each state.
#[derive(Clone, Debug)]
pub struct SearchView {
    words: Vec<Word>,
    /// Empty for all.
    namespaces: Vec<Sym>,
    limit: usize,
}

/// How far a name has a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It is the word.
    Exact,
    /// It begins with it.
    Start,
    /// The word stands in it.
    Inside,
}

/// Objects that have words.
#[derive(Clone, Debug)]
struct Matches {
    all: Bits,
    /// Those whose names do, by [`Reach`].
    reach: [Bits; 3],
}

impl Matches {
    fn none(blocks: usize) -> Self {
        Self {
            all: Bits::none(blocks),
            reach: [Bits::none(blocks), Bits::none(blocks), Bits::none(blocks)],
        }
    }

    fn reach_mut(&mut self, reach: Reach) -> &mut Bits {
        let [exact, start, inside] = &mut self.reach;
        match reach {
            Reach::Exact => exact,
            Reach::Start => start,
            Reach::Inside => inside,
        }
    }
}

/// Whether objects of a kind are not named by anyone: an Event has the name of its object with a number.
fn has_made_name(kind: KindId) -> bool {
    kind.get().id == "Event"
}

impl SearchView {
    /// The search that a query asks for.
    pub fn parse(query: &SearchQuery) -> Result<Self, QueryError> {
        if !(1..=SearchQuery::MOST).contains(&query.limit) {
            let allowed = format!("a number from 1 to {}", SearchQuery::MOST);
            return Err(QueryError::new("limit", query.limit.to_string(), allowed));
        }
        Ok(Self {
            words: query::words(&query.text)?,
            namespaces: query
                .namespaces
                .iter()
                .map(|name| Sym::from(name.as_str()))
                .collect(),
            limit: usize::try_from(query.limit).unwrap_or(usize::MAX),
        })
    }

    /// What is found in a state.
    ///
    /// Cost: the texts of the cluster, some megabytes, once for each word (the names only where the words before were
    /// found), and the hits.
    pub fn found(&self, state: &State) -> Found {
        let (total, ids) = self.best(state);
        let narrows = self.narrows(state);
        let hits = ids
            .into_iter()
            .filter_map(|id| self.hit(state.node(id)?, &narrows, state));
        Found {
            total,
            hits: hits.collect(),
        }
    }

    /// The same as rows of a list.
    pub fn window(&self, state: &State) -> ListWindow {
        let (matched, ids) = self.best(state);
        let narrows = self.narrows(state);
        let rows = ids
            .into_iter()
            .filter_map(|id| self.row(state.node(id)?, &narrows));
        ListWindow {
            columns: columns(),
            namespaced: true,
            total: matched,
            matched,
            rows: rows.collect(),
        }
    }

    /// Whether what is found may differ between two states. Cost: the change.
    pub fn is_touched_by(&self, change: &Change, before: &State, after: &State) -> bool {
        let (then, now) = (self.narrows(before), self.narrows(after));
        let has = |state: &State, narrows: &[bool], id: NodeId| {
            let facts = state.node(id).and_then(Entry::facts);
            facts.is_some_and(|facts| self.matched(facts, narrows).is_some())
        };
        let touches = |id| has(before, &then, id) || has(after, &now, id);
        then != now
            || change
                .nodes()
                .any(|(id, change)| change.extent > Extent::Cells && touches(id))
    }

    /// How many are found, and the best of them.
    fn best(&self, state: &State) -> (u32, Vec<NodeId>) {
        let words = state.words();
        let blocks = words.blocks();
        let mut found = Matches::none(blocks.len());
        for (number, block) in (0..).zip(&blocks) {
            found.all.add(number, block.map_or(0, block::Block::live));
        }
        if !self.namespaces.is_empty() {
            found.all.keep(&words.within(&self.namespaces, blocks.len()));
        }
        for word in &self.words {
            let matches = words.find(word, &blocks, &found.all);
            found.all.keep(&matches.all);
            for (reach, more) in found.reach.iter_mut().zip(&matches.reach) {
                reach.join(more);
            }
        }
        let total = u32::try_from(found.all.len()).unwrap_or(u32::MAX);
        (total, rank::best(&found, &blocks, state, self.limit))
    }

    /// Which of the words name a kind that the cluster has objects of.
    fn narrows(&self, state: &State) -> Vec<bool> {
        self.words
            .iter()
            .map(|word| state.words().narrows(word))
            .collect()
    }

    /// Where the words are found in an object; `None` if one is not, or if it is in another namespace.
    fn matched(&self, facts: &Facts, narrows: &[bool]) -> Option<Vec<Matched>> {
        let is_in = |namespace: &Sym| self.namespaces.contains(namespace);
        if !self.namespaces.is_empty() && !facts.key.namespace.as_ref().is_some_and(is_in) {
            return None;
        }
        let mut all: Vec<Matched> = Vec::new();
        for (word, narrows) in self.words.iter().zip(narrows) {
            let matched = word.matched(facts, *narrows)?;
            if !all.contains(&matched) {
                all.push(matched);
            }
        }
        Some(all)
    }

    fn hit(&self, entry: &Entry, narrows: &[bool], state: &State) -> Option<Hit> {
        let facts = entry.facts()?;
        let id = facts.key.node_key();
        Some(Hit {
            kind: id.kind.clone(),
            api_version: state.api_version(facts.key.kind),
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            id,
            status: facts.status.word.to_string(),
            health: facts.status.health,
            reason: facts.status.reason.as_ref().map(ToString::to_string),
            matched: self.matched(facts, narrows)?,
        })
    }

    fn row(&self, entry: &Entry, narrows: &[bool]) -> Option<Row> {
        let facts = entry.facts()?;
        // Names, kinds and namespaces have columns of their own, and the name says itself where it was found.
        let matched = self.matched(facts, narrows)?;
        let said = matched
            .iter()
            .filter(|matched| matches!(matched.field, SearchField::Label | SearchField::Image))
            .map(|matched| format!("{} {}", matched.field.word(), matched.text));
        let said: Vec<String> = said.collect();
        Some(Row {
            id: entry.id(),
            key: facts.key.node_key(),
            uid: facts.uid.to_string(),
            created_at: facts.created,
            cells: vec![
                Cell::Text(facts.key.kind.to_string()),
                Cell::Text(facts.key.name.to_string()),
                Cell::Text(facts.status.word.to_string()),
                Cell::Text(said.join(", ")),
            ],
            health: facts.status.health,
            reason: facts.status.reason.as_ref().map(ToString::to_string),
            labels: BTreeMap::new(),
        })
    }
}

/// The words of a state's objects, made once more and apart from it: to measure what they cost.
#[doc(hidden)]
#[derive(Debug)]
pub struct Apart {
    words: Words,
    slots: Slots,
    /// What readers have: what changes is copied first.
    published: Words,
}

impl Apart {
    /// Those of a state.
    #[doc(hidden)]
    pub fn of(state: &State) -> Self {
        let (mut words, mut slots) = (Words::default(), Slots::default());
        for entry in state.nodes() {
            if let Some(facts) = entry.facts() {
                slots.insert(entry.id(), facts, &mut words);
            }
        }
        Self {
            published: words.clone(),
            words,
            slots,
        }
    }

    /// An object changes.
    #[doc(hidden)]
    pub fn update(&mut self, id: NodeId, old: &Facts, new: &Facts) {
        self.slots.update(id, old, new, &mut self.words);
        self.published = self.words.clone();
    }

    /// An object goes, and comes again.
    #[doc(hidden)]
    pub fn renew(&mut self, id: NodeId, facts: &Facts) {
        self.slots.remove(id, facts, &mut self.words);
        self.published = self.words.clone();
        self.slots.insert(id, facts, &mut self.words);
        self.published = self.words.clone();
    }
}

/// The columns of hits as rows.
pub fn columns() -> Vec<Column> {
    let column = |name: &'static str, format, description: &'static str| Column {
        name: name.into(),
        format,
        priority: 0,
        description: description.into(),
    };
    vec![
        column("Kind", ColumnFormat::Text, "Kind of the object"),
        column("Name", ColumnFormat::Name, "Name of the object"),
        column("Status", ColumnFormat::Text, "kubectl's word for how it is"),
        column(
            "Found in",
            ColumnFormat::Text,
            "The label or image that has a word",
        ),
    ]
}
