//! Objects that clients send as protobuf: kubectl does so for most of what it creates. They become the JSON that the
//! same client would have sent, and everything behind reads only that. Answers are never protobuf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::schema::Schemas;
use crate::status::Refusal;

mod table;
mod wire;

use table::{Field, Holds, Message};
use wire::{Part, parts};

pub(crate) const CONTENT_TYPE: &str = "application/vnd.kubernetes.protobuf";
/// What every object begins with.
const MAGIC: &[u8] = b"k8s\0";
/// Objects within objects; no built-in kind has half as many.
const DEEPEST: usize = 48;

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
struct Malformed;

/// The JSON of an object: its kind, and its fields.
pub(crate) fn json(schemas: &Schemas, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let Some(envelope) = body.strip_prefix(MAGIC) else {
        return Err(Refusal::bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
        ));
    };
    let malformed = |Malformed| {
        Refusal::bad_request("the body is no protobuf message: it ends too early or makes no sense")
    };
    let unknown = Unknown::read(envelope).map_err(malformed)?;
    let message = message_of(schemas, &unknown.api_version, &unknown.kind).ok_or_else(|| {
        Refusal::unsupported(&format!(
            "{} {} as {CONTENT_TYPE}; send it as application/json",
            unknown.api_version, unknown.kind
        ))
    })?;
    let mut object = Map::new();
    object.insert("kind".to_owned(), json!(unknown.kind));
    object.insert("apiVersion".to_owned(), json!(unknown.api_version));
    fill(message, &unknown.raw, &mut object, 0).map_err(malformed)?;
    Ok(Value::Object(object).to_string().into_bytes())
}

/// The message of a kind; none if the table does not have it.
fn message_of(schemas: &Schemas, api_version: &str, kind: &str) -> Option<&'static Message> {
    // Options have no group of their own: any will do, and clients take that of the object.
    if kind == "DeleteOptions" {
        return table::message("meta.v1.DeleteOptions");
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let name = schemas.name_of(group, version, kind)?;
    table::message(name.strip_prefix("io.k8s.api.")?)
}

/// The envelope: what kind it is, and its bytes.
#[derive(Default)]
struct Unknown {
    api_version: String,
    kind: String,
    raw: Vec<u8>,
}

impl Unknown {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut unknown = Self::default();
        for part in parts(bytes) {
            match part? {
                (1, Part::Bytes(meta)) => {
                    for part in parts(meta) {
                        match part? {
                            (1, Part::Bytes(text)) => unknown.api_version = utf8(text)?,
                            (2, Part::Bytes(text)) => unknown.kind = utf8(text)?,
                            _ => {}
                        }
                    }
                }
                (2, Part::Bytes(raw)) => unknown.raw = raw.to_vec(),
                _ => {}
            }
        }
        Ok(unknown)
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Malformed> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Malformed)
}

/// Reads the fields of a message. Those that the table does not have are of a newer client, and skipped as by Go.
fn fill(
    message: &Message,
    bytes: &[u8],
    object: &mut Map<String, Value>,
    depth: usize,
) -> Result<(), Malformed> {
    if depth > DEEPEST {
        return Err(Malformed);
    }
    for part in parts(bytes) {
        let (number, part) = part?;
        let Some(field) = message.fields.get(&number) else {
            continue;
        };
        if field.inlined {
            let (Holds::Message(inner), Part::Bytes(bytes)) = (&field.holds, part) else {
                return Err(Malformed);
            };
            fill(table::message(inner).ok_or(Malformed)?, bytes, object, depth + 1)?;
        } else {
            put(field, part, object, depth)?;
        }
    }
    Ok(())
}

fn put(
    field: &Field,
    part: Part<'_>,
    object: &mut Map<String, Value>,
    depth: usize,
) -> Result<(), Malformed> {
    let place = object.entry(field.name).or_insert(Value::Null);
    if field.is_map {
        let Part::Bytes(entry) = part else {
            return Err(Malformed);
        };
        let (mut key, mut held) = (String::new(), None);
        for part in parts(entry) {
            match part? {
                (1, Part::Bytes(text)) => key = utf8(text)?,
                (2, part) => held = Some(value(&field.holds, part, depth)?),
                _ => {}
            }
        }
        // An empty value is not sent, and is what the map holds all the same.
        let held = held.map_or_else(|| value(&field.holds, Part::Bytes(&[]), depth), Ok)?;
        if place.is_null() {
            *place = json!({});
        }
        place[key] = held;
        return Ok(());
    }
    let held = value(&field.holds, part, depth)?;
    match place {
        Value::Array(list) if field.is_list => list.push(held),
        _ if field.is_list => *place = json!([held]),
        _ => *place = held,
    }
    Ok(())
}

fn value(holds: &Holds, part: Part<'_>, depth: usize) -> Result<Value, Malformed> {
    Ok(match (holds, part) {
        (Holds::Integer, Part::Number(number)) => json!(number.cast_signed()),
        (Holds::Boolean, Part::Number(number)) => json!(number != 0),
        (Holds::Text, Part::Bytes(text)) => json!(utf8(text)?),
        (Holds::Bytes, Part::Bytes(bytes)) => json!(STANDARD.encode(bytes)),
        (Holds::Message(name), Part::Bytes(bytes)) => match *name {
            "meta.v1.Time" => time(bytes, false)?,
            "meta.v1.MicroTime" => time(bytes, true)?,
            "api.resource.Quantity" => json!(text_of(bytes, 1)?),
            "util.intstr.IntOrString" => int_or_text(bytes)?,
            // JSON within protobuf.
            "meta.v1.FieldsV1" | "runtime.RawExtension" => {
                let text = text_of(bytes, 1)?;
                serde_json::from_str(&text).map_err(|_| Malformed)?
            }
            "authentication.v1.ExtraValue" | "authorization.v1.ExtraValue" => {
                let items = parts(bytes).map(|part| match part? {
                    (1, Part::Bytes(text)) => utf8(text),
                    _ => Err(Malformed),
                });
                json!(items.collect::<Result<Vec<String>, Malformed>>()?)
            }
            name => {
                let mut inner = Map::new();
                fill(
                    table::message(name).ok_or(Malformed)?,
                    bytes,
                    &mut inner,
                    depth + 1,
                )?;
                Value::Object(inner)
            }
        },
        _ => return Err(Malformed),
    })
}

fn text_of(bytes: &[u8], wanted: u32) -> Result<String, Malformed> {
    let mut text = String::new();
    for part in parts(bytes) {
        if let (number, Part::Bytes(bytes)) = part?
            && number == wanted
        {
            text = utf8(bytes)?;
        }
    }
    Ok(text)
}

/// Null for a time that is not set, as Go writes it.
fn time(bytes: &[u8], micros: bool) -> Result<Value, Malformed> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    for part in parts(bytes) {
        match part? {
            (1, Part::Number(number)) => seconds = number.cast_signed(),
            (2, Part::Number(number)) => nanos = number.cast_signed(),
            _ => {}
        }
    }
    let whole = Timestamp::from_second(seconds)
        .map_err(|_| Malformed)?
        .to_string();
    if micros {
        let micros = (nanos / 1000).rem_euclid(1_000_000);
        return Ok(json!(format!("{}.{micros:06}Z", whole.trim_end_matches('Z'))));
    }
    Ok(json!(whole))
}

fn int_or_text(bytes: &[u8]) -> Result<Value, Malformed> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for part in parts(bytes) {
        match part? {
            (1, Part::Number(kind)) => is_text = kind == 1,
            (2, Part::Number(value)) => number = value.cast_signed(),
            (3, Part::Bytes(value)) => text = utf8(value)?,
            _ => {}
        }
    }
    Ok(if is_text { json!(text) } else { json!(number) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;

    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        field.extend_from_slice(content);
        field
    }

    fn object(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [bytes(1, api_version.as_bytes()), bytes(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), bytes(1, &meta), bytes(2, raw)].concat()
    }

    fn read(body: &[u8]) -> Result<Value, Refusal> {
        let schemas = Schemas::new(Data::read().unwrap().openapi.into());
        json(&schemas, body).map(|text| serde_json::from_slice(&text).unwrap())
    }

    #[test]
    fn maps_bytes_and_times_become_their_json() {
        let metadata = [
            bytes(1, b"s"),
            bytes(8, &[8, 0xe0, 0xc3, 0x8f, 0xd8, 6]),
            bytes(9, &[]),
        ]
        .concat();
        let entry = [bytes(1, b"key"), bytes(2, b"\xff\0")].concat();
        let secret = [bytes(1, &metadata), bytes(2, &entry), bytes(3, b"Opaque")].concat();
        let expected = json!({
            "kind": "Secret", "apiVersion": "v1", "data": {"key": "/wA="}, "type": "Opaque",
            "metadata": {"name": "s", "creationTimestamp": "2026-11-23T06:49:04Z", "deletionTimestamp": null},
        });
        assert_eq!(read(&object("v1", "Secret", &secret)).unwrap(), expected);
    }

    #[test]
    fn parts_of_a_type_that_json_does_not_show_are_flattened() {
        // A volume has a name and, as a message of its own, a source: here an emptyDir.
        let source = bytes(2, &[]);
        let volume = [bytes(1, b"v"), bytes(2, &source)].concat();
        let pod = bytes(2, &bytes(1, &volume));
        let read = read(&object("v1", "Pod", &pod)).unwrap();
        assert_eq!(read["spec"]["volumes"], json!([{"name": "v", "emptyDir": {}}]));
    }

    #[test]
    fn ports_are_numbers_or_names_and_amounts_texts() {
        let port = [
            bytes(1, b"http"),
            vec![3 << 3, 80],
            bytes(4, &[8, 1, 16, 0, 26, 3, b'w', b'e', b'b']),
        ]
        .concat();
        let service = bytes(2, &bytes(1, &port));
        let read_port = &read(&object("v1", "Service", &service)).unwrap()["spec"]["ports"][0];
        assert_eq!(
            *read_port,
            json!({"name": "http", "port": 80, "targetPort": "web"})
        );
        let hard = bytes(1, &[bytes(1, b"cpu"), bytes(2, &bytes(1, b"500m"))].concat());
        let quota = read(&object("v1", "ResourceQuota", &bytes(2, &hard))).unwrap();
        assert_eq!(quota["spec"]["hard"]["cpu"], "500m");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(read(b"{}").unwrap_err().code, 400);
        assert_eq!(read(b"k8s\0\x0a\x7f").unwrap_err().code, 400);
        assert_eq!(read(&object("v1", "Pod", &[0x12, 5, 1])).unwrap_err().code, 400);
        assert_eq!(
            read(&object("example.org/v1", "Thing", &[])).unwrap_err().code,
            501
        );
    }

    #[test]
    fn messages_that_contain_themselves_end_somewhere() {
        assert_eq!(
            fill(
                table::message("core.v1.Pod").unwrap(),
                &[],
                &mut Map::new(),
                DEEPEST + 1
            ),
            Err(Malformed)
        );
    }
}
