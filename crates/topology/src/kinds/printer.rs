//! The columns of kinds that are found at run time: those that their definition asks for, and how their cells are printed.

use super::columns;
use super::path::Path;
use model::list::{Cell, Column, ColumnFormat};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// The columns of a kind that was found at run time, and where its cells stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Printer {
    columns: Arc<[Column]>,
    /// Where the cells after the name stand; `None` for the columns that all kinds without a definition have.
    cells: Option<Vec<(Path, Format)>>,
}

/// The type of a column, as definitions name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    String,
    Integer,
    Number,
    Boolean,
    Date,
}

/// What a CustomResourceDefinition says of the lists of its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name, which is plural and group: `widgets.example.org`.
    pub name: String,
    /// The versions, served or not.
    pub versions: Vec<DefinedVersion>,
}

/// One version of a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct DefinedVersion {
    /// `v1`.
    pub name: String,
    /// Its columns.
    pub printer: Printer,
    /// The columns that are left out, each with the reason.
    pub left_out: Vec<String>,
}

impl Default for Printer {
    fn default() -> Self {
        Self {
            columns: columns::EXTENSION.into(),
            cells: None,
        }
    }
}

impl Printer {
    /// The columns, the name first.
    pub fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// The cells of an object after its name; `None` for those that all kinds without a definition have.
    pub(super) fn cells(&self, json: &[u8]) -> Result<Option<Vec<Cell>>, serde_json::Error> {
        let Some(cells) = &self.cells else {
            return Ok(None);
        };
        let object: Value = serde_json::from_slice(json)?;
        let cell = |(path, format): &(Path, Format)| match path.first(&object) {
            Some(value) => format.print(value),
            None => nothing(),
        };
        Ok(Some(cells.iter().map(cell).collect()))
    }

    /// The columns that a version of a definition asks for. Those with an expression that is not understood are left out
    /// and named.
    fn of(version: &Version) -> (Self, Vec<String>) {
        let (mut columns, mut cells, mut left_out) = (vec![columns::name()], Vec::new(), Vec::new());
        for wanted in version.additional_printer_columns.iter().flatten() {
            let (name, path) = (&wanted.name, &wanted.json_path);
            let (Some(path), Some(format)) = (Path::parse(path), Format::of(&wanted.kind)) else {
                let kind = &wanted.kind;
                left_out.push(format!(
                    "the column `{name}` of type `{kind}` at `{path}` is not understood"
                ));
                continue;
            };
            columns.push(Column {
                name: name.clone().into(),
                format: format.of_column(),
                priority: wanted.priority.clamp(0, 9).try_into().unwrap_or_default(),
                description: match wanted.description.as_str() {
                    "" => format!("Its {}", wanted.json_path).into(),
                    said => said.to_owned().into(),
                },
            });
            cells.push((path, format));
        }
        if cells.is_empty() {
            return (Self::default(), left_out);
        }
        let columns = columns.into();
        let cells = Some(cells);
        (Self { columns, cells }, left_out)
    }
}

impl Definition {
    /// Reads a CustomResourceDefinition.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let Object { metadata, spec } = serde_json::from_slice(json)?;
        let version = |version: &Version| {
            let (printer, left_out) = Printer::of(version);
            DefinedVersion {
                name: version.name.clone(),
                printer,
                left_out,
            }
        };
        Ok(Self {
            versions: spec.versions.iter().map(version).collect(),
            name: metadata.name,
        })
    }
}

#[derive(Deserialize)]
struct Object {
    metadata: Name,
    spec: Spec,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Spec {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    name: String,
    additional_printer_columns: Option<Vec<Wanted>>,
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "jsonPath")]
    json_path: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    priority: i32,
}

impl Format {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            _ => return None,
        })
    }

    const fn of_column(self) -> ColumnFormat {
        match self {
            Self::String | Self::Boolean => ColumnFormat::Text,
            Self::Integer | Self::Number => ColumnFormat::Number,
            Self::Date => ColumnFormat::Date,
        }
    }

    /// The cell, as the API server prints it: a value of another type is none, but for text, which takes any.
    #[allow(clippy::cast_possible_truncation, reason = "as in Go")]
    fn print(self, value: &Value) -> Cell {
        match (self, value) {
            (Self::String, Value::String(text)) => Cell::Text(text.clone()),
            (Self::String, Value::Null) => nothing(),
            (Self::String, other) => Cell::Text(other.to_string()),
            (Self::Integer, Value::Number(number)) => {
                let whole = number
                    .as_i64()
                    .or_else(|| number.as_f64().map(|number| number as i64));
                whole.map_or_else(nothing, Cell::Number)
            }
            (Self::Number, Value::Number(number)) => match number.as_i64() {
                Some(whole) => Cell::Number(whole),
                None => Cell::Text(number.to_string()),
            },
            (Self::Boolean, Value::Bool(is)) => Cell::Text(is.to_string()),
            (Self::Date, Value::String(time)) => match time.parse() {
                Ok(time) => Cell::Time(time),
                Err(_) => Cell::Text("<invalid>".to_owned()),
            },
            _ => nothing(),
        }
    }
}

/// kubectl prints nothing, not `<none>`, where a definition's column has no value.
fn nothing() -> Cell {
    Cell::Text(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(columns: Value) -> DefinedVersion {
        let json = json!({"metadata": {"name": "widgets.example.org"}, "spec": {"group": "example.org",
            "versions": [{"name": "v1", "served": true, "additionalPrinterColumns": columns, "schema": {"x": []}}]}});
        let found = Definition::read(json.to_string().as_bytes()).unwrap();
        assert_eq!(found.name, "widgets.example.org");
        found.versions.into_iter().next().unwrap()
    }

    #[test]
    fn cells_are_printed_by_the_type_of_their_column() {
        let column =
            |kind: &str, path: &str| json!({"name": path, "type": kind, "jsonPath": path, "priority": 1});
        let version = definition(json!([
            column("string", ".a"),
            column("string", ".n"),
            column("string", ".o"),
            column("string", ".z"),
            column("integer", ".n"),
            column("integer", ".f"),
            column("integer", ".a"),
            column("number", ".f"),
            column("boolean", ".b"),
            column("boolean", ".a"),
            column("date", ".d"),
            column("date", ".a"),
            column("date", ".no"),
        ]));
        assert!(version.left_out.is_empty());
        assert_eq!(version.printer.columns().len(), 14);
        assert_eq!(
            (
                &*version.printer.columns()[1].name,
                version.printer.columns()[1].priority
            ),
            (".a", 1)
        );
        let object = json!({"a": "x", "n": 3, "f": 2.5, "b": true, "o": {"k": [1]}, "z": null, "d": "2026-01-31T10:00:00Z"});
        let cells = version
            .printer
            .cells(object.to_string().as_bytes())
            .unwrap()
            .unwrap();
        let now = "2026-01-31T10:00:05Z".parse().unwrap();
        let printed: Vec<String> = cells.iter().map(|cell| cell.print(now)).collect();
        assert_eq!(
            printed,
            [
                "x",
                "3",
                r#"{"k":[1]}"#,
                "",
                "3",
                "2",
                "",
                "2.5",
                "true",
                "",
                "5s",
                "<invalid>",
                ""
            ]
        );
    }

    #[test]
    fn columns_that_are_not_understood_are_left_out_and_named() {
        let version = definition(json!([
            {"name": "Good", "type": "string", "jsonPath": ".a"},
            {"name": "Range", "type": "string", "jsonPath": ".a[0:2]"},
            {"name": "Odd", "type": "colour", "jsonPath": ".a"},
        ]));
        assert_eq!(
            version.left_out,
            [
                "the column `Range` of type `string` at `.a[0:2]` is not understood",
                "the column `Odd` of type `colour` at `.a` is not understood",
            ]
        );
        let names: Vec<&str> = version
            .printer
            .columns()
            .iter()
            .map(|column| &*column.name)
            .collect();
        assert_eq!(names, ["Name", "Good"]);
        // Without any there are those of every kind.
        assert_eq!(definition(json!(null)).printer, Printer::default());
    }
}
