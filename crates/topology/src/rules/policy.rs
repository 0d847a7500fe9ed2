//! applies-to, allows-from, allows-to, protects, limits.

use super::{ALLOWS_FROM, ALLOWS_FROM_BLOCK, ALLOWS_TO, ALLOWS_TO_BLOCK, APPLIES_TO, LIMITS, PROTECTS, Rule};
use crate::facts::Within;
use crate::kinds::meta::LabelSelector;
use crate::kinds::network_policy::{Peer, Spec};
use crate::kinds::{Draft, Named};

/// The pods that a NetworkPolicy applies to, and whom its rules let in and out.
pub(crate) fn network_policy(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    let labels = spec.pod_selector.requirements();
    draft.select(&APPLIES_TO, "Pod", Within::Own, labels, "spec.podSelector");
    // Without policyTypes, ingress counts always, and egress if there are rules for it.
    let has = |direction: &str, otherwise: bool| {
        let types = &spec.policy_types;
        if types.is_empty() {
            otherwise
        } else {
            types.iter().any(|own| own == direction)
        }
    };
    if has("Ingress", true) {
        for (index, rule) in spec.ingress.iter().enumerate() {
            let path = format!("spec.ingress[{index}].from");
            peers([&ALLOWS_FROM, &ALLOWS_FROM_BLOCK], &rule.from, &path, draft);
        }
    }
    if has("Egress", !spec.egress.is_empty()) {
        for (index, rule) in spec.egress.iter().enumerate() {
            let path = format!("spec.egress[{index}].to");
            peers([&ALLOWS_TO, &ALLOWS_TO_BLOCK], &rule.to, &path, draft);
        }
    }
}

/// The peers of one rule; no peers are all.
fn peers([labelled, block]: [&'static Rule; 2], peers: &[Peer<'_>], path: &str, draft: &mut Draft<'_>) {
    if peers.is_empty() {
        let anywhere = Named {
            default: true,
            ..Named::new("Anywhere", "all", path)
        };
        draft.refer(block, anywhere);
    }
    for (index, peer) in peers.iter().enumerate() {
        let at = format!("{path}[{index}]");
        if let Some(addresses) = &peer.ip_block {
            draft.refer(
                block,
                Named::new("CIDR", &addresses.cidr, format!("{at}.ipBlock.cidr")),
            );
        }
        match (&peer.pod_selector, &peer.namespace_selector) {
            (Some(pods), None) => {
                let path = format!("{at}.podSelector");
                draft.select(labelled, "Pod", Within::Own, pods.requirements(), path);
            }
            (None, Some(namespaces)) => {
                let path = format!("{at}.namespaceSelector");
                draft.select(
                    labelled,
                    "Namespace",
                    Within::Any,
                    namespaces.requirements(),
                    path,
                );
            }
            (Some(pods), Some(namespaces)) => {
                let within = Within::Matching(namespaces.requirements());
                let path = format!("{at}.podSelector");
                draft.select(labelled, "Pod", within, pods.requirements(), path);
            }
            (None, None) => {}
        }
    }
}

/// The pods that a PodDisruptionBudget protects: none without a selector, all with an empty one.
pub(crate) fn budget(selector: Option<&LabelSelector<'_>>, draft: &mut Draft<'_>) {
    if let Some(selector) = selector {
        let labels = selector.requirements();
        draft.select(&PROTECTS, "Pod", Within::Own, labels, "spec.selector");
    }
}

/// The namespace that a quota or range limits.
pub(crate) fn limits(draft: &mut Draft<'_>) {
    let namespace = draft.namespace();
    draft.refer(&LIMITS, Named::new("Namespace", &namespace, "metadata.namespace"));
}
