//! Fields that are typed into: the filter of a list, and the search over all objects. A form, and at once with script.

use crate::browser;
use crate::components::rest::rest;
use crate::components::whole::{Piece, Whole, says};
use crate::state::here::use_here;
use crate::state::memo::memo;
use crate::state::url::{Place, Query};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// How long typing rests before it counts, in milliseconds.
const REST_MS: u32 = 180;

/// What is typed into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The filter of the page's list.
    Filter,
    /// The words of a search; elsewhere than on its page it leads there.
    Search,
}

impl Typed {
    /// The page that shows what is typed, from this one.
    fn place(self, here: Place) -> Place {
        match (self, here.cluster()) {
            (Self::Search, Some(cluster)) => Place::Search(cluster.clone()),
            _ => here,
        }
    }
}

/// The field.
pub fn field(typed: Typed) -> Piece {
    let here = use_here();
    let navigate = use_navigate();
    // Whether what is typed is of this page.
    let is_here = memo(move || {
        here.place
            .with(|place| typed == Typed::Filter || matches!(place, Place::Search(_)))
    });
    let text = memo(move || {
        let text = here.query.with(|query| query.filter.clone());
        if is_here.get() { text } else { String::new() }
    });
    let field = NodeRef::<leptos::html::Input>::new();
    let strokes = StoredValue::new(0_u32);
    let apply = move || {
        let Some(value) = field.get_untracked().map(|field| field.value()) else {
            return;
        };
        if text.get_untracked() == value {
            return;
        }
        let before = here.query.get_untracked();
        let stays = is_here.get_untracked();
        let query = Query {
            filter: value,
            offset: 0,
            ..if stays { before } else { before.elsewhere() }
        };
        let href = typed.place(here.place.get_untracked()).href(&query);
        let options = NavigateOptions {
            replace: stays,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&href, options);
    };
    let typing = {
        let apply = apply.clone();
        move |_| {
            let stroke = strokes.get_value().wrapping_add(1);
            strokes.set_value(stroke);
            let apply = apply.clone();
            browser::after(REST_MS, move || {
                if strokes.try_get_value() == Some(stroke) && is_here.get_untracked() {
                    apply();
                }
            });
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        apply();
    };
    let (label, id, hint, key, kept): (_, _, _, _, fn(&mut Query)) = match typed {
        Typed::Filter => (
            "Filter",
            "filter",
            "Filter: word, status:running, restarts>5, -term",
            "/",
            |query| {
                query.filter.clear();
                query.offset = 0;
            },
        ),
        Typed::Search => (
            "Search",
            "palette",
            "Search: pod cart, app=cart, crashloop",
            "Control+K Meta+K",
            |query| {
                *query = query.elsewhere();
            },
        ),
    };
    view! {
        <form
            class="filter"
            data-testid=id
            role="search"
            aria-label=label
            method="get"
            action=says(move || typed.place(here.place.get()).path())
            on:submit=submit
        >
            {rest(kept)}
            <input
                type="search"
                name="q"
                class="field"
                data-field=label
                placeholder=hint
                aria-label=label
                aria-keyshortcuts=key
                autocomplete="off"
                spellcheck="false"
                maxlength="256"
                value=text.get_untracked()
                prop:value=says(move || text.get())
                node_ref=field
                on:input=typing
            />
            <button class="btn unscripted">{label}</button>
        </form>
    }
    .whole()
}
