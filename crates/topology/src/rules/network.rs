//! selects, publishes, targets, routes.

use super::{PUBLISHES, ROUTES, SELECTS, TARGETS};
use crate::facts::{Detail, Port};
use crate::kinds::endpoint_slice::Endpoint;
use crate::kinds::{Draft, Named, ingress, service};
use model::KindId;

/// The label on an EndpointSlice that names its Service.
pub(crate) const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Whether objects of the kind can be found by a selector, and their labels must be indexed.
pub(crate) fn selectable(kind: KindId) -> bool {
    kind.get().kind == "Pod"
}

/// The pods of a Service's selector. That of an ExternalName Service means nothing.
pub(crate) fn service(spec: &service::Spec<'_>, draft: &mut Draft<'_>) {
    if spec.kind != "ExternalName" {
        draft.select(&SELECTS, "Pod", &spec.selector, "spec.selector");
    }
    for port in spec.ports.iter() {
        draft.offer(&port.name, port.port);
    }
}

/// The Service of an EndpointSlice, and what its endpoints are.
pub(crate) fn endpoint_slice(service: Option<&str>, endpoints: &[Endpoint<'_>], draft: &mut Draft<'_>) {
    let label = format!("metadata.labels[\"{SERVICE_NAME}\"]");
    draft.refer(
        &PUBLISHES,
        Named::new("Service", service.unwrap_or_default(), label),
    );
    for (index, endpoint) in endpoints.iter().enumerate() {
        let target = &endpoint.target_ref;
        let kind = match &*target.kind {
            "Pod" => "Pod",
            "Node" => "Node",
            _ => continue,
        };
        let named = Named {
            namespace: Some(&target.namespace),
            detail: Detail::Endpoint {
                ready: endpoint.conditions.ready(),
                serving: endpoint.conditions.serving(),
            },
            ..Named::new(kind, &target.name, format!("endpoints[{index}].targetRef.name"))
        };
        draft.refer(&TARGETS, named);
    }
}

/// The Services that an Ingress sends to.
pub(crate) fn ingress(spec: &ingress::Spec<'_>, draft: &mut Draft<'_>) {
    backend(&spec.default_backend, "spec.defaultBackend", draft);
    for (rule, of) in spec.rules.iter().enumerate() {
        for (path, to) in of.http.paths.iter().enumerate() {
            backend(
                &to.backend,
                &format!("spec.rules[{rule}].http.paths[{path}].backend"),
                draft,
            );
        }
    }
}

fn backend(backend: &ingress::Backend<'_>, path: &str, draft: &mut Draft<'_>) {
    let service = &backend.service;
    let port = match (&*service.port.name, service.port.number) {
        ("", 0) => Detail::None,
        ("", number) => Detail::Port(Port::Number(number)),
        (name, _) => Detail::Port(Port::Name(draft.intern(name))),
    };
    let named = Named {
        detail: port,
        ..Named::new("Service", &service.name, format!("{path}.service.name"))
    };
    draft.refer(&ROUTES, named);
}
