//! What tells two objects of one address apart.

use crate::symbols::Sym;
use rustc_hash::FxBuildHasher;
use std::fmt;
use std::hash::BuildHasher;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A metadata.uid. API servers write UUIDs, of which sixteen bytes are kept; any other text is kept as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(Form);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Uuid(Uuid),
    /// Also a UUID that is written in another way, as it has to be shown and sent as it was written.
    Text(Sym),
}

impl From<&str> for Uid {
    fn from(text: &str) -> Self {
        let uuid = Uuid::try_parse(text).ok();
        let usual = uuid.filter(|uuid| {
            let mut buffer = [0; Hyphenated::LENGTH];
            *uuid.hyphenated().encode_lower(&mut buffer) == *text
        });
        Self(usual.map_or_else(|| Form::Text(Sym::from(text)), Form::Uuid))
    }
}

impl Uid {
    /// A number that equal ones have in common, and hardly any others.
    pub(crate) fn digest(&self) -> u64 {
        FxBuildHasher.hash_one(self)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Form::Text(text) if text.is_empty())
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Uuid(uuid) => uuid.hyphenated().fmt(f),
            Form::Text(text) => text.fmt(f),
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_reads_as_it_was_written() {
        for text in [
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "{0f8fad5b-d9cb-469f-a165-70867728950e}",
            "0f8fad5bd9cb469fa16570867728950e",
            "1",
            "",
        ] {
            assert_eq!(Uid::from(text).to_string(), text);
        }
        assert_ne!(
            Uid::from("0f8fad5b-d9cb-469f-a165-70867728950e"),
            Uid::from("0F8FAD5B-D9CB-469F-A165-70867728950E")
        );
        assert!(Uid::from("").is_empty() && !Uid::from("0").is_empty());
        assert_eq!(size_of::<Uid>(), 24);
    }
}
