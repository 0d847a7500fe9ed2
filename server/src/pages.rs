//! Pages: the app, rendered to complete HTML.

mod source;

use crate::http::access::{Access, gate};
use crate::http::csp::Nonce;
use crate::http::table::Table;
use crate::server::{Shared, now};
use app::source::{SetStatus, SharedSource, Visit};
use app::theme::Theme;
use axum::Extension;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use leptos::context::{provide_context, use_context};
use leptos_axum::ResponseOptions;
use source::LiveSource;
use std::sync::Arc;

/// The addresses of pages, as patterns. The app's own router says what is at each.
const PATHS: [&str; 5] = ["/", "/clusters", "/settings", "/login", "/c/{*page}"];

/// Adds the routes of the pages.
pub fn routes(table: Table) -> Table {
    // Its one lasting effect: Leptos learns that its tasks run on Tokio. The crate that could do that alone is not ours.
    let _ = leptos_axum::generate_route_list(|| ());
    PATHS.into_iter().fold(table, |table, path| {
        table.undocumented(Access::Page, path, get(render))
    })
}

/// Answers an address that no route has: the app says so, to whoever is signed in.
pub async fn unknown(server: Shared, request: Request) -> Response {
    render
        .layer(from_fn_with_state((server.clone(), Access::Page), gate))
        .call(request, server)
        .await
}

async fn render(
    State(server): State<Shared>,
    Extension(nonce): Extension<Nonce>,
    request: Request,
) -> Response {
    let source: SharedSource = Arc::new(LiveSource::new(server.registry.clone(), server.maps.clone()));
    let visit = Visit {
        now: now(),
        theme: theme(request.headers()),
    };
    let assets = server.assets.clone();
    let provide = move || {
        provide_context(source.clone());
        provide_context(visit);
        // In place of the one that Leptos makes up: the policy in the header names ours.
        provide_context(leptos::nonce::Nonce::from_value(nonce.as_str()));
        if let Some(options) = use_context::<ResponseOptions>() {
            provide_context(SetStatus(Arc::new(move |status| {
                if let Ok(status) = StatusCode::from_u16(status) {
                    options.set_status(status);
                }
            })));
        }
    };
    let handler = leptos_axum::render_app_async_with_context(provide, move || app::shell(assets.clone()));
    handler(request).await
}

fn theme(headers: &HeaderMap) -> Theme {
    let cookies = headers
        .get(header::COOKIE)
        .and_then(|cookies| cookies.to_str().ok());
    cookies.map(Theme::from_cookies).unwrap_or_default()
}
