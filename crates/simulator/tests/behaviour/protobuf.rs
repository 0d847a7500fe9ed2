//! Objects as protobuf: kubectl sends most of what it creates in this form. The bodies are made by hand, of parts that
//! are text, so that a case can be read.

use anyhow::Result;

use crate::case::{Step, case, get, post, raw};
use crate::run::compare;

const TYPE: &str = "application/vnd.kubernetes.protobuf";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";
const CORE: &str = "/api/v1/namespaces/{ns}";

/// A text, or a message, as a field. Lengths below 128 only: a longer one is two bytes that are no text.
fn field(number: u8, content: &str) -> String {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    assert!(length < 128, "{content:?} is too long for this form");
    format!("{}{}{content}", char::from(number << 3 | 2), char::from(length))
}

fn number(number: u8, value: u8) -> String {
    format!("{}{}", char::from(number << 3), char::from(value))
}

fn object(api_version: &str, kind: &str, fields: &[String]) -> String {
    let meta = field(1, &[field(1, api_version), field(2, kind)].concat());
    ["k8s\0", &meta, &field(2, &fields.concat())].concat()
}

fn send(path: &str, body: &str) -> Step {
    raw("POST", path, TYPE, body).header("accept", "application/json")
}

fn metadata(name: &str) -> String {
    field(1, &field(1, name))
}

#[tokio::test]
async fn protobuf() -> Result<()> {
    let may = |verb: &str, resource: &str| {
        let attributes = [field(1, "default"), field(2, verb), field(5, resource)].concat();
        object(
            "authorization.k8s.io/v1",
            "SelfSubjectAccessReview",
            &[field(2, &field(1, &attributes))],
        )
    };
    let rules = object(
        "authorization.k8s.io/v1",
        "SelfSubjectRulesReview",
        &[field(2, &field(1, "default"))],
    );
    let data = field(2, &[field(1, "k"), field(2, "v")].concat());
    let map = object("v1", "ConfigMap", &[metadata("a"), data]);
    let port = [
        field(1, "http"),
        number(3, 80),
        field(4, &[number(1, 1), field(3, "web")].concat()),
    ]
    .concat();
    let service = object(
        "v1",
        "Service",
        &[
            metadata("s"),
            field(2, &[field(1, &port), field(4, "ClusterIP")].concat()),
        ],
    );
    let hard = field(1, &[field(1, "cpu"), field(2, &field(1, "500m"))].concat());
    let quota = object("v1", "ResourceQuota", &[metadata("q"), field(2, &hard)]);
    let subject = field(
        2,
        &[
            field(1, "User"),
            field(2, "rbac.authorization.k8s.io"),
            field(3, "u"),
        ]
        .concat(),
    );
    let role = field(
        3,
        &[
            field(1, "rbac.authorization.k8s.io"),
            field(2, "Role"),
            field(3, "r"),
        ]
        .concat(),
    );
    let binding = object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        &[metadata("b"), subject, role],
    );
    let container = field(2, &[field(1, "c"), field(2, "i")].concat());
    let template = field(
        3,
        &[
            field(1, &field(11, &[field(1, "a"), field(2, "b")].concat())),
            field(2, &container),
        ]
        .concat(),
    );
    let selector = field(2, &field(1, &[field(1, "a"), field(2, "b")].concat()));
    let deployment = object(
        "apps/v1",
        "Deployment",
        &[
            metadata("d"),
            field(2, &[number(1, 0), selector, template].concat()),
        ],
    );
    compare(vec![
        case(
            "reviews as protobuf",
            [
                send(
                    &format!("{REVIEWS}/selfsubjectaccessreviews"),
                    &may("get", "pods"),
                ),
                send(
                    &format!("{REVIEWS}/selfsubjectaccessreviews"),
                    &may("delete", "pods"),
                )
                .by("nobody"),
                send(&format!("{REVIEWS}/selfsubjectrulesreviews"), &rules).by("nobody"),
                send(
                    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                    &object("authentication.k8s.io/v1", "SelfSubjectReview", &[]),
                )
                .by("nobody"),
            ],
        ),
        case(
            "objects as protobuf",
            [
                send(&format!("{CORE}/configmaps"), &map),
                send(&format!("{CORE}/services"), &service),
                send(&format!("{CORE}/resourcequotas"), &quota),
                send(
                    "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings",
                    &binding,
                ),
                send("/apis/apps/v1/namespaces/{ns}/deployments", &deployment),
                get(&format!("{CORE}/configmaps/a")),
            ],
        ),
        case(
            "options as protobuf",
            [
                post(
                    &format!("{CORE}/configmaps"),
                    serde_json::json!({"metadata": {"name": "a"}}),
                )
                .quiet(),
                raw(
                    "DELETE",
                    &format!("{CORE}/configmaps/a"),
                    TYPE,
                    &object("v1", "DeleteOptions", &[field(5, "All")]),
                ),
                get(&format!("{CORE}/configmaps/a")).only(&["/code"]),
            ],
        ),
        case(
            "no type at all",
            [
                raw(
                    "POST",
                    &format!("{CORE}/configmaps"),
                    "",
                    "{\"metadata\":{\"name\":\"a\"}}",
                ),
                raw("PATCH", &format!("{CORE}/configmaps/a"), "", "{}"),
                raw("DELETE", &format!("{CORE}/configmaps/a"), "", "{}"),
            ],
        ),
        case(
            "what is no protobuf",
            [
                send(&format!("{CORE}/configmaps"), "{}").only(&["/code", "/body/reason"]),
                send(&format!("{CORE}/configmaps"), "k8s\0\u{a}\u{7f}").only(&["/code", "/body/reason"]),
                raw("PATCH", &format!("{CORE}/configmaps/a"), TYPE, &map).only(&["/code", "/body/reason"]),
            ],
        ),
    ])
    .await
}
