//! What all connections of one simulator have in common.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::access::token::Signer;
use crate::access::{Rbac, User, rbac};
use crate::clock::{Clock, ServerClock};
use crate::controllers::{Controller, Controllers};
use crate::custom::{checks, life};
use crate::data::Data;
use crate::error::PutError;
use crate::fault::{Fault, FaultRule, Faults};
use crate::random;
use crate::resources::Resources;
use crate::schema::Schemas;
use crate::store::object::text_of;
use crate::store::{Inner, Key, ResourceId, Store};

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) resources: Resources,
    pub(crate) schemas: Schemas,
    pub(crate) clock: ServerClock,
    pub(crate) version: Value,
    /// The OpenAPI documents of the built-in kinds, by path.
    pub(crate) openapi: Arc<BTreeMap<String, Box<RawValue>>>,
    pub(crate) bookmark_interval: Duration,
    pub(crate) faults: Faults,
    /// Whether it is served with TLS.
    pub(crate) tls: bool,
    pub(crate) stop: CancellationToken,
    /// When it was started.
    pub(crate) begun: Instant,
    /// Every open connection is to be cut.
    pub(crate) cut: Notify,
    /// Which controllers run; none until they do.
    pub(crate) controllers: OnceLock<Controllers>,
    /// Signs the tokens of ServiceAccounts.
    pub(crate) signer: Signer,
    users: Mutex<HashMap<String, User>>,
    rbac: Mutex<Arc<Rbac>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        data: Data,
        clock: Clock,
        history: usize,
        bookmark_interval: Duration,
        tls: bool,
    ) -> Self {
        let resources = Resources::new(&data);
        let openapi = Arc::new(data.openapi);
        Self {
            store: Store::new(history),
            resources,
            schemas: Schemas::new(openapi.clone()),
            clock: ServerClock::new(clock),
            version: data.version,
            openapi,
            bookmark_interval,
            faults: Faults::default(),
            tls,
            stop: CancellationToken::new(),
            begun: Instant::now(),
            cut: Notify::new(),
            controllers: OnceLock::new(),
            signer: Signer::new(),
            users: Mutex::default(),
            rbac: Mutex::default(),
        }
    }

    /// Whether somebody does what a controller does.
    pub(crate) fn has(&self, controller: Controller) -> bool {
        self.controllers.get().is_some_and(|all| all.has(controller))
    }

    /// Lets requests or connections suffer from now on.
    pub(crate) fn add_fault(&self, rule: FaultRule) {
        if let Fault::ClockSkew(seconds) = rule.fault {
            self.clock.set_skew(seconds);
        }
        self.faults.add(rule);
    }

    pub(crate) fn clear_faults(&self) {
        self.clock.set_skew(0);
        self.faults.clear();
    }

    /// Makes a token for a user.
    pub(crate) fn add_user(&self, token: String, user: User) {
        self.users
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token, user);
    }

    /// Takes a token out of use.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.users
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(token)
            .is_some()
    }

    pub(crate) fn user_of(&self, token: &str) -> Option<User> {
        self.users
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned()
    }

    /// Where an object belongs, and what it is called.
    fn place(&self, object: &Value) -> Result<(ResourceId, Key), PutError> {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let resource = self
            .resources
            .of_kind(api_version, kind)
            .ok_or_else(|| PutError::UnknownKind {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
            })?;
        let missing = |field| PutError::NoName {
            kind: kind.to_owned(),
            field,
        };
        let of_metadata = |field: &str| object["metadata"][field].as_str().filter(|text| !text.is_empty());
        let name = of_metadata("name").ok_or_else(|| missing("metadata.name"))?;
        let namespace = if resource.namespaced {
            of_metadata("namespace").ok_or_else(|| missing("metadata.namespace"))?
        } else {
            ""
        };
        Ok((resource.id, Key::new(namespace, name)))
    }

    /// Puts an object that was always there.
    pub(crate) fn load(&self, mut object: Value) -> Result<(), PutError> {
        let (id, key) = self.place(&object)?;
        self.complete(&mut object, None);
        if self.is_definition(id) {
            checks::complete(&mut object);
        }
        let mut store = self.store.lock();
        let name = key.name.clone();
        store.load(id, key, |version| {
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&object)
        });
        self.follow(&mut store, id, &name);
        Ok(())
    }

    /// Writes an object past all checks.
    pub(crate) fn put(&self, mut object: Value) -> Result<u64, PutError> {
        let (id, key) = self.place(&object)?;
        let mut store = self.store.lock();
        let old: Option<Value> = store
            .get(id, &key)
            .and_then(|(_, text)| serde_json::from_slice(&text).ok());
        self.complete(&mut object, old.as_ref());
        if self.is_definition(id) {
            checks::complete(&mut object);
        }
        let name = key.name.clone();
        let version = store.put(id, key, |version| {
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&object)
        });
        self.follow(&mut store, id, &name);
        Ok(version)
    }

    /// Removes an object past finalizers.
    pub(crate) fn remove(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<bool, PutError> {
        let place = json!({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace},
        });
        let (id, key) = self.place(&place)?;
        let mut store = self.store.lock();
        let Some((_, text)) = store.get(id, &key) else {
            return Ok(false);
        };
        let mut last: Value = serde_json::from_slice(&text).unwrap_or_default();
        let removed = store.remove(id, &key, |version| {
            last["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&last)
        });
        let name = key.name.clone();
        self.follow(&mut store, id, &name);
        Ok(removed.is_some())
    }

    /// Serves what a definition says that was put or removed.
    fn follow(&self, store: &mut Inner, id: ResourceId, name: &str) {
        if self.is_definition(id) {
            life::follow(self, store, name);
        }
    }

    fn is_definition(&self, id: ResourceId) -> bool {
        let definitions = self
            .resources
            .of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        definitions.is_some_and(|definitions| definitions.id == id)
    }

    /// Gives an object what only a server gives, where it has none: from the object it replaces, or anew.
    fn complete(&self, object: &mut Value, old: Option<&Value>) {
        for field in ["uid", "creationTimestamp"] {
            if object["metadata"][field]
                .as_str()
                .is_some_and(|text| !text.is_empty())
            {
                continue;
            }
            object["metadata"][field] = match old {
                Some(old) => old["metadata"][field].clone(),
                None if field == "uid" => json!(random::uid()),
                None => json!(self.clock.stamp()),
            };
        }
    }

    /// The grants as of now.
    pub(crate) fn rbac(&self) -> Arc<Rbac> {
        self.rbac_of(&mut self.store.lock())
    }

    /// The same for who has locked the store.
    pub(crate) fn rbac_of(&self, store: &mut Inner) -> Arc<Rbac> {
        let mut rbac = self.rbac.lock().unwrap_or_else(PoisonError::into_inner);
        if rbac.made_from != rbac::versions(store, &self.resources) {
            *rbac = Arc::new(Rbac::read(store, &self.resources));
        }
        rbac.clone()
    }
}
