//! The HTTP side: one router, and the layers that every request passes.
//!
//! From the outside in: request id, access log and metrics; errors written and headers added; the Host allow-list; the
//! origin rules; time and size limits and the catching of panics; then, per route, the gate that its [`Access`] names.

pub mod access;
pub mod access_log;
pub mod assets;
pub mod csp;
pub mod host;
pub mod limits;
mod listener;
pub mod origin;
pub mod problem;
pub mod query;
pub mod request_id;
pub mod table;

pub use access::Access;
pub use listener::serve;
pub use problem::Problem;

use crate::server::Shared;
use crate::{api, pages, stream};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use csp::Nonce;
use http::{Method, StatusCode};
use model::ErrorCode;
use problem::Form;
use request_id::RequestId;
use table::{Declared, Table};
use tracing::Instrument;
use utoipa::openapi::OpenApi;

/// All routes, ready to serve.
pub fn router(server: &Shared) -> Router {
    let (routes, document, _) = routes(server).finish();
    // The document is made from the routes, and served by one of them.
    server.set_document(&document);
    routes
        .fallback_service(get(fallback).fallback(fallback).with_state(server.clone()))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(limits::run))
        .layer(from_fn_with_state(server.clone(), admit))
        .layer(from_fn_with_state(server.clone(), outermost))
        .with_state(server.clone())
}

/// The OpenAPI document and the declarations of all routes.
pub fn describe(server: &Shared) -> (OpenApi, Vec<Declared>) {
    let (_, document, declared) = routes(server).finish();
    (document, declared)
}

fn routes(server: &Shared) -> Table {
    let table = Table::new(server.clone(), api::document());
    let table = api::routes(table);
    let table = stream::routes(table);
    let table = assets::plain_paths().fold(table, |table, path| {
        table.undocumented(Access::Public, &path, get(assets::serve))
    });
    let table = table.undocumented(Access::Public, "/pkg/{*file}", get(assets::serve));
    pages::routes(table)
}

/// What every request passes first and every answer last.
async fn outermost(State(server): State<Shared>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let nonce = Nonce::new();
    let form = Form::of(request.uri().path());
    let entry = access_log::Entry::begin(&request);
    let extensions = request.extensions_mut();
    extensions.insert(id.clone());
    extensions.insert(nonce.clone());
    let mut response = next.run(request).instrument(entry.span(&id)).await;
    problem::write(&mut response, form, &id, &nonce, server.assets.style.as_deref());
    csp::protect(&mut response, form, &nonce);
    if let Some(header) = id.header() {
        response.headers_mut().insert(request_id::HEADER, header);
    }
    entry.end(response.status(), &id, &server.metrics);
    response
}

/// Refuses requests for foreign names and from foreign pages, and answers preflights.
async fn admit(State(server): State<Shared>, mut request: Request, next: Next) -> Response {
    let authority = match server.hosts.check(&request) {
        Ok(authority) => authority,
        Err(problem) => return problem.into_response(),
    };
    let from = match server.origins.check(request.headers(), &authority) {
        Ok(from) => from,
        Err(problem) => return problem.into_response(),
    };
    if let Some(response) = origin::preflight(request.method(), request.headers(), &from) {
        return response;
    }
    request.extensions_mut().insert(from.clone());
    let mut response = next.run(request).await;
    origin::share(&mut response, &from);
    response
}

/// A path that no route has: the pages know what to say, the API says it in JSON.
async fn fallback(State(server): State<Shared>, request: Request) -> Response {
    let safe = [Method::GET, Method::HEAD].contains(request.method());
    if Form::of(request.uri().path()) == Form::Page && safe {
        return pages::unknown(server, request).await;
    }
    let message = format!("there is nothing at `{}`", request.uri().path());
    Problem::new(ErrorCode::RouteNotFound, message).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let method = request.method();
    let problem = Problem::new(
        ErrorCode::MethodNotAllowed,
        format!("this address does not take {method}"),
    );
    let mut response = problem.into_response();
    debug_assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    response
}
