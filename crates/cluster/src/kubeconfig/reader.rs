//! The fields of one entry, checked.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use secrecy::{ExposeSecret, SecretString};
use serde_yaml_ng::{Mapping, Value};

use super::context::{Authority, Secret};
use super::entries::Entry;
use super::fields::{self, FieldProblem};
use super::pem;
use super::problem::ContextProblem;

/// A value, or why the context cannot be used.
pub(super) type Resolved<T> = Result<T, ContextProblem>;

/// Reads an entry's fields and turns what is wrong into a problem that names entry, file and field.
pub(super) struct Reader<'a> {
    what: &'static str,
    entry: Entry<'a>,
    pub map: &'a Mapping,
}

impl<'a> Reader<'a> {
    pub fn new(what: &'static str, entry: Entry<'a>) -> Resolved<Self> {
        match entry.value() {
            Ok(map) => Ok(Self { what, entry, map }),
            Err(problem) => Err(ContextProblem::Field {
                entry: format!("{what} `{}`", entry.named.name),
                file: entry.file.to_owned(),
                field: problem.field.clone(),
                problem: problem.problem.clone(),
            }),
        }
    }

    pub fn name(&self) -> String {
        format!("{} `{}`", self.what, self.entry.named.name)
    }

    pub fn field(&self, field: &str, problem: impl Into<String>) -> ContextProblem {
        ContextProblem::Field {
            entry: self.name(),
            file: self.entry.file.to_owned(),
            field: field.to_owned(),
            problem: problem.into(),
        }
    }

    pub fn unsupported(&self, field: &str, why: &'static str) -> ContextProblem {
        ContextProblem::Unsupported {
            entry: self.name(),
            file: self.entry.file.to_owned(),
            field: field.to_owned(),
            why,
        }
    }

    pub fn of<T>(&self, read: Result<T, FieldProblem>) -> Resolved<T> {
        read.map_err(|problem| self.field(&problem.field, problem.problem))
    }

    pub fn text(&self, field: &str) -> Resolved<Option<String>> {
        self.of(fields::text(self.map, field))
    }

    pub fn path(&self, text: &str) -> PathBuf {
        self.entry.folder().join(text)
    }

    pub fn server(&self) -> Resolved<Uri> {
        let text = self
            .text("server")?
            .ok_or_else(|| self.field("server", "is missing: there is no URL to connect to"))?;
        // As client-go: a bare host is https where anything about TLS is said, else http.
        let text = if text.contains("://") {
            text
        } else if self.map.keys().any(is_about_tls) {
            format!("https://{text}")
        } else {
            format!("http://{text}")
        };
        let uri: Uri = text
            .parse()
            .map_err(|_| self.field("server", "is not a URL such as https://host:6443"))?;
        match uri.scheme_str() {
            Some("https" | "http") if uri.host().is_some_and(|host| !host.is_empty()) => {}
            Some("https" | "http") => return Err(self.field("server", "names no host")),
            _ => return Err(self.field("server", "must begin with https:// or http://")),
        }
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(self.field("server", "must not hold credentials; use the user entry"));
        }
        if !has_port_if_any(&uri) {
            return Err(self.field("server", "must have a port from 1 to 65535"));
        }
        Ok(uri)
    }

    pub fn proxy(&self) -> Resolved<Option<Uri>> {
        let Some(text) = self.text("proxy-url")? else {
            return Ok(None);
        };
        let wrong = || {
            self.field(
                "proxy-url",
                "is not a URL such as http://proxy:3128 or socks5://proxy:1080",
            )
        };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https" | "socks5"), Some(host)) if !host.is_empty() => {}
            _ => return Err(wrong()),
        }
        if !has_port_if_any(&uri) {
            return Err(self.field("proxy-url", "must have a port from 1 to 65535"));
        }
        Ok(Some(uri))
    }

    pub fn tls_server_name(&self) -> Resolved<Option<String>> {
        let name = self.text("tls-server-name")?;
        if let Some(name) = &name
            && rustls::pki_types::ServerName::try_from(name.as_str()).is_err()
        {
            return Err(self.field("tls-server-name", "is not a host name"));
        }
        Ok(name)
    }

    pub fn authority(&self) -> Resolved<Authority> {
        let bundle = self.secret("certificate-authority")?;
        if self.of(fields::flag(self.map, "insecure-skip-tls-verify"))? {
            if bundle.is_some() {
                let both = "cannot be true when a certificate authority is given";
                return Err(self.field("insecure-skip-tls-verify", both));
            }
            return Ok(Authority::Any);
        }
        let Some((field, secret)) = bundle else {
            return Ok(Authority::System);
        };
        let pem = self.read(&field, &secret)?;
        if !pem::are_authorities(pem.expose_secret()) {
            return Err(self.field(&field, "holds no PEM certificate, or one that cannot be read"));
        }
        Ok(Authority::Bundle(secret))
    }

    /// `<field>-data` (base64) or `<field>` (a path); the data wins, as in kubectl. With the field that it came from.
    pub fn secret(&self, field: &str) -> Resolved<Option<(String, Secret)>> {
        let data = format!("{field}-data");
        if let Some(text) = self.text(&data)? {
            let packed: String = text.split_ascii_whitespace().collect();
            let decoded = STANDARD
                .decode(packed)
                .map_err(|_| self.field(&data, "is not valid base64"))?;
            let text = String::from_utf8(decoded)
                .map_err(|_| self.field(&data, "holds no PEM text behind its base64"))?;
            return Ok(Some((data, Secret::Inline(SecretString::from(text)))));
        }
        let path = self.text(field)?.map(|path| self.path(&path));
        Ok(path.map(|path| (field.to_owned(), Secret::File(path))))
    }

    pub fn read(&self, field: &str, secret: &Secret) -> Resolved<SecretString> {
        secret.read().map_err(|source| ContextProblem::Unreadable {
            entry: self.name(),
            file: self.entry.file.to_owned(),
            field: field.to_owned(),
            path: match secret {
                Secret::File(path) => path.clone(),
                Secret::Inline(_) => PathBuf::new(),
            },
            source,
        })
    }
}

/// Whether what stands where a port does is one.
fn has_port_if_any(uri: &Uri) -> bool {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let after_host = authority
        .rsplit_once(uri.host().unwrap_or_default())
        .map_or("", |(_, rest)| rest);
    after_host.is_empty() || uri.port_u16().is_some_and(|port| port > 0)
}

fn is_about_tls(key: &Value) -> bool {
    key.as_str().is_some_and(|key| {
        matches!(
            key,
            "insecure-skip-tls-verify" | "certificate-authority" | "certificate-authority-data"
        )
    })
}
