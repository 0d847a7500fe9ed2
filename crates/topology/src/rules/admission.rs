//! calls-webhook, binds-policy, configured-by of admission policy bindings.

use super::{BINDS_POLICY, CALLS_WEBHOOK};
use crate::facts::{Key, Params, Want};
use crate::kinds::admission::{ParamRef, ServiceRef};
use crate::kinds::{Draft, Named};
use model::KindId;

/// The Service that the field `at` names.
pub(crate) fn webhook(service: &ServiceRef<'_>, at: &str, draft: &mut Draft<'_>) {
    let named = Named {
        namespace: Some(&service.namespace),
        ..Named::new("Service", &service.name, format!("{at}.name"))
    };
    draft.refer(&CALLS_WEBHOOK, named);
}

/// The policy of this kind that a binding puts in force, and its parameters.
pub(crate) fn binding(kind: &str, policy: &str, params: &ParamRef<'_>, draft: &mut Draft<'_>) {
    draft.refer(&BINDS_POLICY, Named::new(kind, policy, "spec.policyName"));
    if let Some(kind) = KindId::of(kind)
        && !policy.is_empty()
        && let Some(which) = which(params, draft)
    {
        let policy = Key {
            kind,
            namespace: None,
            name: draft.intern(policy),
        };
        let namespace = (!params.namespace.is_empty()).then(|| draft.intern(&params.namespace));
        draft.want(Want::Params {
            policy,
            namespace,
            which,
            optional: params.parameter_not_found_action == "Allow",
        });
    }
}

/// The API server takes one of name and selector; the name counts where it did not ask.
fn which(params: &ParamRef<'_>, draft: &mut Draft<'_>) -> Option<Params> {
    if !params.name.is_empty() {
        return Some(Params::Named(draft.intern(&params.name)));
    }
    let selector = params.selector.as_ref()?;
    Some(Params::Selected(selector.requirements()))
}
