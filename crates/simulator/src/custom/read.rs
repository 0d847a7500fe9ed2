//! A custom resource on its way in: fields that nobody knows go, defaults come.

use serde_json::{Map, Value};

use super::Custom;
use super::schema::Schema;
use crate::resources::Resource;
use crate::schema::Schemas;
use crate::schema::decode::{Decoded, decode_metadata};
use crate::status::Refusal;

/// Fields of whole objects that no schema speaks of.
const HEAD: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Reads an object as it was sent: its metadata as that of all objects, the rest by its schema.
pub(crate) fn read(
    schemas: &Schemas,
    resource: &Resource,
    custom: &Custom,
    mut object: Value,
) -> Result<Decoded, Refusal> {
    let mut unknown = Vec::new();
    prune(&custom.schema, &mut object, &mut unknown);
    if let Some(metadata) = object.get_mut("metadata") {
        let read = decode_metadata(schemas, resource, metadata.take())?;
        *metadata = read.object;
        unknown.extend(read.unknown);
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    unknown.sort();
    shorten(&mut object);
    fill(&custom.schema, &mut object);
    Ok(Decoded { object, unknown })
}

/// Go writes whole numbers without a fraction, however they were sent.
fn shorten(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 1e15);
            #[allow(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
            if let Some(whole) = whole {
                *value = (whole as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// Drops the fields that a schema does not know. Their paths are added to `unknown`.
pub(crate) fn prune(schema: &Schema, object: &mut Value, unknown: &mut Vec<String>) {
    if let Some(fields) = object.as_object_mut() {
        prune_fields(schema, fields, true, "", unknown);
    }
}

fn prune_value(schema: &Schema, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(fields) => prune_fields(schema, fields, schema.embedded, path, unknown),
        Value::Array(items) => {
            let Some(schema) = &schema.items else { return };
            for (index, item) in items.iter_mut().enumerate() {
                prune_value(schema, item, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

fn prune_fields(
    schema: &Schema,
    fields: &mut Map<String, Value>,
    whole: bool,
    path: &str,
    unknown: &mut Vec<String>,
) {
    let join = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    fields.retain(|name, value| {
        if whole && HEAD.contains(&name.as_str()) {
            return true;
        }
        let inner = schema.properties.get(name).or(schema.values.as_deref());
        match inner {
            Some(inner) => prune_value(inner, value, &join(name), unknown),
            None if schema.open => {}
            None => {
                unknown.push(join(name));
                return false;
            }
        }
        true
    });
}

/// Fills in what is absent and has a default. Nulls go where a schema does not allow them.
pub(crate) fn fill(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in &schema.properties {
                let absent = fields
                    .get(name)
                    .is_none_or(|own| own.is_null() && !inner.nullable);
                match &inner.default {
                    Some(default) if absent => {
                        fields.insert(name.clone(), default.clone());
                    }
                    None if absent => {
                        fields.remove(name);
                    }
                    _ => {}
                }
            }
            for (name, value) in fields.iter_mut() {
                if let Some(inner) = schema.properties.get(name) {
                    fill(inner, value);
                } else if let Some(inner) = &schema.values {
                    fill_one(inner, value);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if let Some(inner) = &schema.items {
                    fill_one(inner, item);
                }
            }
        }
        _ => {}
    }
}

fn fill_one(schema: &Schema, value: &mut Value) {
    if let Some(default) = schema
        .default
        .as_ref()
        .filter(|_| value.is_null() && !schema.nullable)
    {
        *value = default.clone();
    }
    fill(schema, value);
}
