//! Certificates and keys as PEM text, checked as far as can be before they are used.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, RootCertStore};

/// What is wrong with a client certificate or its key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PairProblem {
    /// With the certificate.
    Certificate(&'static str),
    /// With the key.
    Key(&'static str),
}

/// Whether a text holds certificates of authorities, all of them readable.
pub(crate) fn are_authorities(pem: &str) -> bool {
    let mut store = RootCertStore::empty();
    let added = certificates(pem).is_some_and(|all| all.into_iter().all(|one| store.add(one).is_ok()));
    added && !store.is_empty()
}

/// Checks a client certificate and its key, each and together.
pub(crate) fn check_pair(certificate: &str, key: &str) -> Result<(), PairProblem> {
    let chain = certificates(certificate)
        .filter(|chain| !chain.is_empty())
        .ok_or(PairProblem::Certificate("holds no PEM certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| PairProblem::Key("holds no PEM private key"))?;
    match CertifiedKey::from_der(chain, key.clone_key(), &ring::default_provider()) {
        Ok(_) => Ok(()),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(PairProblem::Key("does not belong to the client certificate"))
        }
        Err(Error::InvalidCertificate(_)) => Err(PairProblem::Certificate(
            "holds a certificate that cannot be read",
        )),
        Err(_) => Err(PairProblem::Key(
            "holds a private key that cannot be read, or of a kind that is not supported",
        )),
    }
}

/// The certificates in a text; `None` if one is not well-formed PEM.
fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rcgen::{CertificateParams, KeyPair};

    fn armour(what: &str, bytes: &[u8]) -> String {
        format!(
            "-----BEGIN {what}-----\n{}\n-----END {what}-----\n",
            STANDARD.encode(bytes)
        )
    }

    #[test]
    fn each_half_of_a_pair_is_checked_and_both_together() {
        let (one, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let params = CertificateParams::new(["somebody".to_owned()]).unwrap();
        let certificate = params.self_signed(&one).unwrap().pem();
        let (key, foreign) = (one.serialize_pem(), other.serialize_pem());
        let (no_certificate, no_key) = (armour("CERTIFICATE", b"junk"), armour("PRIVATE KEY", b"junk"));
        assert_eq!(check_pair(&certificate, &key), Ok(()));
        for (certificate, key, expected) in [
            (
                "text",
                &*key,
                PairProblem::Certificate("holds no PEM certificate"),
            ),
            (
                &no_certificate,
                &key,
                PairProblem::Certificate("holds a certificate that cannot be read"),
            ),
            (&certificate, "text", PairProblem::Key("holds no PEM private key")),
            (
                &certificate,
                &no_key,
                PairProblem::Key(
                    "holds a private key that cannot be read, or of a kind that is not supported",
                ),
            ),
            (
                &certificate,
                &foreign,
                PairProblem::Key("does not belong to the client certificate"),
            ),
        ] {
            assert_eq!(check_pair(certificate, key), Err(expected));
        }
        assert!(are_authorities(&certificate));
        assert!(!are_authorities(&format!("{certificate}{no_certificate}")));
        assert!(!are_authorities("text") && !are_authorities(&key));
    }
}
