//! The Leptos app: pages, components and client state, the same on the server and in the browser.
//!
//! It never calls kube and never holds a server-only type. Pages read their first state from a [`source::Source`] while
//! rendering on the server, and from the stream in the browser. Read [`source::Source`] first, then
//! [`state::feed::use_feed`].

#![recursion_limit = "256"]

pub mod browser;
pub mod components;
#[cfg(test)]
mod fixture;
pub mod pages;
#[cfg(all(test, feature = "ssr"))]
mod rendered;
#[cfg(feature = "ssr")]
mod shell;
pub mod source;
pub mod state;
pub mod text;
pub mod theme;

#[cfg(feature = "ssr")]
pub use shell::shell;

use crate::components::frame::Frame;
use crate::components::whole::Whole;
use crate::pages::clusters::ClustersPage;
use crate::pages::home::HomePage;
use crate::pages::lazy;
use crate::pages::nowhere::NowherePage;
use crate::state::here::Here;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

/// The app, from the frame inwards. [`state::url::ROUTES`] are its paths.
#[component]
pub fn App() -> impl IntoView {
    leptos_meta::provide_meta_context();
    view! {
        <Router>
            <Pages />
        </Router>
    }
}

#[component]
fn Pages() -> impl IntoView {
    Here::provide();
    view! {
        <Frame>
            <FlatRoutes fallback=NowherePage>
                <Route path=path!("/") view=HomePage />
                <Route path=path!("/clusters") view=ClustersPage />
                <Route path=path!("/c/:cluster/topology") view=lazy::topology />
                <Route path=path!("/c/:cluster/map") view=lazy::map />
                <Route path=path!("/c/:cluster/diagnostics") view=lazy::diagnostics />
                <Route path=path!("/c/:cluster/search") view=lazy::search />
                <Route path=path!("/c/:cluster/:kind") view=lazy::list />
            </FlatRoutes>
        </Frame>
    }
    .whole()
}
