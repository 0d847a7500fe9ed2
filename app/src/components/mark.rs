//! Small marks: a state as shape, colour and word; a kind as its code; the product's sign.

use crate::state::picture;
use leptos::prelude::*;
use model::Health;

/// A state: the shape and colour come from its health, the word says what it is.
pub fn state(health: Health, word: impl Into<String>) -> impl IntoView {
    view! { <span class=format!("st {}", health.word())>{word.into()}</span> }
}

/// A state without room for its word: shape and colour, the word for those who do not see them.
pub fn dot(health: Health) -> impl IntoView {
    let word = crate::text::health(health);
    view! {
        <span class=format!("st {}", health.word()) title=word>
            <span class="unseen">{word}</span>
        </span>
    }
}

/// The short code of a kind, with the whole word for those who do not know it.
pub fn kind(kind: &str) -> impl IntoView + use<> {
    view! { <abbr class="kind" title=kind.to_owned()>{picture::code(kind)}</abbr> }
}

/// The product's sign.
pub fn sign() -> impl IntoView {
    view! {
        <svg class="sign" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <path class="hull" d="M10 1.2 17.8 5.6v8.8L10 18.8 2.2 14.4V5.6Z" />
            <path class="ribs" d="M10 10 17.4 5.9M10 10 2.6 5.9M10 10v8.4" />
            <circle class="core" cx="10" cy="10" r="2.6" />
        </svg>
    }
}
