//! The pages whose code a browser loads when it first shows them: parts of the app, each a WASM file of its own, cut out
//! of the whole by `xtask/src/site/wasm.rs`. On the server they are plain functions.
//!
//! What only one part uses lies in its file, what several use in one for these, and what the frame uses in the main
//! file. Pages that share most of their code are one part: every combination of parts may have a file.

// The macro declares the cut: an import in the main file, an export in that of the page.
#![allow(unsafe_code)]

use crate::components::whole::{Piece, Whole, part, says};
use crate::pages::diagnostics::DiagnosticsPage;
use crate::pages::list::ListPage;
use crate::pages::map::MapPage;
use crate::pages::search::SearchPage;
use crate::pages::topology::TopologyPage;
use crate::state::here::use_here;
use crate::state::url::Place;
use crate::text;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// The code of a page did not come. Each page knows by itself whether its part is there, also if another page is of it.
pub type NotLoaded = SplitLoaderError;

type Loading<T> = Pin<Box<dyn Future<Output = Result<T, NotLoaded>>>>;

#[wasm_split(topology, wasm_split_path = leptos::wasm_split, fallible, preload(load_topology))]
fn topology_page() -> Result<Piece, NotLoaded> {
    Ok(view! { <TopologyPage /> }.whole())
}

#[wasm_split(map, wasm_split_path = leptos::wasm_split, fallible, preload(load_map))]
fn map_page() -> Result<Piece, NotLoaded> {
    Ok(view! { <MapPage /> }.whole())
}

#[wasm_split(tables, wasm_split_path = leptos::wasm_split, fallible, preload(load_list))]
fn list_page() -> Result<Piece, NotLoaded> {
    Ok(view! { <ListPage /> }.whole())
}

#[wasm_split(tables, wasm_split_path = leptos::wasm_split, fallible, preload(load_search))]
fn search_page() -> Result<Piece, NotLoaded> {
    Ok(view! { <SearchPage /> }.whole())
}

#[wasm_split(tables, wasm_split_path = leptos::wasm_split, fallible, preload(load_diagnostics))]
fn diagnostics_page() -> Result<Piece, NotLoaded> {
    Ok(view! { <DiagnosticsPage /> }.whole())
}

/// The topology page.
pub fn topology() -> Piece {
    page(Box::pin(load_topology()), || Box::pin(topology_page()))
}

/// The map page.
pub fn map() -> Piece {
    page(Box::pin(load_map()), || Box::pin(map_page()))
}

/// The list page.
pub fn list() -> Piece {
    page(Box::pin(load_list()), || Box::pin(list_page()))
}

/// The search page.
pub fn search() -> Piece {
    page(Box::pin(load_search()), || Box::pin(search_page()))
}

/// The diagnostics page.
pub fn diagnostics() -> Piece {
    page(Box::pin(load_diagnostics()), || Box::pin(diagnostics_page()))
}

/// Which part of the app a page needs besides the main one, as the build calls it.
#[cfg(feature = "ssr")]
pub fn part_of(place: &Place) -> Option<&'static str> {
    match place {
        Place::Topology(_) => Some("topology"),
        Place::Map(_) => Some("map"),
        Place::List(..) | Place::Search(_) | Place::Diagnostics(_) => Some("tables"),
        Place::Home | Place::Clusters | Place::Nowhere => None,
    }
}

/// Loads the code of a page, so that it can be hydrated at once.
pub async fn load(place: &Place) -> Result<(), NotLoaded> {
    match place {
        Place::Topology(_) => load_topology().await,
        Place::Map(_) => load_map().await,
        Place::List(..) => load_list().await,
        Place::Search(_) => load_search().await,
        Place::Diagnostics(_) => load_diagnostics().await,
        Place::Home | Place::Clusters | Place::Nowhere => Ok(()),
    }
}

/// Loads the code of all pages, so that none has to be waited for. One that does not come is loaded when it is needed.
pub async fn load_all() {
    let _ = load_topology().await;
    let _ = load_map().await;
    let _ = load_list().await;
    let _ = load_search().await;
    let _ = load_diagnostics().await;
}

/// A page: at once if its code is there, else when it comes.
fn page(mut loading: Loading<()>, make: fn() -> Loading<Piece>) -> Piece {
    if let Some(Ok(())) = now(&mut loading) {
        return made(make);
    }
    let came = RwSignal::new(None);
    leptos::task::spawn_local(async move {
        let result = loading.await;
        came.try_set(Some(result.is_ok()));
    });
    part(move || match came.get() {
        None => view! { <p class="note">{text::WAITING}</p> }.whole(),
        Some(true) => made(make),
        Some(false) => not_loaded(),
    })
    .whole()
}

fn made(make: fn() -> Loading<Piece>) -> Piece {
    match now(&mut make()) {
        Some(Ok(piece)) => piece,
        _ => not_loaded(),
    }
}

fn not_loaded() -> Piece {
    let here = use_here();
    view! {
        <section class="problem" data-testid="problem" role="alert">
            <h1>"This page did not load"</h1>
            <p>"Its code could not be fetched: the server does not answer, or was updated meanwhile."</p>
            <p><a class="btn" rel="external" href=says(move || here.href(|_| ()))>"Reload"</a></p>
        </section>
    }
    .whole()
}

/// What a future answers without waiting.
fn now<T>(future: &mut Loading<T>) -> Option<Result<T, NotLoaded>> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}
