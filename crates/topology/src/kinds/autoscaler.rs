//! HorizontalPodAutoscaler.

use super::draft::{Draft, Outcome};
use super::meta::{self, Conditions, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::scaling;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Autoscaler<'a> {
        metadata: Meta<'a>,
        spec: Lax<Spec<'a>>,
        status: Lax<Status<'a>>,
    }

    struct Spec<'a> {
        scale_target_ref: Lax<Target<'a>>,
        min_replicas: Option<i32>,
        max_replicas: i32,
        metrics: Lax<Vec<Metric<'a>>>,
    }

    /// What an autoscaler scales.
    pub(crate) struct Target<'a> {
        pub api_version: Text<'a>,
        pub kind: Text<'a>,
        pub name: Text<'a>,
    }

    struct Status<'a> {
        current_replicas: i32,
        current_metrics: Lax<Vec<Metric<'a>>>,
        conditions: Conditions<'a>,
    }

    struct Metric<'a> {
        #[serde(rename = "type")]
        kind: Text<'a>,
        resource: Lax<Source<'a>>,
        container_resource: Lax<Source<'a>>,
        pods: Lax<Source<'a>>,
        object: Lax<Source<'a>>,
        external: Lax<Source<'a>>,
    }

    struct Source<'a> {
        name: Text<'a>,
        target: Lax<Value<'a>>,
        current: Lax<Value<'a>>,
    }

    struct Value<'a> {
        average_utilization: Option<i32>,
        average_value: Text<'a>,
        value: Text<'a>,
    }
}

/// How many metrics are printed.
const SHOWN: usize = 2;

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Autoscaler {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    scaling::target(&spec.scale_target_ref, "spec.scaleTargetRef", &mut draft);
    let target = &spec.scale_target_ref;
    let cells = vec![
        draft.name_cell(),
        Cell::Text(format!("{}/{}", target.kind, target.name)),
        Cell::text(targets(&spec.metrics, &status.current_metrics)),
        Cell::Text(
            spec.min_replicas
                .map_or("<unset>".to_owned(), |min| min.to_string()),
        ),
        Cell::Text(spec.max_replicas.to_string()),
        Cell::Text(status.current_replicas.to_string()),
        draft.age_cell(),
    ];
    Ok(draft.finish(outcome(&status), cells))
}

/// By its conditions: it must reach what it scales, and know what to scale it by.
fn outcome(status: &Status<'_>) -> Outcome {
    for kind in ["AbleToScale", "ScalingActive"] {
        if let Some(condition) = meta::condition(&status.conditions, kind)
            && condition.status != "True"
        {
            let health = if condition.reason == "ScalingDisabled" {
                Health::Suspended
            } else {
                Health::Warning
            };
            return Outcome::new("", health).because(condition.words());
        }
    }
    // At its lower bound it rests; at the upper one it would have more pods than it may.
    let limited = meta::holds(&status.conditions, "ScalingLimited");
    if let Some(limited) = limited.filter(|limited| limited.reason == "TooManyReplicas") {
        return Outcome::new("", Health::Warning).because(limited.words());
    }
    Outcome::new("", Health::Healthy)
}

impl Metric<'_> {
    /// What it says of metrics of a type.
    fn source(&self, kind: &str) -> &Source<'_> {
        match kind {
            "Resource" => &self.resource,
            "ContainerResource" => &self.container_resource,
            "Pods" => &self.pods,
            "Object" => &self.object,
            _ => &self.external,
        }
    }
}

/// `cpu: 10%/80%, 5/10 (avg)`: current of wanted, as kubectl prints them.
fn targets(wanted: &[Metric<'_>], current: &[Metric<'_>]) -> String {
    let printed = wanted.iter().enumerate().map(|(index, metric)| {
        let wanted = metric.source(&metric.kind);
        let now = current.get(index).map(|now| now.source(&metric.kind));
        let value = |of: fn(&Value<'_>) -> String| {
            let now = now.map(|now| of(&now.current)).filter(|now| !now.is_empty());
            let now = now.unwrap_or_else(|| "<unknown>".to_owned());
            let wanted = of(&wanted.target);
            let wanted = if wanted.is_empty() { "<auto>" } else { &wanted };
            format!("{now}/{wanted}")
        };
        let average = |value: &Value<'_>| value.average_value.to_string();
        let of_pods = !wanted.target.average_value.is_empty();
        match &*metric.kind {
            "Resource" | "ContainerResource" if of_pods => format!("{}: {}", wanted.name, value(average)),
            "Resource" | "ContainerResource" => {
                let utilisation = |value: &Value<'_>| {
                    let percent = value.average_utilization.map(|percent| format!("{percent}%"));
                    percent.unwrap_or_default()
                };
                format!("{}: {}", wanted.name, value(utilisation))
            }
            "Pods" => value(average),
            kind if !matches!(kind, "Object" | "External") => "<unknown type>".to_owned(),
            _ if of_pods => format!("{} (avg)", value(average)),
            _ => value(|value| value.value.to_string()),
        }
    });
    let printed: Vec<String> = printed.collect();
    match printed.get(..SHOWN) {
        Some(shown) if printed.len() > SHOWN => {
            format!("{} + {} more...", shown.join(", "), printed.len() - SHOWN)
        }
        _ => printed.join(", "),
    }
}
