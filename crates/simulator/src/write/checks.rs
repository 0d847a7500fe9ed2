//! Why an object is refused: the API server's own checks, for the mistakes that people make.

use serde_json::{Value, json};

use super::names;
use crate::quantity::Quantity;
use crate::resources::Resource;
use crate::status::{Cause, Refusal};

mod autoscaler;
mod cidr;
mod network;
mod pod;
mod policy;
mod rights;
mod secret;
mod storage;
mod workload;

/// The causes found so far.
#[derive(Default)]
pub(super) struct Causes(pub(super) Vec<Cause>);

/// The causes for which an object is refused; `old` is what it replaces. An error is what cannot be said exactly.
pub(super) fn check(resource: &Resource, old: Option<&Value>, object: &Value) -> Result<Vec<Cause>, Refusal> {
    let mut causes = Causes::default();
    match resource.qualified().as_str() {
        "pods" => {
            pod::spec(&mut causes, "spec", &object["spec"]);
            if let Some(old) = old {
                pod::update(old, object)?;
            }
        }
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" => {
            workload::check(&mut causes, resource, old, object);
        }
        "jobs.batch" => workload::job(&mut causes, old, object)?,
        "cronjobs.batch" => workload::cron_job(&mut causes, object)?,
        "services" => network::service(&mut causes, old, object)?,
        "endpointslices.discovery.k8s.io" => network::endpoint_slice(&mut causes, old, object),
        "ingresses.networking.k8s.io" => network::ingress(&mut causes, object),
        "networkpolicies.networking.k8s.io" => network::policy(&mut causes, object),
        "persistentvolumeclaims" => storage::claim(&mut causes, old, object)?,
        "persistentvolumes" => storage::volume(&mut causes, old, object)?,
        "storageclasses.storage.k8s.io" => storage::class(&mut causes, old, object)?,
        "horizontalpodautoscalers.autoscaling" => autoscaler::check(&mut causes, object)?,
        "poddisruptionbudgets.policy" => policy::budget(&mut causes, object)?,
        "resourcequotas" => policy::quota(&mut causes, object),
        "limitranges" => policy::limits(object)?,
        "priorityclasses.scheduling.k8s.io" => policy::priority(&mut causes, old, object),
        "secrets" => secret::check(&mut causes, object)?,
        "events" => policy::event(&mut causes, object),
        "nodes" => policy::node(&mut causes, object),
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => {
            rights::role(&mut causes, object, resource.namespaced);
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            rights::binding(&mut causes, object, resource.namespaced);
        }
        _ => {}
    }
    Ok(causes.0)
}

impl Causes {
    fn required(&mut self, path: impl Into<String>, value: &Value) -> bool {
        let missing = value.is_null() || value.as_str() == Some("");
        if missing {
            self.0.push(Cause::required(path, ""));
        }
        !missing
    }

    fn invalid(&mut self, path: impl Into<String>, value: &Value, why: &str) {
        self.0.push(Cause::invalid(path, value, why));
    }

    fn one_of(&mut self, path: impl Into<String>, value: &Value, supported: &[&str]) {
        if !value.is_null() && !supported.iter().any(|s| value == s) {
            self.0.push(Cause::unsupported(path, value, supported));
        }
    }

    fn at_least_zero(&mut self, path: impl Into<String>, value: &Value) {
        if value.as_i64().is_some_and(|n| n < 0) {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }

    /// A port number; names of ports are looked at elsewhere.
    fn port(&mut self, path: impl Into<String>, value: &Value) {
        let number = value.as_i64().or(value.is_null().then_some(0));
        if let Some(number) = number.filter(|n| !(1..=65535).contains(n)) {
            self.invalid(path, &json!(number), "must be between 1 and 65535, inclusive");
        }
    }

    fn dns_label(&mut self, path: impl Into<String>, value: &Value) {
        let path = path.into();
        let text = value.as_str().unwrap_or_default();
        if text.len() > 63 {
            self.invalid(path.clone(), value, "must be no more than 63 bytes");
        }
        if !names::is_dns_label(text) {
            self.invalid(path, value, names::LABEL);
        }
    }

    fn selector(&mut self, path: &str, selector: &Value) {
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            self.0
                .extend(names::label_causes(&format!("{path}.matchLabels"), key, value));
        }
        for (index, rule) in items(&selector["matchExpressions"]) {
            let path = format!("{path}.matchExpressions[{index}]");
            let none = rule["values"].as_array().is_none_or(Vec::is_empty);
            match rule["operator"].as_str() {
                Some("In" | "NotIn") if none => self.0.push(Cause::required(
                    format!("{path}.values"),
                    "must be specified when `operator` is 'In' or 'NotIn'",
                )),
                Some("Exists" | "DoesNotExist") if !none => self.0.push(Cause::forbidden(
                    format!("{path}.values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                )),
                Some("In" | "NotIn" | "Exists" | "DoesNotExist") => {}
                _ => self.invalid(
                    format!("{path}.operator"),
                    &json!(rule["operator"].as_str().unwrap_or_default()),
                    "not a valid selector operator",
                ),
            }
        }
    }
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flatten()
}

fn quantity(value: &Value) -> i128 {
    value
        .as_str()
        .and_then(Quantity::parse)
        .map_or(0, |quantity| quantity.nano)
}
