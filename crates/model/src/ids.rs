//! Identifiers. Anything with a grammar is parsed once, here, and travels as a type.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A cluster's stable slug, made from its context name, so that links survive a restart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "kind-dev"))]
#[serde(transparent)]
pub struct ClusterId(String);

impl ClusterId {
    /// The slug of a context name: lower-case letters, digits and single dashes; `cluster` if nothing is left.
    /// `taken` says whether a slug is in use; a collision gets `-2`, `-3` and so on.
    pub fn from_context(context: &str, taken: impl Fn(&ClusterId) -> bool) -> Self {
        let mut slug = String::with_capacity(context.len());
        for c in context.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let trimmed = slug.trim_end_matches('-');
        let base = if trimmed.is_empty() { "cluster" } else { trimmed };
        let first = Self(base.to_owned());
        if !taken(&first) {
            return first;
        }
        let mut suffix = 2_u32;
        loop {
            let candidate = Self(format!("{base}-{suffix}"));
            if !taken(&candidate) {
                return candidate;
            }
            suffix += 1;
        }
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes the text as it is; whether such a cluster exists is the registry's to say.
impl From<&str> for ClusterId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A node of one cluster's graph. Dense, and never given to another object while the engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// The number of a state of one cluster. It grows by at least one with every published change, starts at a value
/// taken from the clock (so that it grows across restarts too) and stays below 2^53, the integers that JSON keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The first epoch of an engine that starts at `unix_seconds`. A million epochs a second fit before the next second.
    pub const fn starting_at(unix_seconds: u64) -> Self {
        Self((unix_seconds & 0xffff_ffff) << 20)
    }

    /// The epoch after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The address of an object: `Kind/namespace/name`, or `Kind/name` where there is no namespace.
///
/// A group that kube-apiserver does not serve itself is part of the kind
/// (`HTTPRoute.gateway.networking.k8s.io/ns/name`). `/` and `%` in a virtual node's name are percent-encoded in the
/// text form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey {
    /// The kind, with its group where the group is not built in.
    pub kind: String,
    /// The namespace; `None` for a cluster-scoped object or a virtual node.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl NodeKey {
    /// An address from its parts.
    pub fn new(kind: impl Into<String>, namespace: Option<&str>, name: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            namespace: namespace.map(str::to_owned),
            name: name.into(),
        }
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        for c in self.name.chars() {
            match c {
                '/' => f.write_str("%2F")?,
                '%' => f.write_str("%25")?,
                c => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

/// A string in the document, as it is on the wire.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for NodeKey {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("The address of an object: `Kind/namespace/name`, or `Kind/name` where there is no namespace."))
            .examples(["Pod/shop/cart-0"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for NodeKey {}

/// The text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an object address: it must be Kind/namespace/name or Kind/name")]
pub struct NodeKeyError(String);

impl FromStr for NodeKey {
    type Err = NodeKeyError;

    fn from_str(text: &str) -> Result<Self, NodeKeyError> {
        let error = || NodeKeyError(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(error());
        }
        match *parts {
            [kind, name] => Ok(Self::new(kind, None, decode(name))),
            [kind, namespace, name] => Ok(Self::new(kind, Some(namespace), decode(name))),
            _ => Err(error()),
        }
    }
}

fn decode(name: &str) -> String {
    name.replace("%2F", "/").replace("%2f", "/").replace("%25", "%")
}

impl Serialize for NodeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn context_names_become_slugs() {
        let free = |_: &ClusterId| false;
        assert_eq!(ClusterId::from_context("kind-dev", free).as_str(), "kind-dev");
        assert_eq!(
            ClusterId::from_context("arn:aws:eks:eu/Prod_1", free).as_str(),
            "arn-aws-eks-eu-prod-1"
        );
        assert_eq!(ClusterId::from_context("  ", free).as_str(), "cluster");
        let taken = |id: &ClusterId| matches!(id.as_str(), "a" | "a-2");
        assert_eq!(ClusterId::from_context("A", taken).as_str(), "a-3");
    }

    #[test]
    fn addresses_name_what_is_wrong() {
        assert_eq!(
            "Pod".parse::<NodeKey>().unwrap_err().to_string(),
            "`Pod` is not an object address: it must be Kind/namespace/name or Kind/name"
        );
        assert!("Pod//x".parse::<NodeKey>().is_err());
        assert!("a/b/c/d".parse::<NodeKey>().is_err());
    }

    proptest! {
        #[test]
        fn addresses_survive_their_text_form(
            kind in "[A-Z][a-zA-Z.]{0,20}", namespace in proptest::option::of("[a-z][a-z0-9-]{0,20}"), name in "[a-z0-9/%.:]{1,30}",
        ) {
            let key = NodeKey::new(kind, namespace.as_deref(), name);
            prop_assert_eq!(key.to_string().parse::<NodeKey>().unwrap(), key);
        }
    }
}
