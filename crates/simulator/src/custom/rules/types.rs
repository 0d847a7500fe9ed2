//! The types of CEL, and the type that a schema gives to what it describes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::custom::schema::Schema;

/// A type that is known before anything is evaluated.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    /// Of what is wrong and was reported: fits everywhere.
    Wrong,
    Dyn,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Time,
    Duration,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Object(Arc<Object>),
    Optional(Box<Type>),
    /// The type of a type.
    Kind(Box<Type>),
    /// One of those that Kubernetes adds.
    Opaque(&'static str),
    /// To be found out.
    Variable(usize),
}

/// An object with known fields. Its name is unique within a rule.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) fields: BTreeMap<String, Type>,
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

pub(super) const URL: Type = Type::Opaque("kubernetes.URL");
pub(super) const QUANTITY: Type = Type::Opaque("kubernetes.Quantity");
pub(super) const IP: Type = Type::Opaque("net.IP");
pub(super) const CIDR: Type = Type::Opaque("net.CIDR");

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong => write!(f, "!error!"),
            Self::Dyn => write!(f, "dyn"),
            Self::Null => write!(f, "null"),
            Self::Bool => write!(f, "bool"),
            Self::Int => write!(f, "int"),
            Self::Uint => write!(f, "uint"),
            Self::Double => write!(f, "double"),
            Self::Text => write!(f, "string"),
            Self::Bytes => write!(f, "bytes"),
            Self::Time => write!(f, "timestamp"),
            Self::Duration => write!(f, "duration"),
            Self::List(items) => write!(f, "list({items})"),
            Self::Map(keys, values) => write!(f, "map({keys}, {values})"),
            Self::Object(object) => write!(f, "{}", object.name),
            Self::Optional(of) => write!(f, "optional_type({of})"),
            Self::Kind(of) => write!(f, "type({of})"),
            Self::Opaque(name) => write!(f, "{name}"),
            Self::Variable(number) => write!(f, "_var{number}"),
        }
    }
}

/// Words that cannot be names of fields.
const RESERVED: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The name of a property as rules write it; none if they cannot.
pub(super) fn escape(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(word) = reserved(name) {
        return Some(word);
    }
    let mut escaped = String::new();
    let mut characters = name.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '_' if characters.peek() == Some(&'_') => {
                characters.next();
                escaped.push_str("__underscores__");
            }
            '.' => escaped.push_str("__dot__"),
            '-' => escaped.push_str("__dash__"),
            '/' => escaped.push_str("__slash__"),
            c if c.is_ascii_alphanumeric() || c == '_' => escaped.push(c),
            _ => return None,
        }
    }
    Some(escaped)
}

impl Object {
    /// The type of a field, by its escaped name. Reserved words may stand as they are.
    pub(super) fn field(&self, name: &str) -> Option<&Type> {
        let found = self.fields.get(name);
        found.or_else(|| self.fields.get(&reserved(name)?))
    }
}

/// The escaped name of a field that is a reserved word.
pub(super) fn reserved(name: &str) -> Option<String> {
    RESERVED.contains(&name).then(|| format!("__{name}__"))
}

/// The type of what a schema describes; none where it says too little. `whole`: it describes whole objects, whose head
/// can be read as well.
pub(super) fn of_schema(schema: &Schema, whole: bool, name: &str) -> Option<Type> {
    if schema.int_or_text {
        return Some(Type::Dyn);
    }
    let inner = |schema: &Schema, part: &str| of_schema(schema, schema.embedded, &format!("{name}.{part}"));
    match schema.kind.as_str() {
        "array" => {
            let items = inner(schema.items.as_deref()?, "@idx")?;
            Some(Type::List(Box::new(items)))
        }
        "object" => {
            if let Some(values) = &schema.values {
                let values = inner(values, "@elem")?;
                return Some(Type::Map(Box::new(Type::Text), Box::new(values)));
            }
            let mut fields = BTreeMap::new();
            for (field, own) in &schema.properties {
                if let Some(escaped) = escape(field)
                    && let Some(kind) = inner(own, &escaped)
                {
                    fields.insert(escaped, kind);
                }
            }
            if whole {
                add_head(&mut fields, name);
            }
            let name = name.to_owned();
            Some(Type::Object(Arc::new(Object { name, fields })))
        }
        "string" => Some(match schema.limits.format.as_str() {
            "date" | "date-time" => Type::Time,
            "duration" => Type::Duration,
            "byte" => Type::Bytes,
            _ => Type::Text,
        }),
        "boolean" => Some(Type::Bool),
        "number" => Some(Type::Double),
        "integer" => Some(Type::Int),
        _ => None,
    }
}

fn add_head(fields: &mut BTreeMap<String, Type>, name: &str) {
    for field in ["apiVersion", "kind"] {
        fields.insert(field.to_owned(), Type::Text);
    }
    let known = ["name", "generateName"];
    let metadata = Object {
        name: format!("{name}.metadata"),
        fields: known.map(|field| (field.to_owned(), Type::Text)).into(),
    };
    fields.insert("metadata".to_owned(), Type::Object(Arc::new(metadata)));
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_are_escaped() {
        for (name, escaped) in [
            ("a-b.c/d", Some("a__dash__b__dot__c__slash__d")),
            ("a__b", Some("a__underscores__b")),
            ("___", Some("__underscores___")),
            ("namespace", Some("__namespace__")),
            ("1a", None),
            ("a b", None),
            ("ok", Some("ok")),
        ] {
            assert_eq!(escape(name).as_deref(), escaped, "{name}");
        }
    }
}
