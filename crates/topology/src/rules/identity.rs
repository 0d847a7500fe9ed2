//! runs-as.

use super::Rule;
use crate::kinds::{Draft, Named};
use crate::pod_spec::PodSpec;

/// The service account of a pod or template whose spec is at `at`; `default` if it names none.
pub(super) fn service_account(rule: &'static Rule, spec: &PodSpec<'_>, at: &str, draft: &mut Draft<'_>) {
    let default = spec.service_account_name.is_empty();
    let name = if default {
        "default"
    } else {
        &*spec.service_account_name
    };
    let named = Named {
        default,
        ..Named::new("ServiceAccount", name, format!("{at}.serviceAccountName"))
    };
    draft.refer(rule, named);
}
