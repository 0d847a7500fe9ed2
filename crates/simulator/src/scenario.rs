//! What a cluster starts with.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::controllers::json::hash;
use crate::controllers::kind::Kind;
use crate::error::PutError;
use crate::random;
use crate::shared::Shared;

pub(crate) mod defaults;
mod demo;
mod file;
mod manifests;
mod scale;
mod timeline;

pub use scale::Scale;
pub(crate) use scale::{check_memory, churn, load};

pub(crate) use demo::manifests as demo_manifests;
pub(crate) use file::read as read_file;
pub(crate) use timeline::play;

/// What a cluster starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing but what every cluster has, with all controllers.
    Empty,
    /// A shop of about 400 objects on 6 nodes, days old, with nine faults; it lives.
    Demo,
    /// A large cluster, built at once; no controllers, its churn is made up.
    Scale(Scale),
    /// The manifests of a file, YAML or JSON, one or several documents, with all controllers.
    File(PathBuf),
}

/// Puts one manifest into a cluster, with what the API server would fill in.
pub(crate) fn load_manifest(shared: &Shared, mut object: Value) -> Result<(), PutError> {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    if let Some(kind) = Kind::of(api_version, object["kind"].as_str().unwrap_or_default()) {
        defaults::fill(kind, &mut object);
    }
    // The same file makes the same cluster: what controllers draw depends on uids.
    if object["metadata"]["uid"].is_null() {
        let place = format!("{}{}", object["kind"], object["metadata"]["namespace"]);
        let one = hash(&format!("{place}{}", object["metadata"]["name"]));
        let bytes = u128::from(one) << 64 | u128::from(hash(&one.to_string()));
        object["metadata"]["uid"] = json!(random::uid_of(bytes.to_be_bytes()));
    }
    shared.load(object)
}
