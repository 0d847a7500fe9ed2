//! No browser: nothing happens, the clock is the system's.

use super::{Key, SocketEvent};
use crate::theme::Theme;
use model::Timestamp;
use std::num::NonZeroU16;
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Always the middle.
pub fn random() -> f64 {
    0.5
}

/// Never runs.
pub fn every(_millis: i32, _run: impl Fn() + 'static) {}

/// Never runs.
pub fn after(_millis: u32, _run: impl FnOnce() + 'static) {}

/// Never opens.
pub fn connect(_protocol: &str, _on: impl Fn(SocketEvent) + 'static) {}

/// Nobody answers.
pub fn ask(_path: &str, _on: impl FnOnce(Option<NonZeroU16>) + 'static) {}

/// Goes nowhere.
pub fn send(_frame: &[u8]) {}

/// Nothing to close.
pub fn disconnect() {}

/// Nothing has focus.
pub fn focus(_selector: &str) {}

/// Nothing to move along.
pub fn step(_selector: &str, _by: i32) {}

/// No key is ever pressed.
pub fn on_key(_run: impl Fn(Key) + 'static) {}

/// No document to mark.
pub fn mark_theme(_theme: Theme) {}

/// No address bar.
pub fn path() -> String {
    String::new()
}

/// A title as `leptos_meta` needs it on the server, where it writes the text into the document as it is.
pub fn title_text(title: String) -> String {
    title.replace('&', "&amp;").replace('<', "&lt;")
}
