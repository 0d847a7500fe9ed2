//! The HTML document around the app.

use crate::App;
use crate::pages::lazy::part_of;
use crate::source::{Assets, Visit};
use crate::state::url::Place;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;
use leptos_router::location::RequestUrl;

/// The whole document. Rendered on the server only; hydration takes over its body.
pub fn shell(assets: Assets) -> impl IntoView {
    let theme = use_context::<Visit>()
        .map(|visit| visit.theme)
        .unwrap_or_default();
    let url = use_context::<RequestUrl>().and_then(|url| url.parse().ok());
    let place = url.map(|url| Place::parse(url.path()));
    let part = place.as_ref().and_then(part_of);
    let parts = part.and_then(|part| assets.parts.get(part)).cloned();
    let Assets {
        script,
        wasm,
        style,
        fonts,
        parts: _,
    } = assets;
    let preload = script.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.word()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="dark light" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {fonts
                    .into_iter()
                    .map(|href| view! { <link rel="preload" href=href r#as="font" type="font/woff2" crossorigin="anonymous" /> })
                    .collect_view()}
                {style.map(|href| view! { <link rel="stylesheet" href=href /> })}
                {preload.map(|href| view! { <link rel="modulepreload" href=href nonce=use_nonce() /> })}
                {wasm
                    .map(|href| {
                        view! { <link id="wasm" rel="preload" href=href r#as="fetch" type="application/wasm" crossorigin="anonymous" /> }
                    })}
                {parts
                    .unwrap_or_default()
                    .into_iter()
                    .map(|href| {
                        view! { <link rel="preload" href=href r#as="fetch" type="application/wasm" crossorigin="anonymous" /> }
                    })
                    .collect_view()}
                {script.map(|src| view! { <script type="module" src=src nonce=use_nonce()></script> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
