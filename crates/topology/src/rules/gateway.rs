//! The Gateway API: routes, attaches, uses-class, terminates-tls, and the grants that routes across namespaces need.

use super::{ATTACHES, ROUTES, TERMINATES_TLS, USES_INGRESS_CLASS, network};
use crate::facts::{Detail, Grant, Port};
use crate::kinds::extension::{Filter, GroupRef, Spec, typed};
use crate::kinds::{Draft, Named};
use model::KindId;

const GROUP: &str = "gateway.networking.k8s.io";

/// What an object of this kind names.
pub(crate) fn object(kind: &str, spec: &Spec<'_>, draft: &mut Draft<'_>) {
    match kind {
        "GatewayClass" => {
            network::class_parameters_at(&typed(&spec.parameters_ref), "spec.parametersRef.name", draft)
        }
        "Gateway" => gateway(spec, draft),
        "ReferenceGrant" => grant(spec, draft),
        _ => route(spec, draft),
    }
}

fn gateway(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    let class = Named::of_kind(
        GROUP,
        "GatewayClass",
        &spec.gateway_class_name,
        "spec.gatewayClassName",
    );
    draft.refer(&USES_INGRESS_CLASS, class);
    for (index, listener) in spec.listeners.iter().enumerate() {
        for (place, secret) in listener.tls.certificate_refs.iter().enumerate() {
            let path = format!("spec.listeners[{index}].tls.certificateRefs[{place}].name");
            draft.refer(&TERMINATES_TLS, named(secret, ("", "Secret"), path));
        }
    }
}

fn route(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    for (index, parent) in spec.parent_refs.iter().enumerate() {
        let path = format!("spec.parentRefs[{index}].name");
        draft.refer(&ATTACHES, named(parent, (GROUP, "Gateway"), path));
    }
    for (index, rule) in spec.rules.iter().enumerate() {
        let at = format!("spec.rules[{index}]");
        mirrors(&rule.filters, &at, draft);
        for (place, to) in rule.backend_refs.iter().enumerate() {
            let at = format!("{at}.backendRefs[{place}]");
            backend(to, &at, draft);
            mirrors(&to.filters, &at, draft);
        }
    }
}

fn mirrors(filters: &[Filter<'_>], at: &str, draft: &mut Draft<'_>) {
    for (index, filter) in filters.iter().enumerate() {
        let at = format!("{at}.filters[{index}].requestMirror.backendRef");
        backend(&filter.request_mirror.backend_ref, &at, draft);
    }
}

fn backend(to: &GroupRef<'_>, at: &str, draft: &mut Draft<'_>) {
    let named = named(to, ("", "Service"), format!("{at}.name"));
    let is_service = named.kind == KindId::of("Service");
    let detail = match to.port {
        Some(port) if is_service => Detail::Port(Port::Number(port)),
        _ => Detail::None,
    };
    draft.refer(&ROUTES, Named { detail, ..named });
}

/// What a field names, and what it means where it leaves group and kind out.
fn named<'n>(to: &'n GroupRef<'_>, (group, kind): (&'n str, &'n str), path: String) -> Named<'n> {
    let kind = if to.kind.is_empty() { kind } else { &*to.kind };
    Named {
        namespace: Some(&to.namespace),
        ..Named::of_kind(to.group_or(group), kind, &to.name, path)
    }
}

/// Who may name what in the namespace of a grant.
fn grant(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    for from in spec.from.iter() {
        for to in spec.to.iter() {
            let grant = Grant {
                from: (
                    draft.group_kind(from.group_or(""), &from.kind),
                    draft.intern(&from.namespace),
                ),
                to: (
                    draft.group_kind(to.group_or(""), &to.kind),
                    (!to.name.is_empty()).then(|| draft.intern(&to.name)),
                ),
            };
            draft.grant(grant);
        }
    }
}
