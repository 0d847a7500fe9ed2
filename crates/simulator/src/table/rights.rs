//! Tables of bindings and quotas.

use serde_json::{Value, json};

use super::Object;

/// Of RoleBindings and ClusterRoleBindings.
pub(super) fn binding(o: &Object<'_>) -> Vec<Value> {
    let role = format!("{}/{}", o.text("/roleRef/kind"), o.text("/roleRef/name"));
    let subjects = |kind: &str| {
        let of_kind = o
            .list("/subjects")
            .iter()
            .filter(|subject| subject["kind"] == kind);
        let name = |subject: &Value| {
            let name = subject["name"].as_str().unwrap_or_default();
            match kind {
                "ServiceAccount" => {
                    format!("{}/{name}", subject["namespace"].as_str().unwrap_or_default())
                }
                _ => name.to_owned(),
            }
        };
        json!(of_kind.map(name).collect::<Vec<_>>().join(", "))
    };
    vec![
        o.name(),
        json!(role),
        o.age(),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

/// What is used of each resource: requests and counts, and limits in a column of their own.
pub(super) fn quota(o: &Object<'_>) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    let mut hard: Vec<_> = o.at("/status/hard").as_object().into_iter().flatten().collect();
    hard.sort_by_key(|(name, _)| name.as_str());
    for (name, most) in hard {
        let used = o.at("/status/used")[name].as_str().unwrap_or("0");
        let text = format!("{name}: {used}/{}", most.as_str().unwrap_or("0"));
        match name.starts_with("limits.") {
            true => limits.push(text),
            false => requests.push(text),
        }
    }
    vec![
        o.name(),
        json!(requests.join(", ")),
        json!(limits.join(", ")),
        o.age(),
    ]
}
