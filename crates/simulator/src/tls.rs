//! A certificate authority of its own, made at the start, and a certificate signed by it. kubectl sends no token over
//! a connection without TLS.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::StartError;

/// What a listener with TLS needs.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate that clients have to trust, PEM.
    pub(crate) authority: String,
}

impl Tls {
    /// A new authority and a certificate for this address and `localhost`. Nobody keeps the authority's key.
    pub(crate) fn new(address: IpAddr) -> Result<Self, StartError> {
        let (chain, key, authority) = certificate(address).map_err(StartError::Certificate)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![chain], key))
            .map_err(StartError::Tls)?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority,
        })
    }
}

type Certificate = (
    rustls::pki_types::CertificateDer<'static>,
    PrivateKeyDer<'static>,
    String,
);

fn certificate(address: IpAddr) -> Result<Certificate, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "kubilitics-simulator-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let mut params = CertificateParams::new(vec![address.to_string(), "localhost".to_owned()])?;
    params
        .distinguished_name
        .push(DnType::CommonName, "kubilitics-simulator");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let own = params.signed_by(&key, &authority)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((own.der().clone(), private, authority.pem()))
}
