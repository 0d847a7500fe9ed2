//! runs-on.

use super::RUNS_ON;
use crate::kinds::{Draft, Named};
use crate::pod_spec::PodSpec;

/// The node of a pod.
pub(super) fn pod(spec: &PodSpec<'_>, draft: &mut Draft<'_>) {
    draft.refer(&RUNS_ON, Named::new("Node", &spec.node_name, "spec.nodeName"));
}
