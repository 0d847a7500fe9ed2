//! Reading and making objects, in the words that all controllers share.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kind::Kind;
use crate::clock::stamp;
use crate::store::Key;

/// What decides how pods of a simulator behave is written in annotations that begin with this.
pub(crate) const PREFIX: &str = "simulator.kubilitics.io/";

/// What is at a path. `Value::pointer` copies each step of it to undo escapes, and this is asked all the time.
fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    if path.bytes().any(|byte| byte == b'~') {
        return object.pointer(path);
    }
    let mut value = object;
    let mut rest = path.strip_prefix('/');
    while let Some(steps) = rest {
        // Paths are short: looking at each byte is quicker than looking for a pattern.
        let end = steps.bytes().position(|byte| byte == b'/');
        let step = end.map_or(steps, |end| steps.get(..end).unwrap_or_default());
        rest = end.and_then(|end| steps.get(end + 1..));
        value = match value {
            Value::Object(fields) => fields.get(step)?,
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

pub(crate) fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn int(object: &Value, path: &str) -> Option<i64> {
    at(object, path).and_then(Value::as_i64)
}

pub(crate) fn list<'a>(object: &'a Value, path: &str) -> &'a [Value] {
    at(object, path)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The items of a list that may not be there.
pub(crate) fn items_mut<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    let items = object.get_mut(field).and_then(Value::as_array_mut);
    items.into_iter().flatten()
}

pub(crate) fn is_true(object: &Value, path: &str) -> bool {
    at(object, path).and_then(Value::as_bool) == Some(true)
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(crate) fn key(object: &Value) -> Key {
    Key::new(namespace(object), name(object))
}

pub(crate) fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object
        .get("metadata")?
        .get("annotations")?
        .get(name)
        .and_then(Value::as_str)
}

/// One of the simulator's own annotations, on a pod or a node.
pub(crate) fn told<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    annotation(object, &format!("{PREFIX}{name}"))
}

/// The same for one container of a pod: `<container>.<name>`, or `<name>` for all of them.
pub(crate) fn told_container<'a>(pod: &'a Value, container: &str, name: &str) -> Option<&'a str> {
    told(pod, &format!("{container}.{name}")).or_else(|| told(pod, name))
}

/// Whether somebody asked for its deletion.
pub(crate) fn is_going(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

/// `90s`, `5m`, `3h`, `12d`, or several of them in a row, in seconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut digits = String::new();
    for letter in text.trim().chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        let part = digits.parse::<i64>().ok()?.checked_mul(unit)?;
        total = total.checked_add(part)?;
        digits.clear();
    }
    digits
        .is_empty()
        .then_some(total)
        .filter(|_| !text.trim().is_empty())
}

/// Seconds since 1970 of a time as Kubernetes writes it.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|time| time.as_second())
}

/// The time in a field.
pub(crate) fn time(object: &Value, path: &str) -> Option<i64> {
    seconds(text(object, path))
}

/// A time with microseconds, as Leases and newer events have it.
pub(crate) fn micro_stamp(seconds: i64, micros: u64) -> String {
    let whole = stamp(seconds);
    format!("{}.{:06}Z", whole.trim_end_matches('Z'), micros % 1_000_000)
}

/// A reference to the controller that owns what carries it.
pub(crate) fn owner_reference(kind: Kind, owner: &Value) -> Value {
    json!([{
        "apiVersion": kind.api_version(), "kind": kind.name(), "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// The owner that controls an object: its kind, if it is known here, name and uid.
pub(crate) fn controller_of(object: &Value) -> Option<(Kind, &str, &str)> {
    let owners = list(object, "/metadata/ownerReferences");
    let owner = owners.iter().find(|owner| is_true(owner, "/controller"))?;
    let kind = Kind::of(text(owner, "/apiVersion"), text(owner, "/kind"))?;
    Some((kind, text(owner, "/name"), text(owner, "/uid")))
}

/// Whether a selector (`matchLabels`, `matchExpressions`) selects labels. An empty one selects everything.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    let simple = selector.get("matchLabels").unwrap_or(&Value::Null);
    has_labels(simple, labels)
        && list(selector, "/matchExpressions")
            .iter()
            .all(|term| satisfies(term, labels))
}

/// Whether all of the wanted labels are there.
pub(crate) fn has_labels(wanted: &Value, labels: &Value) -> bool {
    let mut wanted = wanted.as_object().into_iter().flatten();
    wanted.all(|(key, value)| labels.get(key) == Some(value))
}

/// One requirement of a label selector or of a node affinity.
pub(crate) fn satisfies(term: &Value, labels: &Value) -> bool {
    let value = labels.get(text(term, "/key")).and_then(Value::as_str);
    let among = || {
        value.is_some_and(|value| {
            list(term, "/values")
                .iter()
                .any(|wanted| wanted.as_str() == Some(value))
        })
    };
    let compared = |larger: bool| {
        let wanted: Option<i64> = list(term, "/values")
            .first()
            .and_then(Value::as_str)
            .and_then(|wanted| wanted.parse().ok());
        let value: Option<i64> = value.and_then(|value| value.parse().ok());
        matches!((value, wanted), (Some(value), Some(wanted)) if if larger { value > wanted } else { value < wanted })
    };
    match text(term, "/operator") {
        "In" => among(),
        "NotIn" => !among(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared(true),
        "Lt" => compared(false),
        _ => false,
    }
}

/// A condition by its type.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "/status/conditions")
        .iter()
        .find(|condition| condition["type"] == kind)
}

/// Whether a condition is `True`.
pub(crate) fn holds(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Sets a condition; the time of its last transition stays while its status does.
pub(crate) fn set_condition(object: &mut Value, mut new: Value, now: i64) {
    if !object["status"]["conditions"].is_array() {
        object["status"]["conditions"] = json!([]);
    }
    let Some(conditions) = object["status"]["conditions"].as_array_mut() else {
        return;
    };
    let old = conditions
        .iter_mut()
        .find(|condition| condition["type"] == new["type"]);
    match old {
        Some(old) => {
            let same = old["status"] == new["status"];
            new["lastTransitionTime"] = match same {
                true => old["lastTransitionTime"].clone(),
                false => json!(stamp(now)),
            };
            *old = new;
        }
        None => {
            new["lastTransitionTime"] = json!(stamp(now));
            conditions.push(new);
        }
    }
}

/// Removes a field of an object.
pub(crate) fn remove(object: &mut Value, parent: &str, field: &str) {
    let parent = object.pointer_mut(parent).and_then(Value::as_object_mut);
    if let Some(parent) = parent {
        parent.remove(field);
    }
}

/// Whether the API server counts a pod as ready.
pub(crate) fn is_ready(pod: &Value) -> bool {
    holds(pod, "Ready")
}

/// Whether a pod still does something: neither ended nor asked to end.
pub(crate) fn is_active(pod: &Value) -> bool {
    !is_going(pod) && !is_ended(pod)
}

/// Whether all containers of a pod ended for good.
pub(crate) fn is_ended(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether a pod is ready for `minReadySeconds`, or the time at which it will be.
pub(crate) fn available_at(pod: &Value, min_ready: i64) -> Option<i64> {
    let ready = condition(pod, "Ready").filter(|condition| condition["status"] == "True")?;
    Some(time(ready, "/lastTransitionTime").unwrap_or_default() + min_ready)
}

/// FNV-1a: the same on every machine and in every run.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // The low bits of FNV of similar texts are similar.
    hash ^ (hash >> 29)
}

/// A hash in the letters that the API server uses in names.
pub(crate) fn safe_letters(mut hash: u64, count: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut name = String::with_capacity(count);
    for _ in 0..count {
        let letter = LETTERS.get((hash % 27) as usize).copied().unwrap_or(b'x');
        name.push(char::from(letter));
        hash /= 27;
    }
    name
}

/// What a pod template is called in names of ReplicaSets and revisions. The real one hashes memory of Go; this one
/// only looks like it.
pub(crate) fn template_hash(template: &Value) -> String {
    safe_letters(hash(&template.to_string()) >> 8, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("12d"), Some(1_036_800));
        assert_eq!(duration("1h30m"), Some(5400));
        assert_eq!(duration("20"), None);
        assert_eq!(duration(""), None);
    }

    #[test]
    fn selectors_follow_their_operators() {
        let labels = json!({"app": "web", "tier": "front"});
        let selector = |operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]});
        assert!(selects(&selector("In", &["web", "x"]), &labels));
        assert!(!selects(&selector("NotIn", &["web"]), &labels));
        assert!(selects(&json!({"matchLabels": {"tier": "front"}}), &labels));
        assert!(!selects(&json!({"matchLabels": {"tier": "back"}}), &labels));
    }
}
