//! What pods and pod templates name: the same fields, at another path, on other layers.

use super::{
    MOUNTS_CONFIG, PULLS_WITH, READS, RUNS_AS, TEMPLATE_MOUNTS, TEMPLATE_PULLS_WITH, TEMPLATE_READS,
    TEMPLATE_RUNS_AS, TEMPLATE_USES_CLASS, USES_POD_CLASS, calls, config, identity, scheduling, storage,
};
use crate::kinds::Draft;
use crate::pod_spec::PodSpec;

/// What a pod names. A mirror pod runs as no one: the node runs it from a file.
pub(crate) fn pod(spec: &PodSpec<'_>, mirror: bool, draft: &mut Draft<'_>) {
    images(spec, draft);
    for (path, container) in spec.all_containers() {
        let path = format!("spec.{path}");
        config::environment(&READS, container, &path, draft);
        calls::container(container, &path, draft);
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        let path = format!("spec.volumes[{index}]");
        config::volume(&MOUNTS_CONFIG, volume, &path, draft);
        storage::pod_volume(volume, &path, draft);
    }
    if !mirror {
        identity::service_account(&RUNS_AS, spec, "spec", draft);
    }
    scheduling::pod(spec, draft);
    scheduling::classes(&USES_POD_CLASS, spec, "spec", draft);
    config::pull_secrets(
        &PULLS_WITH,
        &spec.image_pull_secrets,
        "spec.imagePullSecrets",
        draft,
    );
}

/// What the pod template of a workload names, so that a workload without pods keeps its edges. `replaced` says of which
/// volumes a claim template takes the place.
pub(crate) fn template(spec: &PodSpec<'_>, at: &str, replaced: impl Fn(&str) -> bool, draft: &mut Draft<'_>) {
    images(spec, draft);
    for (path, container) in spec.all_containers() {
        let path = format!("{at}.{path}");
        config::environment(&TEMPLATE_READS, container, &path, draft);
        calls::container(container, &path, draft);
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        if replaced(&volume.name) {
            continue;
        }
        let path = format!("{at}.volumes[{index}]");
        config::volume(&TEMPLATE_MOUNTS, volume, &path, draft);
        storage::template_volume(volume, &path, draft);
    }
    identity::service_account(&TEMPLATE_RUNS_AS, spec, at, draft);
    scheduling::classes(&TEMPLATE_USES_CLASS, spec, at, draft);
    let secrets = format!("{at}.imagePullSecrets");
    config::pull_secrets(&TEMPLATE_PULLS_WITH, &spec.image_pull_secrets, &secrets, draft);
}

/// The images of all containers.
fn images(spec: &PodSpec<'_>, draft: &mut Draft<'_>) {
    let lists = [
        &spec.containers,
        &spec.init_containers,
        &spec.ephemeral_containers,
    ];
    let containers = lists.into_iter().flat_map(|containers| containers.iter());
    draft.run(containers.map(|container| &*container.image));
}
