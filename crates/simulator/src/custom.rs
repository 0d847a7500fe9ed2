//! Custom resources: what a CustomResourceDefinition makes of one of its versions.

use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::schema::Type;

pub(crate) mod checks;
pub(crate) mod columns;
pub(crate) mod definition;
pub(crate) mod document;
mod duration;
pub(crate) mod format;
pub(crate) mod life;
mod path;
pub(crate) mod read;
pub(crate) mod rules;
pub(crate) mod schema;
mod types;
pub(crate) mod validate;

use columns::Column;
pub(crate) use path::Path;
use schema::Schema;

/// One version of a definition that is served.
#[derive(Debug)]
pub(crate) struct Custom {
    /// The name of the definition: `plural.group`.
    pub(crate) definition: String,
    /// What its objects may hold.
    pub(crate) schema: Arc<Schema>,
    /// The same for those who compare and merge objects.
    pub(crate) holds: Type,
    /// The schema as it was given.
    pub(crate) given: Value,
    columns: Vec<Column>,
    pub(crate) scale: Option<Scale>,
    /// The version in which objects are stored.
    pub(crate) stored_version: String,
    /// Its schema.
    stored: Arc<Schema>,
    /// Objects are stored in another version, which may hold something else.
    converted: bool,
    /// Objects may have been stored when the definition was another one.
    changed: bool,
    /// What clients are told of a version that goes one day.
    pub(crate) deprecated: Option<String>,
    /// The definition is gone, or is another one now: watches end.
    pub(crate) ended: CancellationToken,
}

/// Where the fields of the subresource `scale` are.
#[derive(Debug)]
pub(crate) struct Scale {
    pub(crate) replicas: Path,
    pub(crate) status: Path,
    pub(crate) selector: Option<Path>,
}

impl Custom {
    /// Whether objects may look otherwise than they are stored.
    pub(crate) fn differs_from_stored(&self) -> bool {
        self.converted || self.changed || self.stored.has_defaults()
    }

    /// Turns an object as it is stored into one of this version. The defaults are those of the stored version.
    pub(crate) fn incoming(&self, object: &mut Value) {
        read::fill(&self.stored, object);
        if self.converted || self.changed {
            read::prune(&self.schema, object, &mut Vec::new());
        }
    }

    /// Turns an object of this version into one that can be stored.
    pub(crate) fn outgoing(&self, object: &mut Value) {
        if self.converted {
            read::prune(&self.stored, object, &mut Vec::new());
        }
    }
}
