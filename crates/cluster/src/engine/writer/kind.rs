//! What the writer knows of one kind's watch, and how it turns bytes into facts.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use model::KindId;
use model::cluster::KindProblem;
use model::kind::WatchForm;
use topology::facts::Key;
use topology::{Facts, Index};

use super::recent::Recent;
use crate::engine::Counter;
use crate::watch::{Event, ObjectName};

/// One kind, as the writer sees it.
pub(super) struct KindState {
    kind: KindId,
    form: WatchForm,
    counter: Arc<Counter>,
    synced: bool,
    /// The generation of the link in which the watch last followed; `None` before it ever did.
    followed: Option<u64>,
    /// The API server does not serve it, and need not.
    unserved: bool,
    /// True for denied, and what was denied or failed.
    trouble: Option<(bool, KindProblem)>,
    /// What the list that is coming in has named so far.
    listed: HashSet<Key>,
    recent: Recent,
    unreadable: Unreadable,
}

/// What could not be read, by name, so that one object counts once however often it comes.
#[derive(Default)]
struct Unreadable {
    named: BTreeSet<(String, String)>,
    nameless: u64,
}

impl Unreadable {
    fn count(&self) -> u64 {
        u64::try_from(self.named.len()).unwrap_or(u64::MAX) + self.nameless
    }
}

impl KindState {
    pub fn new(kind: KindId, counter: Arc<Counter>) -> Self {
        Self {
            kind,
            form: kind.get().watch,
            counter,
            synced: false,
            followed: None,
            unserved: false,
            trouble: None,
            listed: HashSet::new(),
            recent: Recent::default(),
            unreadable: Unreadable::default(),
        }
    }

    /// A list begins: it alone counts.
    pub fn begin_list(&mut self) {
        self.listed.clear();
        self.recent.clear();
        self.unreadable = Unreadable::default();
    }

    /// Takes a page in. Its objects are there at once; what the whole list does not name goes at its end.
    pub fn take_page(&mut self, items: &[Bytes], index: &mut Index) {
        for item in items {
            if let Some(facts) = self.read(item, index) {
                self.listed.insert(facts.key.clone());
                index.upsert(facts);
            }
        }
        self.counter.note_skipped(self.unreadable.count());
    }

    /// The list is in.
    pub fn end_list(&mut self, index: &mut Index) {
        let listed = std::mem::take(&mut self.listed);
        let state = index.state();
        let gone = state
            .objects(self.kind, &[])
            .filter(|entry| !listed.contains(entry.key()));
        for entry in gone {
            let key = entry.key();
            index.remove(self.kind, key.namespace.as_deref(), &key.name, None);
        }
        self.synced = true;
        self.unserved = false;
        self.trouble = None;
        index.set_kind_visible(self.kind, true);
    }

    /// There is no such kind: no objects, and what names one names nothing.
    pub fn not_served(&mut self, index: &mut Index) {
        self.begin_list();
        index.relist(self.kind, Vec::new());
        index.set_kind_visible(self.kind, true);
        self.synced = false;
        self.unserved = true;
        self.trouble = None;
    }

    pub fn is_unserved(&self) -> bool {
        self.unserved
    }

    /// Takes events in.
    pub fn take_events(&mut self, events: Vec<Event>, index: &mut Index) {
        for event in events {
            match event {
                Event::Set { object, version } => {
                    if self.is_old(&object, version) {
                        continue;
                    }
                    if let Some(facts) = self.read(&object, index) {
                        index.upsert(facts);
                    }
                }
                Event::Gone { object, version } => {
                    if self.is_old(&object, version) {
                        continue;
                    }
                    match ObjectName::read(&object, self.form) {
                        Some(name) => {
                            self.readable(&name);
                            index.remove(
                                self.kind,
                                name.namespace.as_deref(),
                                &name.name,
                                name.uid.as_deref(),
                            );
                        }
                        None => self.nameless("an event of an end names no object".to_owned()),
                    }
                }
                Event::Unreadable(reason) => self.nameless(reason),
            }
        }
        self.counter.note_skipped(self.unreadable.count());
    }

    /// The watch follows.
    pub fn live(&mut self, generation: u64) {
        self.followed = Some(generation);
        self.trouble = None;
    }

    /// The watch cannot follow. What is denied is no longer shown. True if that is news.
    pub fn trouble(&mut self, denied: bool, problem: KindProblem, index: &mut Index) -> bool {
        if denied {
            self.synced = false;
            self.unserved = false;
            self.listed.clear();
            self.unreadable = Unreadable::default();
            index.relist(self.kind, Vec::new());
            index.set_kind_visible(self.kind, false);
        }
        let is_news = self
            .trouble
            .as_ref()
            .is_none_or(|(was_denied, _)| *was_denied != denied);
        self.trouble = Some((denied, problem));
        is_news
    }

    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// There is nothing to wait for: the list is in, or it will not come.
    pub fn is_settled(&self) -> bool {
        self.synced || self.unserved || self.trouble.is_some()
    }

    /// What is shown of it is from before the present generation of the link.
    pub fn is_behind(&self, generation: u64) -> bool {
        self.synced && self.trouble.is_none() && self.followed.is_none_or(|followed| followed < generation)
    }

    pub fn problem(&self, denied: bool) -> Option<&KindProblem> {
        let (was_denied, problem) = self.trouble.as_ref()?;
        (*was_denied == denied).then_some(problem)
    }

    pub fn skipped(&self) -> u64 {
        self.unreadable.count()
    }

    /// The facts of an object. One that cannot be read is counted, and what was known of it goes: it is not true now.
    fn read(&mut self, object: &Bytes, index: &mut Index) -> Option<Facts> {
        match topology::kinds::read(self.kind, object, index.symbols()) {
            Ok(facts) => {
                if self.unreadable.count() > 0
                    && let Some(name) = ObjectName::read(object, self.form)
                {
                    self.readable(&name);
                }
                Some(facts)
            }
            Err(error) => {
                match ObjectName::read(object, self.form) {
                    Some(name) => {
                        let namespace = name.namespace.as_deref();
                        index.remove(self.kind, namespace, &name.name, None);
                        let key = (namespace.unwrap_or_default().to_owned(), name.name.to_string());
                        self.counter.note_reason(error.to_string());
                        self.unreadable.named.insert(key);
                    }
                    None => self.nameless(error.to_string()),
                }
                None
            }
        }
    }

    fn nameless(&mut self, reason: String) {
        self.counter.note_reason(reason);
        self.unreadable.nameless += 1;
    }

    fn readable(&mut self, name: &ObjectName) {
        if self.unreadable.named.is_empty() {
            return;
        }
        let namespace = name.namespace.as_deref().unwrap_or_default().to_owned();
        self.unreadable.named.remove(&(namespace, name.name.to_string()));
    }

    /// Whether a newer event of the same object was seen already.
    fn is_old(&mut self, object: &[u8], version: Option<u64>) -> bool {
        let Some(version) = version else {
            return false;
        };
        let Some(name) = ObjectName::read(object, self.form) else {
            return false;
        };
        self.recent.is_old(name.namespace.as_deref(), &name.name, version)
    }
}
