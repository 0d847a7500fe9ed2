//! What is shown where there is no page.

use crate::components::problem::Problem;
use crate::components::whole::Whole;
use crate::pages::answer;
use leptos::prelude::*;
use model::{ApiError, ErrorCode};

/// No such page.
#[component]
pub fn NowherePage() -> impl IntoView {
    let error = ApiError::new(ErrorCode::RouteNotFound, "There is no page at this address.");
    answer(&error);
    view! { <Problem error=error /> }.whole()
}
