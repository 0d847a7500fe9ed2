//! Where in the schema a value comes from.

use std::cell::RefCell;
use std::rc::Rc;

/// A variable, and the fields and items that lead on from it. What is appended to one path may show in another that has
/// the same beginning: the API server's are slices of Go, which share their memory, and its numbers depend on that.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    parts: Rc<RefCell<Vec<String>>>,
    length: usize,
    room: usize,
}

impl Path {
    /// Of a variable.
    pub(super) fn of(name: &str) -> Self {
        Self {
            parts: Rc::new(RefCell::new(vec![name.to_owned()])),
            length: 1,
            room: 1,
        }
    }

    /// The path with one more part.
    pub(super) fn append(&self, part: &str) -> Self {
        let mut next = self.clone();
        if self.length == self.room {
            next.parts = Rc::new(RefCell::new(self.parts()));
            next.room = (self.room * 2).max(1);
        }
        {
            let mut parts = next.parts.borrow_mut();
            match parts.get_mut(self.length) {
                Some(own) => *own = part.to_owned(),
                None => parts.push(part.to_owned()),
            }
        }
        next.length += 1;
        next
    }

    pub(super) fn parts(&self) -> Vec<String> {
        self.parts.borrow().iter().take(self.length).cloned().collect()
    }

    /// Whether it begins with what a macro gathers.
    pub(super) fn starts_with_gathered(&self) -> bool {
        let parts = self.parts.borrow();
        let first = parts.first().filter(|_| self.length > 0);
        first.is_some_and(|first| first == "@result" || first == "__result__")
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn paths_share_memory_as_long_as_there_is_room() {
        let item = Path::of("self").append("list").append("@items");
        let (one, other) = (item.append("a"), item.append("b"));
        assert_eq!(one.parts(), ["self", "list", "@items", "b"]);
        let (deep, deeper) = (other.append("c"), other.append("d"));
        assert_eq!(deep.parts().last().map(String::as_str), Some("c"));
        assert_eq!(deeper.parts().last().map(String::as_str), Some("d"));
    }
}
