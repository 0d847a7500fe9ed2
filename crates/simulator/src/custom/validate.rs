//! Whether a custom resource is as its schema says, in the API server's words.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::format;
use super::rules;
use super::schema::Schema;
use crate::resources::Resource;
use crate::schema::ListKind;
use crate::status::{Cause, Refusal};

/// Causes after which rules are not looked at.
const BLOCKING: [&str; 5] = [
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
];

/// Everything that is wrong with an object, by its schema and by the rules of that. An error is what cannot be told here.
pub(crate) fn check(resource: &Resource, old: Option<&Value>, object: &Value) -> Result<Vec<Cause>, Refusal> {
    let Some(custom) = &resource.custom else {
        return Ok(Vec::new());
    };
    let schema = &custom.schema;
    let mut causes = validate(schema, object);
    if !schema.has_rules() {
        return Ok(causes);
    }
    if causes.iter().any(|cause| BLOCKING.contains(&cause.reason)) {
        let why = "some validation rules were not checked because the object was invalid; correct the existing \
            errors to complete validation";
        causes.push(Cause::invalid("<nil>", &Value::Null, why));
        return Ok(causes);
    }
    let whole = |object: &Value| {
        let mut object = object.clone();
        object["apiVersion"] = json!(resource.api_version());
        object["kind"] = json!(resource.kind);
        object
    };
    let (old, object) = (old.map(whole), whole(object));
    causes.extend(rules::apply(schema, old.as_ref(), &object).map_err(|what| Refusal::unsupported(&what))?);
    Ok(causes)
}

fn validate(schema: &Schema, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    value(schema, object, "", &mut causes);
    lists(schema, object, "", &mut causes);
    causes
}

fn value(schema: &Schema, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && schema.nullable {
        return;
    }
    if let Some(wanted) = misfit(schema, value) {
        let format = schema.limits.format.as_str();
        // With a format, values that are neither texts nor lists are told by theirs.
        let (wanted, got) = match value {
            Value::String(_) | Value::Array(_) | Value::Null => (wanted.as_str(), kind_of(value)),
            _ if format.is_empty() => (wanted.as_str(), kind_of(value)),
            Value::Number(number) if number.is_f64() => (format, "float64"),
            Value::Number(_) => (format, "int64"),
            _ => (format, ""),
        };
        causes.push(Cause {
            reason: "FieldValueTypeInvalid",
            message: format!("Invalid value: {got:?}: {path} in body must be of type {wanted}: {got:?}"),
            field: path.to_owned(),
        });
    }
    if schema.kind == "integer" && !fits_format(&schema.limits.format, value) {
        let format = match schema.limits.format.as_str() {
            "" => "(default format)".to_owned(),
            format => format!("with format {format}"),
        };
        causes.push(nowhere(&format!(
            "Checked value must be of type integer {format} in {path}"
        )));
    }
    match value {
        Value::Object(fields) => {
            for name in schema.required.iter().filter(|name| !fields.contains_key(*name)) {
                causes.push(Cause::required(join(path, name), ""));
            }
            for (name, inner) in fields {
                if let Some(schema) = schema.properties.get(name).or(schema.values.as_deref()) {
                    self::value(schema, inner, &join(path, name), causes);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(schema) = &schema.items {
                    self::value(schema, item, &format!("{path}[{index}]"), causes);
                }
            }
        }
        _ => {}
    }
    limits(schema, value, path, causes);
    junctions(schema, value, path, causes);
}

/// Whether a number is whole, and within the bounds of its format.
fn fits_format(format: &str, value: &Value) -> bool {
    match (value.as_i64(), format) {
        (Some(number), "int32") => i32::try_from(number).is_ok(),
        (Some(_), _) => true,
        (None, _) => !value.is_number(),
    }
}

/// A cause that the API server gives no field.
fn nowhere(why: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: \"\": {why}"),
        field: "<nil>".to_owned(),
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// What a value should be, if it is not.
fn misfit(schema: &Schema, value: &Value) -> Option<String> {
    if schema.int_or_text {
        let fits = value.is_i64() || value.is_u64() || value.is_string();
        return (!fits).then(|| "integer,string".to_owned());
    }
    let fits = match schema.kind.as_str() {
        "string" if value.is_array() => !schema.limits.format.is_empty(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => true,
    };
    if !fits {
        return Some(schema.kind.clone());
    }
    None
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn limits(schema: &Schema, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let limits = &schema.limits;
    let first = causes.len();
    let mut broken = None;
    let mut invalid = |shown: Value, why: String| {
        causes.push(Cause::invalid(path, &shown, &format!("{path} in body {why}")));
    };
    if let Some(number) = value.as_f64().filter(|_| value.is_number()) {
        // Limits are compared as what the value is: a whole number, or one with a fraction.
        let whole = value.is_i64() || value.is_u64();
        let limit = |limit: Option<f64>| limit.map(|limit| if whole { limit.trunc() } else { limit });
        if let Some(step) = limit(limits.multiple_of) {
            if step <= 0.0 {
                let why = format!("factor MultipleOf declared for {path} must be positive: {step}");
                broken = Some(Cause::invalid(path, &json!(0), &why));
            } else if (number / step).fract() != 0.0 {
                invalid(value.clone(), format!("should be a multiple of {step}"));
            }
        }
        let above = |most: &f64| number > *most || (limits.below_most && number >= *most);
        if let Some(most) = limit(limits.most).filter(above) {
            let or_equal = if limits.below_most { "" } else { " or equal to" };
            invalid(value.clone(), format!("should be less than{or_equal} {most}"));
        }
        let below = |least: &f64| number < *least || (limits.above_least && number <= *least);
        if let Some(least) = limit(limits.least).filter(below) {
            let or_equal = if limits.above_least { "" } else { " or equal to" };
            invalid(value.clone(), format!("should be greater than{or_equal} {least}"));
        }
    }
    let mut too = Vec::new();
    if let Value::String(text) = value {
        let length = text.chars().count() as u64;
        // Only the first of these is told.
        if let Some(longest) = limits.longest.filter(|longest| length > *longest) {
            too.push((
                "FieldValueTooLong",
                format!("Too long: may not be more than {longest} bytes"),
            ));
        } else if let Some(shortest) = limits.shortest.filter(|shortest| length < *shortest) {
            invalid(value.clone(), format!("should be at least {shortest} chars long"));
        } else if let Some((pattern, regex)) = &limits.pattern
            && !regex.is_match(text)
        {
            invalid(value.clone(), format!("should match '{pattern}'"));
        }
        if !format::fits(&limits.format, text) {
            let why = format!("{path} in body must be of type {}: {text:?}", limits.format);
            too.push(("FieldValueTypeInvalid", format!("Invalid value: {text:?}: {why}")));
        }
    }
    let mut counts = |count: usize, fewest: Option<u64>, most: Option<u64>, what: &str| {
        let count = count as u64;
        if let Some(most) = most.filter(|most| count > *most) {
            too.push((
                "FieldValueTooMany",
                format!("Too many: {count}: must have at most {most} items"),
            ));
        }
        if let Some(fewest) = fewest.filter(|fewest| count < *fewest) {
            invalid(json!(count), format!("should have at least {fewest} {what}"));
        }
    };
    match value {
        Value::Array(items) => counts(items.len(), limits.fewest_items, limits.most_items, "items"),
        Value::Object(fields) => counts(
            fields.len(),
            limits.fewest_fields,
            limits.most_fields,
            "properties",
        ),
        _ => {}
    }
    if let Some(broken) = broken {
        causes.insert(first, broken);
    }
    causes.extend(too.into_iter().map(|(reason, message)| Cause {
        reason,
        message,
        field: path.to_owned(),
    }));
    if let Some(known) = limits
        .one_of_values
        .as_ref()
        .filter(|known| !known.contains(value))
    {
        let known: Vec<String> = known
            .iter()
            .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        causes.push(Cause::unsupported(path, value, &known));
    }
}

/// `allOf`, `anyOf`, `oneOf`, `not`.
fn junctions(schema: &Schema, own: &Value, path: &str, causes: &mut Vec<Cause>) {
    let limits = &schema.limits;
    let wrong = |schema: &Schema| {
        let mut found = Vec::new();
        value(schema, own, path, &mut found);
        found
    };
    let fits = |schema: &Schema| wrong(schema).is_empty();
    if !limits.any_of.is_empty() && !limits.any_of.iter().any(fits) {
        causes.push(nowhere(&format!(
            "{path:?} must validate at least one schema (anyOf)"
        )));
        causes.extend(limits.any_of.first().map(wrong).unwrap_or_default());
    }
    let count = limits.one_of.iter().filter(|schema| fits(schema)).count();
    if !limits.one_of.is_empty() && count != 1 {
        let found = if count == 0 {
            "none valid".to_owned()
        } else {
            format!("{count} valid alternatives")
        };
        let why = format!("{path:?} must validate one and only one schema (oneOf). Found {found}");
        causes.push(nowhere(&why));
        if count == 0 {
            causes.extend(limits.one_of.first().map(wrong).unwrap_or_default());
        }
    }
    let count = limits.all_of.iter().filter(|schema| fits(schema)).count();
    if count != limits.all_of.len() {
        causes.extend(limits.all_of.iter().flat_map(wrong));
        let none = if count == 0 { ". None validated" } else { "" };
        causes.push(nowhere(&format!(
            "{path:?} must validate all the schemas (allOf){none}"
        )));
    }
    if limits.not.as_deref().is_some_and(fits) {
        causes.push(nowhere(&format!("{path:?} must not validate the schema (not)")));
    }
}

/// Items that a list has twice.
fn lists(schema: &Schema, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if let Some(schema) = schema.properties.get(name).or(schema.values.as_deref()) {
                    lists(schema, inner, &join(path, name), causes);
                }
            }
        }
        Value::Array(items) => {
            let mut seen = HashSet::new();
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                let key = match &schema.list {
                    ListKind::Atomic => None,
                    ListKind::Set => Some(item.clone()),
                    ListKind::Keyed(keys) => {
                        let own = keys
                            .iter()
                            .filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
                        Some(Value::Object(own.collect()))
                    }
                };
                if let Some(key) = key.filter(|key| !seen.insert(key.to_string())) {
                    causes.push(Cause::duplicate(path.clone(), &key));
                }
                if let Some(schema) = &schema.items {
                    lists(schema, item, &path, causes);
                }
            }
        }
        _ => {}
    }
}
