//! kubeconfig files: one user, one cluster, one context, with the certificates inside.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::certificates::Identity;

/// The name of the cluster in every kubeconfig; contexts are called `<user>@kubilitics-test`.
const CLUSTER: &str = "kubilitics-test";

/// The text of a kubeconfig. It is JSON, which is YAML too.
pub(crate) fn kubeconfig(
    server: &str,
    ca: &str,
    user: &str,
    namespace: Option<&str>,
    identity: &Identity,
) -> String {
    let context = format!("{user}@{CLUSTER}");
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": CLUSTER,
            "cluster": { "server": server, "certificate-authority-data": STANDARD.encode(ca) },
        }],
        "users": [{
            "name": user,
            "user": {
                "client-certificate-data": STANDARD.encode(&identity.certificate),
                "client-key-data": STANDARD.encode(&identity.key),
            },
        }],
        "contexts": [{
            "name": context,
            "context": { "cluster": CLUSTER, "user": user, "namespace": namespace.unwrap_or("default") },
        }],
        "current-context": context,
    });
    format!("{config:#}\n")
}
