//! Kinds outside Kubernetes' own groups: one slim struct for all of them, and their standard conditions.

use super::autoscaler::Target;
use super::classes::TypedRef;
use super::draft::{Draft, Outcome};
use super::fields;
use super::meta::{self, Condition, Conditions, LabelSelector, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Strings, Text, slim};
use crate::rules::storage::SNAPSHOT_CLASS;
use crate::rules::{extension, gateway, refers, storage};
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Object<'a> {
        metadata: Meta<'a>,
        spec: Lax<Spec<'a>>,
        status: Lax<Status<'a>>,
        /// Of a VolumeSnapshotClass.
        parameters: Strings<'a>,
        /// Of a VolumeSnapshotClass.
        driver: Text<'a>,
    }

    /// The fields of all these kinds.
    pub(crate) struct Spec<'a> {
        pub gateway_class_name: Text<'a>,
        pub parameters_ref: Lax<GroupRef<'a>>,
        pub listeners: Lax<Vec<Listener<'a>>>,
        pub parent_refs: Lax<Vec<GroupRef<'a>>>,
        pub rules: Lax<Vec<RouteRule<'a>>>,
        pub from: Lax<Vec<GroupRef<'a>>>,
        pub to: Lax<Vec<GroupRef<'a>>>,
        pub source: Lax<SnapshotSource<'a>>,
        pub volume_snapshot_class_name: Text<'a>,
        pub secret_name: Text<'a>,
        pub issuer_ref: Lax<GroupRef<'a>>,
        pub selector: Lax<LabelSelector<'a>>,
        pub namespace_selector: Lax<NamespaceSelector<'a>>,
        pub secret_store_ref: Lax<GroupRef<'a>>,
        pub target: Lax<NameRef<'a>>,
        pub gateways: Lax<Vec<Text<'a>>>,
        pub http: Lax<Vec<MeshRoute<'a>>>,
        pub tcp: Lax<Vec<MeshRoute<'a>>>,
        pub tls: Lax<Vec<MeshRoute<'a>>>,
        pub host: Text<'a>,
        pub strategy: Lax<Strategy<'a>>,
        pub scale_target_ref: Lax<Target<'a>>,
        pub target_ref: Lax<Target<'a>>,
    }

    /// An object of a kind in a group; what is not said depends on the field.
    pub(crate) struct GroupRef<'a> {
        pub group: Option<Text<'a>>,
        pub kind: Text<'a>,
        pub name: Text<'a>,
        pub namespace: Text<'a>,
        pub port: Option<i32>,
        pub filters: Lax<Vec<Filter<'a>>>,
    }

    pub(crate) struct NameRef<'a> {
        pub name: Text<'a>,
    }

    pub(crate) struct Listener<'a> {
        pub tls: Lax<ListenerTls<'a>>,
    }

    pub(crate) struct ListenerTls<'a> {
        pub certificate_refs: Lax<Vec<GroupRef<'a>>>,
    }

    pub(crate) struct RouteRule<'a> {
        pub backend_refs: Lax<Vec<GroupRef<'a>>>,
        pub filters: Lax<Vec<Filter<'a>>>,
    }

    pub(crate) struct Filter<'a> {
        pub request_mirror: Lax<Mirror<'a>>,
    }

    pub(crate) struct Mirror<'a> {
        pub backend_ref: Lax<Box<GroupRef<'a>>>,
    }

    pub(crate) struct SnapshotSource<'a> {
        pub persistent_volume_claim_name: Text<'a>,
        pub volume_snapshot_content_name: Text<'a>,
    }

    pub(crate) struct NamespaceSelector<'a> {
        pub any: Lax<bool>,
        pub match_names: Lax<Vec<Text<'a>>>,
    }

    pub(crate) struct MeshRoute<'a> {
        pub route: Lax<Vec<Destination<'a>>>,
        pub mirror: Lax<Host<'a>>,
    }

    pub(crate) struct Destination<'a> {
        pub destination: Lax<Host<'a>>,
    }

    pub(crate) struct Host<'a> {
        pub host: Text<'a>,
    }

    pub(crate) struct Strategy<'a> {
        pub canary: Lax<Canary<'a>>,
        pub blue_green: Lax<BlueGreen<'a>>,
    }

    pub(crate) struct Canary<'a> {
        pub canary_service: Text<'a>,
        pub stable_service: Text<'a>,
    }

    pub(crate) struct BlueGreen<'a> {
        pub active_service: Text<'a>,
        pub preview_service: Text<'a>,
    }

    pub(crate) struct Status<'a> {
        conditions: Conditions<'a>,
        pub bound_volume_snapshot_content_name: Text<'a>,
        ready_to_use: Option<bool>,
        error: Lax<Failure<'a>>,
        health: Lax<ArgoHealth<'a>>,
        pub resources: Lax<Vec<Managed<'a>>>,
        pub inventory: Lax<Inventory<'a>>,
    }

    struct Failure<'a> {
        message: Text<'a>,
    }

    struct ArgoHealth<'a> {
        status: Text<'a>,
        message: Text<'a>,
    }

    pub(crate) struct Managed<'a> {
        pub group: Text<'a>,
        pub kind: Text<'a>,
        pub namespace: Text<'a>,
        pub name: Text<'a>,
    }

    pub(crate) struct Inventory<'a> {
        pub entries: Lax<Vec<Entry<'a>>>,
    }

    pub(crate) struct Entry<'a> {
        pub id: Text<'a>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Object {
        metadata,
        spec,
        status,
        parameters,
        driver,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    match kind.get().group {
        "gateway.networking.k8s.io" => gateway::object(kind.get().kind, &spec, &mut draft),
        "snapshot.storage.k8s.io" => {
            if kind.get().id == SNAPSHOT_CLASS {
                let default = metadata.annotations.get(meta::DEFAULT_SNAPSHOT_CLASS) == Some("true");
                storage::snapshot_class(&driver, default, &mut draft);
            }
            storage::snapshot(&spec, &status, &parameters, &mut draft);
        }
        _ => extension::object(kind.get().kind, &spec, &status, &mut draft),
    }
    refers::fields(&fields::Fields::read(json)?, &mut draft);
    let outcome = outcome(&status);
    let word = outcome.word.clone();
    let cells = vec![draft.name_cell(), Cell::text(word), draft.age_cell()];
    Ok(draft.finish(outcome, cells))
}

/// By what these projects say of their objects: Argo's health, else the standard conditions.
fn outcome(status: &Status<'_>) -> Outcome {
    let argo = &status.health;
    let health = match &*argo.status {
        "" => None,
        "Healthy" => Some(Health::Healthy),
        "Progressing" => Some(Health::Progressing),
        "Suspended" => Some(Health::Suspended),
        "Degraded" | "Missing" => Some(Health::Unhealthy),
        _ => Some(Health::Unknown),
    };
    if let Some(health) = health {
        return Outcome::new(&*argo.status, health).because(&*argo.message);
    }
    if !status.error.message.is_empty() {
        return Outcome::new("False", Health::Unhealthy).because(&*status.error.message);
    }
    if let Some(ready) = status.ready_to_use {
        return if ready {
            Outcome::new("True", Health::Healthy)
        } else {
            Outcome::new("False", Health::Progressing).because("The snapshot is not ready yet")
        };
    }
    by_conditions(&status.conditions)
}

/// By the standard conditions; what has none is as it should be. What its controller is at work on is on its way, whatever
/// it was before.
pub(super) fn by_conditions(conditions: &[Condition<'_>]) -> Outcome {
    if let Some(stalled) = meta::holds(conditions, "Stalled") {
        return Outcome::new("False", Health::Unhealthy).because(stalled.words());
    }
    let ready = ["Ready", "Available", "Programmed", "Accepted"]
        .iter()
        .find_map(|kind| meta::condition(conditions, kind));
    let word = ready.map_or("", |ready| &*ready.status);
    if let Some(reconciling) = meta::holds(conditions, "Reconciling") {
        let told = ready
            .filter(|ready| ready.status != "True")
            .unwrap_or(reconciling);
        return Outcome::new(word, Health::Progressing).because(told.words());
    }
    match ready {
        None => Outcome::new(word, Health::Healthy),
        Some(ready) => match word {
            "True" => Outcome::new(word, Health::Healthy),
            "False" => Outcome::new(word, Health::Unhealthy).because(ready.words()),
            _ => Outcome::new(word, Health::Progressing).because(ready.words()),
        },
    }
}

impl GroupRef<'_> {
    /// As a reference to any kind, of which the group may be left out.
    pub fn group_or<'g>(&'g self, default: &'g str) -> &'g str {
        self.group.as_deref().unwrap_or(default)
    }
}

/// What the parameters of a class may name.
pub(crate) fn typed<'a>(of: &'a GroupRef<'_>) -> TypedRef<'a> {
    TypedRef {
        api_group: Text::from(of.group_or("")),
        kind: Text::from(&*of.kind),
        name: Text::from(&*of.name),
        namespace: Text::from(&*of.namespace),
    }
}
