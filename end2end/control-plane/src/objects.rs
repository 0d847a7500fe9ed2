//! The objects that every control plane begins with: the nodes, and what the users may do.

use serde_json::{Value, json};

use crate::User;

/// The built-in API groups, without the core group.
const GROUPS: [&str; 16] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// The core group without Secrets. RBAC only allows, so "all but" is a list of the others.
const CORE_WITHOUT_SECRETS: [&str; 16] = [
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "pods/log",
    "pods/status",
    "podtemplates",
    "replicationcontrollers",
    "resourcequotas",
    "serviceaccounts",
    "services",
];

/// Everything that is created at the start, as one List.
pub(crate) fn initial(nodes: usize) -> Value {
    let items: Vec<Value> = access().into_iter().chain((0..nodes).map(node)).collect();
    json!({ "apiVersion": "v1", "kind": "List", "items": items })
}

fn access() -> Vec<Value> {
    let team = User::TeamA.name();
    let mut all_groups = vec![""];
    all_groups.extend(GROUPS);
    let reader = "reader";
    vec![
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": team } }),
        role("Role", reader, Some(team), &[read(&all_groups, &["*"])]),
        binding("RoleBinding", User::TeamA, ("Role", reader), Some(team)),
        binding("ClusterRoleBinding", User::Viewer, ("ClusterRole", "view"), None),
        role(
            "ClusterRole",
            User::NoSecrets.name(),
            None,
            &[read(&[""], &CORE_WITHOUT_SECRETS), read(&GROUPS, &["*"])],
        ),
        binding(
            "ClusterRoleBinding",
            User::NoSecrets,
            ("ClusterRole", User::NoSecrets.name()),
            None,
        ),
    ]
}

/// The rule that allows to read resources of these API groups.
fn read(groups: &[&str], resources: &[&str]) -> Value {
    json!({ "apiGroups": groups, "resources": resources, "verbs": ["get", "list", "watch"] })
}

fn role(kind: &str, name: &str, namespace: Option<&str>, rules: &[Value]) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": { "name": name, "namespace": namespace },
        "rules": rules,
    })
}

fn binding(kind: &str, user: User, (role_kind, role): (&str, &str), namespace: Option<&str>) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{group}/v1"),
        "kind": kind,
        "metadata": { "name": format!("test-user-{user}"), "namespace": namespace },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": user.name() }],
        "roleRef": { "apiGroup": group, "kind": role_kind, "name": role },
    })
}

/// A node for kwok to play, with room for 110 pods, in one of three zones.
fn node(index: usize) -> Value {
    let name = format!("node-{index}");
    // One /24 for each of up to 32,768 nodes; without it all pods of the cluster would share one.
    let cidr = format!("10.{}.{}.0/24", 128 + index / 256, index % 256);
    let zone = ["zone-a", "zone-b", "zone-c"][index % 3];
    let room = json!({ "cpu": "16", "memory": "64Gi", "ephemeral-storage": "200Gi", "pods": "110" });
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "kwok",
                "topology.kubernetes.io/region": "region-1",
                "topology.kubernetes.io/zone": zone,
            },
        },
        "spec": { "podCIDR": cidr, "podCIDRs": [cidr] },
        "status": {
            "allocatable": room,
            "capacity": room,
            // Instead of kwok's own version, which is no kubelet's.
            "nodeInfo": { "kubeletVersion": "v1.36.3", "osImage": "kwok" },
        },
    })
}
