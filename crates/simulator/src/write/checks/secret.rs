//! What a Secret of a certain type has to hold.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Causes;
use crate::status::{Cause, Refusal};

const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// A Secret.
pub(super) fn check(causes: &mut Causes, object: &Value) -> Result<(), Refusal> {
    let has = |key: &str| object["data"].get(key).is_some();
    let mut needed = |key: &str| causes.0.push(Cause::required(format!("data[{key}]"), ""));
    match object["type"].as_str().unwrap_or_default() {
        "kubernetes.io/service-account-token" => {
            let account = &object["metadata"]["annotations"][ACCOUNT];
            causes.required(format!("metadata.annotations[{ACCOUNT}]"), account);
        }
        // One of the two is enough.
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            needed("username");
            needed("password");
        }
        "kubernetes.io/ssh-auth" if text(object, "ssh-privatekey").is_empty() => needed("ssh-privatekey"),
        "kubernetes.io/tls" => {
            let missing = ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key));
            missing.for_each(&mut needed);
        }
        "kubernetes.io/dockercfg" => registry(object, ".dockercfg", &mut needed)?,
        "kubernetes.io/dockerconfigjson" => registry(object, ".dockerconfigjson", &mut needed)?,
        _ => {}
    }
    Ok(())
}

/// Passwords of registries are an object in JSON.
fn registry(object: &Value, key: &str, needed: &mut impl FnMut(&str)) -> Result<(), Refusal> {
    if object["data"].get(key).is_none() {
        needed(key);
        return Ok(());
    }
    match serde_json::from_slice(&text(object, key)) {
        Ok(Value::Object(_) | Value::Null) => Ok(()),
        _ => Err(Refusal::unsupported(&format!(
            "Secrets whose {key} is no object in JSON; the real server refuses them"
        ))),
    }
}

fn text(object: &Value, key: &str) -> Vec<u8> {
    let encoded = object["data"][key].as_str().unwrap_or_default();
    let plain: String = encoded.split(['\r', '\n']).collect();
    STANDARD.decode(plain).unwrap_or_default()
}
