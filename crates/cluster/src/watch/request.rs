//! The URLs of lists and watches.

use std::fmt::Write;
use std::time::Duration;

use model::KindId;
use model::kind::WatchForm;

use crate::client::Get;

/// Objects per page: what kubectl asks for.
const PAGE: u32 = 500;
/// How long the API server should keep a watch open; less, at random, so that not all end together.
pub(super) const WATCH: Duration = Duration::from_secs(290);

const OBJECTS: &str = "application/json";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// What is listed and watched of a kind.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub form: WatchForm,
    path: String,
    /// Where the API server says which resources of the group it serves.
    group: String,
    plural: &'static str,
}

impl Resource {
    /// All objects of a kind: in one namespace, or in all.
    pub fn of(kind: KindId, version: &str, namespace: Option<&str>) -> Self {
        let kind = kind.get();
        let group = if kind.group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{}/{version}", kind.group)
        };
        let place = namespace.map_or(String::new(), |name| format!("namespaces/{}/", encode(name)));
        Self {
            form: kind.watch,
            path: format!("{group}/{place}{}", kind.plural),
            group,
            plural: kind.plural,
        }
    }

    /// A page of the list. Without a resourceVersion: the most recent state, not what a cache happens to have.
    pub fn list(&self, token: Option<&str>, whole: bool) -> Get {
        let mut query = Vec::new();
        if !whole {
            query.push(format!("limit={PAGE}"));
        }
        if let Some(token) = token {
            query.push(format!("continue={}", encode(token)));
        }
        self.get(query)
    }

    /// What the group serves. Whoever may sign in may ask.
    pub fn group(&self) -> Get {
        Get {
            path: self.group.clone(),
            accept: OBJECTS,
            timeout: None,
        }
    }

    /// Whether it is in an answer to [`Self::group`]; as long as that cannot be read, it may be.
    pub fn is_in(&self, group: &[u8]) -> bool {
        #[derive(serde::Deserialize)]
        struct Group {
            resources: Vec<Served>,
        }
        #[derive(serde::Deserialize)]
        struct Served {
            name: String,
        }
        serde_json::from_slice(group).map_or(true, |group: Group| {
            group.resources.iter().any(|served| served.name == self.plural)
        })
    }

    /// Everything that happens after a resourceVersion.
    pub fn watch(&self, from: &str, timeout: Duration) -> Get {
        self.get(vec![
            "watch=true".to_owned(),
            "allowWatchBookmarks=true".to_owned(),
            format!("resourceVersion={}", encode(from)),
            format!("timeoutSeconds={}", timeout.as_secs()),
        ])
    }

    fn get(&self, mut query: Vec<String>) -> Get {
        let accept = match self.form {
            WatchForm::Object => OBJECTS,
            WatchForm::Table => {
                query.push("includeObject=Metadata".to_owned());
                TABLE
            }
        };
        let separator = if query.is_empty() { "" } else { "?" };
        Get {
            path: format!("{}{separator}{}", self.path, query.join("&")),
            accept,
            timeout: None,
        }
    }
}

/// Percent-encodes what is not unreserved (RFC 3986). Tokens and versions are opaque: they may hold anything.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_name_what_they_need() {
        let pods = Resource::of(KindId::of("Pod").unwrap(), "v1", None);
        assert_eq!(pods.list(None, false).path, "/api/v1/pods?limit=500");
        assert_eq!(pods.list(None, true).path, "/api/v1/pods");
        assert_eq!(
            pods.list(Some("a+b/c="), false).path,
            "/api/v1/pods?limit=500&continue=a%2Bb%2Fc%3D"
        );
        let secrets = Resource::of(KindId::of("Secret").unwrap(), "v1", None);
        let get = secrets.watch("17", Duration::from_secs(9));
        assert_eq!(
            get.path,
            "/api/v1/secrets?watch=true&allowWatchBookmarks=true&resourceVersion=17&timeoutSeconds=9&includeObject=Metadata"
        );
        assert_eq!(get.accept, TABLE);
        let deployments = Resource::of(KindId::of("Deployment").unwrap(), "v1", Some("team-a"));
        assert!(
            deployments
                .list(None, true)
                .path
                .starts_with("/apis/apps/v1/namespaces/team-a/deployments")
        );
    }
}
