//! The layer of other projects: issues, issued-by, monitors, syncs-to, syncs-from, tunes, manages; routes and attaches of a
//! service mesh; scales of autoscalers.

use super::{
    EXTENSION_ATTACHES, EXTENSION_ROUTES, ISSUED_BY, ISSUES, MANAGES, MONITORS, Rule, SYNCS_FROM, SYNCS_TO,
    TUNES, scaling,
};
use crate::facts::Within;
use crate::kinds::autoscaler::Target;
use crate::kinds::extension::{MeshRoute, Spec, Status};
use crate::kinds::{Draft, Named};

const CERTIFICATES: &str = "cert-manager.io";
const SECRETS: &str = "external-secrets.io";
const MESH: &str = "networking.istio.io";

/// What an object of this kind names.
pub(crate) fn object(kind: &str, spec: &Spec<'_>, status: &Status<'_>, draft: &mut Draft<'_>) {
    match kind {
        "Certificate" => certificate(spec, draft),
        "ServiceMonitor" => monitor("Service", spec, draft),
        "PodMonitor" => monitor("Pod", spec, draft),
        "ExternalSecret" => external_secret(spec, draft),
        "VirtualService" => virtual_service(spec, draft),
        "DestinationRule" => host(&TUNES, &spec.host, "spec.host".to_owned(), draft),
        "Application" | "Kustomization" | "HelmRelease" => inventory(status, draft),
        "Rollout" => rollout(spec, draft),
        "ScaledObject" => scaled_object(&spec.scale_target_ref, draft),
        "VerticalPodAutoscaler" => scaling::target(&spec.target_ref, "spec.targetRef", draft),
        _ => {}
    }
}

fn certificate(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    draft.refer(
        &ISSUES,
        Named::new("Secret", &spec.secret_name, "spec.secretName"),
    );
    let issuer = &spec.issuer_ref;
    let kind = if issuer.kind.is_empty() {
        "Issuer"
    } else {
        &*issuer.kind
    };
    let group = issuer.group.as_deref().filter(|group| !group.is_empty());
    let named = Named::of_kind(
        group.unwrap_or(CERTIFICATES),
        kind,
        &issuer.name,
        "spec.issuerRef.name",
    );
    draft.refer(&ISSUED_BY, named);
}

fn monitor(kind: &str, spec: &Spec<'_>, draft: &mut Draft<'_>) {
    let namespaces = &spec.namespace_selector;
    let within = if *namespaces.any {
        Within::Any
    } else if namespaces.match_names.is_empty() {
        Within::Own
    } else {
        Within::Named(
            namespaces
                .match_names
                .iter()
                .map(|name| draft.intern(name))
                .collect(),
        )
    };
    draft.select(
        &MONITORS,
        kind,
        within,
        spec.selector.requirements(),
        "spec.selector",
    );
}

fn external_secret(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    let own = draft.name();
    let default = spec.target.name.is_empty();
    let name = if default { &*own } else { &*spec.target.name };
    let target = Named {
        default,
        ..Named::new("Secret", name, "spec.target.name")
    };
    draft.refer(&SYNCS_TO, target);
    let store = &spec.secret_store_ref;
    let kind = if store.kind.is_empty() {
        "SecretStore"
    } else {
        &*store.kind
    };
    draft.refer(
        &SYNCS_FROM,
        Named::of_kind(SECRETS, kind, &store.name, "spec.secretStoreRef.name"),
    );
}

fn virtual_service(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    for (index, gateway) in spec
        .gateways
        .iter()
        .enumerate()
        .filter(|(_, name)| **name != "mesh")
    {
        let (namespace, name) = gateway.split_once('/').unwrap_or(("", gateway));
        let named = Named {
            namespace: Some(namespace),
            ..Named::of_kind(MESH, "Gateway", name, format!("spec.gateways[{index}]"))
        };
        draft.refer(&EXTENSION_ATTACHES, named);
    }
    let lists: [(&str, &[MeshRoute<'_>]); 3] = [("http", &spec.http), ("tcp", &spec.tcp), ("tls", &spec.tls)];
    for (list, routes) in lists {
        for (index, of) in routes.iter().enumerate() {
            for (place, to) in of.route.iter().enumerate() {
                let path = format!("spec.{list}[{index}].route[{place}].destination.host");
                host(&EXTENSION_ROUTES, &to.destination.host, path, draft);
            }
            let path = format!("spec.{list}[{index}].mirror.host");
            host(&EXTENSION_ROUTES, &of.mirror.host, path, draft);
        }
    }
}

/// A host of the mesh that is a Service: a short name in the object's own namespace, or `name.namespace.svc...`.
fn host(rule: &'static Rule, host: &str, path: String, draft: &mut Draft<'_>) {
    let mut labels = host.split('.');
    let (name, namespace) = match (labels.next(), labels.next(), labels.next()) {
        (Some(name), None, _) => (name, ""),
        (Some(name), Some(namespace), Some("svc")) => (name, namespace),
        _ => return,
    };
    if !name.contains('*') {
        let named = Named {
            namespace: Some(namespace),
            ..Named::new("Service", name, path)
        };
        draft.refer(rule, named);
    }
}

fn rollout(spec: &Spec<'_>, draft: &mut Draft<'_>) {
    let (canary, both) = (&spec.strategy.canary, &spec.strategy.blue_green);
    let services = [
        ("canary.canaryService", &canary.canary_service),
        ("canary.stableService", &canary.stable_service),
        ("blueGreen.activeService", &both.active_service),
        ("blueGreen.previewService", &both.preview_service),
    ];
    for (field, service) in services {
        draft.refer(
            &EXTENSION_ROUTES,
            Named::new("Service", service, format!("spec.strategy.{field}")),
        );
    }
}

/// What it scales is a Deployment unless it says otherwise.
fn scaled_object(target: &Target<'_>, draft: &mut Draft<'_>) {
    let or =
        |text: &crate::json::Text<'_>, default: &str| if text.is_empty() { default } else { text }.to_owned();
    let (version, kind) = (or(&target.api_version, "apps/v1"), or(&target.kind, "Deployment"));
    let named = Named::of_version(&version, &kind, &target.name, "spec.scaleTargetRef.name");
    draft.refer(&super::SCALES, named);
}

/// What an object has put there: Argo CD lists it, Flux writes `namespace_name_group_kind`.
fn inventory(status: &Status<'_>, draft: &mut Draft<'_>) {
    for (index, object) in status.resources.iter().enumerate() {
        let path = format!("status.resources[{index}].name");
        let named = Named {
            namespace: Some(&object.namespace),
            ..Named::of_kind(&object.group, &object.kind, &object.name, path)
        };
        draft.refer(&MANAGES, named);
    }
    for (index, entry) in status.inventory.entries.iter().enumerate() {
        let mut parts = entry.id.split('_');
        if let (Some(namespace), Some(name), Some(group), Some(kind)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            // A colon in a name is written as two underscores, which no other name has: such a one is passed over.
            let named = Named {
                namespace: Some(namespace),
                ..Named::of_kind(group, kind, name, format!("status.inventory.entries[{index}].id"))
            };
            draft.refer(&MANAGES, named);
        }
    }
}
