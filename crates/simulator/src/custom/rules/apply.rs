//! Whether an object is as the rules of its schema say.

use serde_json::Value as Json;

use super::evaluate::{Scope, evaluate};
use super::value::{Failure, Value};
use super::{Compiled, Rule};
use crate::custom::schema::Schema;
use crate::schema::ListKind;
use crate::status::Cause;

/// The causes for which an object is refused. An error is what cannot be told here.
pub(crate) fn apply(schema: &Schema, old: Option<&Json>, object: &Json) -> Result<Vec<Cause>, String> {
    let mut causes = Vec::new();
    let at = At {
        schema,
        whole: true,
        path: "",
        same: old == Some(object),
    };
    level(&at, old, object, &mut causes)?;
    Ok(causes)
}

/// A place in an object.
struct At<'a> {
    schema: &'a Schema,
    whole: bool,
    path: &'a str,
    /// It is what it was, or a part of something that is.
    same: bool,
}

fn level(at: &At<'_>, old: Option<&Json>, value: &Json, causes: &mut Vec<Cause>) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    let schema = at.schema;
    if !schema.rules.is_empty() {
        let own = Value::of_json(Some(schema), at.whole, value);
        let before = old.filter(|old| !old.is_null());
        let before = before.map(|old| Value::of_json(Some(schema), at.whole, old));
        for rule in &schema.rules {
            if let Some(compiled) = &rule.compiled {
                causes.extend(one(at, rule, compiled, value, &own, before.as_ref())?);
            }
        }
    }
    // What is not known from one version to the next is compared with nothing, but may be part of what stayed the same.
    let mut go = |schema: &Schema, path: &str, old: Option<&Json>, known: bool, value: &Json| {
        let inner = At {
            schema,
            whole: schema.embedded,
            path,
            same: if known { old == Some(value) } else { at.same },
        };
        level(&inner, old, value, causes)
    };
    match value {
        Json::Object(fields) => {
            let known = old.is_some() && !schema.atomic_map;
            for (name, inner) in fields {
                let path = match (schema.properties.contains_key(name), at.path) {
                    (true, "") => name.clone(),
                    (true, path) => format!("{path}.{name}"),
                    (false, path) => format!("{path}[{name}]"),
                };
                if let Some(own) = schema.properties.get(name).or(schema.values.as_deref()) {
                    let old = old.filter(|_| known).and_then(|old| old.get(name));
                    go(own, &path, old, known, inner)?;
                }
            }
        }
        Json::Array(items) => {
            let Some(own) = schema.items.as_deref() else {
                return Ok(());
            };
            for (index, item) in items.iter().enumerate() {
                let path = format!("{}[{index}]", at.path);
                let known = match &schema.list {
                    ListKind::Keyed(keys) if old.is_some() => Some(keys),
                    _ => None,
                };
                let before = old.and_then(Json::as_array).into_iter().flatten();
                let found = known.and_then(|keys| {
                    before
                        .clone()
                        .find(|old| keys.iter().all(|key| old.get(key) == item.get(key)))
                });
                go(own, &path, found, known.is_some(), item)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// What one rule says of a value.
fn one(
    at: &At<'_>,
    rule: &Rule,
    compiled: &Compiled,
    json: &Json,
    own: &Value,
    old: Option<&Value>,
) -> Result<Option<Cause>, String> {
    let optional = rule.optional_old == Some(true);
    let before = match old {
        _ if !compiled.reads_old => Value::Null,
        Some(old) if optional => Value::Optional(Some(old.clone().into())),
        Some(old) => old.clone(),
        None if optional => Value::Optional(None),
        None => return Ok(None),
    };
    let outer = Scope {
        name: "oldSelf",
        value: Ok(before),
        around: None,
    };
    let scope = Scope {
        name: "self",
        value: Ok(own.clone()),
        around: Some(&outer),
    };
    let kind = Json::from(at.schema.kind.as_str());
    let cannot = |what: String| format!("{what}, which the rule {:?} needs", rule.text.trim());
    match evaluate(&compiled.rule, &scope) {
        Ok(Value::Bool(true)) => return Ok(None),
        Ok(_) => {}
        Err(Failure::Unsupported(what)) => return Err(cannot(what)),
        Err(Failure::Error(error)) => {
            let why = match error.strip_prefix("no such overload") {
                Some(_) => format!(
                    "'{error}': call arguments did not match a supported operator, function or macro signature for rule: {}",
                    rule.name()
                ),
                None => format!("{error} evaluating rule: {}", rule.name()),
            };
            return Ok(Some(Cause::invalid(nonempty(at.path), &kind, &why)));
        }
    }
    if at.same && !compiled.reads_old {
        // It was so before, and stays.
        return Ok(None);
    }
    let own_message = match compiled.message.as_ref().map(|message| evaluate(message, &scope)) {
        Some(Ok(Value::Text(text))) => Some(text.trim().to_owned()),
        Some(Err(Failure::Unsupported(what))) => return Err(cannot(what)),
        _ => None,
    };
    let own_message =
        own_message.filter(|text| !text.is_empty() && text.len() <= 5 * 1024 && !text.contains('\n'));
    let why = own_message.unwrap_or_else(|| match rule.message.as_str() {
        "" => format!("failed rule: {}", rule.text.trim()),
        message => message.trim().to_owned(),
    });
    let path = match (at.path, compiled.place.as_str()) {
        (path, "") => nonempty(path).to_owned(),
        ("", place) => place.to_owned(),
        (path, place) => format!("{path}.{place}"),
    };
    let shown = (!json.is_object() && !json.is_array()).then_some(json);
    Ok(Some(match (rule.reason.as_deref(), shown) {
        (Some("FieldValueForbidden"), _) => Cause::forbidden(path, &why),
        (Some("FieldValueRequired"), _) => Cause::required(path, &why),
        (Some("FieldValueDuplicate"), Some(value)) => Cause::duplicate(path, value),
        (Some("FieldValueDuplicate"), None) => Cause::plain("FieldValueDuplicate", path, "Duplicate value"),
        (_, Some(value)) => Cause::invalid(path, value, &why),
        (_, None) => Cause::plain("FieldValueInvalid", path, &format!("Invalid value: {why}")),
    }))
}

/// What the API server calls the place of the whole object.
fn nonempty(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}
