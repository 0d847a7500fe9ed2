//! Texts and words as they are compared: in lower case.

use memchr::memmem::Finder;
use std::borrow::Cow;

/// A text in lower case and in one line.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase() && !byte.is_ascii_control();
    if text.bytes().all(is_plain) {
        text.into()
    } else {
        text.to_lowercase().replace(char::is_control, " ").into()
    }
}

/// A word to look for, made ready once.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    text: String,
    finder: Finder<'static>,
}

impl Needle {
    /// Of a word that is folded.
    pub(super) fn new(text: String) -> Self {
        Self {
            finder: Finder::new(text.as_bytes()).into_owned(),
            text,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where it first stands in a text that is folded.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        self.finder.find(text)
    }

    /// Whether it stands in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.find(folded(text).as_bytes()).is_some()
    }

    /// Whether it is the text.
    pub(super) fn is(&self, text: &str) -> bool {
        folded(text) == self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count() {
        let needle = Needle::new(folded("LoopBack").into_owned());
        assert!(needle.is_in("CrashLoopBackOff") && !needle.is_in("Running"));
        assert!(needle.is("loopBACK") && !needle.is("loopback2"));
        assert_eq!(folded("Ünder\nline"), "ünder line");
        assert!(matches!(folded("cart-7c5b8"), Cow::Borrowed(_)));
    }
}
