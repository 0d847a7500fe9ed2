//! An object in the form that was asked for, written from its stored text.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::custom::Custom;
use crate::http::form::{Form, Include};
use crate::http::request::Query;
use crate::resources::Resource;
use crate::selector;
use crate::shared::Shared;
use crate::status::Refusal;
use crate::store::object::text_of;
use crate::table::Printer;

/// How to write the objects of one resource for one request.
#[derive(Clone)]
pub(crate) struct View {
    form: Form,
    include: Include,
    kind: String,
    api_version: String,
    /// What an object begins with: `{"kind":"Pod","apiVersion":"v1",`.
    head: String,
    columns: Arc<Value>,
    /// What is left of an object without contents: Go writes the structs that are not optional, and null for lists.
    empty: Arc<Value>,
    printer: Option<Printer>,
    custom: Option<Arc<Custom>>,
    list_kind: String,
    now: i64,
}

const METADATA_HEAD: &str = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#;

impl View {
    /// As a request wants it.
    pub(crate) fn of(
        shared: &Shared,
        resource: &Resource,
        query: &Query,
        form: Form,
    ) -> Result<Self, Refusal> {
        let include = Include::parse(query.get("includeObject"))?;
        let printer = match form {
            Form::Table if resource.custom.is_none() => match Printer::of(resource) {
                // Of nothing at all there is a table.
                None if shared.store.lock().is_empty(resource.id) => Some(Printer::none()),
                None => {
                    return Err(Refusal::unsupported(&format!(
                        "tables of {}",
                        resource.qualified()
                    )));
                }
                printer => printer,
            },
            _ => None,
        };
        Ok(Self {
            form,
            include,
            kind: resource.kind.clone(),
            api_version: resource.api_version(),
            head: resource.head(),
            columns: Arc::new(if form == Form::Table {
                resource.columns.clone()
            } else {
                Value::Null
            }),
            empty: Arc::new(resource.empty.clone()),
            printer,
            custom: resource.custom.clone(),
            list_kind: resource.list_kind.clone(),
            now: shared.clock.seconds(),
        })
    }

    /// Ages are counted up to this time, in seconds since 1970.
    pub(crate) fn at(&mut self, now: i64) {
        self.now = now;
    }

    /// Whether the text goes out as it is stored, so that watchers can share it.
    pub(crate) fn is_plain(&self) -> bool {
        self.form == Form::Object && self.custom.is_none()
    }

    /// A list up to its first item.
    pub(crate) fn list_head(&self, version: u64, go_on: Option<&str>, remaining: Option<usize>) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": version.to_string()});
        // Lists of custom resources always say it.
        let always = self.custom.is_some() && self.form == Form::Object;
        if let Some(token) = go_on.or(always.then_some("")) {
            metadata["continue"] = json!(token);
        }
        if let Some(remaining) = remaining {
            metadata["remainingItemCount"] = json!(remaining);
        }
        let head = match self.form {
            Form::Object => format!(
                r#"{{"kind":"{}","apiVersion":"{}","metadata":{metadata},"items":["#,
                self.list_kind, self.api_version
            ),
            Form::Metadata => format!(
                r#"{{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{metadata},"items":["#
            ),
            Form::Table => self.table_head(&metadata),
        };
        head.into_bytes()
    }

    fn table_head(&self, metadata: &Value) -> String {
        format!(
            r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{metadata},"columnDefinitions":{},"rows":["#,
            self.columns
        )
    }

    /// One item of a list.
    pub(crate) fn item(&self, out: &mut Vec<u8>, text: &[u8], _first: bool) {
        let text = &*self.converted(text);
        match self.form {
            // Items of custom resources say what they are.
            Form::Object if self.custom.is_some() => {
                out.extend_from_slice(self.head.as_bytes());
                out.extend_from_slice(text.get(1..).unwrap_or_default());
            }
            Form::Object => out.extend_from_slice(text),
            Form::Metadata => Self::metadata(out, text),
            Form::Table => self.row(out, text),
        }
    }

    /// One object by itself.
    pub(crate) fn object(&self, out: &mut Vec<u8>, text: &[u8], version: u64, columns: bool) {
        let text = &*self.converted(text);
        match self.form {
            Form::Object => {
                out.extend_from_slice(self.head.as_bytes());
                out.extend_from_slice(text.get(1..).unwrap_or_default());
            }
            Form::Metadata => Self::metadata(out, text),
            Form::Table => {
                // What was only tried has none.
                let metadata = match version {
                    0 => json!({}),
                    version => json!({"resourceVersion": version.to_string()}),
                };
                if columns {
                    out.extend_from_slice(self.table_head(&metadata).as_bytes());
                } else {
                    let head = format!(
                        r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{metadata},"columnDefinitions":null,"rows":["#
                    );
                    out.extend_from_slice(head.as_bytes());
                }
                self.row(out, text);
                out.extend_from_slice(b"]}");
            }
        }
    }

    /// An object in the version that is asked for.
    fn converted<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match &self.custom {
            Some(custom) if custom.differs_from_stored() => {
                let mut object: Value = serde_json::from_slice(text).unwrap_or_default();
                custom.incoming(&mut object);
                Cow::Owned(text_of(&object))
            }
            _ => Cow::Borrowed(text),
        }
    }

    fn metadata(out: &mut Vec<u8>, text: &[u8]) {
        out.extend_from_slice(METADATA_HEAD.as_bytes());
        out.extend_from_slice(selector::metadata(text).unwrap_or("{}").as_bytes());
        out.push(b'}');
    }

    fn row(&self, out: &mut Vec<u8>, text: &[u8]) {
        let object: Value = serde_json::from_slice(text).unwrap_or_default();
        let cells = match (&self.printer, &self.custom) {
            (Some(printer), _) => printer.cells(&object, self.now),
            (None, Some(custom)) => custom.cells(&object, self.now),
            (None, None) => Vec::new(),
        };
        out.extend_from_slice(format!(r#"{{"cells":{}"#, Value::Array(cells)).as_bytes());
        match self.include {
            // The API server leaves a null behind.
            Include::None => out.extend_from_slice(br#","object":null"#),
            Include::Metadata => {
                out.extend_from_slice(br#","object":"#);
                Self::metadata(out, text);
            }
            Include::Object => {
                out.extend_from_slice(br#","object":"#);
                out.extend_from_slice(self.head.as_bytes());
                out.extend_from_slice(text.get(1..).unwrap_or_default());
            }
        }
        out.push(b'}');
    }

    /// A bookmark: an object with nothing but a resourceVersion.
    pub(crate) fn bookmark(&self, version: u64, initial_events_end: bool) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if initial_events_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.form {
            Form::Object => {
                let mut object = (*self.empty).clone();
                object["kind"] = json!(self.kind);
                object["apiVersion"] = json!(self.api_version);
                object["metadata"] = metadata;
                object
            }
            _ => {
                json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata})
            }
        };
        object.to_string().into_bytes()
    }
}
