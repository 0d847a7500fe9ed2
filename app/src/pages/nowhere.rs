//! What is shown where there is no page.

use crate::components::problem::Problem;
use crate::components::whole::Whole;
use crate::pages::answer;
use leptos::prelude::*;
use model::{ApiError, ErrorCode, KindId};

/// No such page.
#[component]
pub fn NowherePage() -> impl IntoView {
    let error = ApiError::new(ErrorCode::RouteNotFound, "There is no page at this address.");
    answer(&error);
    view! { <Problem error=error /> }.whole()
}

/// No such kind in the table.
#[component]
pub fn UnknownKind(
    /// What was asked for.
    kind: String,
) -> impl IntoView {
    let known: Vec<String> = KindId::all().map(|kind| kind.get().plural_group()).collect();
    let message = format!(
        "`{kind}` is no kind that is shown here. These are: {}.",
        known.join(", ")
    );
    let error = ApiError::new(ErrorCode::KindNotFound, message);
    answer(&error);
    view! { <Problem error=error /> }.whole()
}
