use anyhow::Result;
use serde_json::json;

use crate::case::{Case, Step, case, delete, get, post};
use crate::run::compare;

const SECRETS: &str = "/api/v1/namespaces/{ns}/secrets";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases";

fn secret(name: &str, app: &str) -> Step {
    let body = json!({"metadata": {"name": name, "labels": {"app": app}}, "stringData": {"k": name}});
    post(SECRETS, body).quiet()
}

/// Three secrets, then the steps.
fn with_three(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Case {
    let three = [secret("a", "shop"), secret("b", "shop"), secret("c", "bank")];
    case(name, three.into_iter().chain(steps))
}

fn selected(labels: &str) -> Step {
    get(&format!("{SECRETS}?labelSelector={labels}")).only(&["/code", "/body/items", "/body/message"])
}

#[tokio::test]
async fn lists() -> Result<()> {
    compare(vec![
        case("an empty list", [get(SECRETS)]),
        with_three("a list is in the order of the names", [get(SECRETS)]),
        with_three("one object", [get(&format!("{SECRETS}/b"))]),
        with_three(
            "pages",
            [
                get(&format!("{SECRETS}?limit=2")),
                get(&format!("{SECRETS}?limit=2&continue={{continue}}")),
                get(&format!("{SECRETS}?limit=3")),
                get(&format!("{SECRETS}?limit=1&labelSelector=app%3Dshop")),
            ],
        ),
        with_three(
            "a later page is of the state of the first",
            [
                get(&format!("{SECRETS}?limit=1")),
                delete(&format!("{SECRETS}/b")).quiet(),
                secret("bb", "new"),
                get(&format!("{SECRETS}?limit=5&continue={{continue}}")),
                get(SECRETS),
            ],
        ),
        with_three(
            "labels: equality",
            [
                selected("app%3Dshop"),
                selected("app%3D%3Dbank"),
                selected("app!%3Dshop"),
            ],
        ),
        with_three(
            "labels: sets",
            [
                selected("app+in+(shop,x)"),
                selected("app+notin+(shop)"),
                selected("app"),
                selected("!app"),
                selected("nope"),
            ],
        ),
        with_three(
            "labels: what cannot be read",
            [
                selected("app%3D%3D%3Dx"),
                selected("%3Dx"),
                selected("app+in+shop"),
            ],
        ),
        with_three(
            "fields",
            [
                get(&format!("{SECRETS}?fieldSelector=metadata.name%3Db")),
                get(&format!("{SECRETS}?fieldSelector=metadata.name!%3Db")),
                get(&format!(
                    "{SECRETS}?fieldSelector=type%3DOpaque,metadata.name%3Da"
                )),
                get(&format!("{SECRETS}?fieldSelector=data.k%3Db")),
                get(&format!("{SECRETS}?fieldSelector=metadata.namespace%3D{{ns}}")),
            ],
        ),
        case(
            "fields of pods and nodes",
            [
                get("/api/v1/namespaces/{ns}/pods?fieldSelector=spec.nodeName%3Dx,status.phase%3DRunning"),
                get("/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue,metadata.name%3D{ns}")
                    .only(&["/code", "/body/items"]),
                get("/api/v1/namespaces/{ns}/pods?fieldSelector=spec.nope%3Dx"),
                get("/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.kind%3DPod,type%3DWarning"),
                get("/api/v1/namespaces/{ns}/pods?fieldSelector=nonsense"),
            ],
        ),
        with_three(
            "resourceVersion: any, not older, exact",
            [
                get(&format!("{SECRETS}?resourceVersion=0&labelSelector=nope")),
                get(&format!("{SECRETS}/c")).quiet(),
                get(&format!("{SECRETS}?resourceVersion={{rv}}")),
                get(&format!(
                    "{SECRETS}?resourceVersion={{rv}}&resourceVersionMatch=NotOlderThan"
                )),
                get(&format!(
                    "{SECRETS}?resourceVersion={{first-rv}}&resourceVersionMatch=Exact"
                )),
                get(&format!(
                    "{SECRETS}?resourceVersion={{first-rv}}&limit=1&resourceVersionMatch=Exact"
                )),
                get(&format!("{SECRETS}?resourceVersion={{first-rv}}&limit=1")),
            ],
        ),
        case(
            "resourceVersion: what is refused",
            [
                get(&format!("{SECRETS}?resourceVersion=abc")),
                get(&format!("{SECRETS}?resourceVersionMatch=Exact")),
                get(&format!("{SECRETS}?resourceVersionMatch=Exact&resourceVersion=0")),
                get(&format!(
                    "{SECRETS}?resourceVersionMatch=Nonsense&resourceVersion=1"
                )),
                get(&format!("{SECRETS}?sendInitialEvents=true")),
                get(&format!("{SECRETS}?limit=x")),
            ],
        ),
        with_three(
            "continue: what is refused",
            [
                get(&format!("{SECRETS}?limit=1")).quiet(),
                get(&format!(
                    "{SECRETS}?limit=1&continue={{continue}}&resourceVersion=1"
                )),
                get(&format!(
                    "{SECRETS}?limit=1&continue={{continue}}&resourceVersion=1&resourceVersionMatch=Exact"
                )),
                get(&format!("{SECRETS}?continue=nonsense")).only(&["/code", "/body/reason"]),
            ],
        ),
        with_three(
            "tables of secrets",
            [get(SECRETS).table(), get(&format!("{SECRETS}/a")).table()],
        ),
        with_three(
            "tables with and without objects",
            [
                get(&format!("{SECRETS}?includeObject=None&labelSelector=app%3Dbank")).table(),
                get(&format!(
                    "{SECRETS}?includeObject=Object&labelSelector=app%3Dbank"
                ))
                .table(),
                get(&format!(
                    "{SECRETS}?includeObject=Nonsense&labelSelector=app%3Dbank"
                ))
                .table(),
                get(&format!("{SECRETS}?limit=1")).table(),
            ],
        ),
        with_three(
            "metadata only",
            [
                get(SECRETS).metadata_list(),
                get(&format!("{SECRETS}/a")).metadata(),
            ],
        ),
        case(
            "a table of leases",
            [
                post(
                    LEASES,
                    json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}}),
                ),
                get(LEASES).table(),
            ],
        ),
        case(
            "a table of nothing",
            [get(LEASES).table(), get("/api/v1/namespaces/{ns}").table()],
        ),
        with_three(
            "across namespaces",
            [
                get("/api/v1/secrets?labelSelector=app%3Dshop&fieldSelector=metadata.namespace%3D{ns}"),
                get("/api/v1/secrets/a"),
            ],
        ),
    ])
    .await
}
