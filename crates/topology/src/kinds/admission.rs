//! Webhook configurations, admission policies and their bindings, APIService, CustomResourceDefinition.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, LabelSelector, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::admission;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};
use serde::de::IgnoredAny;

slim! {
    struct Webhooks<'a> {
        metadata: Meta<'a>,
        webhooks: Lax<Vec<Webhook<'a>>>,
    }

    struct Webhook<'a> {
        client_config: Lax<ClientConfig<'a>>,
    }

    struct ClientConfig<'a> {
        service: Lax<ServiceRef<'a>>,
    }

    /// A Service in any namespace.
    pub(crate) struct ServiceRef<'a> {
        pub namespace: Text<'a>,
        pub name: Text<'a>,
    }

    struct Policy<'a> {
        metadata: Meta<'a>,
        spec: Lax<PolicySpec<'a>>,
    }

    struct PolicySpec<'a> {
        param_kind: Option<ParamKind<'a>>,
        validations: Lax<Vec<IgnoredAny>>,
        mutations: Lax<Vec<IgnoredAny>>,
    }

    struct ParamKind<'a> {
        api_version: Text<'a>,
        kind: Text<'a>,
    }

    struct Binding<'a> {
        metadata: Meta<'a>,
        spec: Lax<BindingSpec<'a>>,
    }

    struct BindingSpec<'a> {
        policy_name: Text<'a>,
        param_ref: Option<ParamRef<'a>>,
    }

    /// The parameters of a binding; their kind stands in the policy.
    pub(crate) struct ParamRef<'a> {
        pub name: Text<'a>,
        pub namespace: Text<'a>,
        pub selector: Option<LabelSelector<'a>>,
        pub parameter_not_found_action: Text<'a>,
    }

    struct ApiService<'a> {
        metadata: Meta<'a>,
        spec: Lax<ApiSpec<'a>>,
        status: Lax<Status<'a>>,
    }

    struct ApiSpec<'a> {
        service: Option<ServiceRef<'a>>,
    }

    struct Status<'a> {
        conditions: Conditions<'a>,
    }

    struct Definition<'a> {
        metadata: Meta<'a>,
        spec: Lax<DefinitionSpec<'a>>,
        status: Lax<Status<'a>>,
    }

    struct DefinitionSpec<'a> {
        conversion: Lax<Conversion<'a>>,
    }

    struct Conversion<'a> {
        webhook: Lax<Webhook<'a>>,
    }
}

fn count<T>(of: &[T]) -> Cell {
    i64::try_from(of.len()).map_or(Cell::Unknown, Cell::Number)
}

pub(super) fn webhooks(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Webhooks { metadata, webhooks } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    for (index, webhook) in webhooks.iter().enumerate() {
        let at = format!("webhooks[{index}].clientConfig.service");
        admission::webhook(&webhook.client_config.service, &at, &mut draft);
    }
    let cells = vec![draft.name_cell(), count(&webhooks), draft.age_cell()];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

pub(super) fn policy(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Policy { metadata, spec } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let mut params = "<unset>".to_owned();
    if let Some(param) = &spec.param_kind {
        draft.take_params(&param.api_version, &param.kind);
        params = format!("{}/{}", param.api_version, param.kind);
    }
    let rules = match kind.get().kind {
        "MutatingAdmissionPolicy" => &spec.mutations,
        _ => &spec.validations,
    };
    let cells = vec![
        draft.name_cell(),
        count(rules),
        Cell::Text(params),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

pub(super) fn binding(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Binding { metadata, spec } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let policy = match kind.get().kind {
        "MutatingAdmissionPolicyBinding" => "MutatingAdmissionPolicy",
        _ => "ValidatingAdmissionPolicy",
    };
    let none = ParamRef::default();
    let params = spec.param_ref.as_ref().unwrap_or(&none);
    admission::binding(policy, &spec.policy_name, params, &mut draft);
    // Whether parameters without a namespace have none or are in that of each object, the policy's kind tells.
    let printed = match (&*params.namespace, &*params.name, &params.selector) {
        (_, "", Some(selector)) => selector.print(),
        (_, "", None) => "<unset>".to_owned(),
        ("", name, _) => format!("*/{name}"),
        (namespace, name, _) => format!("{namespace}/{name}"),
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.policy_name.to_string()),
        Cell::Text(printed),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

pub(super) fn api_service(
    kind: KindId,
    json: &[u8],
    symbols: &mut Symbols,
) -> Result<Facts, serde_json::Error> {
    let ApiService {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let service = match &spec.service {
        Some(service) => {
            admission::webhook(service, "spec.service", &mut draft);
            format!("{}/{}", service.namespace, service.name)
        }
        None => "Local".to_owned(),
    };
    let (word, outcome) = match meta::condition(&status.conditions, "Available") {
        None => ("Unknown".to_owned(), Outcome::new("", Health::Unknown)),
        Some(available) if available.status == "True" => {
            ("True".to_owned(), Outcome::new("", Health::Healthy))
        }
        Some(available) => (
            format!("{} ({})", available.status, available.reason),
            Outcome::new("", Health::Unhealthy).because(available.words()),
        ),
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(service),
        Cell::Text(word),
        draft.age_cell(),
    ];
    Ok(draft.finish(outcome, cells))
}

pub(super) fn definition(
    kind: KindId,
    json: &[u8],
    symbols: &mut Symbols,
) -> Result<Facts, serde_json::Error> {
    let Definition {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    admission::webhook(
        &spec.conversion.webhook.client_config.service,
        "spec.conversion.webhook.clientConfig.service",
        &mut draft,
    );
    let conditions = &status.conditions;
    let refused = meta::condition(conditions, "NamesAccepted").filter(|own| own.status == "False");
    let outcome = match (refused, meta::holds(conditions, "Established")) {
        (Some(refused), _) => Outcome::new("", Health::Unhealthy).because(refused.words()),
        (None, None) => Outcome::new("", Health::Progressing).because("It is not served yet"),
        (None, Some(_)) => Outcome::new("", Health::Healthy),
    };
    let cells = vec![draft.name_cell(), draft.age_cell()];
    Ok(draft.finish(outcome, cells))
}
