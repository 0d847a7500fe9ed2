//! runs-on, uses-class of pods, renews.

use super::{DEFAULT_PRIORITY_CLASS, RENEWS, RUNS_ON, Rule, USES_POD_CLASS};
use crate::kinds::{Draft, Named};
use crate::pod_spec::PodSpec;

/// The node of a pod.
pub(super) fn pod(spec: &PodSpec<'_>, draft: &mut Draft<'_>) {
    draft.refer(&RUNS_ON, Named::new("Node", &spec.node_name, "spec.nodeName"));
}

/// The classes of a pod or template whose spec is at `at`.
pub(super) fn classes(rule: &'static Rule, spec: &PodSpec<'_>, at: &str, draft: &mut Draft<'_>) {
    let priority = Named::new(
        "PriorityClass",
        &spec.priority_class_name,
        format!("{at}.priorityClassName"),
    );
    draft.refer(rule, priority);
    let runtime = Named::new(
        "RuntimeClass",
        &spec.runtime_class_name,
        format!("{at}.runtimeClassName"),
    );
    draft.refer(rule, runtime);
    if *rule == USES_POD_CLASS && spec.priority_class_name.is_empty() && spec.priority.is_none() {
        draft.want_default(&DEFAULT_PRIORITY_CLASS, "PriorityClass");
    }
}

/// The node whose kubelet renews a lease in kube-node-lease.
pub(crate) fn lease(draft: &mut Draft<'_>) {
    if draft.namespace() == "kube-node-lease" {
        let node = draft.name();
        draft.refer(&RENEWS, Named::new("Node", &node, "metadata.name"));
    }
}
