//! A certificate authority of its own, made at the start, and a certificate signed by it. kubectl sends no token over
//! a connection without TLS.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::StartError;

/// What a listener with TLS needs.
pub(crate) struct Tls {
    pub(crate) acceptors: Acceptors,
    /// The certificate that clients have to trust, PEM.
    pub(crate) authority: String,
}

/// How connections are taken.
#[derive(Clone)]
pub(crate) struct Acceptors {
    /// With a certificate that is valid.
    pub(crate) valid: TlsAcceptor,
    /// With one that has expired.
    pub(crate) expired: TlsAcceptor,
}

impl Tls {
    /// A new authority and certificates for this address and `localhost`. Nobody keeps the authority's key.
    pub(crate) fn new(address: IpAddr) -> Result<Self, StartError> {
        let authority = authority().map_err(StartError::Certificate)?;
        let acceptor = |expired| {
            let (chain, key) = certificate(&authority, address, expired).map_err(StartError::Certificate)?;
            let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![chain], key))
                .map_err(StartError::Tls)?;
            Ok::<_, StartError>(TlsAcceptor::from(Arc::new(config)))
        };
        Ok(Self {
            acceptors: Acceptors {
                valid: acceptor(false)?,
                expired: acceptor(true)?,
            },
            authority: authority.pem(),
        })
    }
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Result<Authority, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "kubilitics-simulator-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn certificate(
    authority: &Authority,
    address: IpAddr,
    expired: bool,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let mut params = CertificateParams::new(vec![address.to_string(), "localhost".to_owned()])?;
    params
        .distinguished_name
        .push(DnType::CommonName, "kubilitics-simulator");
    params.use_authority_key_identifier_extension = true;
    if expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate()?;
    let own = params.signed_by(&key, authority)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((own.der().clone(), private))
}
