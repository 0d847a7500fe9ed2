//! The user entry of a context: who we are.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde_yaml_ng::{Mapping, Value};

use super::context::{Credential, ExecPlugin, Identity, Impersonation, Secret};
use super::fields::{self, FieldProblem};
use super::pem::{self, PairProblem};
use super::reader::{Reader, Resolved};

/// Who we are by a user entry.
pub(super) fn identity(user: &Reader) -> Resolved<Identity> {
    Ok(Identity {
        certificate: client_certificate(user)?,
        credential: credential(user)?,
        impersonate: impersonation(user)?,
    })
}

fn client_certificate(user: &Reader) -> Resolved<Option<(Secret, Secret)>> {
    let (certificate, key) = match (user.secret("client-certificate")?, user.secret("client-key")?) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            return Err(user.field("client-key", "is missing: a client certificate needs its key"));
        }
        (None, Some(_)) => {
            return Err(user.field(
                "client-certificate",
                "is missing: a client key needs its certificate",
            ));
        }
    };
    let pair = (
        user.read(&certificate.0, &certificate.1)?,
        user.read(&key.0, &key.1)?,
    );
    match pem::check_pair(pair.0.expose_secret(), pair.1.expose_secret()) {
        Ok(()) => Ok(Some((certificate.1, key.1))),
        Err(PairProblem::Certificate(problem)) => Err(user.field(&certificate.0, problem)),
        Err(PairProblem::Key(problem)) => Err(user.field(&key.0, problem)),
    }
}

/// Token before token file, as in kubectl; an exec plugin is only asked where nothing else is given.
fn credential(user: &Reader) -> Resolved<Credential> {
    if let Some(token) = user.text("token")? {
        if !is_header_text(&token) {
            return Err(user.field("token", "holds characters that no HTTP header may carry"));
        }
        return Ok(Credential::Token(SecretString::from(token)));
    }
    if let Some(path) = user.text("tokenFile")? {
        let path = user.path(&path);
        let text = user.read("tokenFile", &Secret::File(path.clone()))?;
        return match token_in(text.expose_secret()) {
            Ok(_) => Ok(Credential::TokenFile(path)),
            Err(problem) => Err(user.field("tokenFile", format!("names a file that {problem}"))),
        };
    }
    match (user.text("username")?, user.text("password")?) {
        (Some(name), password) => {
            let password = SecretString::from(password.unwrap_or_default());
            return Ok(Credential::Basic(name, password));
        }
        (None, Some(_)) => return Err(user.field("username", "is missing: a password needs its user name")),
        (None, None) => {}
    }
    if let Some(exec) = user.of(fields::map(user.map, "exec"))? {
        return Ok(Credential::Exec(Box::new(exec_plugin(user, exec)?)));
    }
    if user.map.contains_key("auth-provider") {
        let why = "auth providers were removed from kubectl in 1.26";
        return Err(user.unsupported("auth-provider", why));
    }
    Ok(Credential::None)
}

fn exec_plugin(user: &Reader, exec: &Mapping) -> Resolved<ExecPlugin> {
    let within = |problem: FieldProblem| user.field(&format!("exec.{}", problem.field), problem.problem);
    let text = |field| fields::text(exec, field).map_err(within);
    let command = text("command")?.ok_or_else(|| user.field("exec.command", "is missing"))?;
    let api_version = text("apiVersion")?.ok_or_else(|| user.field("exec.apiVersion", "is missing"))?;
    let known = [
        "client.authentication.k8s.io/v1",
        "client.authentication.k8s.io/v1beta1",
    ];
    if !known.contains(&api_version.as_str()) {
        let problem = format!("must be {} or {}", known[0], known[1]);
        return Err(user.field("exec.apiVersion", problem));
    }
    let mut env = Vec::new();
    for (index, entry) in fields::list(exec, "env").map_err(within)?.iter().enumerate() {
        let map = entry.as_mapping();
        let part = |field| map.and_then(|map| map.get(field)).and_then(Value::as_str);
        match (part("name"), part("value")) {
            (Some(name), Some(value)) if !name.is_empty() && !name.contains(['=', '\0']) => {
                env.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                let field = format!("exec.env[{index}]");
                return Err(user.field(&field, "must have a name and a value, both text"));
            }
        }
    }
    // As in client-go: a bare name is looked up in PATH, a relative path starts at the kubeconfig's folder.
    let is_path = command.contains(['/', '\\']) && (cfg!(windows) || command.contains('/'));
    let command = if is_path && Path::new(&command).is_relative() {
        user.path(&command).display().to_string()
    } else {
        command
    };
    Ok(ExecPlugin {
        command,
        args: fields::texts(exec, "args").map_err(within)?,
        env,
        api_version,
        needs_terminal: text("interactiveMode")?.as_deref() == Some("Always"),
        provide_cluster_info: fields::flag(exec, "provideClusterInfo").map_err(within)?,
        install_hint: text("installHint")?,
    })
}

fn impersonation(user: &Reader) -> Resolved<Option<Impersonation>> {
    let groups = user.of(fields::texts(user.map, "as-groups"))?;
    let uid = user.text("as-uid")?;
    let mut extra = Vec::new();
    if let Some(map) = user.of(fields::map(user.map, "as-user-extra"))? {
        for key in map.keys().filter_map(Value::as_str) {
            extra.push((key.to_owned(), user.of(fields::texts(map, key))?));
        }
    }
    let Some(name) = user.text("as")? else {
        if uid.is_some() || !groups.is_empty() || !extra.is_empty() {
            return Err(user.field("as", "is missing: as-uid, as-groups and as-user-extra need it"));
        }
        return Ok(None);
    };
    let values = groups
        .iter()
        .chain(&uid)
        .chain(extra.iter().flat_map(|(_, values)| values));
    if !is_header_text(&name) || !values.clone().all(|value| is_header_text(value)) {
        return Err(user.field("as", "and what belongs to it must be visible ASCII"));
    }
    Ok(Some(Impersonation {
        user: name,
        uid,
        groups,
        extra,
    }))
}

/// The token in the text of a token file, or what is wrong with the text. As in kubectl, white space around it does not
/// count.
pub(crate) fn token_in(text: &str) -> Result<&str, &'static str> {
    match text.trim() {
        "" => Err("is empty"),
        token if !is_header_text(token) => Err("has characters that no HTTP header may carry"),
        token => Ok(token),
    }
}

/// Whether an HTTP header may carry it.
pub(crate) fn is_header_text(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
