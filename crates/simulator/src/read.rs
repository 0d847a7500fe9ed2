//! One object.

use http::StatusCode;

use crate::http::answer::{self, Answer};
use crate::http::form::Form;
use crate::http::request::{Query, Target};
use crate::shared::Shared;
use crate::status::Refusal;
use crate::store::Key;
use crate::view::View;
use crate::write::subresource::{check_scaled, scale_of};

/// Answers `get`, also of the subresource `status`, which is the whole object.
pub(crate) fn get(
    shared: &Shared,
    target: &Target,
    query: &Query,
    form: Form,
    gzip: bool,
) -> Result<Answer, Refusal> {
    let resource = &*target.resource;
    if !matches!(target.subresource.as_str(), "" | "status" | "scale") {
        return Err(Refusal::unsupported(&format!(
            "{}/{}",
            resource.qualified(),
            target.subresource
        )));
    }
    let view = View::of(shared, resource, query, form)?;
    let key = Key::new(&target.namespace, &target.name);
    let found = shared.store.lock().get(resource.id, &key);
    let (stored, text) = found.ok_or_else(|| Refusal::not_found(resource, &target.name))?;
    if target.subresource == "scale" {
        check_scaled(resource)?;
        let object = serde_json::from_slice(&text).unwrap_or_default();
        return Ok(answer::json(
            StatusCode::OK,
            scale_of(resource, &object).to_string(),
            gzip,
        ));
    }
    let mut body = Vec::with_capacity(text.len() + 64);
    view.object(&mut body, &text, stored.version, true);
    Ok(answer::json(StatusCode::OK, body, gzip))
}
