//! What goes into a plugin and what comes out: `ExecCredential` objects.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::ExecCredential;
use crate::kubeconfig::identity::is_header_text;
use crate::kubeconfig::pem::{self, PairProblem};
use crate::kubeconfig::{Authority, Context, ExecPlugin};

/// The value of `KUBERNETES_EXEC_INFO`.
pub(super) fn exec_info(plugin: &ExecPlugin, context: &Context) -> String {
    let mut spec = json!({ "interactive": false });
    if plugin.provide_cluster_info {
        let mut cluster = json!({ "server": context.server.to_string() });
        if let Some(name) = &context.tls_server_name {
            cluster["tls-server-name"] = json!(name);
        }
        if let Some(proxy) = &context.proxy {
            cluster["proxy-url"] = json!(proxy.to_string());
        }
        match &context.authority {
            Authority::System => {}
            Authority::Any => cluster["insecure-skip-tls-verify"] = json!(true),
            Authority::Bundle(bundle) => {
                if let Ok(pem) = bundle.read() {
                    cluster["certificate-authority-data"] = json!(STANDARD.encode(pem.expose_secret()));
                }
            }
        }
        spec["cluster"] = cluster;
    }
    json!({ "apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec }).to_string()
}

/// The credential in what a plugin printed. The error says what is wrong and quotes nothing.
pub(super) fn credential(printed: &[u8], api_version: &str) -> Result<ExecCredential, String> {
    let value: Value = serde_json::from_slice(printed)
        .map_err(|error| format!("not JSON (line {}, column {})", error.line(), error.column()))?;
    if value.get("kind").and_then(Value::as_str) != Some("ExecCredential") {
        return Err("not an ExecCredential".to_owned());
    }
    if value.get("apiVersion").and_then(Value::as_str) != Some(api_version) {
        return Err(format!("its apiVersion is not {api_version} as asked for"));
    }
    let none = Map::new();
    let status = value.get("status").and_then(Value::as_object).unwrap_or(&none);
    let text = |field: &str| match status.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("status.{field} is not text")),
    };
    let secret = |field| Ok::<_, String>(text(field)?.map(SecretString::from));
    let expires = match text("expirationTimestamp")? {
        None => None,
        Some(time) => Some(
            time.parse::<Timestamp>()
                .map_err(|_| "status.expirationTimestamp is not an RFC 3339 time".to_owned())?,
        ),
    };
    let certificate = match (secret("clientCertificateData")?, secret("clientKeyData")?) {
        (Some(certificate), Some(key)) => {
            pem::check_pair(certificate.expose_secret(), key.expose_secret()).map_err(
                |problem| match problem {
                    PairProblem::Certificate(problem) => format!("status.clientCertificateData {problem}"),
                    PairProblem::Key(problem) => format!("status.clientKeyData {problem}"),
                },
            )?;
            Some((certificate, key))
        }
        (None, None) => None,
        _ => return Err("clientCertificateData and clientKeyData come only together".to_owned()),
    };
    let token = secret("token")?;
    if token
        .as_ref()
        .is_some_and(|token| !is_header_text(token.expose_secret()))
    {
        return Err("status.token has characters that no HTTP header may carry".to_owned());
    }
    if token.is_none() && certificate.is_none() {
        return Err("status has neither a token nor a client certificate".to_owned());
    }
    Ok(ExecCredential {
        token,
        certificate,
        expires,
    })
}
