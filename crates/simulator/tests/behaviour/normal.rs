//! What two servers cannot have in common is taken out of their answers: times, uids, resourceVersions.

use serde_json::Value;

/// Normalises an answer in place.
pub fn normalise(value: &mut Value, uids: &[String]) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match (key.as_str(), &value) {
                    ("uid", Value::String(_)) => *value = "<uid>".into(),
                    ("resourceVersion", Value::String(text)) if !text.is_empty() => {
                        *value = "<version>".into()
                    }
                    ("continue", Value::String(text)) if !text.is_empty() => *value = "<continue>".into(),
                    ("creationTimestamp" | "time" | "deletionTimestamp", Value::String(_)) => {
                        *value = "<time>".into()
                    }
                    ("token", Value::String(text)) if text.len() > 100 => *value = "<token>".into(),
                    ("nodePort", Value::Number(_)) => *value = "<port>".into(),
                    ("serverAddress" | "hash", Value::String(_)) => *value = "<address>".into(),
                    ("message", Value::String(text)) => *value = message(text, uids).into(),
                    // The real server tries bindings in no particular order.
                    ("resourceRules" | "nonResourceRules", Value::Array(rules)) => {
                        let mut rules = rules.clone();
                        rules.sort_by_key(Value::to_string);
                        *value = Value::Array(rules);
                    }
                    // In the order of their seconds, which two servers do not have in common.
                    ("managedFields", Value::Array(managers)) => {
                        let mut managers = managers.clone();
                        managers.iter_mut().for_each(|entry| normalise(entry, uids));
                        managers.sort_by_key(|entry| {
                            format!("{}{}{entry}", entry["operation"], entry["manager"])
                        });
                        *value = Value::Array(managers);
                    }
                    // Nor does it tell conflicts with several managers in one.
                    ("causes", Value::Array(causes)) if causes.iter().all(is_conflict) => {
                        let mut causes = causes.clone();
                        causes.sort_by_key(Value::to_string);
                        *value = Value::Array(causes);
                    }
                    _ => normalise(value, uids),
                }
            }
        }
        Value::Array(items) => {
            // Bookmarks come when they come; only the one that ends the initial events has its place.
            items.retain(|item| {
                item["type"] != "BOOKMARK" || !item["object"]["metadata"]["annotations"].is_null()
            });
            items.iter_mut().for_each(|item| normalise(item, uids));
        }
        Value::String(text) if uids.contains(text) => *text = "<uid>".to_owned(),
        Value::String(text) if text.starts_with("10.0.") => *text = "<address>".to_owned(),
        Value::String(text) if text.starts_with("kube-api-access-") => *text = "<token volume>".to_owned(),
        Value::String(text) if text.starts_with("JTI=") => *text = "<credential>".to_owned(),
        Value::String(text) if is_age(text) => *text = "<age>".to_owned(),
        Value::String(text) if is_time(text) => *text = "<time>".to_owned(),
        _ => {}
    }
}

fn is_conflict(cause: &Value) -> bool {
    cause["reason"] == "FieldManagerConflict"
}

/// An age in a table: the two servers saw the object made a moment apart.
fn is_age(text: &str) -> bool {
    text.len() <= 3 && text.strip_suffix('s').is_some_and(|n| n.parse::<u32>().is_ok())
}

fn is_time(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T')
}

fn message(text: &str, uids: &[String]) -> String {
    let mut text = text.to_owned();
    for uid in uids {
        text = text.replace(uid.as_str(), "<uid>");
    }
    // Types of rules are numbered.
    if let Some((before, rest)) = text.split_once("selfType") {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        text = format!("{before}<type>{}", message(rest, uids));
    }
    if !text.to_ascii_lowercase().contains("resource version") && !text.contains("ResourceVersion") {
        return text;
    }
    let mut normal = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' if normal.ends_with('#') => {}
            '0'..='9' => normal.push('#'),
            c => normal.push(c),
        }
    }
    normal
}

/// The first value under a key, anywhere.
pub fn find<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    match value {
        Value::Object(fields) => {
            let own = fields
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty());
            own.or_else(|| fields.values().find_map(|value| find(value, key)))
        }
        Value::Array(items) => items.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}
