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
    let text = |error: &_| problem::message(error);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::client::Connection;
    use crate::exec::ExecPolicy;
    use crate::testing::{context, http_server};

    async fn asked(
        respond: impl Fn(&str) -> (u16, &'static str) + Send + Sync + 'static,
    ) -> Result<Catalog, ApiProblem> {
        let url = http_server(move |head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (status, body) = respond(path);
            (status, body.to_owned())
        });
        let connection = Connection::new(Arc::new(context(&url)), ExecPolicy::Deny);
        catalog(&connection).await
    }

    #[tokio::test]
    async fn the_older_form_is_asked_version_by_version_and_what_is_down_is_named() {
        let found = asked(|path| match path {
            "/api" => (200, r#"{"kind": "APIVersions", "versions": ["v1"]}"#),
            "/api/v1" => (200, r#"{"kind": "APIResourceList", "resources": [
                {"name": "podtemplates", "kind": "PodTemplate", "namespaced": true, "verbs": ["list", "watch"]}]}"#),
            "/apis" => (200, r#"{"kind": "APIGroupList", "groups": [
                {"name": "ask.example.org", "versions": [{"version": "v1"}, {"version": "v2"}], "preferredVersion": {"version": "v2"}},
                {"name": "gone.example.org", "versions": [{"version": "v1"}]}]}"#),
            "/apis/ask.example.org/v1" | "/apis/ask.example.org/v2" => (200, r#"{"kind": "APIResourceList", "resources": [
                {"name": "bolts", "kind": "Bolt", "namespaced": false, "verbs": ["list", "watch"]}]}"#),
            _ => (503, r#"{"kind": "Status", "message": "nobody there"}"#),
        })
        .await
        .unwrap();
        let names = found
            .kinds
            .iter()
            .map(|(kind, found)| format!("{}@{}", kind.get().id, found.version));
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["PodTemplate@v1", "Bolt.ask.example.org@v2"]
        );
        assert!(found.down.contains("gone.example.org") && found.down.len() == 1);
        let problem = &found.problems[0];
        assert_eq!(problem.api, "gone.example.org/v1");
        assert!(problem.message.contains("nobody there"), "{problem:?}");
    }

    #[tokio::test]
    async fn an_api_server_that_does_not_say_is_no_empty_one() {
        let denied = asked(|_| (403, r#"{"kind": "Status", "message": "no discovery for you"}"#))
            .await
            .unwrap_err();
        assert!(
            denied.message.contains("/api") && denied.message.contains("no discovery"),
            "{denied:?}"
        );
        let strange = asked(|_| (200, "<html>")).await.unwrap_err();
        assert!(strange.message.contains("something else"), "{strange:?}");
    }
}
