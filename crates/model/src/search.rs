//! Search: a few words, and the objects that have them.

use crate::{Health, NodeKey};
use serde::{Deserialize, Serialize};

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchQuery {
    /// Words, all of which an object must have; in quotes: as a whole. A word that names a kind asks for objects of it.
    pub text: String,
    /// The most hits in the answer, from 1 to [`SearchQuery::MOST`].
    #[serde(default = "SearchQuery::default_limit")]
    pub limit: u32,
    /// Only objects in these namespaces; empty for all, and those in none.
    #[serde(default)]
    pub namespaces: Vec<String>,
}

impl SearchQuery {
    /// The most hits that can be asked for.
    pub const MOST: u32 = 500;
    /// The longest text, in bytes.
    pub const LONGEST: usize = 256;

    /// The hits in an answer to a query that names no limit.
    pub const fn default_limit() -> u32 {
        50
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// How many objects have all words.
    pub total: u32,
    /// The best of them, best first.
    pub hits: Vec<Hit>,
}

/// An object that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// Its address: `Pod/shop/cart-0`.
    pub id: NodeKey,
    /// Its kind.
    pub kind: String,
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// kubectl's word; empty where it has none.
    pub status: String,
    /// Its own health.
    pub health: Health,
    /// Why.
    pub reason: Option<String>,
    /// Where the words were found, in the order of the words; what several words share comes once.
    pub matched: Vec<Matched>,
}

/// Where a word was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Matched {
    /// The field.
    pub field: SearchField,
    /// Its whole text: `app=cart`.
    pub text: String,
}

/// What is searched of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum SearchField {
    /// Its name.
    Name,
    /// Its kind.
    Kind,
    /// Its namespace.
    Namespace,
    /// A label: key, value, or both as `key=value`.
    Label,
    /// The image of a container.
    Image,
    /// kubectl's status word.
    Status,
}

impl SearchField {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Kind => "kind",
            Self::Namespace => "namespace",
            Self::Label => "label",
            Self::Image => "image",
            Self::Status => "status",
        }
    }
}
