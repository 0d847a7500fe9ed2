//! The functions and operators that rules may use, with the types that they take.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::types::{CIDR, IP, QUANTITY, Type, URL};

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    /// It is called on its first argument.
    pub(super) member: bool,
    pub(super) takes: Vec<Type>,
    pub(super) gives: Type,
    /// How many type variables it has.
    pub(super) variables: usize,
}

/// As in a declaration: `string.startsWith(string) bool` is called on a text.
const SIGNATURES: &str = include_str!("functions.txt");

/// What the API server knows and the simulator does not.
const UNSUPPORTED: &[&str] = &[
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "format",
    "strings.quote",
    "format.named",
    "validate",
    "semver",
    "isSemver",
    "major",
    "minor",
    "patch",
    "slice",
    "flatten",
    "sort",
    "sortBy",
    "lists.range",
    "distinct",
    "reverse",
    "optMap",
    "optFlatMap",
    "unwrapOpt",
    "optional.unwrap",
    "first",
    "last",
    "ip.isCanonical",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isGlobalUnicast",
    "map",
    "filter",
    "has",
];

static FUNCTIONS: LazyLock<BTreeMap<&str, Vec<Overload>>> = LazyLock::new(|| {
    let mut functions: BTreeMap<&str, Vec<Overload>> = BTreeMap::new();
    for line in SIGNATURES.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, overload)) = read(line) {
            functions.entry(name).or_default().push(overload);
        }
    }
    functions
});

/// The ways to call a function; none if there is no such function.
pub(super) fn find(name: &str) -> Option<&'static [Overload]> {
    FUNCTIONS.get(name).map(Vec::as_slice)
}

/// Whether a function exists, and is not to be had here.
pub(super) fn is_unsupported(name: &str) -> bool {
    UNSUPPORTED.contains(&name) || name.starts_with("format.") || name.starts_with("authorizer")
}

/// Reads a line: `on.name(a, b) result`, `name(a) result`; names of global functions may have dots before a `:`.
fn read(line: &'static str) -> Option<(&'static str, Overload)> {
    let (name, rest) = line.split_once(' ')?;
    let (takes, gives) = rest.split_once(" -> ")?;
    let (member, takes) = match takes.strip_prefix("on ") {
        Some(takes) => (true, takes),
        None => (false, takes),
    };
    let mut takes = Reader(takes).all()?;
    if takes.first() == Some(&Type::Wrong) {
        takes.clear();
    }
    let gives = Reader(gives).one()?;
    let mut variables = 0;
    takes
        .iter()
        .chain([&gives])
        .for_each(|of| count(of, &mut variables));
    let overload = Overload {
        member,
        takes,
        gives,
        variables,
    };
    Some((name, overload))
}

fn count(of: &Type, variables: &mut usize) {
    match of {
        Type::Variable(number) => *variables = (*variables).max(number + 1),
        Type::List(inner) | Type::Optional(inner) | Type::Kind(inner) => count(inner, variables),
        Type::Map(keys, values) => {
            count(keys, variables);
            count(values, variables);
        }
        _ => {}
    }
}

/// A text of types, read from its start.
struct Reader(&'static str);

impl Reader {
    fn all(&mut self) -> Option<Vec<Type>> {
        let mut all = vec![self.one()?];
        while let Some(rest) = self.0.strip_prefix(", ") {
            self.0 = rest;
            all.push(self.one()?);
        }
        Some(all)
    }

    fn one(&mut self) -> Option<Type> {
        let end = self
            .0
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let mut inner = || -> Option<Vec<Type>> {
            self.0 = self.0.strip_prefix('(')?;
            let inner = self.all()?;
            self.0 = self.0.strip_prefix(')')?;
            Some(inner)
        };
        Some(match word {
            // Nothing is taken.
            "none" => Type::Wrong,
            "dyn" => Type::Dyn,
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::Text,
            "bytes" => Type::Bytes,
            "timestamp" => Type::Time,
            "duration" => Type::Duration,
            "url" => URL,
            "quantity" => QUANTITY,
            "ip" => IP,
            "cidr" => CIDR,
            "A" => Type::Variable(0),
            "B" => Type::Variable(1),
            "list" => Type::List(Box::new(inner()?.pop()?)),
            "optional" => Type::Optional(Box::new(inner()?.pop()?)),
            "type" => Type::Kind(Box::new(inner()?.pop()?)),
            "map" => {
                let mut both = inner()?;
                let values = both.pop()?;
                Type::Map(Box::new(both.pop()?), Box::new(values))
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let lines = SIGNATURES.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            assert!(read(line).is_some(), "{line}");
        }
        assert_eq!(find("size").map(<[_]>::len), Some(8));
    }
}
