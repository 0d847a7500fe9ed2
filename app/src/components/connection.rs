//! The connection state, in words and with its age.

use crate::components::whole::{Whole, each, part, says, word};
use crate::state::connection::{Facts, Words, words};
use crate::state::here::use_here;
use crate::state::memo::memo;
use leptos::prelude::*;

/// Says how live the page is: in a few words, and in sentences when it is opened.
#[component]
pub fn ConnectionState() -> impl IntoView {
    let here = use_here();
    let said = memo(move || {
        let cluster = here.cluster();
        let trust = here.trust.get().and_then(|trust| trust.get());
        words(&Facts {
            link: here.live.link.get(),
            cluster: cluster.as_ref(),
            trust: trust.as_ref(),
            behind: here.live.behind.get(),
            now: here.clock.now(),
        })
    });
    // What changes every second must not make a screen reader speak every second: only the tone is announced.
    let tone = memo(move || said.with(|words| words.tone));
    // A change of the words must not close what the user opened.
    let long = memo(move || said.with(|words| words.long.clone()));
    let has_more = memo(move || long.with(|lines| !lines.is_empty()));
    view! {
        <div class="live" data-testid="connection-state" data-health=word(move || Some(tone.get().word()))>
            {part(move || {
                let short = says(move || said.with(|Words { short, .. }| short.clone()));
                let class = says(move || format!("st {}", tone.get().word()));
                if has_more.get() {
                    view! {
                        <details>
                            <summary><span class=class><span class="words">{short}</span></span></summary>
                            <div class="pop right">
                                {part(move || each(long.get(), &mut |line| view! { <p>{line}</p> }.whole()).whole())}
                            </div>
                        </details>
                    }
                        .whole()
                } else {
                    view! { <span class=class><span class="words">{short}</span></span> }.whole()
                }
            })}
        </div>
    }
}
