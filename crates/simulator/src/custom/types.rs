//! A structural schema as a type, for those who compare, merge and own fields.

use super::schema::Schema;
use crate::schema::{Field, Fields, ListKind, Type};

/// The metadata of all objects.
pub(super) const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The type of whole objects.
pub(super) fn whole(schema: &Schema) -> Type {
    let mut fields = fields(schema);
    add_head(&mut fields);
    Type::Object(fields)
}

fn add_head(fields: &mut Fields) {
    let field = |holds: Type, always: bool| Field {
        holds,
        required: false,
        always,
        default: None,
    };
    for name in ["apiVersion", "kind"] {
        fields.fields.insert(name.to_owned(), field(Type::Text, false));
    }
    let metadata = field(Type::Named(METADATA.to_owned()), true);
    fields.fields.insert("metadata".to_owned(), metadata);
}

fn fields(schema: &Schema) -> Fields {
    let field = |inner: &Schema| Field {
        holds: of(inner),
        required: false,
        always: false,
        default: inner.default.clone(),
    };
    let fields = schema
        .properties
        .iter()
        .map(|(name, inner)| (name.clone(), field(inner)));
    Fields {
        fields: fields.collect(),
        atomic: schema.atomic_map,
        open: schema.open,
    }
}

fn of(schema: &Schema) -> Type {
    if schema.int_or_text {
        return Type::IntOrText;
    }
    match schema.kind.as_str() {
        "object" => match &schema.values {
            Some(values) => Type::Map {
                values: Box::new(of(values)),
                atomic: schema.atomic_map,
            },
            None if schema.properties.is_empty() && schema.open && !schema.embedded => Type::Deduced,
            None => {
                let mut fields = fields(schema);
                if schema.embedded {
                    add_head(&mut fields);
                }
                Type::Object(fields)
            }
        },
        "array" => Type::List {
            items: Box::new(schema.items.as_deref().map_or(Type::Deduced, of)),
            kind: match &schema.list {
                ListKind::Keyed(keys) => ListKind::Keyed(keys.clone()),
                kind => kind.clone(),
            },
            merge: None,
        },
        "string" => Type::Text,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => Type::Deduced,
    }
}
