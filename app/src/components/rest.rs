//! The rest of the page's state in a form.

use crate::components::whole::{Part, Whole, each, part};
use crate::state::here::use_here;
use crate::state::url::Query;
use leptos::prelude::*;

/// Hidden fields for all of the query but what `without` takes away: a form that is sent keeps the rest.
pub fn rest(without: fn(&mut Query)) -> Part {
    let here = use_here();
    part(move || {
        let mut query = here.query.get();
        without(&mut query);
        let field = &mut |(name, value)| view! { <input type="hidden" name=name value=value /> }.whole();
        each(query.pairs(), field).whole()
    })
}
