//! A page of a list, cut into its items.

use std::borrow::Cow;

use bytes::Bytes;
use model::kind::WatchForm;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    /// The items, as they came: objects, or rows of a Table.
    pub items: Vec<Bytes>,
    /// The resourceVersion of the whole list.
    pub resource_version: String,
    /// The token for the next page; `None` on the last one.
    pub token: Option<String>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    rows: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default, rename = "resourceVersion")]
    resource_version: Cow<'a, str>,
    #[serde(borrow, default, rename = "continue")]
    token: Option<Cow<'a, str>>,
}

/// Cuts a page into its items, without looking into them. The error says what is wrong, in words.
pub(super) fn read(body: &Bytes, form: WatchForm) -> Result<Page, String> {
    let list: List =
        serde_json::from_slice(body).map_err(|error| format!("a list is not valid JSON: {error}"))?;
    let items = match form {
        WatchForm::Object if list.kind.ends_with("List") => list.items,
        // The whole objects, where only metadata was asked for, are dropped here and never kept.
        WatchForm::Table if list.kind == "Table" => list.rows,
        WatchForm::Object => return Err(format!("a list was asked for, and a {} came", word(&list.kind))),
        WatchForm::Table => return Err(format!("a Table was asked for, and a {} came", word(&list.kind))),
    };
    let items = items.unwrap_or_default();
    Ok(Page {
        items: items
            .iter()
            .map(|item| body.slice_ref(item.get().as_bytes()))
            .collect(),
        resource_version: list.metadata.resource_version.into_owned(),
        token: list
            .metadata
            .token
            .filter(|token| !token.is_empty())
            .map(Cow::into_owned),
    })
}

fn word(kind: &str) -> String {
    if kind.is_empty() {
        "JSON value without a kind".to_owned()
    } else {
        crate::exec::harmless(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &'static str, form: WatchForm) -> Result<Page, String> {
        read(&Bytes::from_static(text.as_bytes()), form)
    }

    #[test]
    fn items_are_slices_of_the_page() {
        let text = r#"{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"x"},"items":[{"a":1}, {"b":[2]}]}"#;
        let page = read_text(text, WatchForm::Object).unwrap();
        assert_eq!(page.items, [r#"{"a":1}"#, r#"{"b":[2]}"#]);
        assert_eq!(
            (page.resource_version.as_str(), page.token.as_deref()),
            ("7", Some("x"))
        );
        let text = r#"{"kind":"Table","metadata":{"resourceVersion":"7","continue":""},"columnDefinitions":[],"rows":null}"#;
        let page = read_text(text, WatchForm::Table).unwrap();
        assert!(page.items.is_empty() && page.token.is_none());
    }

    #[test]
    fn whole_secrets_are_refused_where_a_table_was_asked_for() {
        let text = r#"{"kind":"SecretList","metadata":{},"items":[{"data":{"password":"aHVudGVyMg=="}}]}"#;
        let error = read_text(text, WatchForm::Table).unwrap_err();
        assert_eq!(error, "a Table was asked for, and a SecretList came");
        assert!(
            read_text("<html>", WatchForm::Object)
                .unwrap_err()
                .contains("not valid JSON")
        );
    }
}
