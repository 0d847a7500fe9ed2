//! `pods/eviction`: deleting a pod, unless a PodDisruptionBudget is against it.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::{Write, Written, delete, update};
use crate::controllers::json::{condition, is_going, is_ready, selects, set_condition};
use crate::controllers::pods::mark_disrupted;
use crate::http::request::Query;
use crate::resources::Resource;
use crate::status::Refusal;
use crate::store::object::text_of;
use crate::store::{Inner, Key};

const TOO_MANY: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
/// Evictions that the budget's controller has not seen yet.
const MOST_DISRUPTED: usize = 2000;

/// Evicts a pod.
pub(super) fn create(write: &Write<'_>, eviction: &Value, query: &Query) -> Result<Written, Refusal> {
    if eviction["metadata"]["name"].as_str().unwrap_or_default() != write.name {
        return Err(Refusal::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let mut options = match &eviction["deleteOptions"] {
        Value::Null => json!({}),
        options => options.clone(),
    };
    let own_dry_run = options["dryRun"]
        .as_array()
        .is_some_and(|own| own.iter().any(|own| own == "All"));
    let dry_run = write.dry_run || own_dry_run;
    let write = Write {
        dry_run,
        manager: write.manager.clone(),
        ..*write
    };
    let given_version = options["preconditions"]["resourceVersion"].is_string();
    let mut unsafe_version = false;
    {
        let mut store = write.shared.store.lock();
        let pod = update::current(&write, &mut store)?;
        let phase = pod["status"]["phase"].as_str().unwrap_or_default();
        let unguarded = matches!(phase, "Succeeded" | "Failed" | "Pending") || is_going(&pod);
        if !unguarded {
            let budgets = budgets(&write, &mut store, &pod);
            match budgets.as_slice() {
                [] => {}
                [(resource, budget)] if is_guarded(&pod, budget) => {
                    spend(&write, &mut store, resource, budget.clone())?;
                }
                // It is not counted; it must not become ready meanwhile, which nothing can do under this lock.
                [_] => unsafe_version = true,
                _ => return Ok(too_many_budgets()),
            }
        }
        delete::check_preconditions(&write, &options, &pod)?;
        if !dry_run {
            mark(&write, &mut store, pod);
        }
        if given_version || unsafe_version {
            // It was checked, and has just been changed by the mark.
            if let Some(preconditions) = options["preconditions"].as_object_mut() {
                preconditions.remove("resourceVersion");
            }
        }
    }
    delete::delete(&write, "application/json", options.to_string().as_bytes(), query)?;
    Ok(success())
}

fn success() -> Written {
    let status =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    let mut written = Written::plain(status);
    written.code = StatusCode::CREATED;
    written
}

fn too_many_budgets() -> Written {
    let message =
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    let mut written = Written::plain(json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": 500,
    }));
    written.code = StatusCode::INTERNAL_SERVER_ERROR;
    written
}

/// The budgets that select a pod.
fn budgets(write: &Write<'_>, store: &mut Inner, pod: &Value) -> Vec<(Arc<Resource>, Value)> {
    let Some(resource) = write
        .shared
        .resources
        .find("policy", "v1", "poddisruptionbudgets")
    else {
        return Vec::new();
    };
    let snapshot = store.snapshot(resource.id);
    let objects = snapshot.from(write.namespace, None);
    objects
        .filter_map(|(_, stored)| serde_json::from_slice(&snapshot.dictionary.unpack(stored)).ok())
        .filter(|budget: &Value| {
            let selector = &budget["spec"]["selector"];
            !selector.is_null() && selects(selector, &pod["metadata"]["labels"])
        })
        .map(|budget| (resource.clone(), budget))
        .collect()
}

/// Whether evicting a pod costs its budget something: one that is not ready is free where the budget says so, or
/// where enough others are healthy.
fn is_guarded(pod: &Value, budget: &Value) -> bool {
    if is_ready(pod) {
        return true;
    }
    let number = |field: &str| budget["status"][field].as_i64().unwrap_or_default();
    let enough = number("currentHealthy") >= number("desiredHealthy") && number("desiredHealthy") > 0;
    budget["spec"]["unhealthyPodEvictionPolicy"] != "AlwaysAllow" && !enough
}

/// Takes one disruption from a budget, if it has one.
fn spend(
    write: &Write<'_>,
    store: &mut Inner,
    resource: &Resource,
    mut budget: Value,
) -> Result<(), Refusal> {
    let name = budget["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let status = &budget["status"];
    let number = |field: &str| status[field].as_i64().unwrap_or_default();
    let generation = budget["metadata"]["generation"].as_i64().unwrap_or_default();
    if number("observedGeneration") < generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(refused(&why, Some(10)));
    }
    let forbidden = |why: &str| {
        let message = format!("poddisruptionbudget.policy \"{name}\" is forbidden: {why}");
        let details = json!({"name": name, "group": "policy", "kind": "poddisruptionbudget"});
        Refusal::other(StatusCode::FORBIDDEN, "Forbidden", message, Some(details))
    };
    let allowed = number("disruptionsAllowed");
    if allowed < 0 {
        return Err(forbidden("pdb disruptions allowed is negative"));
    }
    if status["disruptedPods"]
        .as_object()
        .is_some_and(|pods| pods.len() > MOST_DISRUPTED)
    {
        return Err(forbidden(
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
        ));
    }
    if allowed == 0 {
        return Err(refused(&why_not(&budget, &name), None));
    }
    if write.dry_run {
        return Ok(());
    }
    budget["status"]["disruptionsAllowed"] = json!(allowed - 1);
    budget["status"]["disruptedPods"][write.name] = json!(write.manager.time);
    if allowed == 1 {
        let condition = json!({
            "type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
            "observedGeneration": number_of(&budget, "observedGeneration"),
        });
        set_condition(&mut budget, condition, write.shared.clock.seconds());
    }
    put(store, resource, Key::new(write.namespace, &name), budget);
    Ok(())
}

fn number_of(budget: &Value, field: &str) -> i64 {
    budget["status"][field].as_i64().unwrap_or_default()
}

fn why_not(budget: &Value, name: &str) -> String {
    let found = condition(budget, "DisruptionAllowed").filter(|found| found["status"] == "False");
    let text = |field: &str| found.and_then(|found| found[field].as_str()).unwrap_or_default();
    let (reason, message) = (text("reason"), text("message"));
    let (healthy, desired) = (
        number_of(budget, "currentHealthy"),
        number_of(budget, "desiredHealthy"),
    );
    let not_now = format!("The disruption budget {name} does not allow evicting pods currently");
    if reason == "SyncFailed" && !message.is_empty() {
        format!("{not_now} because it failed sync: {message}")
    } else if healthy <= desired {
        format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
    } else if !message.is_empty() {
        format!("{not_now} ({reason}): {message}")
    } else {
        not_now
    }
}

fn refused(why: &str, retry_after: Option<i64>) -> Refusal {
    let mut details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
    if let Some(seconds) = retry_after {
        details["retryAfterSeconds"] = json!(seconds);
    }
    Refusal::other(
        StatusCode::TOO_MANY_REQUESTS,
        "TooManyRequests",
        TOO_MANY,
        Some(details),
    )
}

/// Says in a pod's status why it goes.
fn mark(write: &Write<'_>, store: &mut Inner, mut pod: Value) {
    let now = write.shared.clock.seconds();
    mark_disrupted(&mut pod, "EvictionByEvictionAPI", "Eviction API: evicting", now);
    put(store, write.resource, Key::new(write.namespace, write.name), pod);
}

fn put(store: &mut Inner, resource: &Resource, key: Key, mut object: Value) {
    store.put(resource.id, key, |version| {
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        text_of(&object)
    });
}
