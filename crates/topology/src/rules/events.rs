//! about.

use super::ABOUT;
use crate::facts::{Detail, Uid};
use crate::kinds::event::Involved;
use crate::kinds::{Draft, Named};

/// The object that an event tells of.
pub(crate) fn involved(object: &Involved<'_>, draft: &mut Draft<'_>) {
    let detail = if object.uid.is_empty() {
        Detail::None
    } else {
        Detail::Uid(Uid::from(&*object.uid))
    };
    let named = Named {
        namespace: Some(&object.namespace),
        detail,
        ..Named::of_version(
            &object.api_version,
            &object.kind,
            &object.name,
            "involvedObject.name",
        )
    };
    draft.refer(&ABOUT, named);
}
