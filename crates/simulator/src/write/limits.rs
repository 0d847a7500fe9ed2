//! LimitRanges: what containers ask for when they say nothing, and how much they may ask for.

use serde_json::{Value, json};

use super::{Write, objects};
use crate::quantity::{Quantity, millis};
use crate::status::Refusal;
use crate::store::Inner;

const CONTAINERS: [(&str, &str); 2] = [("containers", "container"), ("initContainers", "init container")];

fn limits_of<'a>(ranges: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let limits = ranges
        .iter()
        .flat_map(|range| range["spec"]["limits"].as_array().into_iter().flatten());
    limits.filter(move |limit| limit["type"] == kind)
}

/// Lets the containers of a pod ask for what the LimitRanges of its namespace say, and says so.
pub(super) fn fill(write: &Write<'_>, store: &mut Inner, object: &mut Value) {
    if write.resource.qualified() != "pods" {
        return;
    }
    for range in objects(write, store, "limitranges") {
        let mut said = Vec::new();
        for (list, kind) in CONTAINERS {
            let containers = object["spec"].get_mut(list).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                for (part, from, word) in [
                    ("requests", "defaultRequest", "request"),
                    ("limits", "default", "limit"),
                ] {
                    let mut set = Vec::new();
                    let ranges = std::slice::from_ref(&range);
                    for limit in limits_of(ranges, "Container") {
                        for (resource, quantity) in limit[from].as_object().into_iter().flatten() {
                            if container["resources"][part][resource].is_null() {
                                container["resources"][part][resource] = quantity.clone();
                                set.push(resource.clone());
                            }
                        }
                    }
                    set.sort();
                    if !set.is_empty() {
                        let name = container["name"].as_str().unwrap_or_default();
                        said.push(format!("{} {word} for {kind} {name}", set.join(", ")));
                    }
                    tidy(container, part);
                }
            }
        }
        if !said.is_empty() {
            let text = format!("LimitRanger plugin set: {}", said.join("; "));
            object["metadata"]["annotations"]["kubernetes.io/limit-ranger"] = json!(text);
        }
    }
}

/// Looking has left a null where nothing is.
fn tidy(container: &mut Value, part: &str) {
    if let Some(resources) = container["resources"].as_object_mut() {
        if let Some(values) = resources.get_mut(part).and_then(Value::as_object_mut) {
            values.retain(|_, value| !value.is_null());
        }
        resources.retain(|_, values| {
            values.as_object().is_none_or(|values| !values.is_empty()) && !values.is_null()
        });
    }
}

/// Refuses what asks for less or more than the LimitRanges of its namespace allow.
pub(super) fn check(write: &Write<'_>, store: &mut Inner, object: &Value) -> Result<(), Refusal> {
    let kind = write.resource.qualified();
    if !matches!(kind.as_str(), "pods" | "persistentvolumeclaims") {
        return Ok(());
    }
    for range in objects(write, store, "limitranges") {
        let ranges = std::slice::from_ref(&range);
        let mut errors = Vec::new();
        if kind == "pods" {
            for (list, _) in CONTAINERS {
                for container in object["spec"][list].as_array().into_iter().flatten() {
                    for limit in limits_of(ranges, "Container") {
                        let asked =
                            |part: &str, resource: &str| given(&container["resources"][part][resource]);
                        errors.extend(bounds("Container", limit, asked));
                    }
                }
            }
            for limit in limits_of(ranges, "Pod") {
                let asked = |part: &str, resource: &str| whole(object, part, resource);
                errors.extend(bounds("Pod", limit, asked));
            }
        } else {
            for limit in limits_of(ranges, "PersistentVolumeClaim") {
                // Claims have no limits: what counts is the request, on both sides.
                let asked =
                    |_: &str, resource: &str| given(&object["spec"]["resources"]["requests"][resource]);
                errors.extend(claim_bounds(limit, asked));
            }
        }
        errors.dedup();
        let why = match errors.as_slice() {
            [] => continue,
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        return Err(Refusal::forbidden_object(write.resource, name, &why));
    }
    Ok(())
}

/// A quantity and how it is written; none if it is not given.
fn given(value: &Value) -> Option<(i64, String)> {
    let text = value.as_str()?;
    Some((millis(value), text.to_owned()))
}

/// What all containers of a pod ask for together; those that initialise run one after the other.
fn whole(pod: &Value, part: &str, resource: &str) -> Option<(i64, String)> {
    let of = |list: &str| {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        let values = containers.map(|container| &container["resources"][part][resource]);
        values
            .filter(|value| !value.is_null())
            .map(millis)
            .collect::<Vec<_>>()
    };
    let (running, starting) = (of("containers"), of("initContainers"));
    if running.is_empty() && starting.is_empty() {
        return None;
    }
    let sum: i64 = running.iter().sum();
    let most = starting.iter().copied().max().unwrap_or_default().max(sum);
    let binary = resource.ends_with("memory") || resource.ends_with("storage");
    Some((most, Quantity::of_millis(most, binary).canonical()))
}

type Asked = Option<(i64, String)>;

fn bounds<'l>(
    kind: &'l str,
    limit: &'l Value,
    asked: impl Fn(&str, &str) -> Asked + 'l,
) -> impl Iterator<Item = String> + 'l {
    let mut errors = Vec::new();
    for (resource, bound) in limit["min"].as_object().into_iter().flatten() {
        let begin = format!(
            "minimum {resource} usage per {kind} is {}",
            bound.as_str().unwrap_or_default()
        );
        let bound = millis(bound);
        match (asked("requests", resource), asked("limits", resource)) {
            (None, _) => errors.push(format!("{begin}.  No request is specified")),
            (Some((request, text)), _) if request < bound => {
                errors.push(format!("{begin}, but request is {text}"))
            }
            (_, Some((limit, text))) if limit < bound => errors.push(format!("{begin}, but limit is {text}")),
            _ => {}
        }
    }
    for (resource, bound) in limit["max"].as_object().into_iter().flatten() {
        let begin = format!(
            "maximum {resource} usage per {kind} is {}",
            bound.as_str().unwrap_or_default()
        );
        let bound = millis(bound);
        match (asked("limits", resource), asked("requests", resource)) {
            (None, _) => errors.push(format!("{begin}.  No limit is specified")),
            (Some((limit, text)), _) if limit > bound => errors.push(format!("{begin}, but limit is {text}")),
            (_, Some((request, text))) if request > bound => {
                errors.push(format!("{begin}, but request is {text}"))
            }
            _ => {}
        }
    }
    errors.into_iter()
}

fn claim_bounds(limit: &Value, asked: impl Fn(&str, &str) -> Asked) -> Vec<String> {
    let mut errors = Vec::new();
    for (part, word) in [("min", "minimum"), ("max", "maximum")] {
        for (resource, bound) in limit[part].as_object().into_iter().flatten() {
            let text = bound.as_str().unwrap_or_default();
            let begin = format!("{word} {resource} usage per PersistentVolumeClaim is {text}");
            let bound = millis(bound);
            match asked("requests", resource) {
                None => errors.push(format!("{begin}.  No request is specified")),
                Some((request, text))
                    if (part == "min" && request < bound) || (part == "max" && request > bound) =>
                {
                    errors.push(format!("{begin}, but request is {text}"));
                }
                Some(_) => {}
            }
        }
    }
    errors
}
