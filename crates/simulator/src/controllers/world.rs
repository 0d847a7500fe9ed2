//! What controllers see of the cluster and how they change it: a copy of the objects that they need, kept up to date
//! from the store's events, and writes that fail when the object has changed meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::json::{is_going, key, list, text, uid};
use super::kind::Kind;
use crate::clock::stamp;
use crate::random;
use crate::shared::Shared;
use crate::store::object::text_of;
use crate::store::{Key, ResourceId};

/// A change of one object, for the controllers that have to look at it.
pub(crate) struct Change {
    pub(crate) kind: Kind,
    pub(crate) key: Key,
    pub(crate) old: Option<Arc<Value>>,
    pub(crate) new: Option<Arc<Value>>,
}

pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    /// What time it is for all controllers of one run, in seconds since 1970.
    pub(crate) now: i64,
    /// The past is being made: objects live only here, and [`World::publish`] puts the result into the store.
    pub(crate) past: bool,
    ids: BTreeMap<Kind, ResourceId>,
    objects: BTreeMap<Kind, BTreeMap<Key, Arc<Value>>>,
    /// By uid of an owner, what refers to it.
    owned: HashMap<String, BTreeSet<(Kind, Key)>>,
    /// What has an owner of a kind that no controller knows.
    pub(crate) foreign: BTreeSet<(Kind, Key)>,
    pub(crate) changes: Vec<Change>,
    /// Something has gone since the garbage collector looked at all others.
    pub(crate) gone: bool,
    seen: u64,
    own: HashSet<u64>,
    counter: u64,
    seed: u64,
    /// A write came too late; whoever wrote has to look again.
    pub(crate) conflict: bool,
    /// By involved object, reason and message: the name of the event that counts it.
    pub(crate) told: HashMap<u64, String>,
    /// Which image is on which node.
    pub(crate) images: HashSet<(String, String)>,
    /// When something is due to be tried again, by uid and what it is.
    retries: HashMap<(String, String), i64>,
    /// What autoscalers recommended and did, by their uids.
    pub(crate) autoscaled: HashMap<String, super::autoscaler::Past>,
}

impl World {
    pub(crate) fn new(shared: Arc<Shared>, seed: u64) -> Self {
        let id = |kind: Kind| shared.resources.of_kind(kind.api_version(), kind.name());
        let ids: BTreeMap<Kind, ResourceId> = Kind::all()
            .filter_map(|kind| Some((kind, id(kind)?.id)))
            .collect();
        let now = shared.clock.seconds();
        Self {
            shared,
            now,
            past: false,
            ids,
            objects: BTreeMap::new(),
            owned: HashMap::new(),
            foreign: BTreeSet::new(),
            changes: Vec::new(),
            gone: false,
            seen: 0,
            own: HashSet::new(),
            counter: 0,
            seed,
            conflict: false,
            told: HashMap::new(),
            images: HashSet::new(),
            retries: HashMap::new(),
            autoscaled: HashMap::new(),
        }
    }

    /// Now as Kubernetes writes it.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now)
    }

    /// A number that differs from all before it, the same in every run.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.counter += 1;
        super::json::hash(&format!("{}/{}", self.seed, self.counter))
    }

    /// When something is to be tried again; long ago if it never was.
    pub(crate) fn retry_due(&self, uid: &str, what: &str) -> i64 {
        let due = self.retries.get(&(uid.to_owned(), what.to_owned()));
        due.copied().unwrap_or_default()
    }

    /// Something is not to be tried again before a time.
    pub(crate) fn retry_at(&mut self, uid: &str, what: &str, time: i64) {
        self.retries.insert((uid.to_owned(), what.to_owned()), time);
    }

    pub(crate) fn get(&self, kind: Kind, key: &Key) -> Option<Arc<Value>> {
        self.objects.get(&kind)?.get(key).cloned()
    }

    pub(crate) fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.get(kind, &Key::new(namespace, name))
    }

    /// The objects of a namespace, or all when it is empty.
    pub(crate) fn list<'a>(
        &'a self,
        kind: Kind,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Value>> + 'a {
        let objects = self.objects.get(&kind).into_iter();
        let start = Key::new(namespace, "");
        objects
            .flat_map(move |objects| objects.range(start.clone()..))
            .take_while(move |(key, _)| namespace.is_empty() || &*key.namespace == namespace)
            .map(|(_, object)| object)
    }

    /// What refers to an owner.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<(Kind, Key)> {
        self.owned.get(uid).into_iter().flatten().cloned().collect()
    }

    /// The objects of a kind that an owner controls.
    pub(crate) fn owned_by(&self, uid: &str, kind: Kind) -> Vec<Arc<Value>> {
        let of_kind = self
            .owned
            .get(uid)
            .into_iter()
            .flatten()
            .filter(|(k, _)| *k == kind);
        let controls = |object: &Arc<Value>| {
            let owners = list(object, "/metadata/ownerReferences");
            owners
                .iter()
                .any(|owner| text(owner, "/uid") == uid && owner["controller"] == true)
        };
        of_kind
            .filter_map(|(kind, key)| self.get(*kind, key))
            .filter(controls)
            .collect()
    }

    /// What admission adds to a pod that a scenario brings.
    pub(crate) fn admit(&mut self, pod: &mut Value) {
        super::pods::admit(self, pod);
    }

    /// Takes in what others wrote.
    pub(crate) fn sync(&mut self) {
        if self.past {
            return;
        }
        let shared = self.shared.clone();
        let mut store = shared.store.lock();
        let version = store.version();
        if version == self.seen {
            return;
        }
        let ids: Vec<(Kind, ResourceId)> = self.ids.iter().map(|(kind, id)| (*kind, *id)).collect();
        for (kind, id) in ids {
            if store.changed(id) <= self.seen {
                continue;
            }
            let dictionary = store.dictionary(id);
            let read = |text: &[u8]| serde_json::from_slice::<Value>(text).ok().map(Arc::new);
            match store.events(id, self.seen) {
                Some(events) => {
                    for event in events {
                        if self.own.remove(&event.version()) {
                            continue;
                        }
                        let new = (!event.deleted)
                            .then(|| read(&dictionary.unpack(&event.after)))
                            .flatten();
                        self.remember(kind, event.key.clone(), new);
                    }
                }
                // Too much has happened: what is there now is what counts.
                None => {
                    let snapshot = store.snapshot(id);
                    let known: Vec<Key> = self
                        .objects
                        .get(&kind)
                        .into_iter()
                        .flat_map(|o| o.keys().cloned())
                        .collect();
                    for key in known {
                        if !snapshot.objects.contains_key(&key) {
                            self.remember(kind, key, None);
                        }
                    }
                    for (key, stored) in &snapshot.objects {
                        let new = read(&dictionary.unpack(stored));
                        self.remember(kind, key.clone(), new);
                    }
                }
            }
        }
        self.seen = version;
        self.own.clear();
    }

    fn remember(&mut self, kind: Kind, key: Key, new: Option<Arc<Value>>) {
        let objects = self.objects.entry(kind).or_default();
        let old = match &new {
            Some(new) => objects.insert(key.clone(), new.clone()),
            None => objects.remove(&key),
        };
        if old.as_ref().map(|old| &old["metadata"]["resourceVersion"])
            == new.as_ref().map(|new| &new["metadata"]["resourceVersion"])
        {
            return;
        }
        if let (Some(old), None) = (&old, &new) {
            let gone = uid(old);
            self.retries.retain(|(uid, _), _| uid != gone);
        }
        for owner in old.iter().flat_map(|old| list(old, "/metadata/ownerReferences")) {
            if let Some(owned) = self.owned.get_mut(text(owner, "/uid")) {
                owned.remove(&(kind, key.clone()));
                if owned.is_empty() {
                    self.owned.remove(text(owner, "/uid"));
                }
            }
        }
        for owner in new.iter().flat_map(|new| list(new, "/metadata/ownerReferences")) {
            let owned = self.owned.entry(text(owner, "/uid").to_owned()).or_default();
            owned.insert((kind, key.clone()));
        }
        let foreign = new.as_ref().is_some_and(|new| has_foreign_owner(new));
        if foreign {
            self.foreign.insert((kind, key.clone()));
        } else if !self.foreign.is_empty() {
            self.foreign.remove(&(kind, key.clone()));
        }
        self.gone |= new.is_none();
        self.changes.push(Change { kind, key, old, new });
    }

    /// Creates an object, unless there is one of its name. Returns it as it was stored.
    pub(crate) fn create(&mut self, kind: Kind, mut object: Value) -> Option<Arc<Value>> {
        if object["metadata"]["uid"].is_null() {
            let (a, b) = (self.next_number(), self.next_number());
            let mut bytes = [0; 16];
            for (byte, value) in bytes
                .iter_mut()
                .zip(a.to_le_bytes().into_iter().chain(b.to_le_bytes()))
            {
                *byte = value;
            }
            object["metadata"]["uid"] = json!(random::uid_of(bytes));
        }
        if object["metadata"]["creationTimestamp"].is_null() {
            object["metadata"]["creationTimestamp"] = json!(self.stamp());
        }
        let place = key(&object);
        if self.get(kind, &place).is_some() {
            return None;
        }
        self.write(kind, place, object, None)
    }

    /// Replaces an object by its new state, if it is one. Returns whether it is stored so now.
    pub(crate) fn update(&mut self, kind: Kind, mut object: Value) -> bool {
        let place = key(&object);
        let Some(old) = self.get(kind, &place) else {
            return false;
        };
        if *old == object {
            return true;
        }
        // As the API server counts: what is wanted has changed, not what was found.
        if kind != Kind::Pod && old["metadata"]["generation"].is_i64() && old["spec"] != object["spec"] {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or_default();
            object["metadata"]["generation"] = json!(generation + 1);
        }
        let finalizers = !list(&object, "/metadata/finalizers").is_empty();
        let held = matches!(kind, Kind::Pod | Kind::Namespace);
        if is_going(&object) && !finalizers && !held {
            return self.erase(kind, &place);
        }
        self.write(kind, place, object, Some(&old)).is_some()
    }

    /// The same for what the API server itself fills in while it creates an object: that is no new generation.
    pub(crate) fn update_quietly(&mut self, kind: Kind, object: Value) -> bool {
        let place = key(&object);
        let old = self.get(kind, &place);
        old.is_some_and(|old| self.write(kind, place, object, Some(&old)).is_some())
    }

    fn write(
        &mut self,
        kind: Kind,
        place: Key,
        mut object: Value,
        old: Option<&Arc<Value>>,
    ) -> Option<Arc<Value>> {
        if self.past {
            self.seen += 1;
            object["metadata"]["resourceVersion"] = json!(self.seen.to_string());
            let object = Arc::new(object);
            self.remember(kind, place, Some(object.clone()));
            return Some(object);
        }
        let id = *self.ids.get(&kind)?;
        let shared = self.shared.clone();
        let mut store = shared.store.lock();
        let stored = store
            .get(id, &place)
            .map(|(stored, _)| stored.version.to_string());
        let expected = old.map(|old| text(old, "/metadata/resourceVersion"));
        if stored.as_deref() != expected {
            self.conflict = true;
            return None;
        }
        let version = store.put(id, place.clone(), |version| {
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&object)
        });
        drop(store);
        self.own.insert(version);
        let object = Arc::new(object);
        self.remember(kind, place, Some(object.clone()));
        Some(object)
    }

    /// Asks for the deletion of an object, as a client of the API does.
    pub(crate) fn delete(&mut self, kind: Kind, place: &Key) -> bool {
        let Some(old) = self.get(kind, place) else {
            return true;
        };
        if is_going(&old) {
            return true;
        }
        let graceful =
            kind == Kind::Pod && !text(&old, "/spec/nodeName").is_empty() && !super::json::is_ended(&old);
        if !graceful && list(&old, "/metadata/finalizers").is_empty() && kind != Kind::Namespace {
            return self.erase(kind, place);
        }
        let grace = match graceful {
            true => super::json::int(&old, "/spec/terminationGracePeriodSeconds").unwrap_or(30),
            false => 0,
        };
        let mut object = Value::clone(&old);
        object["metadata"]["deletionTimestamp"] = json!(stamp(self.now + grace));
        object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        self.write(kind, place.clone(), object, Some(&old)).is_some()
    }

    /// Removes an object for good.
    pub(crate) fn erase(&mut self, kind: Kind, place: &Key) -> bool {
        let Some(old) = self.get(kind, place) else {
            return true;
        };
        if !self.past {
            let Some(id) = self.ids.get(&kind).copied() else {
                return false;
            };
            let shared = self.shared.clone();
            let mut store = shared.store.lock();
            let mut last = Value::clone(&old);
            let removed = store.remove(id, place, |version| {
                last["metadata"]["resourceVersion"] = json!(version.to_string());
                text_of(&last)
            });
            self.own.extend(removed);
        }
        self.remember(kind, place.clone(), None);
        true
    }

    /// Puts an object that was written by somebody outside into the past that is being made.
    pub(crate) fn place(&mut self, kind: Kind, mut object: Value) {
        let old = self.get(kind, &key(&object));
        match old {
            Some(old) => {
                for field in [
                    "uid",
                    "creationTimestamp",
                    "resourceVersion",
                    "generation",
                    "annotations",
                ] {
                    let before = &old["metadata"][field];
                    if !before.is_null() && (object["metadata"][field].is_null() || field != "annotations") {
                        object["metadata"][field] = before.clone();
                    }
                }
                if let Some(revision) =
                    old.pointer("/metadata/annotations/deployment.kubernetes.io~1revision")
                {
                    object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = revision.clone();
                }
                if object["status"].is_null() {
                    object["status"] = old["status"].clone();
                }
                self.update(kind, object);
            }
            None => {
                self.create(kind, object);
            }
        }
    }

    /// Ends the past: everything that was made goes into the store, and is new to the controllers of the present.
    pub(crate) fn publish(&mut self) {
        let made = std::mem::take(&mut self.objects);
        self.owned.clear();
        self.changes.clear();
        self.past = false;
        // What every cluster has was in the store before.
        self.seen = 0;
        self.sync();
        let shared = self.shared.clone();
        let mut store = shared.store.lock();
        for (kind, objects) in made {
            let Some(id) = self.ids.get(&kind).copied() else {
                continue;
            };
            for (key, object) in objects {
                let mut object = Arc::unwrap_or_clone(object);
                // As it will be read when somebody else has written it.
                for field in ["apiVersion", "kind"] {
                    object.as_object_mut().map(|fields| fields.remove(field));
                }
                store.load(id, key.clone(), |version| {
                    object["metadata"]["resourceVersion"] = json!(version.to_string());
                    text_of(&object)
                });
                self.remember(kind, key, Some(Arc::new(object)));
            }
        }
        self.seen = store.version();
    }
}

fn has_foreign_owner(object: &Value) -> bool {
    let mut owners = list(object, "/metadata/ownerReferences").iter();
    owners.any(|owner| Kind::of(text(owner, "/apiVersion"), text(owner, "/kind")).is_none())
}
