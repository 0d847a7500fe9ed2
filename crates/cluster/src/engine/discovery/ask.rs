//! The questions to the API server: what it serves.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::catalog::{ACCEPT, Catalog, Group, ResourceList, Root};
use crate::client::Get;
use crate::engine::ApiProblem;
use crate::problem;
use crate::watch::Transport;

/// A piece of an answer may take this long to arrive. An aggregated API that hangs delays the older form.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of an answer: a cluster with a thousand definitions needs some megabytes.
const MOST: usize = 64 * 1024 * 1024;

/// Asks for all that is served. An error if there is no answer to that; what single groups do not say is in the catalog.
pub(super) async fn catalog(server: &impl Transport) -> Result<Catalog, ApiProblem> {
    let mut catalog = Catalog::default();
    for path in ["/api", "/apis"] {
        let root = ask(server, path, ACCEPT).await.map_err(|message| ApiProblem {
            api: String::new(),
            message: format!("the API server does not say what it serves at {path}: {message}"),
        })?;
        match root {
            Root::Aggregated(groups) => catalog.add_aggregated(groups),
            Root::Core { versions } => {
                for version in versions {
                    add(server, &mut catalog, "", &version).await;
                }
            }
            Root::Groups { groups } => {
                for group in groups {
                    add_group(server, &mut catalog, &group).await;
                }
            }
        }
    }
    Ok(catalog)
}

async fn add_group(server: &impl Transport, catalog: &mut Catalog, group: &Group) {
    for version in group.versions() {
        add(server, catalog, &group.name, version).await;
    }
}

/// Asks for one version of a group, in the older form.
async fn add(server: &impl Transport, catalog: &mut Catalog, group: &str, version: &str) {
    let path = match group {
        "" => format!("/api/{version}"),
        group => format!("/apis/{group}/{version}"),
    };
    match ask::<ResourceList>(server, &path, "application/json").await {
        Ok(list) => catalog.add(group, version, list.resources),
        Err(message) => catalog.add_down(group, version, message),
    }
}

async fn ask<R: DeserializeOwned>(
    server: &impl Transport,
    path: &str,
    accept: &'static str,
) -> Result<R, String> {
    let get = Get {
        path: path.to_owned(),
        accept,
        timeout: Some(PATIENCE),
    };
    let text = |error: &_| problem::reason(error, "").message;
    let answer = server.get(&get).await.map_err(|error| text(&error))?;
    if answer.status == 401 {
        server.renew(answer.credential).await;
    }
    if answer.status != 200 {
        return Err(answer.into_error(server.server()).await.to_string());
    }
    let body = answer.collect(server.server(), PATIENCE, MOST).await;
    let body = body.map_err(|error| text(&error))?;
    serde_json::from_slice(&body).map_err(|error| format!("it answers with something else: {error}"))
}
