//! The frame around every page.

use crate::browser;
use crate::components::connection::ConnectionState;
use crate::components::demo::DemoMark;
use crate::components::field::{Typed, field};
use crate::components::namespaces::NamespaceSelect;
use crate::components::nav::{PhoneBar, SideNav, provide_custom_kinds};
use crate::components::whole::{Whole, effect, part, says};
use crate::state::here::{use_change, use_here};
use crate::state::memo::memo;
use crate::state::url::{Place, Query};
use crate::text;
use leptos::prelude::*;
use leptos_meta::Title;

/// The links of what a page lists, one a row.
const ROWS: &str = "[data-testid=row] th a, [data-testid=topology-node] a";

/// What the page is called, without its cluster.
fn name(place: &Place) -> String {
    match place {
        Place::Home | Place::Clusters => "Clusters".to_owned(),
        Place::Topology(_) => "Topology".to_owned(),
        Place::Map(_) => "Map".to_owned(),
        Place::Search(_) => "Search".to_owned(),
        Place::Diagnostics(_) => "Diagnostics".to_owned(),
        Place::List(_, kind) => text::list(kind),
        Place::Nowhere => "Not found".to_owned(),
    }
}

/// What the page is called, without the product.
fn title(place: &Place) -> String {
    let page = name(place);
    match place.cluster() {
        Some(cluster) => format!("{page}, {cluster}"),
        None => page,
    }
}

/// Where this page is: the cluster, the page, the selected object.
#[component]
fn Breadcrumb() -> impl IntoView {
    let here = use_here();
    let named = memo(move || {
        here.cluster_id().map(|id| {
            let name = here
                .clusters
                .find(&id)
                .map_or_else(|| id.as_str().to_owned(), |cluster| cluster.name);
            (id, name)
        })
    });
    let cluster = move || {
        let link =
            |(id, name)| view! { <li><a href=Place::Topology(id).href(&Query::default())>{name}</a></li> };
        named.get().map(link).whole()
    };
    let page = move || here.place.with(name);
    let selected = memo(move || {
        here.query
            .with(|query| query.selected.as_ref().map(|key| key.name.clone()))
    });
    let object = move || {
        selected
            .get()
            .map(|name| view! { <li class="mono">{name}</li> })
            .whole()
    };
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>
                {part(cluster)}
                <li>{says(page)}</li>
                {part(object)}
            </ol>
        </nav>
    }
}

/// The keys that work, shown with `?`.
#[component]
fn Help(
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    part(move || {
        if !open.get() {
            return ().whole();
        }
        view! {
            <div class="help" role="dialog" aria-label="Keys">
                <h2>"Keys"</h2>
                <dl>
                    <dt><kbd>"/"</kbd></dt>
                    <dd>"filter"</dd>
                    <dt><kbd>"Ctrl K"</kbd></dt>
                    <dd>"search"</dd>
                    <dt><kbd>"j k"</kbd></dt>
                    <dd>"next and previous row"</dd>
                    <dt><kbd>"Enter"</kbd></dt>
                    <dd>"open it"</dd>
                    <dt><kbd>"Esc"</kbd></dt>
                    <dd>"close the panel"</dd>
                    <dt><kbd>"?"</kbd></dt>
                    <dd>"these keys"</dd>
                </dl>
                <button type="button" class="btn" on:click=move |_| open.set(false)>"Close"</button>
            </div>
        }
        .whole()
    })
}

/// Navigation, top bar and connection state around a page.
///
/// The connection state stands behind the page in the document: it speaks of the page, which must have been read first.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let here = use_here();
    provide_custom_kinds();
    let help = RwSignal::new(false);
    let has_cluster = memo(move || here.place.with(|place| place.cluster().is_some()));
    let change = use_change();
    effect(move || {
        let change = change.clone();
        browser::on_key(move |key| match key.0.as_str() {
            "/" => browser::focus("[data-field=Filter]"),
            browser::SEARCH => browser::focus("[data-field=Search]"),
            "j" => browser::step(ROWS, 1),
            "k" => browser::step(ROWS, -1),
            "?" => help.update(|open| *open = !*open),
            "Escape" if help.get_untracked() => help.set(false),
            "Escape" if here.query.with_untracked(|query| query.selected.is_some()) => {
                change(false, &|query| query.selected = None);
            }
            _ => {}
        });
    });
    view! {
        <Title
            formatter=|page: String| browser::title_text(format!("{page} | {}", text::PRODUCT))
            text=move || here.place.with(title)
        />
        <a class="skip" href="#main">"Skip to the content"</a>
        <div class="app">
            <SideNav />
            <header class="top">
                <NamespaceSelect />
                <Breadcrumb />
                {part(move || if has_cluster.get() { field(Typed::Search) } else { ().whole() })}
                <DemoMark />
            </header>
            <main id="main" tabindex="-1">{children()}</main>
            <ConnectionState />
            <PhoneBar />
        </div>
        <Help open=help />
    }
}
