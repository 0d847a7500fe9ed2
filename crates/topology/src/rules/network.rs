//! selects, publishes, targets, routes, uses-class, terminates-tls, governs.

use super::{
    ANNOTATES_INGRESS_CLASS, CLASS_CONFIGURED_BY, DEFAULT_INGRESS_CLASS, GOVERNS, PUBLISHES, ROUTES, SELECTS,
    TARGETS, TERMINATES_TLS, USES_INGRESS_CLASS,
};
use crate::facts::{Detail, Port, Within};
use crate::kinds::classes::TypedRef;
use crate::kinds::endpoint_slice::Endpoint;
use crate::kinds::{Draft, Named, ingress, service};
use crate::selector::LabelSelector;

/// The label on an EndpointSlice that names its Service.
pub(crate) const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The pods of a Service's selector. That of an ExternalName Service means nothing.
pub(crate) fn service(spec: &service::Spec<'_>, draft: &mut Draft<'_>) {
    if spec.kind != "ExternalName" && !spec.selector.is_empty() {
        let labels = LabelSelector::of(spec.selector.pairs(), std::iter::empty());
        draft.select(&SELECTS, "Pod", Within::Own, labels, "spec.selector");
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

/// The Service that names the pods of a StatefulSet.
pub(crate) fn governing_service(service: &str, draft: &mut Draft<'_>) {
    draft.refer(&GOVERNS, Named::new("Service", service, "spec.serviceName"));
}

/// The parameters of an IngressClass.
pub(crate) fn class_parameters(to: &TypedRef<'_>, draft: &mut Draft<'_>) {
    class_parameters_at(to, "spec.parameters.name", draft);
}

/// The same, in another field.
pub(crate) fn class_parameters_at(to: &TypedRef<'_>, path: &str, draft: &mut Draft<'_>) {
    let named = Named {
        namespace: Some(&to.namespace),
        ..Named::of_kind(&to.api_group, &to.kind, &to.name, path)
    };
    draft.refer(&CLASS_CONFIGURED_BY, named);
}

/// The class of an Ingress: of its field, its old annotation, or the default.
pub(crate) fn ingress_class(field: Option<&str>, annotation: Option<&str>, draft: &mut Draft<'_>) {
    let path = format!("metadata.annotations[\"{}\"]", crate::kinds::meta::INGRESS_CLASS);
    draft.refer(
        &USES_INGRESS_CLASS,
        Named::new("IngressClass", field.unwrap_or_default(), "spec.ingressClassName"),
    );
    draft.refer(
        &ANNOTATES_INGRESS_CLASS,
        Named::new("IngressClass", annotation.unwrap_or_default(), path),
    );
    if field.is_none() && annotation.is_none() {
        draft.want_default(&DEFAULT_INGRESS_CLASS, "IngressClass");
    }
}

/// The Services that an Ingress sends to, and the Secrets of its hosts.
pub(crate) fn ingress(spec: &ingress::Spec<'_>, draft: &mut Draft<'_>) {
    for (index, tls) in spec.tls.iter().enumerate() {
        let path = format!("spec.tls[{index}].secretName");
        draft.refer(&TERMINATES_TLS, Named::new("Secret", &tls.secret_name, path));
    }
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
