//! Making pods from templates, with what admission adds: the account, its token, tolerations, limits, and the quota
//! that may refuse them.

use serde_json::{Value, json};

use super::json::{list, name, namespace, owner_reference, safe_letters, set_condition, text};
use super::kind::Kind;
use super::quota;
use super::recorder::record;
use super::world::World;
use crate::store::Key;

/// Says in a pod's status why it is going to be deleted.
pub(crate) fn mark_disrupted(pod: &mut Value, reason: &str, message: &str, now: i64) {
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message, "lastProbeTime": null,
    });
    set_condition(pod, condition, now);
}

/// Creates a pod of a template for its owner. Without a name it gets a generated one. `shape` finishes it.
pub(crate) fn create(
    world: &mut World,
    kind: Kind,
    owner: &Value,
    template: &Value,
    pod_name: Option<String>,
    component: &str,
    shape: impl FnOnce(&mut Value),
) -> bool {
    let named = pod_name.map_or(Named::After(None), Named::Exactly);
    create_named(world, kind, owner, template, named, component, shape)
}

/// The same with a name that begins with something else than the owner's.
pub(crate) fn create_with_prefix(
    world: &mut World,
    kind: Kind,
    owner: &Value,
    template: &Value,
    prefix: Option<String>,
    component: &str,
    shape: impl FnOnce(&mut Value),
) -> bool {
    create_named(
        world,
        kind,
        owner,
        template,
        Named::After(prefix),
        component,
        shape,
    )
}

/// What a pod is called.
enum Named {
    Exactly(String),
    /// Something generated after a prefix: the owner's name if there is none.
    After(Option<String>),
}

fn create_named(
    world: &mut World,
    kind: Kind,
    owner: &Value,
    template: &Value,
    named: Named,
    component: &str,
    shape: impl FnOnce(&mut Value),
) -> bool {
    let mut pod = json!({"metadata": template["metadata"].clone(), "spec": template["spec"].clone()});
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    pod["metadata"]["namespace"] = json!(namespace(owner));
    pod["metadata"]["ownerReferences"] = owner_reference(kind, owner);
    match named {
        Named::Exactly(pod_name) => pod["metadata"]["name"] = json!(pod_name),
        Named::After(prefix) => {
            let base = prefix.unwrap_or_else(|| format!("{}-", name(owner)));
            let base: String = base.chars().take(58).collect();
            pod["metadata"]["name"] = json!(format!("{base}{}", safe_letters(world.next_number(), 5)));
            pod["metadata"]["generateName"] = json!(base);
        }
    }
    shape(&mut pod);
    if pod["metadata"]["generation"].is_null() {
        pod["metadata"]["generation"] = json!(1);
    }
    admit(world, &mut pod);
    let class = text(&pod, "/spec/priorityClassName").to_owned();
    if !class.is_empty() && world.find(Kind::PriorityClass, "", &class).is_none() {
        let message = format!(
            "Error creating: pods \"{}\" is forbidden: no PriorityClass with name {class} was found",
            name(&pod)
        );
        record(world, kind, owner, "Warning", "FailedCreate", component, &message);
        return false;
    }
    if let Some(refused) = quota::refusal(world, &pod) {
        let message = format!("Error creating: pods \"{}\" is forbidden: {refused}", name(&pod));
        record(world, kind, owner, "Warning", "FailedCreate", component, &message);
        return false;
    }
    let pod_name = name(&pod).to_owned();
    if world.create(Kind::Pod, pod).is_none() {
        return false;
    }
    // A Job's and a StatefulSet's words are their own.
    let message = match kind {
        Kind::StatefulSet => {
            let set = name(owner);
            format!("Create Pod {pod_name} in StatefulSet {set} successful")
        }
        _ => format!("Created pod: {pod_name}"),
    };
    record(
        world,
        kind,
        owner,
        "Normal",
        "SuccessfulCreate",
        component,
        &message,
    );
    true
}

/// Deletes a pod for its owner.
pub(crate) fn delete(world: &mut World, kind: Kind, owner: &Value, pod: &Value, component: &str) {
    let message = match kind {
        Kind::StatefulSet => format!(
            "Delete Pod {} in StatefulSet {} successful",
            name(pod),
            name(owner)
        ),
        _ => format!("Deleted pod: {}", name(pod)),
    };
    if world.delete(Kind::Pod, &super::json::key(pod)) {
        record(
            world,
            kind,
            owner,
            "Normal",
            "SuccessfulDelete",
            component,
            &message,
        );
    }
}

/// The priority of a pod by its class, or by the class that is everybody's.
fn prioritize(world: &World, spec: &mut Value) {
    if !spec["priority"].is_null() {
        return;
    }
    let class = match text(spec, "/priorityClassName") {
        "" => world
            .list(Kind::PriorityClass, "")
            .find(|class| class["globalDefault"] == true)
            .cloned(),
        class => world.find(Kind::PriorityClass, "", class),
    };
    let Some(class) = class else {
        spec["priority"] = json!(0);
        spec["preemptionPolicy"] = json!("PreemptLowerPriority");
        return;
    };
    spec["priorityClassName"] = class["metadata"]["name"].clone();
    spec["priority"] = class["value"].clone();
    spec["preemptionPolicy"] = match text(&class, "/preemptionPolicy") {
        "" => json!("PreemptLowerPriority"),
        policy => json!(policy),
    };
}

/// What admission and defaults add to a pod that is created.
pub(crate) fn admit(world: &mut World, pod: &mut Value) {
    crate::scenario::defaults::pod_spec(&mut pod["spec"]);
    quota::apply_limit_ranges(world, pod);
    let account = match text(pod, "/spec/serviceAccountName") {
        "" => "default".to_owned(),
        account => account.to_owned(),
    };
    let number = world.next_number();
    let gated = !list(pod, "/spec/schedulingGates").is_empty();
    let spec = &mut pod["spec"];
    spec["serviceAccountName"] = json!(account);
    spec["serviceAccount"] = json!(account);
    spec["enableServiceLinks"] = json!(spec["enableServiceLinks"].as_bool().unwrap_or(true));
    prioritize(world, spec);
    tolerate(spec);
    if spec["automountServiceAccountToken"] != false {
        mount_token(spec, number);
    }
    if pod["status"].is_null() {
        pod["status"] = json!({"phase": "Pending", "qosClass": quota::qos_class(&pod["spec"])});
        if gated {
            super::json::set_condition(pod, super::scheduler::gated(), world.now);
        }
    }
}

fn tolerate(spec: &mut Value) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = list(spec, "/tolerations").iter().any(|toleration| {
            let effect = text(toleration, "/effect");
            (text(toleration, "/key") == key || text(toleration, "/key").is_empty())
                && (effect.is_empty() || effect == "NoExecute")
        });
        if tolerated {
            continue;
        }
        push(
            spec,
            "tolerations",
            json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        );
    }
}

fn mount_token(spec: &mut Value, number: u64) {
    let volume = format!("kube-api-access-{}", safe_letters(number, 5));
    for kind in ["initContainers", "containers"] {
        for container in super::json::items_mut(spec, kind) {
            push(
                container,
                "volumeMounts",
                json!({"name": volume, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}),
            );
        }
    }
    let sources = json!([
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]);
    push(
        spec,
        "volumes",
        json!({"name": volume, "projected": {"sources": sources, "defaultMode": 420}}),
    );
}

/// Adds an item to a list that may not be there yet.
pub(crate) fn push(object: &mut Value, field: &str, item: Value) {
    match object.get_mut(field).and_then(Value::as_array_mut) {
        Some(items) => items.push(item),
        None => object[field] = json!([item]),
    }
}

/// The order in which a ReplicaSet takes pods away: first those that are least useful.
pub(crate) fn deletion_rank(pod: &Value) -> (bool, u8, bool, std::cmp::Reverse<i64>, String) {
    let phase = match text(pod, "/status/phase") {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    };
    let age = super::json::time(pod, "/metadata/creationTimestamp").unwrap_or_default();
    (
        !text(pod, "/spec/nodeName").is_empty(),
        phase,
        super::json::is_ready(pod),
        std::cmp::Reverse(age),
        name(pod).to_owned(),
    )
}

/// The node that a pod runs on.
pub(crate) fn node_of(world: &World, pod: &Value) -> Option<std::sync::Arc<Value>> {
    world.get(Kind::Node, &Key::new("", text(pod, "/spec/nodeName")))
}
