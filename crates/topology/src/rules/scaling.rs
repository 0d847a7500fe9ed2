//! scales.

use super::SCALES;
use crate::kinds::autoscaler::Target;
use crate::kinds::{Draft, Named};

/// What an autoscaler scales, as the field `at` names it.
pub(crate) fn target(target: &Target<'_>, at: &str, draft: &mut Draft<'_>) {
    let named = Named::of_version(
        &target.api_version,
        &target.kind,
        &target.name,
        format!("{at}.name"),
    );
    draft.refer(&SCALES, named);
}
