//! Logs, exec and attach as far as the API server itself answers: it has no kubelets to ask here.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Step, case, get, post, raw};
use crate::run::compare;

const CORE: &str = "/api/v1/namespaces/{ns}";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}";

/// Pods that nobody schedules: one with a container, one with several.
fn pods() -> Vec<Step> {
    let pod = |name: &str, more: Value| {
        let mut spec = json!({"serviceAccountName": "robot", "automountServiceAccountToken": false, "schedulerName": "nobody",
            "containers": [{"name": "c", "image": "x"}]});
        for (key, value) in more.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        post(
            &format!("{CORE}/pods"),
            json!({"metadata": {"name": name}, "spec": spec}),
        )
        .quiet()
    };
    let several = json!({"containers": [{"name": "c", "image": "x"}, {"name": "d", "image": "x"}], "initContainers": [{"name": "i", "image": "x"}]});
    vec![
        post(
            &format!("{CORE}/serviceaccounts"),
            json!({"metadata": {"name": "robot"}}),
        )
        .quiet(),
        pod("a", json!({})),
        pod("b", several),
    ]
}

fn log(query: &str) -> Step {
    get(&format!("{CORE}/pods/a/log?{query}"))
}

fn upgrade(path: &str) -> Step {
    get(&format!("{CORE}/pods/{path}"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "v5.channel.k8s.io")
}

#[tokio::test]
async fn containers() -> Result<()> {
    let with = |steps: Vec<Step>| pods().into_iter().chain(steps);
    let role = |verbs: &[&str]| {
        let rules = json!([{"apiGroups": [""], "resources": ["pods/exec"], "verbs": verbs}]);
        post(
            &format!("{RBAC}/roles"),
            json!({"metadata": {"name": "r"}, "rules": rules}),
        )
        .quiet()
    };
    let binding = json!({"metadata": {"name": "b"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "erin-{ns}"}]});
    compare(vec![
        case(
            "logs of pods without a node",
            with(vec![
                log(""),
                log("container=c"),
                log("container=none"),
                get(&format!("{CORE}/pods/b/log")),
                get(&format!("{CORE}/pods/b/log?container=i")),
                get(&format!("{CORE}/pods/none/log")),
                get(&format!("{CORE}/pods/a/log")).header("accept", "text/plain"),
                get(&format!("{CORE}/pods/a/log")).by("nobody"),
                raw("POST", &format!("{CORE}/pods/a/log"), "application/json", "{}"),
            ]),
        ),
        case(
            "options of logs",
            with(vec![
                log("tailLines=-1"),
                log("limitBytes=0"),
                log("sinceSeconds=0"),
                log("sinceSeconds=5&sinceTime=2020-01-01T00:00:00Z"),
                log("tailLines=-2&limitBytes=-1&sinceSeconds=-7"),
                log("tailLines=x"),
                log("sinceTime=x").only(&["/code", "/body/reason"]),
                log("stream=Stdout"),
                log("follow=true&previous=1&timestamps=true&tailLines=0"),
            ]),
        ),
        case(
            "sessions that cannot begin",
            with(vec![
                get(&format!("{CORE}/pods/none/exec?command=ls&stdout=1")),
                get(&format!("{CORE}/pods/a/exec?command=ls&stdout=1&container=none")),
                get(&format!("{CORE}/pods/b/exec?command=ls&stdout=1")),
                get(&format!("{CORE}/pods/a/exec?command=ls&stdout=1")),
                upgrade("a/exec?command=ls&stdout=1"),
                upgrade("a/attach?stdout=1"),
                raw(
                    "POST",
                    &format!("{CORE}/pods/a/exec?command=ls&stdout=1"),
                    "application/json",
                    "",
                ),
                raw(
                    "PUT",
                    &format!("{CORE}/pods/a/exec?command=ls&stdout=1"),
                    "application/json",
                    "",
                ),
            ]),
        ),
        case(
            "sessions of those who may not",
            with(vec![
                upgrade("a/exec?command=ls&stdout=1").by("nobody"),
                role(&["get"]),
                post(&format!("{RBAC}/rolebindings"), binding).quiet(),
                get(&format!("{CORE}/pods?watch=1&timeoutSeconds=1")).quiet(),
                upgrade("a/exec?command=ls&stdout=1").by("erin-{ns}"),
            ]),
        ),
    ])
    .await
}
