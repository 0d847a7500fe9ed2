//! The table of routes. A route cannot be added without saying who may use it, and what it says is enforced here.

use super::access::{Access, gate};
use crate::server::Shared;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use http::Method;
use serde::Serialize;
use utoipa::openapi::{OpenApi, PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// A route and who may use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// The path, with `{parameters}`.
    pub path: String,
    /// The methods; a GET answers HEAD too.
    pub methods: Vec<String>,
    /// Who may use it.
    pub access: Access,
}

/// Routes as they are being put together.
pub struct Table {
    server: Shared,
    router: OpenApiRouter<Shared>,
    declared: Vec<Declared>,
}

impl Table {
    /// An empty table.
    pub fn new(server: Shared, document: OpenApi) -> Self {
        Self {
            server,
            router: OpenApiRouter::with_openapi(document),
            declared: Vec::new(),
        }
    }

    /// Adds handlers that describe themselves in the OpenAPI document.
    #[must_use]
    pub fn documented(mut self, access: Access, routes: UtoipaMethodRouter<Shared>) -> Self {
        let (schemas, mut paths, methods) = routes;
        for item in paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                operation.security = Some(access.proofs());
            }
        }
        for (path, item) in &paths.paths {
            self.declared.push(Declared {
                path: path.clone(),
                methods: methods_of(item),
                access,
            });
        }
        let guarded = methods.layer(from_fn_with_state((self.server.clone(), access), gate));
        self.router = self.router.routes((schemas, paths, guarded));
        self
    }

    /// Adds a GET that is not part of the API: a page, a file, the stream.
    #[must_use]
    pub fn undocumented(mut self, access: Access, path: &str, get: MethodRouter<Shared>) -> Self {
        self.declared.push(Declared {
            path: path.to_owned(),
            methods: vec![Method::GET.to_string()],
            access,
        });
        let guarded = get.layer(from_fn_with_state((self.server.clone(), access), gate));
        self.router = self.router.route(path, guarded);
        self
    }

    /// The routes, their document and what they declared.
    pub fn finish(self) -> (axum::Router<Shared>, OpenApi, Vec<Declared>) {
        let (router, document) = self.router.split_for_parts();
        (router, document, self.declared)
    }
}

fn methods_of(item: &PathItem) -> Vec<String> {
    let operations = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    let present = operations.iter().filter(|(_, operation)| operation.is_some());
    present.map(|(method, _)| method.to_string()).collect()
}
