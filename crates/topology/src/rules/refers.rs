//! refers: what custom resources name, by the custom of naming such fields `*Ref`.

use super::REFERS;
use crate::kinds::fields::{Fields, Ref};
use crate::kinds::{Draft, Named};
use model::KindId;

/// The fields of an object that are called like references, but for those that a rule knows better.
pub(crate) fn fields(fields: &Fields<'_>, draft: &mut Draft<'_>) {
    for found in &fields.refs {
        if !draft.has_field(&found.path) {
            draft.refer(&REFERS, named(found, draft.group()));
        }
    }
}

/// Without a group, a kind is one of Kubernetes' own if there is one of that name (`kind: Secret`), else one of the
/// object's own group.
fn named<'n>(found: &'n Ref<'_>, own: &'n str) -> Named<'n> {
    let (kind, name, path) = (&*found.kind, &*found.name, found.path.as_str());
    let built_in = KindId::of(kind).filter(|kind| !kind.is_virtual() && !kind.is_discovered());
    let named = match (&found.group, built_in) {
        (Some(group), _) => Named::of_kind(group, kind, name, path),
        (None, Some(_)) => Named::new(kind, name, path),
        (None, None) => Named::of_kind(own, kind, name, path),
    };
    Named {
        namespace: Some(&found.namespace),
        ..named
    }
}
