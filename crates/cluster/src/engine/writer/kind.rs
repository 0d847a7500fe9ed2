//! What the writer knows of one kind, and how it turns bytes into facts.
//!
//! A kind is watched in all namespaces (the whole) or, where that is denied, in some of them (the parts). What one of them
//! lists says nothing about the objects of the others.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use model::KindId;
use model::cluster::{KindLimit, KindProblem};
use model::kind::WatchForm;
use topology::facts::Key;
use topology::kinds::{self, Printer};
use topology::{Facts, Index, Seen, Sym};

use super::part::Part;
use super::unreadable::Unreadable;
use crate::engine::Counter;
use crate::watch::{Event, News, ObjectName};

/// One kind, as the writer sees it.
pub(super) struct KindState {
    kind: KindId,
    form: WatchForm,
    /// The columns of a kind that was found at run time.
    printer: Arc<Printer>,
    counter: Arc<Counter>,
    /// All that can be listed is listed.
    synced: bool,
    /// The API server does not serve it, and need not.
    unserved: bool,
    whole: Part,
    /// The namespaces that are looked into. Only while the whole is denied; `None` until they are known.
    parts: Option<BTreeMap<Arc<str>, Part>>,
    unreadable: Unreadable,
}

/// What news of a kind mean for its user.
pub(super) enum Note {
    /// Nothing of note.
    None,
    /// A list is in.
    Listed,
    /// It was well, or had another problem.
    Denied,
    /// It was well, or had another problem.
    Failing,
}

impl KindState {
    pub fn new(kind: KindId, printer: Arc<Printer>, counter: Arc<Counter>) -> Self {
        Self {
            kind,
            form: kind.get().watch,
            printer,
            counter,
            synced: false,
            unserved: false,
            whole: Part::default(),
            parts: None,
            unreadable: Unreadable::default(),
        }
    }

    /// Takes in what the watch of a namespace, or of all, tells.
    pub fn apply(&mut self, namespace: Option<&str>, news: News, index: &mut Index) -> Note {
        if self.part(namespace).is_none() {
            // What was on its way when the watch was given up.
            return Note::None;
        }
        let mut note = Note::None;
        match news {
            News::Page { items, first, last } => {
                if first {
                    self.begin_list(namespace);
                }
                self.take_page(namespace, &items, index);
                if last {
                    self.end_list(namespace, index);
                    note = Note::Listed;
                }
            }
            News::Events(events) => self.take_events(namespace, events, index),
            News::Live(generation) => {
                if let Some(part) = self.part(namespace) {
                    part.live(generation);
                }
            }
            News::NotServed => self.not_served(index),
            // A list of the whole may have come while this waited for its place in the queue.
            News::Namespaces(namespaces) if self.whole.is_denied() => self.look_into(&namespaces, index),
            News::Namespaces(_) => {}
            News::Trouble { denied, problem } => note = self.trouble(namespace, denied, problem, index),
        }
        self.settle(index);
        note
    }

    /// Whether its objects are read with these columns.
    pub fn prints(&self, printer: &Printer) -> bool {
        *self.printer == *printer
    }

    fn part(&mut self, namespace: Option<&str>) -> Option<&mut Part> {
        match namespace {
            None => Some(&mut self.whole),
            Some(namespace) => self.parts.as_mut()?.get_mut(namespace),
        }
    }

    fn begin_list(&mut self, namespace: Option<&str>) {
        if namespace.is_none() {
            // From here on the whole counts. What the parts had stays until it is listed or not.
            self.parts = None;
            self.whole.trouble = self.whole.trouble.take().filter(|(denied, _)| !denied);
        }
        if let Some(part) = self.part(namespace) {
            part.begin_list();
        }
        self.unreadable.clear(namespace);
    }

    /// Takes a page in. Its objects are there at once; what the whole list does not name goes at its end.
    fn take_page(&mut self, namespace: Option<&str>, items: &[Bytes], index: &mut Index) {
        let mut listed = Vec::with_capacity(items.len());
        for item in items {
            if let Some(facts) = self.read(item, index) {
                listed.push(facts.key.clone());
                index.upsert(facts);
            }
        }
        if let Some(part) = self.part(namespace) {
            part.listed.extend(listed);
        }
        self.counter.note_skipped(self.unreadable.count());
    }

    /// The list is in.
    fn end_list(&mut self, namespace: Option<&str>, index: &mut Index) {
        let listed = self.part(namespace).map(Part::end_list).unwrap_or_default();
        self.remove_but(namespace, &listed, index);
        self.unserved = false;
    }

    /// There is no such kind: no objects, and what names one names nothing.
    fn not_served(&mut self, index: &mut Index) {
        self.parts = None;
        self.whole = Part::default();
        self.unreadable.clear(None);
        index.relist(self.kind, Vec::new());
        self.unserved = true;
    }

    /// The whole is denied, and these namespaces are looked into.
    fn look_into(&mut self, namespaces: &[Arc<str>], index: &mut Index) {
        let mut before = self.parts.take().unwrap_or_default();
        let part = |name: &Arc<str>| (name.clone(), before.remove(name).unwrap_or_default());
        self.parts = Some(namespaces.iter().map(part).collect());
        for gone in before.keys() {
            self.unreadable.clear(Some(gone));
            self.remove_but(Some(gone), &HashSet::new(), index);
        }
    }

    /// A watch cannot follow. What is denied is no longer shown.
    fn trouble(
        &mut self,
        namespace: Option<&str>,
        denied: bool,
        problem: KindProblem,
        index: &mut Index,
    ) -> Note {
        if namespace.is_none() && !denied && self.parts.is_some() {
            // It was denied; whether it still is will be seen. What the parts have is true until then.
            return Note::None;
        }
        let was_denied = self.is_denied();
        let Some(part) = self.part(namespace) else {
            return Note::None;
        };
        let is_news = part.trouble(denied, problem);
        if denied {
            self.unserved = false;
        }
        // While the parts stand in for the whole, its denial says nothing new.
        if denied && (namespace.is_some() || self.parts.is_none()) {
            self.unreadable.clear(namespace);
            self.remove_but(namespace, &HashSet::new(), index);
        }
        match (denied, is_news) {
            (true, _) if !was_denied && self.is_denied() => Note::Denied,
            (false, true) => Note::Failing,
            _ => Note::None,
        }
    }

    /// Takes events in.
    fn take_events(&mut self, namespace: Option<&str>, events: Vec<Event>, index: &mut Index) {
        for event in events {
            match event {
                Event::Set { object, version } => {
                    if self.is_old(namespace, &object, version) {
                        continue;
                    }
                    if let Some(facts) = self.read(&object, index) {
                        index.upsert(facts);
                    }
                }
                Event::Gone { object, version } => {
                    if self.is_old(namespace, &object, version) {
                        continue;
                    }
                    match ObjectName::read(&object, self.form) {
                        Some(name) => {
                            self.unreadable.remove(&name);
                            let (namespace, uid) = (name.namespace.as_deref(), name.uid.as_deref());
                            index.remove(self.kind, namespace, &name.name, uid);
                        }
                        None => self.nameless("an event of an end names no object".to_owned()),
                    }
                }
                Event::Unreadable(reason) => self.nameless(reason),
            }
        }
        self.counter.note_skipped(self.unreadable.count());
    }

    /// Works out what all watches together come to.
    fn settle(&mut self, index: &mut Index) {
        let seen = match &self.parts {
            Some(parts) => {
                let settled = parts.values().all(Part::is_settled);
                let any = parts.values().any(|part| part.synced);
                // Another namespace, not listed yet, does not take back what is known.
                self.synced = any && (settled || self.synced);
                let listed = parts.iter().filter(|(_, part)| part.synced);
                Seen::In(listed.map(|(name, _)| Sym::from(&**name)).collect())
            }
            None => {
                // A list of the whole that is on its way does not take back what the parts had.
                self.synced = self.whole.synced || self.synced && !self.is_denied() && !self.unserved;
                match self.whole.synced || self.unserved {
                    true => Seen::Everywhere,
                    false if self.synced => return,
                    false => Seen::Nowhere,
                }
            }
        };
        index.set_seen(self.kind, seen);
    }

    pub fn is_unserved(&self) -> bool {
        self.unserved
    }

    /// All that can be listed is listed; see [`Self::limit`].
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// Nothing of it may be seen, as far as is known.
    fn is_denied(&self) -> bool {
        self.whole.is_denied() && self.parts.iter().flat_map(BTreeMap::values).all(Part::is_denied)
    }

    /// There is nothing to wait for: the lists are in, or they will not come.
    pub fn is_settled(&self) -> bool {
        if !self.whole.is_denied() || !self.kind.get().namespaced {
            return self.unserved || self.synced || self.whole.is_settled();
        }
        let parts = self.parts.as_ref();
        parts.is_some_and(|parts| parts.values().all(Part::is_settled))
    }

    /// What is shown of it is from before the present generation of the link.
    pub fn is_behind(&self, generation: u64) -> bool {
        self.watches().any(|part| part.is_behind(generation))
    }

    /// The denial of the kind, or a failure of one of its watches.
    pub fn problem(&self, denied: bool) -> Option<&KindProblem> {
        if denied {
            return self.whole.problem(true).filter(|_| self.is_denied());
        }
        self.watches().find_map(|part| part.problem(false))
    }

    /// The namespaces that are seen, if not all are.
    pub fn limit(&self) -> Option<KindLimit> {
        let problem = self.whole.problem(true)?;
        let parts = self.parts.iter().flatten().filter(|(_, part)| part.synced);
        let namespaces: Vec<String> = parts.map(|(name, _)| name.to_string()).collect();
        (!namespaces.is_empty()).then(|| KindLimit {
            kind: problem.kind.clone(),
            group: problem.group.clone(),
            resource: problem.resource.clone(),
            namespaces,
            message: problem.message.clone(),
        })
    }

    pub fn skipped(&self) -> u64 {
        self.unreadable.count()
    }

    /// The watches that count.
    fn watches(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.whole).chain(self.parts.iter().flat_map(BTreeMap::values))
    }

    /// Removes the objects of a namespace, or of all, but for some.
    fn remove_but(&self, namespace: Option<&str>, listed: &HashSet<Key>, index: &mut Index) {
        let namespaces: Vec<String> = namespace.map(str::to_owned).into_iter().collect();
        let state = index.state();
        let gone = state
            .objects(self.kind, &namespaces)
            .filter(|entry| !listed.contains(entry.key()));
        for entry in gone {
            let key = entry.key();
            index.remove(self.kind, key.namespace.as_deref(), &key.name, None);
        }
    }

    /// The facts of an object. One that cannot be read is counted, and what was known of it goes: it is not true now.
    fn read(&mut self, object: &Bytes, index: &mut Index) -> Option<Facts> {
        let facts = if self.kind.is_discovered() {
            kinds::read_printed(self.kind, &self.printer, object, index.symbols())
        } else {
            kinds::read(self.kind, object, index.symbols())
        };
        match facts {
            Ok(facts) => {
                if self.unreadable.count() > 0
                    && let Some(name) = ObjectName::read(object, self.form)
                {
                    self.unreadable.remove(&name);
                }
                Some(facts)
            }
            Err(error) => {
                match ObjectName::read(object, self.form) {
                    Some(name) => {
                        let namespace = name.namespace.as_deref();
                        index.remove(self.kind, namespace, &name.name, None);
                        self.counter.note_reason(error.to_string());
                        self.unreadable.add(&name);
                    }
                    None => self.nameless(error.to_string()),
                }
                None
            }
        }
    }

    fn nameless(&mut self, reason: String) {
        self.counter.note_reason(reason);
        self.unreadable.add_nameless();
    }

    /// Whether a newer event of the same object was seen already.
    fn is_old(&mut self, namespace: Option<&str>, object: &[u8], version: Option<u64>) -> bool {
        let Some(version) = version else {
            return false;
        };
        let Some(name) = ObjectName::read(object, self.form) else {
            return false;
        };
        self.part(namespace)
            .is_some_and(|part| part.recent.is_old(name.namespace.as_deref(), &name.name, version))
    }
}
