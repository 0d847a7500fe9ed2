//! What the writer passes on to discovery: that definitions have changed, and what they say of columns.

use std::sync::Arc;

use bytes::Bytes;
use model::kind::WatchForm;
use topology::kinds::Definition;

use super::Outlets;
use crate::watch::{Event, Input, News, ObjectName};

impl Outlets {
    /// Looks at what a watch tells: a definition or an aggregated API that comes, goes or changes, or a kind that is no
    /// longer served, is a reason to ask the cluster again what it serves.
    pub(super) fn note_definitions(&self, input: &Input) {
        match (input.kind.get().id, &input.news) {
            ("CustomResourceDefinition", News::Page { items, first, last }) => {
                let found: Vec<Definition> = items.iter().filter_map(read).collect();
                self.definitions.send_if_modified(|definitions| {
                    definitions.page(found, *first, *last);
                    definitions.changes += u64::from(*last);
                    *last
                });
            }
            ("CustomResourceDefinition", News::Events(events)) => {
                self.definitions.send_modify(|definitions| {
                    for event in events {
                        match event {
                            Event::Set { object, .. } => definitions.set(read(object)),
                            Event::Gone { object, .. } => definitions.remove(name(object).as_deref()),
                            Event::Unreadable(_) => {}
                        }
                    }
                    definitions.changes += 1;
                });
            }
            // Nothing to wait for.
            ("CustomResourceDefinition", News::Trouble { .. } | News::NotServed) => {
                self.definitions.send_if_modified(|definitions| {
                    let first = definitions.changes == 0;
                    definitions.changes += u64::from(first);
                    first
                });
            }
            ("APIService", News::Page { last: true, .. }) => {
                self.definitions.send_if_modified(|definitions| {
                    // The first list is no change.
                    let again = std::mem::replace(&mut definitions.services_listed, true);
                    definitions.changes += u64::from(again);
                    again
                });
            }
            ("APIService", News::Events(_)) => self.note_change(),
            (_, News::NotServed) if input.kind.is_discovered() => self.note_change(),
            _ => {}
        }
    }

    fn note_change(&self) {
        self.definitions
            .send_modify(|definitions| definitions.changes += 1);
    }
}

/// One that cannot be read has no columns; the list of definitions says what is wrong with it.
fn read(object: &Bytes) -> Option<Definition> {
    Definition::read(object).ok()
}

/// `widgets.example.org`
fn name(object: &Bytes) -> Option<Arc<str>> {
    let name = ObjectName::read(object, WatchForm::Object)?;
    Some(Arc::from(&*name.name))
}
