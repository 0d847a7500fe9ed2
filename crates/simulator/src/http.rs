//! Requests on their way through: the fault that is due, who it is from, whether they may, and who answers.

use std::sync::Arc;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

use crate::access;
use crate::container::{exec, log};
use crate::discovery;
use crate::list;
use crate::metrics;
use crate::read;
use crate::shared::Shared;
use crate::status::Refusal;
use crate::watch;
use crate::write;

pub(crate) mod answer;
mod control;
pub(crate) mod fault;
pub(crate) mod form;
pub(crate) mod request;
pub(crate) mod server;

use answer::Answer;
use request::{Query, header};

/// Answers a request.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> Answer {
    let query_text = request.uri().query().unwrap_or_default().to_owned();
    let query = Query::parse(request.uri().query());
    let path = request.uri().path().to_owned();
    let faults = match path.as_str() {
        control::FAULTS => Vec::new(),
        path => shared
            .faults
            .take(request.method(), path, &query_text, query.flag("watch")),
    };
    if let Some(refused) = fault::before(&faults).await {
        return refused;
    }
    let no_bookmarks = faults.contains(&crate::Fault::NoBookmarks);
    let answer = respond(&shared, request, &path, &query, no_bookmarks).await;
    let mut answer = answer.unwrap_or_else(|refusal| answer::refusal(&refusal));
    if shared.clock.skew() != 0 {
        answer::date(&mut answer, shared.clock.seconds());
    }
    fault::after(answer, faults, query.flag("watch"))
}

async fn respond(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    path: &str,
    query: &Query,
    no_bookmarks: bool,
) -> Result<Answer, Refusal> {
    let (mut head, body) = request.into_parts();
    let user = access::authenticate(shared, &head.headers)?;
    let asked = request::attributes(&head.method, path, query);
    access::authorize(shared, &user, &asked)?;
    let accept = header(&head.headers, "accept");
    let gzip = header(&head.headers, "accept-encoding").contains("gzip");
    if asked.path.is_empty() {
        if !asked.group.is_empty()
            && shared
                .resources
                .iter()
                .all(|resource| resource.group != asked.group)
        {
            return Ok(no_page());
        }
        let target = match request::target(&shared.resources, &head.method, path, query) {
            // Those who serve definitions leave what they do not know to the HTTP server.
            Err(refusal) if refusal == Refusal::no_such_resource() && is_defined(shared, &asked.group) => {
                return Ok(no_page());
            }
            target => target?,
        };
        match (target.verb, target.subresource.as_str()) {
            ("get" | "create", "exec" | "attach" | "portforward") => {
                return exec::connect(shared, &target, query, &user, &asked, &mut head);
            }
            ("get", "log") => {
                form::check_stream(accept)?;
                return log::get(shared, &target, query);
            }
            _ => {}
        }
        let form = form::negotiate_for(target.verb, accept)?;
        if target.resource.plural == "componentstatuses" {
            return Err(Refusal::unsupported(
                "componentstatuses, deprecated since Kubernetes 1.19",
            ));
        }
        if target.resource.group == metrics::GROUP {
            return metrics::read(shared, &target, query, form, gzip);
        }
        let deprecated = match &target.resource.custom {
            Some(custom) => custom.deprecated.clone(),
            None => (target.resource.qualified() == "endpoints").then(|| ENDPOINTS.to_owned()),
        };
        let answered = match target.verb {
            "watch" => watch::watch(shared, &target, query, form, no_bookmarks),
            "list" => list::list(shared, &target, query, form, gzip),
            "get" => read::get(shared, &target, query, form, gzip),
            _ => write::write(shared, &target, query, form, &user, &head, body).await,
        };
        return match deprecated {
            Some(warning) => answered
                .map(|answer| answer::warn_first(answer, &warning))
                .map_err(|refusal| refusal.with_warnings(vec![warning])),
            None => answered,
        };
    }
    if path == control::FAULTS {
        return control::faults(shared, &head.method, body).await;
    }
    if head.method != Method::GET && head.method != Method::HEAD {
        return Err(Refusal::no_such_method());
    }
    if let Some(what) = unserved(path, query) {
        return Err(Refusal::unsupported(what));
    }
    let address = header(&head.headers, "host");
    match discovery::page(shared, path, accept, address, gzip) {
        Some(answer) => Ok(answer),
        // A group that nobody knows is for the HTTP server, what is missing in a known one for the API machinery.
        None if path.trim_end_matches('/').split('/').count() <= 3 && !path.starts_with("/api/") => {
            Ok(no_page())
        }
        // Below these, paths that lead nowhere are answered by the API machinery, elsewhere by the HTTP server.
        None if path.starts_with("/api/") || path.starts_with("/apis/") => Err(Refusal::no_such_resource()),
        None => Ok(no_page()),
    }
}

/// What everybody is told who asks for Endpoints.
const ENDPOINTS: &str = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

/// What the API server has at a path, and the simulator has not.
fn unserved(path: &str, query: &Query) -> Option<&'static str> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next()?, parts.next()) {
        ("metrics", _) => Some("metrics of the server itself"),
        ("logs" | "debug" | "flagz" | "statusz", _) => Some("pages about the server's inside"),
        (".well-known", Some("openid-configuration")) | ("openid", _) => {
            Some("OpenID discovery: tokens are signed with a key that nobody else has")
        }
        ("readyz" | "livez" | "healthz", Some(_)) => Some("single health checks"),
        ("readyz" | "livez" | "healthz", None) if query.has("verbose") || query.has("exclude") => {
            Some("lists of health checks")
        }
        _ => None,
    }
}

/// Whether all that a group has comes from definitions.
fn is_defined(shared: &Shared, group: &str) -> bool {
    let mut resources = shared.resources.iter().filter(|resource| resource.group == group);
    resources.all(|resource| resource.custom.is_some())
}

fn no_page() -> Answer {
    answer::text(StatusCode::NOT_FOUND, "404 page not found\n")
}
