//! What is searched for, as words.

use super::text::{Needle, folded};
use crate::facts::Facts;
use crate::query::QueryError;
use model::KindId;
use model::search::{Matched, SearchField, SearchQuery};

/// The most words in a query.
const MOST_WORDS: usize = 16;

/// A word of a query.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) needle: Needle,
    /// It must be the whole of a text.
    pub(super) quoted: bool,
}

/// The words of a text: what stands between spaces, or between quotes.
pub(super) fn words(text: &str) -> Result<Vec<Word>, QueryError> {
    let shown: String = text.chars().take(40).collect();
    let error = |allowed: &str| Err(QueryError::new("q", shown.clone(), allowed));
    if text.len() > SearchQuery::LONGEST {
        return error("it is too long; 256 bytes are allowed");
    }
    let mut words: Vec<Word> = Vec::new();
    let mut add = |part: &str, quoted: bool| {
        // What is typed twice says nothing new.
        let text = folded(part.trim());
        let known = |word: &Word| (word.needle.text(), word.quoted) == (&*text, quoted);
        if !text.is_empty() && !words.iter().any(known) {
            let needle = Needle::new(text.into_owned());
            words.push(Word { needle, quoted });
        }
    };
    let mut quoted = false;
    for part in text.split('"') {
        if quoted {
            add(part, true);
        } else {
            part.split_whitespace().for_each(|word| add(word, false));
        }
        quoted = !quoted;
    }
    // There is one part more than quotes.
    if !quoted {
        return error("close the quotes");
    }
    if words.is_empty() {
        return error("say one word at least");
    }
    if words.len() > MOST_WORDS {
        return error("say 16 words at most");
    }
    Ok(words)
}

impl Word {
    /// Whether it is found in a text: somewhere in it, or as all of it.
    pub(super) fn is_text(&self, text: &str) -> bool {
        if self.quoted {
            self.needle.is(text)
        } else {
            self.needle.is_in(text)
        }
    }

    /// Whether it is found across a label, `key=value`, and not in one of both.
    pub(super) fn is_pair(&self, key: &str, value: &str) -> bool {
        let text = self.needle.text();
        let mut places = text.match_indices('=');
        places.any(|(at, _)| {
            let (left, right) = (text.get(..at), text.get(at + 1..));
            let (Some(left), Some(right)) = (left, right) else {
                return false;
            };
            let (key, value) = (folded(key), folded(value));
            if self.quoted {
                key == left && value == right
            } else {
                key.ends_with(left) && value.starts_with(right)
            }
        })
    }

    /// Whether it is found in a kind: it names it; if it names none (`narrows`) and is not quoted, it begins it.
    pub(super) fn is_kind(&self, kind: KindId, narrows: bool) -> bool {
        let (kind, word) = (kind.get(), self.needle.text());
        kind.is_named(word) || !narrows && !self.quoted && kind.begins_with(word)
    }

    /// Where it is found in an object, as [`super::words::Words`] finds it. `narrows`: see [`Self::is_kind`].
    pub(super) fn matched(&self, facts: &Facts, narrows: bool) -> Option<Matched> {
        let found = |field, text: &str| {
            Some(Matched {
                field,
                text: text.to_owned(),
            })
        };
        let key = &facts.key;
        if self.is_text(&key.name) {
            return found(SearchField::Name, &key.name);
        }
        if self.is_kind(key.kind, narrows) {
            return found(SearchField::Kind, key.kind.get().kind);
        }
        if narrows {
            return None;
        }
        if let Some(namespace) = key.namespace.as_ref().filter(|namespace| self.is_text(namespace)) {
            return found(SearchField::Namespace, namespace);
        }
        let has =
            |key: &str, value: &str| self.is_text(key) || self.is_text(value) || self.is_pair(key, value);
        if let Some((key, value)) = facts.labels.iter().find(|(key, value)| has(key, value)) {
            return found(SearchField::Label, &format!("{key}={value}"));
        }
        if let Some(image) = facts.images.iter().find(|image| self.is_text(image)) {
            return found(SearchField::Image, image);
        }
        let status = &facts.status.word;
        (!status.is_empty() && self.is_text(status))
            .then(|| found(SearchField::Status, status))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let word = |word: &Word| format!("{}{}", if word.quoted { "=" } else { "" }, word.needle.text());
        words(text).unwrap().iter().map(word).collect()
    }

    #[test]
    fn words_stand_between_spaces_or_quotes() {
        assert_eq!(read("  Cart\t7c5B8 cart"), ["cart", "7c5b8"]);
        assert_eq!(read(r#""Not Ready" x"y""" z"#), ["=not ready", "x", "=y", "z"]);
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        let error = |text: &str| words(text).unwrap_err().to_string();
        assert_eq!(
            error("  \"\" "),
            "q `  \"\" ` is not understood: say one word at least"
        );
        assert!(error("a \"b").ends_with("close the quotes"));
        assert!(error(&"a ".repeat(200)).contains("256"));
        let many: String = (0..17).map(|number| format!("{number} ")).collect();
        assert!(error(&many).contains("16 words"));
    }

    #[test]
    fn a_pair_is_found_across_its_middle() {
        let is_pair = |word: &str| words(word).unwrap()[0].is_pair("App", "cart=x");
        for word in ["app=cart", "p=c", "=", "app=", "=cart", "\"app=cart=x\""] {
            assert!(is_pair(word), "{word}");
        }
        for word in ["app", "b=cart", "app=art", "\"app=cart\"", "cart=x"] {
            assert!(!is_pair(word), "{word}");
        }
    }
}
