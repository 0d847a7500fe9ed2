//! All objects: per resource an ordered map, one resourceVersion for everything, and what happened lately.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;
use tokio::sync::watch;

pub(crate) mod history;
pub(crate) mod object;
pub(crate) mod parts;

pub(crate) use history::{Event, History};
pub(crate) use object::{Dictionary, Stored};
pub(crate) use parts::Part;
use parts::Parts;

/// Where an object is in its resource. The namespace is empty for those of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// The index of a resource in the table of resources.
pub(crate) type ResourceId = usize;

/// An immutable state of the objects of one resource: what a list is made of, however long that takes.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The resourceVersion of the state.
    pub(crate) version: u64,
    pub(crate) objects: OrdMap<Key, Arc<Stored>>,
    pub(crate) dictionary: Arc<Dictionary>,
}

impl Snapshot {
    /// The objects of a namespace (all when it is empty) that come after a key.
    pub(crate) fn from<'a>(
        &'a self,
        namespace: &'a str,
        after: Option<&Key>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Stored>)> + 'a {
        let start = match after {
            Some(key) => Bound::Excluded(key.clone()),
            None => Bound::Included(Key::new(namespace, "")),
        };
        self.objects
            .range((start, Bound::Unbounded))
            .take_while(move |(key, _)| namespace.is_empty() || &*key.namespace == namespace)
    }
}

/// Why a past state cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// Too long ago.
    Gone,
    /// Not yet.
    Future,
}

struct Resource {
    objects: OrdMap<Key, Arc<Stored>>,
    dictionary: Arc<Dictionary>,
    history: History,
    /// No watch can start before this resourceVersion, though the past is still known.
    begun: u64,
    parts: Parts,
    changed: watch::Sender<u64>,
}

/// The store. One lock: a change of an object takes microseconds, and a reader only takes a snapshot.
pub(crate) struct Store {
    inner: Mutex<Inner>,
}

/// The store while it is locked.
pub(crate) struct Inner {
    version: u64,
    history: usize,
    resources: BTreeMap<ResourceId, Resource>,
    changed: watch::Sender<u64>,
}

impl Store {
    /// An empty store that remembers `history` events of each resource.
    pub(crate) fn new(history: usize) -> Self {
        let resources = BTreeMap::new();
        Self {
            inner: Mutex::new(Inner {
                version: 1,
                history,
                resources,
                changed: watch::Sender::new(0),
            }),
        }
    }

    /// Locks it, for a change that reads before it writes.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The resourceVersion of the newest change of anything.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    fn resource(&mut self, id: ResourceId) -> &mut Resource {
        let limit = self.history;
        self.resources.entry(id).or_insert_with(|| Resource {
            objects: OrdMap::new(),
            dictionary: Arc::default(),
            history: History::new(limit),
            begun: 0,
            parts: Parts::default(),
            changed: watch::Sender::new(0),
        })
    }

    pub(crate) fn snapshot(&mut self, id: ResourceId) -> Snapshot {
        let version = self.version;
        let resource = self.resource(id);
        Snapshot {
            version,
            objects: resource.objects.clone(),
            dictionary: resource.dictionary.clone(),
        }
    }

    /// The state as it was at a resourceVersion: that of now with everything since undone.
    pub(crate) fn snapshot_at(&mut self, id: ResourceId, version: u64) -> Result<Snapshot, Past> {
        if version > self.version {
            return Err(Past::Future);
        }
        let mut snapshot = self.snapshot(id);
        let events = self.resource(id).history.after(version).ok_or(Past::Gone)?;
        for event in events.iter().rev() {
            match &event.before {
                Some(before) => snapshot.objects.insert(event.key.clone(), before.clone()),
                None => snapshot.objects.remove(&event.key),
            };
        }
        snapshot.version = version;
        Ok(snapshot)
    }

    /// Whether a resource has no objects.
    pub(crate) fn is_empty(&mut self, id: ResourceId) -> bool {
        self.resource(id).objects.is_empty()
    }

    /// One object and its text.
    pub(crate) fn get(&mut self, id: ResourceId, key: &Key) -> Option<(Arc<Stored>, Vec<u8>)> {
        let resource = self.resource(id);
        let stored = resource.objects.get(key)?.clone();
        let text = resource.dictionary.unpack(&stored);
        Some((stored, text))
    }

    /// Writes an object; `text` makes it for the resourceVersion that it gets.
    pub(crate) fn put(&mut self, id: ResourceId, key: Key, text: impl FnOnce(u64) -> Vec<u8>) -> u64 {
        self.version += 1;
        let version = self.version;
        let resource = self.resource(id);
        let stored = Arc::new(resource.dictionary.pack(version, &text(version)));
        let before = resource.objects.insert(key.clone(), stored.clone());
        resource.history.push(Event::new(key, before, stored, false));
        resource.changed.send_replace(version);
        self.changed.send_replace(version);
        version
    }

    /// Removes an object; `text` makes its last state for the resourceVersion of the deletion.
    pub(crate) fn remove(
        &mut self,
        id: ResourceId,
        key: &Key,
        text: impl FnOnce(u64) -> Vec<u8>,
    ) -> Option<u64> {
        let before = self.resource(id).objects.remove(key)?;
        self.version += 1;
        let version = self.version;
        let resource = self.resource(id);
        let last = Arc::new(resource.dictionary.pack(version, &text(version)));
        resource
            .history
            .push(Event::new(key.clone(), Some(before), last, true));
        resource.changed.send_replace(version);
        self.changed.send_replace(version);
        Some(version)
    }

    /// Puts many objects at once that were never there, without a history: the state that a cluster starts with.
    pub(crate) fn load(&mut self, id: ResourceId, key: Key, text: impl FnOnce(u64) -> Vec<u8>) {
        self.version += 1;
        let version = self.version;
        let resource = self.resource(id);
        let stored = Arc::new(resource.dictionary.pack(version, &text(version)));
        resource.objects.insert(key, stored);
        resource.history.forgotten = version;
        resource.changed.send_replace(version);
    }

    /// The resourceVersion of the newest change of a resource.
    pub(crate) fn changed(&mut self, id: ResourceId) -> u64 {
        *self.resource(id).changed.borrow()
    }

    /// Forgets all events, as a compaction of etcd does: older resourceVersions are answered with 410 from now on.
    pub(crate) fn compact(&mut self) {
        let now = self.version;
        for resource in self.resources.values_mut() {
            resource.history.compact(now);
        }
    }

    /// Watches of a resource begin now: its definition is new, or another one.
    pub(crate) fn begin(&mut self, id: ResourceId) {
        let now = self.version;
        self.resource(id).begun = now;
    }

    /// The oldest resourceVersion that a watch of a resource can start from.
    pub(crate) fn begun(&mut self, id: ResourceId) -> u64 {
        let resource = self.resource(id);
        resource.begun.max(resource.history.forgotten)
    }

    /// The events of a resource after a resourceVersion; none when they are forgotten.
    pub(crate) fn events(&mut self, id: ResourceId, after: u64) -> Option<Vec<Arc<Event>>> {
        self.resource(id).history.after(after)
    }

    /// The same, no more than so many.
    pub(crate) fn next_events(&mut self, id: ResourceId, after: u64, most: usize) -> Option<Vec<Arc<Event>>> {
        self.resource(id).history.next(after, most)
    }

    /// Wakes with the newest resourceVersion whenever something of the resource changes.
    pub(crate) fn subscribe(&mut self, id: ResourceId) -> watch::Receiver<u64> {
        self.resource(id).changed.subscribe()
    }

    /// How many have subscribed to a resource.
    pub(crate) fn watches(&mut self, id: ResourceId) -> usize {
        self.resource(id).changed.receiver_count()
    }

    /// What another watch has made of the events after a resourceVersion, unless they are forgotten.
    pub(crate) fn part(&mut self, id: ResourceId, after: u64) -> Option<Part> {
        let resource = self.resource(id);
        let known = after >= resource.history.forgotten;
        resource.parts.after(after).filter(|_| known)
    }

    /// Keeps what a watch has made for the others.
    pub(crate) fn keep_part(&mut self, id: ResourceId, part: Part) {
        self.resource(id).parts.keep(part);
    }

    /// The same for everything.
    pub(crate) fn subscribe_all(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The dictionary of a resource, to unpack what its events hold.
    pub(crate) fn dictionary(&mut self, id: ResourceId) -> Arc<Dictionary> {
        self.resource(id).dictionary.clone()
    }
}
