//! Label and field selectors, as parameters of lists and watches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

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
    /// Parses both for a resource, which decides on the fields that can be selected by.
    pub(crate) fn parse(
        resource: &crate::resources::Resource,
        labels: Option<&str>,
        fields: Option<&str>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            labels: LabelSelector::parse(labels.unwrap_or_default())?,
            fields: FieldSelector::parse(resource, fields.unwrap_or_default())?,
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
