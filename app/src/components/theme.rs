//! The theme toggle: system, dark, light, and round again.

use crate::browser::{self, canvas, plane};
use crate::components::whole::says;
use crate::source::Visit;
use crate::state::seed::seed;
use crate::theme::Theme;
use leptos::prelude::*;

/// Shows the theme and changes it. Without script it is not there: the system's theme is followed.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let rendered = seed(|| {
        Some(
            use_context::<Visit>()
                .map(|visit| visit.theme)
                .unwrap_or_default()
                .word()
                .to_owned(),
        )
    });
    let rendered = rendered.and_then(|word| Theme::ALL.into_iter().find(|theme| theme.word() == word));
    let theme = RwSignal::new(rendered.unwrap_or_default());
    let turn = move |_| {
        let next = theme.get_untracked().next();
        theme.set(next);
        browser::mark_theme(next);
        if let Some(canvas) = canvas::canvas() {
            canvas.recolour();
        }
        if let Some(plane) = plane::plane() {
            plane.recolour();
        }
    };
    view! {
        <button type="button" class="btn q scripted" on:click=turn title="Change the theme">
            "Theme: "
            {says(move || theme.get().word().to_owned())}
        </button>
    }
}
