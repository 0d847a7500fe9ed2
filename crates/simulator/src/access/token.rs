//! Tokens of ServiceAccounts: JSON web tokens with the claims of the API server's, signed with a key that lives as long
//! as the simulator. They end by its clock, and with the account or the object that they are bound to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::access::User;
use crate::random;
use crate::shared::Shared;
use crate::store::Key;

/// Who makes them, and whom they are for unless somebody says otherwise.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc";
/// Clocks may differ that much, in seconds.
const LEEWAY: i64 = 60;

/// What tokens are signed with.
pub(crate) struct Signer {
    key: [u8; 32],
}

/// What a token is for.
pub(crate) struct Claims<'a> {
    pub(crate) account: &'a Value,
    pub(crate) audiences: &'a Value,
    pub(crate) now: i64,
    pub(crate) seconds: i64,
    /// What it is bound to, by the name of the claim: `pod`, `node`, `secret`.
    pub(crate) bound: &'a [(&'static str, Value)],
}

/// Why a token is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// It is none, or not of this server: somebody else may know it.
    Foreign,
    /// It is one of this server, and holds no longer.
    Invalid(String),
}

impl Signer {
    pub(crate) fn new() -> Self {
        Self { key: random::bytes() }
    }

    /// HMAC with SHA-256, whose blocks have 64 bytes.
    fn sign(&self, text: &str) -> String {
        let pad = |byte: u8| {
            let mut block = [byte; 64];
            for (place, key) in block.iter_mut().zip(self.key) {
                *place ^= key;
            }
            block
        };
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(text)
            .finalize();
        URL_SAFE_NO_PAD.encode(
            Sha256::new()
                .chain_update(pad(0x5c))
                .chain_update(inner)
                .finalize(),
        )
    }

    /// A new token.
    pub(crate) fn issue(&self, claims: &Claims<'_>) -> String {
        let metadata = &claims.account["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or_default();
        let mut private = json!({
            "namespace": metadata["namespace"],
            "serviceaccount": {"name": metadata["name"], "uid": metadata["uid"]},
        });
        for (name, object) in claims.bound {
            private[*name] = json!({"name": object["metadata"]["name"], "uid": object["metadata"]["uid"]});
        }
        let payload = json!({
            "aud": claims.audiences, "exp": claims.now + claims.seconds, "iat": claims.now, "iss": ISSUER,
            "jti": random::uid(), "kubernetes.io": private, "nbf": claims.now,
            "sub": format!("system:serviceaccount:{}:{}", text("namespace"), text("name")),
        });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&json!({"alg": "HS256"})), encode(&payload));
        let signature = self.sign(&signed);
        format!("{signed}.{signature}")
    }

    fn payload(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        if self.sign(signed) != signature {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

/// Whose a token is, and whom it is for.
pub(crate) fn verify(shared: &Shared, token: &str) -> Result<(User, Vec<String>), TokenError> {
    let claims = shared.signer.payload(token).ok_or(TokenError::Foreign)?;
    let number = |name: &str| claims[name].as_i64().unwrap_or_default();
    if shared.clock.seconds() > number("exp") + LEEWAY {
        return Err(TokenError::Invalid(
            "service account token has expired".to_owned(),
        ));
    }
    let private = &claims["kubernetes.io"];
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let namespace = text(private, "namespace");
    let (name, uid) = (
        text(&private["serviceaccount"], "name"),
        text(&private["serviceaccount"], "uid"),
    );
    match uid_of(shared, "serviceaccounts", &namespace, &name) {
        None => return Err(TokenError::Invalid(format!("serviceaccounts {name:?} not found"))),
        Some(own) if own != uid => {
            let why = format!("service account UID ({own}) does not match claim ({uid})");
            return Err(TokenError::Invalid(why));
        }
        Some(_) => {}
    }
    let mut extra = vec![(
        "authentication.kubernetes.io/credential-id".to_owned(),
        vec![format!("JTI={}", text(&claims, "jti"))],
    )];
    let has_pod = private.get("pod").is_some();
    for (claim, plural) in [("secret", "secrets"), ("pod", "pods"), ("node", "nodes")] {
        let Some(bound) = private.get(claim) else {
            continue;
        };
        let space = if claim == "node" { "" } else { namespace.as_str() };
        let (bound_name, bound_uid) = (text(bound, "name"), text(bound, "uid"));
        // The node of a pod is only told.
        if claim != "node" || !has_pod {
            match uid_of(shared, plural, space, &bound_name) {
                Some(own) if own == bound_uid => {}
                _ => {
                    return Err(TokenError::Invalid(
                        "service account token has been invalidated".to_owned(),
                    ));
                }
            }
        }
        if claim != "secret" {
            extra.push((
                format!("authentication.kubernetes.io/{claim}-name"),
                vec![bound_name],
            ));
            extra.push((
                format!("authentication.kubernetes.io/{claim}-uid"),
                vec![bound_uid],
            ));
        }
    }
    let mut user = User::new(
        format!("system:serviceaccount:{namespace}:{name}"),
        [
            "system:serviceaccounts",
            &format!("system:serviceaccounts:{namespace}"),
        ],
    );
    user.uid = uid;
    user.extra = extra.into_iter().collect();
    let audiences = claims["aud"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    Ok((user, audiences.map(str::to_owned).collect()))
}

fn uid_of(shared: &Shared, plural: &str, namespace: &str, name: &str) -> Option<String> {
    let id = shared.resources.core(plural)?.id;
    let (_, object) = shared.store.lock().get(id, &Key::new(namespace, name))?;
    let object: Value = serde_json::from_slice(&object).ok()?;
    object["metadata"]["uid"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(signer: &Signer) -> String {
        let account = json!({"metadata": {"namespace": "n", "name": "a", "uid": "u"}});
        signer.issue(&Claims {
            account: &account,
            audiences: &json!([ISSUER]),
            now: 100,
            seconds: 600,
            bound: &[],
        })
    }

    #[test]
    fn a_token_holds_its_claims_and_only_for_who_signed_it() {
        let signer = Signer::new();
        let claims = signer.payload(&token(&signer)).unwrap();
        assert_eq!(claims["sub"], "system:serviceaccount:n:a");
        assert_eq!(claims["exp"], 700);
        assert_eq!(Signer::new().payload(&token(&signer)), None);
    }

    #[test]
    fn a_token_that_was_changed_is_none() {
        let signer = Signer::new();
        let token = token(&signer);
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(json!({"sub": "system:admin"}).to_string());
        assert_eq!(signer.payload(&format!("{head}.{other}.{signature}")), None);
        assert_eq!(signer.payload("abc"), None);
    }

    #[test]
    fn signatures_are_hmac() {
        // RFC 4231, test case 2, has a shorter key; one of 32 bytes is padded with zeros alike.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let signed = Signer { key }.sign("what do ya want for nothing?");
        let expected =
            hex::decode("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap();
        assert_eq!(signed, URL_SAFE_NO_PAD.encode(expected));
    }
}
