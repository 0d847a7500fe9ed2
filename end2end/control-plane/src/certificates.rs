//! The certificate authority of a run, and what it signs.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::{Error, Result, folder};

/// Signs certificates for as long as a control plane starts; the key is not kept.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its private key, both PEM.
pub(crate) struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub(crate) fn new() -> Result<Self> {
        let subject = "kubilitics-test-ca";
        named(subject, || {
            let mut params = CertificateParams::new(Vec::new())?;
            params.distinguished_name.push(DnType::CommonName, subject);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            Ok(Self {
                issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?,
            })
        })
    }

    /// The certificate that clients trust, PEM.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// For a TLS server at these names and addresses.
    pub(crate) fn server(&self, subject: &str, names: &[&str]) -> Result<Identity> {
        let names = names.iter().map(ToString::to_string).collect();
        self.issue(subject, None, names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For a client. Kubernetes reads the user from the common name and the group from the organisation.
    pub(crate) fn client(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        self.issue(user, group, Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(
        &self,
        subject: &str,
        group: Option<&str>,
        names: Vec<String>,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Identity> {
        named(subject, || {
            let mut params = CertificateParams::new(names)?;
            params.distinguished_name.push(DnType::CommonName, subject);
            if let Some(group) = group {
                params.distinguished_name.push(DnType::OrganizationName, group);
            }
            params.use_authority_key_identifier_extension = true;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![usage];
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &self.issuer)?;
            Ok(Identity {
                certificate: certificate.pem(),
                key: key.serialize_pem(),
            })
        })
    }
}

impl Identity {
    /// Writes `<name>.crt` and `<name>.key`, and returns where.
    pub(crate) fn write(&self, dir: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
        let files = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
        folder::write(&files.0, self.certificate.as_bytes())?;
        folder::write(&files.1, self.key.as_bytes())?;
        Ok(files)
    }
}

/// The key that signs service account tokens, PEM: the private half and the public half.
pub(crate) fn signing_key() -> Result<(String, String)> {
    named("service accounts", || {
        let key = KeyPair::generate()?;
        Ok((key.serialize_pem(), key.public_key_pem()))
    })
}

fn named<T>(subject: &str, make: impl FnOnce() -> Result<T, rcgen::Error>) -> Result<T> {
    make().map_err(|source| Error::Certificate {
        subject: subject.to_owned(),
        source,
    })
}
