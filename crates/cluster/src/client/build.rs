//! kube's configuration from a resolved context. Nothing is inferred: no environment, no proxy variable, no file that the
//! context does not name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::{CONNECT, ConnectError};
use crate::exec::ExecCredential;
use crate::kubeconfig::{Authority, Context, Credential, Secret};

pub(super) fn config(context: &Context, found: Option<ExecCredential>) -> Result<Config, ConnectError> {
    let mut config = Config::new(context.server.clone());
    config.connect_timeout = Some(CONNECT);
    // A stalled stream is noticed by the watch, which knows what to expect.
    config.read_timeout = None;
    // One budget per cluster: the watches back off themselves.
    config.default_retry = false;
    config.proxy_url = context.proxy.clone();
    config.tls_server_name = context.tls_server_name.clone();
    if let Some(namespace) = &context.namespace {
        config.default_namespace = namespace.clone();
    }
    match &context.authority {
        Authority::System => {}
        Authority::Any => config.accept_invalid_certs = true,
        Authority::Bundle(bundle) => {
            let pem = read(bundle, "the certificate authority")?;
            let certificates = CertificateDer::pem_slice_iter(pem.expose_secret().as_bytes());
            config.root_cert = Some(certificates.flatten().map(|der| der.to_vec()).collect());
        }
    }
    let mut identity = context.identity.clone();
    let mut token = match &identity.credential {
        Credential::Token(token) => Some(token.clone()),
        _ => None,
    };
    if let Some(found) = found {
        token = found.token;
        if let Some((certificate, key)) = found.certificate {
            identity.certificate = Some((Secret::Inline(certificate), Secret::Inline(key)));
        }
    }
    let auth = &mut config.auth_info;
    auth.token = token;
    if let Some((certificate, key)) = &identity.certificate {
        let certificate = read(certificate, "the client certificate")?;
        let key = read(key, "the client key")?;
        auth.client_certificate_data = Some(STANDARD.encode(certificate.expose_secret()));
        auth.client_key_data = Some(SecretString::from(STANDARD.encode(key.expose_secret())));
    }
    match identity.credential {
        Credential::Basic(name, password) => {
            auth.username = Some(name);
            auth.password = Some(password);
        }
        Credential::None | Credential::Token(_) | Credential::TokenFile(_) | Credential::Exec(_) => {}
    }
    if let Some(other) = identity.impersonate {
        auth.impersonate = Some(other.user);
        auth.impersonate_uid = other.uid;
        auth.impersonate_groups = Some(other.groups);
        auth.impersonate_user_extra = Some(other.extra.into_iter().collect());
    }
    Ok(config)
}

fn read(secret: &Secret, what: &'static str) -> Result<SecretString, ConnectError> {
    secret.read().map_err(|source| ConnectError::Read {
        what: what.to_owned(),
        source,
    })
}
