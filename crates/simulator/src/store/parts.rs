//! What many watches of the same resource send: the lines of several events in one piece, made once.

use std::collections::VecDeque;

use bytes::Bytes;

/// How many pieces are kept: for watches that stand at different events.
const KEPT: usize = 16;

/// The newest pieces of a resource.
#[derive(Debug, Default)]
pub(crate) struct Parts(VecDeque<Part>);

/// The lines of all events after a resourceVersion, up to another.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) after: u64,
    pub(crate) upto: u64,
    pub(crate) lines: Bytes,
}

impl Parts {
    /// The piece for a watch that has told everything up to a resourceVersion.
    pub(crate) fn after(&self, version: u64) -> Option<Part> {
        self.0.iter().rev().find(|part| part.after == version).cloned()
    }

    /// Keeps a piece for the other watches.
    pub(crate) fn keep(&mut self, part: Part) {
        self.0.push_back(part);
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }
}
