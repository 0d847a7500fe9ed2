//! What is kept of an object: everything the graph, the lists and the health need, and nothing else.

use crate::rules::{BINDS, Rule};
use crate::selector::LabelSelector;
use crate::symbols::Sym;
use model::graph::{Layer, Relation, Replicas, SourceField};
use model::{Health, KindId, NodeKey, Timestamp};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

mod cells;
mod uid;

pub use cells::{CellRef, Cells};
pub use uid::Uid;

/// What is kept of an object. Made by [`crate::kinds::read`].
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Its address.
    pub key: Key,
    /// metadata.uid.
    pub uid: Uid,
    /// metadata.creationTimestamp.
    pub created: Option<Timestamp>,
    /// metadata.labels.
    pub labels: Labels,
    /// What its containers run, or those of its pods would.
    pub images: Images,
    /// metadata.ownerReferences, in their order.
    pub owners: Arc<[Owner]>,
    /// The objects that its fields name, ordered by [`Reference::order`].
    pub references: Box<[Arc<Reference>]>,
    /// What few objects have.
    pub extra: Option<Box<Extra>>,
    /// How it is.
    pub status: OwnStatus,
    /// Its cells, in the order of the kind's columns.
    pub cells: Cells,
}

/// What few objects have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// What it selects by labels.
    pub selectors: Vec<Selector>,
    /// The ports that a Service offers; what routes to it is checked against them.
    pub ports: Vec<ServicePort>,
    /// What it names without its fields saying which object that is.
    pub wants: Vec<Want>,
    /// The field by which a class says that it is the default of its kind.
    pub default: Option<Sym>,
    /// The kind of an admission policy's parameters.
    pub params: Option<GroupKind>,
    /// The driver of a VolumeSnapshotClass.
    pub driver: Option<Sym>,
    /// The Helm release it was installed by, where no label says what it is part of.
    pub release: Option<Sym>,
    /// What a ReferenceGrant lets others name in its namespace.
    pub grants: Vec<Grant>,
}

/// A kind as fields name it, whether the cluster has it or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: Sym,
    /// `Widget`.
    pub kind: Sym,
}

impl GroupKind {
    /// Whether it is this one.
    pub fn is(&self, kind: KindId) -> bool {
        self.group == kind.get().group && self.kind == kind.get().kind
    }
}

/// Leave to name objects of another namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who may: objects of this kind in this namespace.
    pub from: (GroupKind, Sym),
    /// What: objects of this kind, of this name if there is one.
    pub to: (GroupKind, Option<Sym>),
}

/// A reference that other objects complete. The index adds it to [`Facts::references`] and keeps it up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The default class of this kind.
    Default {
        /// What being it means.
        rule: &'static Rule,
        /// The kind of the class.
        kind: KindId,
    },
    /// Parameters of the kind that an admission policy says.
    Params {
        /// The policy.
        policy: Key,
        /// The namespace of the parameters, if the field names one.
        namespace: Option<Sym>,
        /// Which.
        which: Params,
        /// The policy does without.
        optional: bool,
    },
    /// An object of a kind that the table does not have: it is there once the cluster is found to serve the kind.
    Object {
        /// What the field means.
        rule: &'static Rule,
        /// The kind.
        kind: GroupKind,
        /// The namespace, if the field names one.
        namespace: Option<Sym>,
        /// The name.
        name: Sym,
        /// The field.
        path: Sym,
        /// Kubernetes does without the object.
        optional: bool,
        /// The field is not set and a default stands in.
        default: bool,
        /// What else the field says of the object.
        detail: Detail,
    },
    /// The default VolumeSnapshotClass of the driver that has the volume of this claim.
    SnapshotClass {
        /// The claim.
        claim: Key,
    },
}

/// The parameters of an admission policy binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Params {
    /// One object.
    Named(Sym),
    /// All whose labels meet a selector.
    Selected(LabelSelector),
}

/// The address of an object, as the index keeps it. Ordered by kind, namespace and name, so that the objects of a kind
/// in a namespace are neighbours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: KindId,
    /// The namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<Sym>,
    /// The name.
    pub name: Sym,
}

/// A sorted set of labels, shared among the objects that have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Arc<[(Sym, Sym)]>);

/// The images of containers, sorted and each once, shared among the objects that have the same. One word if there are
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Images(Option<Arc<Vec<Sym>>>);

/// An entry of metadata.ownerReferences. Its path is `metadata.ownerReferences[index]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The owner's UID: the only thing that says which object is meant.
    pub uid: Uid,
    /// The owner's kind as written, for "owner gone".
    pub kind: Sym,
    /// The owner's name as written, for "owner gone".
    pub name: Sym,
    /// Whether it is the managing controller.
    pub controller: bool,
}

/// A field that names another object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// What the field means.
    pub rule: &'static Rule,
    /// The object it names.
    pub to: Key,
    /// The field: `spec.template.spec.volumes[0].configMap.name`.
    pub path: Sym,
    /// Kubernetes does without the object.
    pub optional: bool,
    /// The field is not set and a default of Kubernetes stands in.
    pub default: bool,
    /// The index added it, from a [`Want`]; no reader does.
    pub resolved: bool,
    /// What else the field says of the object.
    pub detail: Detail,
}

/// What a reference says besides the object's address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// The key of a ConfigMap or Secret.
    Key(Sym),
    /// The port of a Service.
    Port(Port),
    /// The UID that the object must have.
    Uid(Uid),
    /// The conditions of an endpoint.
    Endpoint {
        /// It takes traffic.
        ready: bool,
        /// It would take traffic if it were not terminating.
        serving: bool,
    },
}

/// A port as a route names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// By number.
    Number(i32),
    /// By name.
    Name(Sym),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServicePort {
    /// Its name; may be absent if it is the only one.
    pub name: Option<Sym>,
    /// Its number.
    pub number: i32,
}

impl ServicePort {
    /// Whether a route that names `port` means this one.
    pub fn is(&self, port: &Port) -> bool {
        match port {
            Port::Number(number) => self.number == *number,
            Port::Name(name) => self.name.as_ref() == Some(name),
        }
    }
}

/// A selector: the objects of one kind, within some namespaces, whose labels meet all requirements. No object selects
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// What being selected means.
    pub rule: &'static Rule,
    /// The kind it selects.
    pub kind: KindId,
    /// The namespaces.
    pub within: Within,
    /// What the labels must meet.
    pub labels: LabelSelector,
    /// The field.
    pub path: Sym,
    /// The index added it, from a [`Want`]; no reader does.
    pub resolved: bool,
}

/// Where a selector looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    /// In the object's own namespace.
    Own,
    /// Everywhere; of cluster-scoped kinds there is no other.
    Any,
    /// In these namespaces.
    Named(Vec<Sym>),
    /// In the namespaces that exist and whose labels meet these requirements.
    Matching(LabelSelector),
}

/// How an object is, without what it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnStatus {
    /// kubectl's word; empty where it has none.
    pub word: Sym,
    /// Its own health.
    pub health: Health,
    /// Why, in a sentence.
    pub reason: Option<Sym>,
    /// Restarts of a pod's containers.
    pub restarts: Option<u32>,
    /// Replicas of a workload.
    pub replicas: Option<Replicas>,
}

impl Facts {
    /// What it selects by labels.
    pub fn selectors(&self) -> &[Selector] {
        self.extra.as_ref().map_or(&[], |extra| &extra.selectors)
    }

    /// The ports that it offers.
    pub fn ports(&self) -> &[ServicePort] {
        self.extra.as_ref().map_or(&[], |extra| &extra.ports)
    }

    /// What other objects complete.
    pub fn wants(&self) -> &[Want] {
        self.extra.as_ref().map_or(&[], |extra| &extra.wants)
    }

    /// The field by which it says that it is the default of its kind.
    pub fn default_field(&self) -> Option<&Sym> {
        self.extra.as_ref()?.default.as_ref()
    }

    /// What it lets others name in its namespace.
    pub fn grants(&self) -> &[Grant] {
        self.extra.as_ref().map_or(&[], |extra| &extra.grants)
    }

    /// Whether a reference of this object needs leave: a route to another namespace.
    pub fn needs_grant(&self, reference: &Reference) -> bool {
        (reference.rule.relation, reference.rule.layer) == (Relation::Routes, Layer::Network)
            && reference.to.namespace != self.key.namespace
    }

    /// The kind of its parameters, of an admission policy.
    pub fn params(&self) -> Option<&GroupKind> {
        self.extra.as_ref()?.params.as_ref()
    }

    /// The driver of a VolumeSnapshotClass, or of a volume.
    pub fn driver(&self) -> Option<&Sym> {
        let class = self.extra.as_ref().and_then(|extra| extra.driver.as_ref());
        let mut references = self.references.iter();
        class.or_else(|| {
            let volume = references.find(|own| own.rule.relation == Relation::ProvidedBy);
            volume.map(|reference| &reference.to.name)
        })
    }

    /// The volume that a claim names.
    pub fn volume(&self) -> Option<&Key> {
        let mut references = self.references.iter();
        references
            .find(|reference| *reference.rule == BINDS)
            .map(|reference| &reference.to)
    }

    /// The references of one relation to one object. Cost: logarithm of all references.
    pub fn references_to<'a>(
        &'a self,
        relation: model::graph::Relation,
        to: &'a Key,
    ) -> impl Iterator<Item = &'a Reference> {
        let order =
            move |reference: &Arc<Reference>| (reference.rule.relation, &reference.to).cmp(&(relation, to));
        let start = self
            .references
            .partition_point(|reference| order(reference).is_lt());
        self.references
            .iter()
            .skip(start)
            .take_while(move |reference| order(reference).is_eq())
            .map(|reference| &**reference)
    }
}

impl Reference {
    /// The order of references in [`Facts`]: by relation, named object and path.
    pub fn order(&self, other: &Self) -> Ordering {
        (self.rule.relation, &self.to, &self.path).cmp(&(other.rule.relation, &other.to, &other.path))
    }

    /// The field as the edge's proof has it.
    pub fn field(&self) -> SourceField {
        SourceField {
            path: self.path.to_string(),
            on: self.rule.at,
            default: self.default,
        }
    }
}

impl Key {
    /// An address outside any table, for looking things up; `None` if the kind is not in the table.
    pub fn of(key: &NodeKey) -> Option<Self> {
        Some(Self {
            kind: KindId::of(&key.kind)?,
            namespace: key.namespace.as_deref().map(Sym::from),
            name: Sym::from(key.name.as_str()),
        })
    }

    /// The address as it travels.
    pub fn node_key(&self) -> NodeKey {
        NodeKey::new(self.kind.get().id, self.namespace.as_deref(), &*self.name)
    }
}

/// `ConfigMap shop/cart`, `Node node-4`: as sentences name objects.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

impl Images {
    /// From images that are sorted, each once, and not none.
    pub(crate) fn from_sorted(images: Arc<Vec<Sym>>) -> Self {
        Self(Some(images))
    }

    /// The images, as the containers name them.
    pub fn iter(&self) -> impl Iterator<Item = &Sym> {
        self.0.iter().flat_map(|images| images.iter())
    }
}

impl Labels {
    /// From pairs that are sorted by key and have no key twice.
    pub(crate) fn from_sorted(pairs: Arc<[(Sym, Sym)]>) -> Self {
        Self(pairs)
    }

    /// The value of a label.
    pub fn get(&self, key: &str) -> Option<&Sym> {
        let place = self.0.binary_search_by(|(own, _)| (**own).cmp(key)).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// The labels, by key.
    pub fn iter(&self) -> impl Iterator<Item = &(Sym, Sym)> {
        self.0.iter()
    }
}
