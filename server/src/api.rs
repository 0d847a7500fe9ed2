//! The REST API. Handlers describe themselves; the OpenAPI document is made from them.

mod clusters;
mod diagnostics;
mod link;
mod operations;
mod resources;
mod search;
mod topology;

pub use clusters::{ClusterList, ClusterListMetadata, FileProblem};
pub use operations::Version;
pub use resources::{Column, List, ListItem, ListMetadata};
pub use search::{Search, SearchMetadata};

use crate::auth::COOKIE;
use crate::http::Access;
use crate::http::table::Table;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::routes;

/// Adds the routes of the API.
pub fn routes(table: Table) -> Table {
    table
        .documented(Access::Public, routes!(operations::healthz))
        .documented(Access::Public, routes!(operations::readyz))
        .documented(Access::Public, routes!(operations::metrics))
        .documented(Access::Public, routes!(operations::version))
        .documented(Access::Public, routes!(operations::openapi))
        .documented(Access::Api, routes!(link::create))
        .documented(Access::Api, routes!(clusters::list))
        .documented(Access::Api, routes!(clusters::get))
        .documented(Access::Api, routes!(diagnostics::get))
        .documented(Access::Api, routes!(topology::get))
        .documented(Access::Api, routes!(resources::list))
        .documented(Access::Api, routes!(search::get))
}

/// The head of the OpenAPI document.
pub fn document() -> OpenApi {
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    let info = InfoBuilder::new()
        .title("Kubilitics")
        .version("v1")
        .description(Some(
            "Kubernetes operations: many clusters, one live picture. Errors are `{code, message, requestId, details}`; \
             each code has a page under docs/errors/. Unknown query parameters are refused.",
        ))
        .license(Some(license));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token in the data folder, for scripts"));
    let cookie = ApiKeyValue::with_description(COOKIE, "The session of a browser");
    let proofs = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer.build()))
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(proofs.build()))
        .build()
}
