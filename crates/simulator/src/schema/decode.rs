//! What Go's decoder makes of an object: fields that the type does not have are dropped, empty ones are left out, and
//! a value of another type is an error.

use serde_json::{Map, Value};

use super::{Fields, Schemas, Type, base64, pointers};
use crate::quantity::Quantity;
use crate::resources::Resource;
use crate::status::Refusal;

/// An object as the server has read it, and the fields that it did not know.
pub(crate) struct Decoded {
    pub(crate) object: Value,
    pub(crate) unknown: Vec<String>,
}

/// Times that Go writes as null when they are not set.
const TIMES: &[&str] = &[
    "finishedAt",
    "lastHeartbeatTime",
    "lastObservedTime",
    "lastProbeTime",
    "lastTransitionTime",
    "lastUpdateTime",
    "startedAt",
];

struct Decoder<'a> {
    schemas: &'a Schemas,
    resource: &'a Resource,
    /// The struct that is being read.
    inside: String,
    /// Its whole name, as in the schemas.
    whole: String,
    unknown: Vec<String>,
}

/// Reads an object of a resource.
pub(crate) fn decode(schemas: &Schemas, resource: &Resource, object: Value) -> Result<Decoded, Refusal> {
    if let Some(custom) = &resource.custom {
        return crate::custom::read::read(schemas, resource, custom, object);
    }
    let Some(holds) = schemas.of(resource) else {
        return Ok(Decoded {
            object,
            unknown: Vec::new(),
        });
    };
    let mut decoder = Decoder {
        schemas,
        resource,
        inside: resource.kind.clone(),
        whole: String::new(),
        unknown: Vec::new(),
    };
    let object = decoder.value(holds, object, "")?;
    Ok(Decoded {
        object,
        unknown: decoder.unknown,
    })
}

/// Reads the metadata of an object whose other fields are not Go's.
pub(crate) fn decode_metadata(
    schemas: &Schemas,
    resource: &Resource,
    metadata: Value,
) -> Result<Decoded, Refusal> {
    let mut decoder = Decoder {
        schemas,
        resource,
        inside: resource.kind.clone(),
        whole: String::new(),
        unknown: Vec::new(),
    };
    let holds = Type::Named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta".to_owned());
    let object = decoder.value(&holds, metadata, "metadata")?;
    Ok(Decoded {
        object,
        unknown: decoder.unknown,
    })
}

/// What Go calls the type of a value of JSON.
pub(crate) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Decoder<'_> {
    fn mismatch(&self, value: &Value, path: &str, wanted: &str) -> Refusal {
        let kind = &self.resource.kind;
        let field: String = path
            .split('.')
            .map(|part| part.split('[').next().unwrap_or(part))
            .fold(self.inside.clone(), |mut all, part| {
                all.push('.');
                all.push_str(part);
                all
            });
        let wanted = if path == "metadata" && wanted == "object" {
            "v1.ObjectMeta"
        } else {
            wanted
        };
        Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: json: cannot unmarshal {} into Go struct field \
             {field} of type {wanted}",
            self.resource.version,
            go_kind(value)
        ))
    }

    fn value(&mut self, holds: &Type, value: Value, path: &str) -> Result<Value, Refusal> {
        // What can be a schema or something else.
        if let Type::Named(name) = holds
            && let Some((schema, _)) = name.split_once("OrArray").or_else(|| name.split_once("OrBool"))
            && value.is_object()
        {
            return self.value(&Type::Named(schema.to_owned()), value, path);
        }
        match (self.schemas.resolve(holds), value) {
            (Type::Object(fields), Value::Object(object)) => {
                let name = match holds {
                    Type::Named(name) => name.rsplit('.').next().unwrap_or(name).to_owned(),
                    _ => self.inside.clone(),
                };
                let whole = match holds {
                    Type::Named(name) => name.clone(),
                    _ => String::new(),
                };
                let outside = std::mem::replace(&mut self.inside, name);
                let outer = std::mem::replace(&mut self.whole, whole);
                let read = self.object(fields, object, path);
                self.inside = outside;
                self.whole = outer;
                read
            }
            (Type::Map { values, .. }, Value::Object(object)) => {
                let mut map = Map::new();
                for (key, value) in object {
                    // As in Go, null is the zero value of what the map holds.
                    let value = match (self.schemas.resolve(values), value) {
                        (Type::Text | Type::Bytes, Value::Null) => Value::String(String::new()),
                        (_, value) => self.value(values, value, path)?,
                    };
                    map.insert(key, value);
                }
                Ok(Value::Object(map))
            }
            (Type::List { items, .. }, Value::Array(list)) => {
                let mut read = Vec::with_capacity(list.len());
                for (index, item) in list.into_iter().enumerate() {
                    read.push(self.value(items, item, &format!("{path}[{index}]"))?);
                }
                Ok(Value::Array(read))
            }
            (Type::Quantity, value @ (Value::String(_) | Value::Number(_))) => self.quantity(&value),
            (Type::Text, value) if !value.is_string() => Err(self.mismatch(&value, path, "string")),
            (Type::Bytes, Value::String(text)) => match base64::corrupt(&text) {
                None => Ok(Value::String(text)),
                Some(at) => Err(self.unreadable(&format!("illegal base64 data at input byte {at}"))),
            },
            (Type::Bytes, value) => Err(self.mismatch(&value, path, "[]uint8")),
            (Type::Integer, value) if !value.is_i64() => Err(self.mismatch(&value, path, "int32")),
            (Type::Boolean, value) if !value.is_boolean() => Err(self.mismatch(&value, path, "bool")),
            (Type::Number, value) if !value.is_number() => Err(self.mismatch(&value, path, "float64")),
            (Type::Object(_), value) => Err(self.mismatch(&value, path, "object")),
            (Type::Map { values, .. }, value) => {
                let values = if matches!(self.schemas.resolve(values), Type::Text) {
                    "string"
                } else {
                    "object"
                };
                Err(self.mismatch(&value, path, &format!("map[string]{values}")))
            }
            (Type::List { .. }, value) => Err(self.mismatch(&value, path, "[]object")),
            (_, value) => Ok(value),
        }
    }

    fn quantity(&self, value: &Value) -> Result<Value, Refusal> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match Quantity::parse(&text) {
            Some(quantity) => Ok(quantity.canonical().into()),
            None => Err(self.unreadable(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            )),
        }
    }

    fn unreadable(&self, why: &str) -> Refusal {
        let kind = &self.resource.kind;
        Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: {why}",
            self.resource.version
        ))
    }

    /// The structs that are part of a struct are there even if nobody wrote them.
    fn complete(&self, fields: &Fields, object: &mut Map<String, Value>) {
        let times = TIMES.iter().filter(|name| fields.fields.contains_key(**name));
        for name in times {
            object.entry(*name).or_insert(Value::Null);
        }
        for (name, field) in fields.fields.iter().filter(|(_, field)| field.always) {
            if let Type::Object(inner) = self.schemas.resolve(&field.holds)
                && !object.contains_key(name)
            {
                let mut part = Map::new();
                self.complete(inner, &mut part);
                object.insert(name.clone(), Value::Object(part));
            }
        }
    }

    fn object(&mut self, fields: &Fields, object: Map<String, Value>, path: &str) -> Result<Value, Refusal> {
        let mut read = Map::new();
        for (name, value) in object {
            let inner = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            let Some(field) = fields.fields.get(&name) else {
                self.unknown.push(inner);
                continue;
            };
            if value.is_null() {
                continue;
            }
            let value = self.value(&field.holds, value, &inner)?;
            let empty = match self.schemas.resolve(&field.holds) {
                Type::Map { .. } => value.as_object().is_some_and(Map::is_empty),
                Type::List { .. } => value.as_array().is_some_and(Vec::is_empty),
                Type::Text | Type::Bytes | Type::Integer | Type::Boolean => {
                    let zero = value == "" || value == 0 || value == false;
                    zero && !pointers::is_pointer(&self.whole, &name)
                }
                _ => false,
            };
            if !empty || field.required {
                read.insert(name, value);
            }
        }
        self.complete(fields, &mut read);
        Ok(Value::Object(read))
    }
}
