//! The users have the rights that their names say, and no more.

use anyhow::{Result, ensure};
use control_plane::{ControlPlane, User};

#[test]
fn users_may_do_what_their_names_say() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace("users")?;
    let other = namespace.as_str();
    // User, verb, resource, namespace (none: the whole cluster), allowed.
    let rights = [
        (User::Admin, "delete", "nodes", None, true),
        (User::Viewer, "list", "pods", None, true),
        (User::Viewer, "watch", "deployments.apps", Some(other), true),
        (User::Viewer, "list", "secrets", Some(other), false),
        (User::Viewer, "list", "nodes", None, false),
        (User::Viewer, "delete", "pods", Some(other), false),
        (User::TeamA, "list", "pods", Some("team-a"), true),
        (User::TeamA, "list", "secrets", Some("team-a"), true),
        (User::TeamA, "watch", "jobs.batch", Some("team-a"), true),
        (User::TeamA, "create", "pods", Some("team-a"), false),
        (User::TeamA, "list", "pods", Some(other), false),
        (User::TeamA, "list", "pods", None, false),
        (User::TeamA, "list", "namespaces", None, false),
        (User::NoSecrets, "list", "nodes", None, true),
        (User::NoSecrets, "list", "pods", None, true),
        (
            User::NoSecrets,
            "list",
            "clusterroles.rbac.authorization.k8s.io",
            None,
            true,
        ),
        (User::NoSecrets, "list", "secrets", None, false),
        (User::NoSecrets, "get", "secrets", Some(other), false),
        (User::NoSecrets, "delete", "pods", Some(other), false),
        (User::Nobody, "list", "pods", None, false),
        (User::Nobody, "list", "pods", Some("team-a"), false),
        (User::Nobody, "get", "namespaces", None, false),
    ];
    for (user, verb, resource, namespace, allowed) in rights {
        let mut kubectl = plane.kubectl_as(user);
        kubectl.args(["auth", "can-i", verb, resource]);
        match namespace {
            Some(namespace) => kubectl.args(["-n", namespace]),
            None => kubectl.arg("--all-namespaces"),
        };
        let output = kubectl.output()?;
        let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let expected = if allowed { "yes" } else { "no" };
        ensure!(
            answer == expected,
            "{user} {verb} {resource} in {namespace:?}: {answer}, {output:?}"
        );
    }

    // Not only the question, the deed.
    let denied = plane
        .kubectl_as(User::NoSecrets)
        .args(["get", "secrets"])
        .output()?;
    let said = String::from_utf8_lossy(&denied.stderr);
    ensure!(
        !denied.status.success() && said.contains("User \"nosecrets\" cannot list resource"),
        "{said}"
    );
    ensure!(
        plane
            .kubectl_as(User::TeamA)
            .args(["get", "pods"])
            .output()?
            .status
            .success()
    );
    Ok(())
}
