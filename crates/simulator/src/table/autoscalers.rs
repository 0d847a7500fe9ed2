//! The table of HorizontalPodAutoscalers: what each metric is, and what it should be.

use serde_json::{Value, json};

use super::Object;

/// More metrics than this are only counted.
const SHOWN: usize = 2;

pub(super) fn autoscaler(o: &Object<'_>) -> Vec<Value> {
    let target = format!(
        "{}/{}",
        o.text("/spec/scaleTargetRef/kind"),
        o.text("/spec/scaleTargetRef/name")
    );
    let least = o.at("/spec/minReplicas").as_i64();
    vec![
        o.name(),
        json!(target),
        json!(metrics(o.list("/spec/metrics"), o.list("/status/currentMetrics"))),
        json!(least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string())),
        json!(o.number("/spec/maxReplicas")),
        json!(o.number("/status/currentReplicas")),
        o.age(),
    ]
}

fn metrics(wanted: &[Value], current: &[Value]) -> String {
    if wanted.is_empty() {
        return "<none>".to_owned();
    }
    let shown = wanted.iter().enumerate().take(SHOWN);
    let shown: Vec<String> = shown
        .map(|(index, wanted)| metric(wanted, current.get(index).unwrap_or(&Value::Null)))
        .collect();
    match wanted.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} + {more} more...", shown.join(", ")),
    }
}

fn metric(wanted: &Value, current: &Value) -> String {
    // The part of a metric that has its name.
    let part = match wanted["type"].as_str() {
        Some("External") => "external",
        Some("Pods") => "pods",
        Some("Object") => "object",
        Some("Resource") => "resource",
        Some("ContainerResource") => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let (name, target, now) = (
        &wanted[part]["name"],
        &wanted[part]["target"],
        &current[part]["current"],
    );
    let amount = |value: &Value| value.as_str().unwrap_or("<unknown>").to_owned();
    let percent = |value: &Value, otherwise: &str| {
        let percent = value.as_i64().map(|percent| format!("{percent}%"));
        percent.unwrap_or_else(|| otherwise.to_owned())
    };
    let average = target.get("averageValue").is_some();
    match part {
        "pods" => format!(
            "{}/{}",
            amount(&now["averageValue"]),
            amount(&target["averageValue"])
        ),
        "external" | "object" if average => {
            format!(
                "{}/{} (avg)",
                amount(&now["averageValue"]),
                amount(&target["averageValue"])
            )
        }
        "external" | "object" => format!("{}/{}", amount(&now["value"]), amount(&target["value"])),
        _ => {
            let name = name.as_str().unwrap_or_default();
            if average {
                let (now, target) = (amount(&now["averageValue"]), amount(&target["averageValue"]));
                format!("{name}: {now}/{target}")
            } else {
                let now = percent(&now["averageUtilization"], "<unknown>");
                format!(
                    "{name}: {now}/{}",
                    percent(&target["averageUtilization"], "<auto>")
                )
            }
        }
    }
}
