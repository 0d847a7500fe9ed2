//! One clock for every age on the page.

use crate::browser;
use crate::source::Visit;
use crate::state::seed::seed;
use leptos::prelude::*;
use model::Timestamp;

/// The server's time, as far as the page knows it, ticking once a second.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: RwSignal<Timestamp>,
    /// How far the server's clock is ahead of the browser's, in milliseconds.
    ahead: StoredValue<i64>,
}

impl Clock {
    /// Starts at the time the page was rendered, so that hydration finds the ages it would have written.
    pub fn start() -> Self {
        let rendered = seed(|| {
            use_context::<Visit>()
                .map(|visit| visit.now)
                .or_else(|| Some(browser::now()))
        });
        let clock = Self {
            now: RwSignal::new(rendered.unwrap_or_else(browser::now)),
            ahead: StoredValue::new(0),
        };
        browser::every(1000, move || clock.tick());
        clock
    }

    /// The time of the last tick. Whoever reads it here is told of the next.
    pub fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// The time to the millisecond, told to nobody.
    pub fn exact(&self) -> Timestamp {
        Timestamp(browser::now().0 + self.ahead.get_value())
    }

    /// The server's clock was at `server` when this machine's was at `here`.
    pub fn learn(&self, server: Timestamp, here: Timestamp) {
        self.ahead.set_value(server.0 - here.0);
    }

    fn tick(&self) {
        self.now.set(self.exact());
    }
}

/// The page's clock, from context.
pub fn use_clock() -> Clock {
    use_context().unwrap_or_else(Clock::start)
}
