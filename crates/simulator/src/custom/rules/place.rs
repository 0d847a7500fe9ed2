//! The `fieldPath` of a rule: which field a failure is reported for.

use crate::custom::schema::Schema;

/// The path in the form of errors; none if it leads nowhere.
pub(super) fn find(path: &str, schema: &Schema) -> Option<String> {
    let (mut at, mut rest, mut found) = (schema, path, String::new());
    while !rest.is_empty() {
        let name;
        if let Some(inner) = rest.strip_prefix("['") {
            let (quoted, after) = quoted(inner)?;
            (name, rest) = (quoted, after.strip_prefix(']')?);
        } else {
            let inner = rest.strip_prefix('.')?;
            let end = inner.find(['.', '[', ']']).unwrap_or(inner.len());
            let (plain, after) = inner.split_at_checked(end)?;
            (name, rest) = (plain.to_owned(), after);
        }
        if !at.properties.is_empty() {
            at = at.properties.get(&name)?;
            found.push_str(if found.is_empty() { "" } else { "." });
            found.push_str(&name);
        } else {
            at = at.values.as_deref()?;
            found.push_str(&format!("[{name}]"));
        }
    }
    Some(found)
}

/// A text up to the quote that ends it, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\'' => return Some((name, text.get(at + 1..)?)),
            '\\' => name.push(match characters.next()?.1 {
                'a' => '\u{7}',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                c @ ('\'' | '\\') => c,
                _ => return None,
            }),
            c => name.push(c),
        }
    }
    None
}
