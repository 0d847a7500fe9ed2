//! metadata, and the parts that many kinds have.

use crate::json::{Lax, Strings, Text};
use model::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The annotations that a rule or a cell needs. No other is kept: `last-applied-configuration` may hold secrets.
const NEEDED: [&str; 9] = [
    MIRROR,
    STORAGE_CLASS,
    INGRESS_CLASS,
    DEFAULT_INGRESS_CLASS,
    DEFAULT_STORAGE_CLASS,
    OLD_DEFAULT_STORAGE_CLASS,
    TOKEN_OF,
    DEFAULT_SNAPSHOT_CLASS,
    RELEASE,
];
/// On the API server's picture of a pod that a node runs from a file.
pub(crate) const MIRROR: &str = "kubernetes.io/config.mirror";
/// Wins over spec.storageClassName.
pub(crate) const STORAGE_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The class of an Ingress before there was a field.
pub(crate) const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
/// On the default IngressClass.
pub(crate) const DEFAULT_INGRESS_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";
/// On the default StorageClass.
pub(crate) const DEFAULT_STORAGE_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The same, before it was stable; still heeded.
pub(crate) const OLD_DEFAULT_STORAGE_CLASS: &str = "storageclass.beta.kubernetes.io/is-default-class";
/// On a token Secret: its service account.
pub(crate) const TOKEN_OF: &str = "kubernetes.io/service-account.name";

/// On a default VolumeSnapshotClass, of which each driver may have one.
pub(crate) const DEFAULT_SNAPSHOT_CLASS: &str = "snapshot.storage.kubernetes.io/is-default-class";
/// On what Helm installed: the name of the release.
pub(crate) const RELEASE: &str = "meta.helm.sh/release-name";

/// The path of an annotation.
pub(crate) fn annotation(key: &str) -> String {
    format!("metadata.annotations[\"{key}\"]")
}

/// ObjectMeta.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub namespace: Text<'a>,
    #[serde(borrow)]
    pub uid: Text<'a>,
    pub generation: i64,
    #[serde(borrow)]
    pub creation_timestamp: Text<'a>,
    #[serde(borrow)]
    pub deletion_timestamp: Text<'a>,
    #[serde(borrow)]
    pub labels: Strings<'a>,
    #[serde(borrow)]
    pub annotations: Annotations<'a>,
    #[serde(borrow)]
    pub owner_references: Lax<Vec<OwnerReference<'a>>>,
    #[serde(borrow)]
    pub finalizers: Lax<Vec<Text<'a>>>,
}

impl Meta<'_> {
    pub fn is_deleting(&self) -> bool {
        !self.deletion_timestamp.is_empty()
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OwnerReference<'a> {
    #[serde(borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub uid: Text<'a>,
    pub controller: Lax<bool>,
}

/// A time; `None` for text that is none.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// An entry of status.conditions.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Condition<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub status: Text<'a>,
    #[serde(borrow)]
    pub reason: Text<'a>,
    #[serde(borrow)]
    pub message: Text<'a>,
    #[serde(borrow)]
    pub last_transition_time: Text<'a>,
}

/// status.conditions.
pub(super) type Conditions<'a> = Lax<Vec<Condition<'a>>>;

/// The condition of a type.
pub(super) fn condition<'c, 'a>(conditions: &'c [Condition<'a>], kind: &str) -> Option<&'c Condition<'a>> {
    conditions.iter().find(|condition| condition.kind == kind)
}

/// The condition of a type, if it is true.
pub(super) fn holds<'c, 'a>(conditions: &'c [Condition<'a>], kind: &str) -> Option<&'c Condition<'a>> {
    condition(conditions, kind).filter(|condition| condition.status == "True")
}

impl Condition<'_> {
    /// Its message, or its reason where it has none.
    pub fn words(&self) -> &str {
        if self.message.is_empty() {
            &self.reason
        } else {
            &self.message
        }
    }
}

/// A LabelSelector.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LabelSelector<'a> {
    #[serde(borrow)]
    pub match_labels: Strings<'a>,
    #[serde(borrow)]
    pub match_expressions: Lax<Vec<Expression<'a>>>,
}

/// An entry of matchExpressions.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Expression<'a> {
    #[serde(borrow)]
    pub key: Text<'a>,
    #[serde(borrow)]
    pub operator: Text<'a>,
    #[serde(borrow)]
    pub values: Lax<Vec<Text<'a>>>,
}

impl LabelSelector<'_> {
    /// What labels must meet.
    pub fn requirements(&self) -> crate::selector::LabelSelector {
        let expressions = self.match_expressions.iter().map(|expression| {
            let values = expression.values.iter().map(ToString::to_string).collect();
            (&*expression.key, &*expression.operator, values)
        });
        crate::selector::LabelSelector::of(self.match_labels.pairs(), expressions)
    }

    /// As kubectl prints it: requirements by key, joined by commas; empty if there are none.
    pub fn print(&self) -> String {
        let mut parts: Vec<(&str, String)> = self
            .match_labels
            .pairs()
            .map(|(key, value)| (key, format!("{key}={value}")))
            .collect();
        for Expression {
            key,
            operator,
            values,
        } in self.match_expressions.iter()
        {
            let mut values: Vec<&str> = values.iter().map(|value| &**value).collect();
            values.sort_unstable();
            let values = values.join(",");
            let printed = match &**operator {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "DoesNotExist" => format!("!{key}"),
                _ => key.to_string(),
            };
            parts.push((key, printed));
        }
        parts.sort_by(|a, b| a.0.cmp(b.0));
        let parts: Vec<String> = parts.into_iter().map(|(_, printed)| printed).collect();
        parts.join(",")
    }
}

/// The annotations of [`NEEDED`].
#[derive(Debug, Default)]
pub(super) struct Annotations<'a>(Vec<(&'static str, Text<'a>)>);

impl Annotations<'_> {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| *own == key)
            .map(|(_, value)| &**value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Needed<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Needed<'a> {
            type Value = Vec<(&'static str, Text<'a>)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut needed = Vec::new();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match NEEDED.iter().find(|name| key == **name) {
                        Some(name) => needed.push((*name, map.next_value()?)),
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(needed)
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }
        }

        deserializer.deserialize_any(Needed(PhantomData)).map(Annotations)
    }
}

/// Namespace and name of something that otherwise cannot be read.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Identity {
    metadata: Option<Named>,
    object: Option<Box<Identity>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Named {
    namespace: Option<String>,
    name: Option<String>,
}

impl Identity {
    /// As far as it can be read, from an object or a Table's row.
    pub fn in_json(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.metadata, &self.object) {
            (Some(Named { namespace, name }), _) => {
                if let Some(namespace) = namespace {
                    write!(f, "{namespace}/")?;
                }
                f.write_str(name.as_deref().unwrap_or("?"))
            }
            (None, Some(object)) => object.fmt(f),
            (None, None) => f.write_str("?"),
        }
    }
}
