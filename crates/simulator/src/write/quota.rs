//! ResourceQuotas: what a client creates is refused when it is more than is left, and counted at once.

use serde_json::{Value, json};

use super::{Write, objects};
use crate::controllers::quota::{self, Asked};
use crate::quantity::{Quantity, millis};
use crate::status::Refusal;
use crate::store::object::text_of;
use crate::store::{Inner, Key};

/// What an object takes of the quotas of its namespace; refused if that is more than is left.
pub(super) fn check(
    write: &Write<'_>,
    store: &mut Inner,
    object: &Value,
) -> Result<Vec<(Value, Asked)>, Refusal> {
    let kind = write.resource.qualified();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut charged = Vec::new();
    for quota in objects(write, store, "resourcequotas") {
        if !quota["spec"]["scopes"].is_null() || !quota["spec"]["scopeSelector"].is_null() {
            return Err(Refusal::unsupported("creating objects beside quotas with scopes"));
        }
        // What is not counted yet is not limited either.
        let hard = &quota["status"]["hard"];
        let asked = Asked::of(&kind, object, hard);
        let used = |resource: &str| millis(&quota["status"]["used"][resource]);
        if let Some(why) = quota::refused(&quota, &asked, used) {
            return Err(Refusal::forbidden_object(write.resource, name, &why));
        }
        if !asked.amounts.is_empty() {
            charged.push((quota, asked));
        }
    }
    Ok(charged)
}

/// Counts an object that is created.
pub(super) fn charge(write: &Write<'_>, store: &mut Inner, charged: Vec<(Value, Asked)>) {
    let Some(quotas) = write.shared.resources.core("resourcequotas") else {
        return;
    };
    for (mut quota, asked) in charged {
        for (resource, amount) in asked.amounts {
            let used = millis(&quota["status"]["used"][&resource]) + amount;
            let used = Quantity::of_millis(used, quota::is_binary(&resource)).canonical();
            quota["status"]["used"][&resource] = json!(used);
        }
        let key = Key::new(
            write.namespace,
            quota["metadata"]["name"].as_str().unwrap_or_default(),
        );
        store.put(quotas.id, key, |version| {
            quota["metadata"]["resourceVersion"] = json!(version.to_string());
            text_of(&quota)
        });
    }
}
