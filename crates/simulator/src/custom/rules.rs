//! The rules of a schema (`x-kubernetes-validations`), written in CEL.
//!
//! The crate `cel` parses them. Types are checked here, as the API server does when a definition is written, and so is
//! what they give: the crate knows neither the types of a schema nor Kubernetes' functions. What a rule needs and is
//! not to be had is refused.

use cel::common::ast::IdedExpr;
use serde_json::{Value as Json, json};

use super::schema::Schema;
use crate::status::Cause;

mod apply;
mod budget;
mod check;
mod compile;
mod cost;
mod evaluate;
mod extent;
mod functions;
mod library;
mod place;
mod types;
mod unify;
mod value;

pub(crate) use apply::apply;
pub(crate) use compile::compile;

/// A rule of a schema. It can be evaluated once it was compiled.
#[derive(Debug)]
pub(crate) struct Rule {
    text: String,
    message: String,
    message_expression: String,
    reason: Option<String>,
    field_path: String,
    optional_old: Option<bool>,
    compiled: Option<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    rule: IdedExpr,
    message: Option<IdedExpr>,
    /// It compares with what was there before.
    reads_old: bool,
    /// What is added to the path of the value, from `fieldPath`.
    place: String,
}

/// What a server says to a schema with rules that it does not take.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// The API server refuses them for this.
    Cause(Cause),
    /// They cannot be evaluated here.
    Unsupported(String),
}

impl Rule {
    /// Reads the rules of a schema.
    pub(crate) fn read_all(given: &Json) -> Vec<Self> {
        let list = given["x-kubernetes-validations"].as_array();
        list.into_iter().flatten().map(Self::read).collect()
    }

    fn read(given: &Json) -> Self {
        let text = |field: &str| given[field].as_str().unwrap_or_default().to_owned();
        Self {
            text: text("rule"),
            message: text("message"),
            message_expression: text("messageExpression"),
            reason: given["reason"].as_str().map(str::to_owned),
            field_path: text("fieldPath"),
            optional_old: given["optionalOldSelf"].as_bool(),
            compiled: None,
        }
    }

    /// The rule as the API server shows one that is wrong: in the order of Go's fields, with what Go escapes in JSON.
    fn shown(&self) -> String {
        let fields = [
            ("Rule", json!(self.text)),
            ("Message", json!(self.message)),
            ("MessageExpression", json!(self.message_expression)),
            ("Reason", json!(self.reason)),
            ("FieldPath", json!(self.field_path)),
            ("OptionalOldSelf", json!(self.optional_old)),
        ];
        let fields = fields.map(|(name, value)| format!("\"{name}\":{value}"));
        let mut shown = format!("{{{}}}", fields.join(","));
        for c in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
            shown = shown.replace(c, &format!("\\u{:04x}", u32::from(c)));
        }
        shown
    }

    /// What errors call it.
    fn name(&self) -> &str {
        match self.message.as_str() {
            "" => self.text.trim(),
            message => message.trim(),
        }
    }
}

impl Schema {
    /// Whether it, or anything in it, has rules.
    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.is_empty() || self.inner().any(|(_, inner)| inner.has_rules())
    }

    /// The schemas in it, with what they are called in a path.
    fn inner(&self) -> impl Iterator<Item = (String, &Self)> {
        let values = self
            .values
            .as_deref()
            .map(|inner| ("additionalProperties".to_owned(), inner));
        let items = self.items.as_deref().map(|inner| ("items".to_owned(), inner));
        let properties = self.properties.iter();
        let properties = properties.map(|(name, inner)| (format!("properties[{name}]"), inner));
        properties.chain(values).chain(items)
    }
}

/// The type of a schema and the name that it has in messages, which is another one each time.
fn type_of(schema: &Schema, whole: bool) -> Option<types::Type> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("selfType{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    types::of_schema(schema, whole, &name)
}
