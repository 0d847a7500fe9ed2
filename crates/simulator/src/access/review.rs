//! Questions about rights and identity: created, answered, and not kept.

use serde_json::{Value, json};

use crate::access::token::{ISSUER, TokenError};
use crate::access::{User, allowed, holder};
use crate::http::request::Attributes;
use crate::managed::{self, Manager};
use crate::resources::Resource;
use crate::shared::Shared;
use crate::status::{Cause, Refusal};

/// Answers a review that was posted. `namespace` is that of the path, for the local one.
pub(crate) fn answer(
    shared: &Shared,
    resource: &Resource,
    namespace: &str,
    user: &User,
    manager: &Manager<'_>,
    mut review: Value,
) -> Result<Value, Refusal> {
    match resource.plural.as_str() {
        "selfsubjectreviews" => {
            review["metadata"]["creationTimestamp"] = json!(manager.time);
            review["status"] = json!({"userInfo": user.info()});
            return Ok(review);
        }
        "selfsubjectrulesreviews" => return rules(shared, user, review),
        "tokenreviews" => return token(shared, manager, resource, review),
        _ => {}
    }
    let own = resource.plural == "selfsubjectaccessreviews";
    let spec = review.get("spec").cloned().unwrap_or_default();
    check(resource, &spec, own)?;
    let asked = attributes(&spec);
    if resource.plural == "localsubjectaccessreviews" && asked.namespace != namespace {
        let cause = Cause::invalid(
            "spec.resourceAttributes.namespace",
            &json!(asked.namespace),
            &format!("must match metadata.namespace: {namespace}"),
        );
        return Err(Refusal::invalid(&resource.group, "", "", vec![cause]));
    }
    let who = if own { user.clone() } else { subject(&spec) };
    let status = match allowed(shared, &who, &asked) {
        Some(reason) if reason.is_empty() => json!({"allowed": true}),
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None => json!({"allowed": false}),
    };
    if !review["metadata"].is_object() {
        review["metadata"] = json!({});
    }
    managed::update(&shared.schemas, resource, None, &mut review, manager);
    review["status"] = status;
    Ok(review)
}

/// Whose token it is that somebody was given.
fn token(
    shared: &Shared,
    manager: &Manager<'_>,
    resource: &Resource,
    mut review: Value,
) -> Result<Value, Refusal> {
    let token = review["spec"]["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::bad_request(
            "token is required for TokenReview in authentication",
        ));
    }
    let wanted = review["spec"]["audiences"].as_array().into_iter().flatten();
    let mut wanted: Vec<&str> = wanted.filter_map(Value::as_str).collect();
    if wanted.is_empty() {
        wanted.push(ISSUER);
    }
    let status = match holder(shared, token) {
        Ok((user, audiences)) => {
            let both = audiences.iter().filter(|own| wanted.contains(&own.as_str()));
            let both: Vec<&String> = both.collect();
            match both.is_empty() {
                true => {
                    let why = format!(
                        "token audiences {} is invalid for the target audiences {}",
                        shown(audiences.iter().map(String::as_str)),
                        shown(wanted.iter().copied())
                    );
                    json!({"user": {}, "error": format!("[invalid bearer token, {why}]")})
                }
                false => json!({"authenticated": true, "user": user.info(), "audiences": both}),
            }
        }
        Err(TokenError::Foreign) => json!({"user": {}, "error": "invalid bearer token"}),
        Err(TokenError::Invalid(why)) => {
            json!({"user": {}, "error": format!("[invalid bearer token, {why}]")})
        }
    };
    if !review["metadata"].is_object() {
        review["metadata"] = json!({});
    }
    managed::update(&shared.schemas, resource, None, &mut review, manager);
    review["status"] = status;
    Ok(review)
}

/// A list of texts as Go prints it.
fn shown<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.map(|text| format!("{text:?}")).collect();
    format!("[{}]", texts.join(" "))
}

fn subject(spec: &Value) -> User {
    let groups = spec["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    User::new(spec["user"].as_str().unwrap_or_default(), groups)
}

fn check(resource: &Resource, spec: &Value, own: bool) -> Result<(), Refusal> {
    let mut causes = Vec::new();
    let both = spec.get("resourceAttributes").is_some() && spec.get("nonResourceAttributes").is_some();
    let none = spec.get("resourceAttributes").is_none() && spec.get("nonResourceAttributes").is_none();
    if both {
        let field = "spec.nonResourceAttributes";
        let message = "cannot be specified in combination with resourceAttributes";
        causes.push(Cause::invalid(field, &spec["nonResourceAttributes"], message));
    } else if none {
        let message = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        causes.push(Cause::invalid("spec.resourceAttributes", &Value::Null, message));
    }
    let user = spec["user"].as_str().unwrap_or_default();
    if !own && user.is_empty() && spec["groups"].as_array().is_none_or(Vec::is_empty) {
        let message = "at least one of user or group must be specified";
        causes.push(Cause::invalid("spec.user", &json!(""), message));
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid(&resource.group, "", "", causes))
    }
}

fn attributes(spec: &Value) -> Attributes {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    if let Some(path) = spec.get("nonResourceAttributes") {
        return Attributes {
            verb: text(path, "verb"),
            path: text(path, "path"),
            ..Attributes::default()
        };
    }
    let asked = &spec["resourceAttributes"];
    Attributes {
        verb: text(asked, "verb"),
        group: text(asked, "group"),
        resource: text(asked, "resource"),
        subresource: text(asked, "subresource"),
        namespace: text(asked, "namespace"),
        name: text(asked, "name"),
        path: String::new(),
    }
}

fn rules(shared: &Shared, user: &User, mut review: Value) -> Result<Value, Refusal> {
    let namespace = review["spec"]["namespace"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if namespace.is_empty() {
        return Err(Refusal::bad_request("no namespace on request"));
    }
    let mut resource_rules = Vec::new();
    let mut path_rules = Vec::new();
    for rule in shared.rbac().rules(user, &namespace) {
        if !rule.resources.is_empty() {
            let mut entry =
                json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources});
            if !rule.resource_names.is_empty() {
                entry["resourceNames"] = json!(rule.resource_names);
            }
            resource_rules.push(entry);
        }
        if !rule.urls.is_empty() {
            path_rules.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.urls}));
        }
    }
    // The real server does not send the namespace back.
    review["spec"] = json!({});
    review["metadata"] = json!({});
    review["status"] =
        json!({"resourceRules": resource_rules, "nonResourceRules": path_rules, "incomplete": false});
    Ok(review)
}
