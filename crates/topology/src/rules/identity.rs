//! runs-as, holds, grants, binds-subject, aggregates.

use super::{AGGREGATES, BINDS_SUBJECT, GRANTS, HOLDS, HOLDS_TOKEN, Rule};
use crate::facts::Within;
use crate::kinds::meta::{LabelSelector, TOKEN_OF};
use crate::kinds::rbac::{RoleRef, Subject};
use crate::kinds::{Draft, Named};
use crate::pod_spec::{PodSpec, Source};

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

/// The Secrets that a service account holds.
pub(crate) fn secrets(secrets: &[Source<'_>], draft: &mut Draft<'_>) {
    for (index, secret) in secrets.iter().enumerate() {
        draft.refer(
            &HOLDS,
            Named::new("Secret", &secret.name, format!("secrets[{index}].name")),
        );
    }
}

/// The service account of a token Secret.
pub(crate) fn token_secret(account: &str, draft: &mut Draft<'_>) {
    let path = format!("metadata.annotations[\"{TOKEN_OF}\"]");
    draft.refer(&HOLDS_TOKEN, Named::new("ServiceAccount", account, path));
}

/// The role that a binding grants, and to whom. In a ClusterRoleBinding, a Role means nothing. The default ones are the
/// same in every cluster, whether it has those accounts or not.
pub(crate) fn binding(role: &RoleRef<'_>, subjects: &[Subject<'_>], is_default: bool, draft: &mut Draft<'_>) {
    let kind = match &*role.kind {
        "ClusterRole" => "ClusterRole",
        "Role" => "Role",
        _ => "",
    };
    draft.refer(&GRANTS, Named::new(kind, &role.name, "roleRef.name"));
    for (index, subject) in subjects.iter().enumerate() {
        let path = format!("subjects[{index}].name");
        let account = subject
            .name
            .strip_prefix("system:serviceaccount:")
            .and_then(|rest| rest.split_once(':'))
            .filter(|(namespace, name)| !namespace.is_empty() && !name.is_empty());
        let named = match (&*subject.kind, account) {
            ("ServiceAccount", _) => Named {
                namespace: Some(&subject.namespace),
                ..Named::new("ServiceAccount", &subject.name, path)
            },
            ("User", Some((namespace, name))) => Named {
                namespace: Some(namespace),
                ..Named::new("ServiceAccount", name, path)
            },
            ("User", None) => Named::new("User", &subject.name, path),
            ("Group", _) => Named::new("Group", &subject.name, path),
            _ => continue,
        };
        draft.refer(
            &BINDS_SUBJECT,
            Named {
                optional: is_default,
                ..named
            },
        );
    }
}

/// The ClusterRoles whose rules a ClusterRole takes over.
pub(crate) fn aggregation(selectors: &[LabelSelector<'_>], draft: &mut Draft<'_>) {
    for (index, selector) in selectors.iter().enumerate() {
        let path = format!("aggregationRule.clusterRoleSelectors[{index}]");
        draft.select(
            &AGGREGATES,
            "ClusterRole",
            Within::Any,
            selector.requirements(),
            path,
        );
    }
}
