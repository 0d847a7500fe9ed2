//! The error panel: what happened, in words, with what is known about it and the way on.

use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use model::{ApiError, ErrorCode};

/// An error instead of a page, or of a part of one.
#[component]
pub fn Problem(
    /// The error.
    error: ApiError,
) -> impl IntoView {
    let ApiError {
        code,
        message,
        request_id,
        details,
    } = error;
    let request = (!request_id.is_empty()).then(|| ("request".to_owned(), request_id));
    let facts: Vec<(String, String)> = details
        .into_iter()
        .filter(|(_, value)| !value.is_empty() && !message.contains(value))
        .chain(request)
        .collect();
    let way_on = match code {
        ErrorCode::Syncing => None,
        _ => Some(
            view! { <p><a class="btn" href=Place::Clusters.href(&Query::default())>"All clusters"</a></p> },
        ),
    };
    view! {
        <section class="problem" data-testid="problem" data-code=code.word() role="alert">
            <h1>{text::error(code)}</h1>
            <p>{message}</p>
            {(!facts.is_empty())
                .then(|| {
                    view! {
                        <dl>
                            {facts
                                .into_iter()
                                .map(|(name, value)| view! { <dt>{name}</dt> <dd class="mono">{value}</dd> })
                                .collect_view()}
                        </dl>
                    }
                })}
            <p class="dim">"Code " <code>{code.word()}</code></p>
            {way_on}
        </section>
    }
}
