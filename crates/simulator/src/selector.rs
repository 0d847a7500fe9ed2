//! Label and field selectors, as parameters of lists and watches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::request::Query;
use crate::resources::Resource;
use crate::status::Refusal;
use crate::store::Key;

mod field;
mod label;

pub(crate) use field::FieldSelector;
pub(crate) use label::LabelSelector;

/// Both selectors of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selectors {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
}

#[derive(Deserialize)]
struct Labelled<'a> {
    #[serde(borrow, default)]
    labels: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
}

impl Selectors {
    /// Those of a request for a resource, which decides on the fields that can be selected by.
    pub(crate) fn of(resource: &Resource, query: &Query) -> Result<Self, Refusal> {
        Ok(Self {
            labels: LabelSelector::parse(query.get("labelSelector").unwrap_or_default())?,
            fields: FieldSelector::parse(resource, query.get("fieldSelector").unwrap_or_default())?,
        })
    }

    /// Whether everything is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected. Reads no more of its text than it has to.
    pub(crate) fn matches(&self, key: &Key, text: &[u8]) -> bool {
        if !self.labels.is_empty() {
            let labelled: Option<Labelled<'_>> = metadata(text).and_then(|m| serde_json::from_str(m).ok());
            let labels = labelled.and_then(|l| l.labels).unwrap_or_default();
            if !self.labels.matches(|name| labels.get(name).map(AsRef::as_ref)) {
                return false;
            }
        }
        self.fields.is_empty() || self.fields.matches(key, text)
    }
}

/// The metadata of an object's text, which is its first field.
pub(crate) fn metadata(text: &[u8]) -> Option<&str> {
    let value = text.strip_prefix(b"{\"metadata\":")?;
    let mut values = serde_json::Deserializer::from_slice(value).into_iter::<&RawValue>();
    values.next()?.ok().map(RawValue::get)
}

/// A label selector of an object as text, as kubectl and the scale of a workload show it; empty for one that selects
/// everything.
pub(crate) fn label_text(selector: &serde_json::Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<(&str, String)> = labels
        .map(|(key, value)| {
            (
                key.as_str(),
                format!("{key}={}", value.as_str().unwrap_or_default()),
            )
        })
        .collect();
    for term in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = term["key"].as_str().unwrap_or_default();
        let values = term["values"].as_array().into_iter().flatten();
        let mut values: Vec<&str> = values.filter_map(serde_json::Value::as_str).collect();
        values.sort_unstable();
        let text = match term["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        };
        terms.push((key, text));
    }
    terms.sort_by_key(|(key, _)| *key);
    let texts: Vec<String> = terms.into_iter().map(|(_, text)| text).collect();
    texts.join(",")
}
