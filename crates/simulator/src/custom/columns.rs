//! The columns of tables that a definition adds.

use serde_json::{Value, json};

use super::Custom;
use super::path::Path;
use crate::table::age;

/// One of them.
#[derive(Debug)]
pub(crate) struct Column {
    path: Path,
    holds: String,
}

/// The columns of a version, and their `columnDefinitions`. `common` are those of a kind that has only the common ones.
/// None if a path is one that is not understood here.
pub(super) fn columns(version: &Value, common: &Value) -> Option<(Vec<Column>, Value)> {
    let mut definitions = vec![common[0].clone()];
    let mut columns = Vec::new();
    let given = version["additionalPrinterColumns"].as_array();
    let age = json!({
        "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp",
        "description": common[1]["description"],
    });
    let ages = vec![age];
    for column in given.filter(|given| !given.is_empty()).unwrap_or(&ages) {
        let path = column["jsonPath"].as_str().unwrap_or_default();
        let shown = format!("Custom resource definition column (in JSONPath format): {path}");
        let text = |field: &str| column[field].as_str().filter(|text| !text.is_empty());
        definitions.push(json!({
            "name": column["name"], "type": column["type"], "format": text("format").unwrap_or_default(),
            "description": text("description").unwrap_or(&shown),
            "priority": column["priority"].as_i64().unwrap_or_default(),
        }));
        columns.push(Column {
            path: Path::parse(path)?,
            holds: text("type").unwrap_or_default().to_owned(),
        });
    }
    Some((columns, Value::Array(definitions)))
}

impl Custom {
    /// The cells of an object, with ages as of `now` (seconds since 1970).
    pub(crate) fn cells(&self, object: &Value, now: i64) -> Vec<Value> {
        let name = object["metadata"]["name"].clone();
        let own = self.columns.iter().map(|column| column.cell(object, now));
        [name].into_iter().chain(own).collect()
    }
}

impl Column {
    fn cell(&self, object: &Value, now: i64) -> Value {
        let Some(value) = self.path.find(object) else {
            return Value::Null;
        };
        match (self.holds.as_str(), value) {
            ("string", Value::String(text)) => json!(text),
            ("string", value) => json!(value.to_string()),
            ("integer", Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => json!(whole),
                #[allow(clippy::cast_possible_truncation, reason = "as in Go")]
                (None, Some(number)) => json!(number as i64),
                _ => Value::Null,
            },
            ("number", value @ Value::Number(_)) | ("boolean", value @ Value::Bool(_)) => value.clone(),
            ("date", Value::String(time)) => json!(age(time, now)),
            _ => Value::Null,
        }
    }
}
