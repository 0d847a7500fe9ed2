//! JSON patches as the API server applies them, which takes more than RFC 6902 does: fields that are replaced need not
//! be there, what is absent can be tested and copied as null, and places in lists may be counted from the end.

use serde_json::Value;

use crate::schema::decode::go_kind;
use crate::status::Refusal;

/// Applies the operations of a patch to an object.
pub(super) fn apply(object: &mut Value, operations: &[Value]) -> Result<(), Refusal> {
    for operation in operations {
        one(object, operation).ok_or_else(Refusal::patch_failed)?;
    }
    Ok(())
}

/// Whether operations have fields of the right types.
pub(super) fn check(operations: &[Value]) -> Result<(), Refusal> {
    for operation in operations.iter().filter(|operation| !operation.is_null()) {
        let unreadable = |value: &Value, what: &str| {
            let got = go_kind(value);
            Refusal::bad_request(format!(
                "error decoding patch: json: cannot unmarshal {got} into Go {what}"
            ))
        };
        let Some(fields) = operation.as_object() else {
            return Err(unreadable(operation, "value of type handlers.jsonPatchOp"));
        };
        for name in ["op", "path", "from"] {
            if let Some(value) = fields
                .get(name)
                .filter(|value| !value.is_string() && !value.is_null())
            {
                return Err(unreadable(
                    value,
                    &format!("struct field jsonPatchOp.{name} of type string"),
                ));
            }
        }
    }
    Ok(())
}

fn one(object: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    let from = || operation["from"].as_str();
    let value = || operation["value"].clone();
    match operation["op"].as_str()? {
        "add" => add(object, path, value()),
        "remove" => remove(object, path).map(|_| ()),
        "replace" if path.is_empty() => {
            *object = value();
            (object.is_object() || object.is_array()).then_some(())
        }
        "replace" => {
            let (place, key) = find(object, path)?;
            match place {
                Value::Array(items) => {
                    let index = index(&key, items.len())?;
                    *items.get_mut(index)? = value();
                }
                Value::Object(fields) => {
                    fields.insert(key, value());
                }
                _ => return None,
            }
            Some(())
        }
        "move" => {
            let moved = remove(object, from()?)?;
            add(object, path, moved)
        }
        "copy" => {
            let copied = get(object, from()?)?;
            add(object, path, copied)
        }
        "test" if path.is_empty() => (*object == operation["value"]).then_some(()),
        "test" => (get(object, path)? == operation["value"]).then_some(()),
        _ => None,
    }
}

/// What holds the last part of a path, and that part.
fn find<'a>(object: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut parts: Vec<String> = path
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let key = parts.pop().filter(|_| !parts.is_empty())?;
    let mut at = object;
    // What stands before the first slash is not looked at.
    for part in parts.iter().skip(1) {
        at = match at {
            Value::Array(items) => {
                let index = index(part, items.len())?;
                items.get_mut(index)?
            }
            Value::Object(fields) => fields.get_mut(part)?,
            _ => return None,
        };
    }
    (at.is_object() || at.is_array()).then_some((at, key))
}

/// A place in a list; those below 0 are counted from its end.
fn index(key: &str, length: usize) -> Option<usize> {
    let number: i64 = key.parse().ok()?;
    let place = match number {
        0.. => usize::try_from(number).ok()?,
        _ => length.checked_sub(usize::try_from(number.unsigned_abs()).ok()?)?,
    };
    (place < length).then_some(place)
}

fn add(object: &mut Value, path: &str, value: Value) -> Option<()> {
    let (place, key) = find(object, path)?;
    match place {
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let index = index(&key, items.len() + 1)?;
            items.insert(index, value);
        }
        Value::Object(fields) => {
            fields.insert(key, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Value, path: &str) -> Option<Value> {
    let (place, key) = find(object, path)?;
    match place {
        Value::Array(items) => {
            let index = index(&key, items.len())?;
            Some(items.remove(index))
        }
        Value::Object(fields) => fields.remove(&key),
        _ => None,
    }
}

/// What is at a path; null if the object there does not have it.
fn get(object: &mut Value, path: &str) -> Option<Value> {
    let (place, key) = find(object, path)?;
    match place {
        Value::Array(items) => {
            let index = index(&key, items.len())?;
            items.get(index).cloned()
        }
        Value::Object(fields) => Some(fields.get(&key).cloned().unwrap_or_default()),
        _ => None,
    }
}
