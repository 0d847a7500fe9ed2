//! Lists: what state is asked for, which page of it, and the answer, made from the stored text while it is sent.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::http::answer::{self, Answer};
use crate::http::form::Form;
use crate::http::request::{Query, Target};
use crate::resources::Resource;
use crate::selector::Selectors;
use crate::shared::Shared;
use crate::status::{Cause, Refusal};
use crate::store::{Key, Past, Snapshot};
use crate::view::View;

/// How much of a body is made at a time.
const CHUNK: usize = 64 * 1024;

const CONTINUE_EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can \
start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of \
the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, \
or deleted between the time the first chunk was returned and now may show up in the list.";

/// Where the next page goes on. Its JSON form is that of the API server, which clients must not look into anyway.
#[derive(Debug, Serialize, Deserialize)]
struct Continue {
    v: String,
    /// The state that the first page was taken from; -1 for "as it is now".
    rv: i64,
    /// The last key of the page before: `namespace/name`.
    start: String,
}

impl Continue {
    fn token(version: i64, last: &Key) -> String {
        let start = format!("{}/{}", last.namespace, last.name);
        let token = Self {
            v: "meta.k8s.io/v1".to_owned(),
            rv: version,
            start,
        };
        URL_SAFE_NO_PAD.encode(json!(token).to_string())
    }

    fn parse(text: &str) -> Result<(i64, Key), Refusal> {
        let invalid = |why: String| {
            Refusal::bad_request(format!(
                "invalid continue token: continue key is not valid: {why}"
            ))
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|e| invalid(e.to_string()))?;
        let token: Self = serde_json::from_slice(&bytes).map_err(|e| invalid(e.to_string()))?;
        let (namespace, name) = token
            .start
            .split_once('/')
            .ok_or_else(|| invalid("no start".to_owned()))?;
        Ok((token.rv, Key::new(namespace, name)))
    }
}

/// The resourceVersion parameter: none when it is absent.
pub(crate) fn version(query: &Query) -> Result<Option<u64>, Refusal> {
    let Some(text) = query.get("resourceVersion") else {
        return Ok(None);
    };
    let failed = |_| {
        Refusal::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: \
             invalid syntax"
        ))
    };
    text.parse().map(Some).map_err(failed)
}

/// The rules between the parameters of lists and watches.
pub(crate) fn check_options(query: &Query, watch: bool) -> Result<(), Refusal> {
    query.number("timeoutSeconds")?;
    if watch && query.has("continue") {
        return Err(Refusal::unsupported("a watch with a continue token"));
    }
    let matching = query.get("resourceVersionMatch");
    let initial = query.has("sendInitialEvents");
    let mut causes = Vec::new();
    let mut forbidden = |field: &str, why: &str| causes.push(Cause::forbidden(field, why));
    let field = "resourceVersionMatch";
    if initial && !watch {
        forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
    } else if watch && !initial && matching.is_some() {
        forbidden(
            field,
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        );
    } else if watch && initial && matching != Some("NotOlderThan") {
        forbidden(
            field,
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        );
    } else if let (false, Some(matching)) = (watch, matching) {
        let version = query.get("resourceVersion");
        if version.is_none() {
            forbidden(
                field,
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            );
        }
        if query.has("continue") {
            forbidden(
                field,
                "resourceVersionMatch is forbidden when continue is provided",
            );
        }
        if !matches!(matching, "Exact" | "NotOlderThan") {
            causes.push(Cause {
                reason: "FieldValueNotSupported",
                message: format!(
                    "Unsupported value: {matching:?}: supported values: \"Exact\", \"NotOlderThan\", \"\""
                ),
                field: field.to_owned(),
            });
        } else if matching == "Exact" && version == Some("0") {
            forbidden(
                field,
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            );
        }
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid("meta.k8s.io", "ListOptions", "", causes))
    }
}

/// The page that is asked for.
struct Page {
    snapshot: Snapshot,
    /// The resourceVersion that the answer names.
    shown: u64,
    /// For the token of the next page.
    token_version: i64,
    after: Option<Key>,
    limit: usize,
}

fn page(shared: &Shared, resource: &Resource, query: &Query) -> Result<Page, Refusal> {
    let limit = query.number("limit")?.unwrap_or(0);
    let mut limit = usize::try_from(limit).unwrap_or(0);
    let asked = version(query)?;
    if let Some(token) = query.get("continue") {
        if asked.is_some_and(|v| v != 0) {
            return Err(Refusal::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let (token_version, after) = Continue::parse(token)?;
        let mut store = shared.store.lock();
        let snapshot = match u64::try_from(token_version) {
            Ok(version) => store.snapshot_at(resource.id, version).map_err(|_| {
                let mut expired = Refusal::expired(CONTINUE_EXPIRED);
                expired.go_on = Some(Continue::token(-1, &after));
                expired
            })?,
            Err(_) => store.snapshot(resource.id),
        };
        return Ok(Page {
            shown: snapshot.version,
            snapshot,
            token_version,
            after: Some(after),
            limit,
        });
    }
    let exact = query.get("resourceVersionMatch") == Some("Exact");
    let legacy_exact = limit > 0 && asked.is_some_and(|v| v > 0) && !query.has("resourceVersionMatch");
    // The watch cache answers for "any version", and it does not page.
    if asked == Some(0) {
        limit = 0;
    }
    let mut store = shared.store.lock();
    let now = store.version();
    let snapshot = match asked {
        Some(version) if version > now => return Err(Refusal::too_large_version(version, now)),
        Some(version) if exact || legacy_exact => {
            store
                .snapshot_at(resource.id, version)
                .map_err(|past| match past {
                    Past::Gone => Refusal::expired("The resourceVersion for the provided list is too old."),
                    Past::Future => Refusal::too_large_version(version, now),
                })?
        }
        _ => store.snapshot(resource.id),
    };
    let token_version = i64::try_from(snapshot.version).unwrap_or(i64::MAX);
    Ok(Page {
        shown: snapshot.version,
        snapshot,
        token_version,
        after: None,
        limit,
    })
}

/// Answers a list.
pub(crate) fn list(
    shared: &Arc<Shared>,
    target: &Target,
    query: &Query,
    form: Form,
    gzip: bool,
) -> Result<Answer, Refusal> {
    let resource = &*target.resource;
    check_options(query, false)?;
    let selectors = Selectors::of(resource, query)?;
    let view = View::of(shared, resource, query, form)?;
    let page = page(shared, resource, query)?;
    let namespace = target.namespace.clone();
    if page.limit > 0 {
        return Ok(limited(&page, &namespace, &selectors, &view, gzip));
    }
    let mut head = view.list_head(page.shown, None, None);
    head.reserve(CHUNK);
    let body = Chunks {
        snapshot: page.snapshot,
        namespace,
        selectors,
        view,
        after: page.after,
        out: head,
        first: true,
        done: false,
    };
    Ok(answer::chunks(body, gzip))
}

/// A page of a list: it has to be known whether there is more before the first byte is sent.
fn limited(page: &Page, namespace: &str, selectors: &Selectors, view: &View, gzip: bool) -> Answer {
    let mut items = Vec::new();
    let mut count = 0;
    let mut last = None;
    let mut more = false;
    let mut text = Vec::new();
    let mut objects = page.snapshot.from(namespace, page.after.as_ref());
    for (key, stored) in objects.by_ref() {
        text.clear();
        page.snapshot.dictionary.unpack_into(stored, &mut text);
        if !selectors.is_empty() && !selectors.matches(key, &text) {
            continue;
        }
        if count == page.limit {
            more = true;
            break;
        }
        if count > 0 {
            items.push(b',');
        }
        view.item(&mut items, &text, count == 0);
        count += 1;
        last = Some(key);
    }
    // The object that showed that there is more is one of those that remain.
    let remaining = (more && selectors.is_empty()).then(|| objects.count() + 1);
    let token = last
        .filter(|_| more)
        .map(|last| Continue::token(page.token_version, last));
    let mut body = view.list_head(page.shown, token.as_deref(), remaining);
    body.extend_from_slice(&items);
    body.extend_from_slice(b"]}");
    answer::json(StatusCode::OK, body, gzip)
}

/// A whole list, a chunk at a time.
struct Chunks {
    snapshot: Snapshot,
    namespace: String,
    selectors: Selectors,
    view: View,
    after: Option<Key>,
    out: Vec<u8>,
    first: bool,
    done: bool,
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let mut text = Vec::new();
        for (key, stored) in self.snapshot.from(&self.namespace, self.after.as_ref()) {
            text.clear();
            self.snapshot.dictionary.unpack_into(stored, &mut text);
            if self.selectors.is_empty() || self.selectors.matches(key, &text) {
                if !self.first {
                    self.out.push(b',');
                }
                self.view.item(&mut self.out, &text, self.first);
                self.first = false;
            }
            if self.out.len() >= CHUNK {
                let key = key.clone();
                self.after = Some(key);
                return Some(std::mem::replace(&mut self.out, Vec::with_capacity(CHUNK + CHUNK / 4)).into());
            }
        }
        self.done = true;
        self.out.extend_from_slice(b"]}");
        Some(std::mem::take(&mut self.out).into())
    }
}
