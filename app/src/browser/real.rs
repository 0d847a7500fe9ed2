//! The browser.

use super::{Key, SocketEvent};
use crate::theme::{self, Theme};
use model::Timestamp;
use std::cell::RefCell;
use std::num::NonZeroU16;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, Event, HtmlElement, KeyboardEvent, MessageEvent, WebSocket, Window};

/// The socket with the closures it calls, which live as long as it does.
struct Open {
    socket: WebSocket,
    _listeners: [Closure<dyn FnMut(Event)>; 2],
    _frames: Closure<dyn FnMut(MessageEvent)>,
}

#[wasm_bindgen(inline_js = "
export const ask = (path, told) => fetch(path).then(({ status }) => told(status), () => told(0));

export const step = (selector, by) => {
  const all = [...document.querySelectorAll(selector)].filter((element) => element.offsetParent);
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
};
")]
extern "C" {
    #[wasm_bindgen(js_name = ask)]
    fn fetch_status(path: &str, told: JsValue);

    /// Moves the focus along the elements of a selector that are shown; it begins at the first.
    pub fn step(selector: &str, by: i32);
}

thread_local! {
    static SOCKET: RefCell<Option<Open>> = const { RefCell::new(None) };
}

fn window() -> Option<Window> {
    web_sys::window()
}

/// The browser's clock.
pub fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64)
}

/// From 0 to 1.
pub fn random() -> f64 {
    js_sys::Math::random()
}

/// Runs again and again for as long as the page lives.
pub fn every(millis: i32, run: impl Fn() + 'static) {
    let run = Closure::<dyn Fn()>::new(run).into_js_value();
    if let Some(window) = window() {
        let _ = window.set_interval_with_callback_and_timeout_and_arguments_0(run.unchecked_ref(), millis);
    }
}

/// Runs once, later.
pub fn after(millis: u32, run: impl FnOnce() + 'static) {
    let run = Closure::once_into_js(run);
    if let Some(window) = window() {
        let millis = i32::try_from(millis).unwrap_or(i32::MAX);
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(run.unchecked_ref(), millis);
    }
}

/// Opens the page's one socket, in place of the one before.
pub fn connect(protocol: &str, on: impl Fn(SocketEvent) + 'static) {
    disconnect();
    let on = Rc::new(on);
    let Some(socket) = address().and_then(|address| WebSocket::new_with_str(&address, protocol).ok()) else {
        return on(SocketEvent::Closed);
    };
    socket.set_binary_type(BinaryType::Arraybuffer);
    let opened = Closure::<dyn FnMut(Event)>::new({
        let on = Rc::clone(&on);
        move |_| on(SocketEvent::Opened)
    });
    let closed = Closure::<dyn FnMut(Event)>::new({
        let on = Rc::clone(&on);
        move |_| on(SocketEvent::Closed)
    });
    let frames = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(buffer) = event.data().dyn_into::<js_sys::ArrayBuffer>() {
            on(SocketEvent::Frame(js_sys::Uint8Array::new(&buffer).to_vec()));
        }
    });
    socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
    socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(frames.as_ref().unchecked_ref()));
    let open = Open {
        socket,
        _listeners: [opened, closed],
        _frames: frames,
    };
    SOCKET.with_borrow_mut(|slot| *slot = Some(open));
}

/// Asks the server for something, and tells the status of its answer, if there is one.
pub fn ask(path: &str, on: impl FnOnce(Option<NonZeroU16>) + 'static) {
    fetch_status(
        path,
        Closure::once_into_js(move |status| on(NonZeroU16::new(status))),
    );
}

/// Sends a frame; without an open socket it is lost, and what it asked for is asked again when one opens.
pub fn send(frame: &[u8]) {
    SOCKET.with_borrow(|slot| {
        if let Some(open) = slot
            .as_ref()
            .filter(|open| open.socket.ready_state() == WebSocket::OPEN)
        {
            let _ = open.socket.send_with_u8_array(frame);
        }
    });
}

/// Closes the socket without a word to its listener. The closures are dropped in a later turn of the event loop, as
/// one of them may be what is running.
pub fn disconnect() {
    if let Some(open) = SOCKET.with_borrow_mut(Option::take) {
        open.socket.set_onopen(None);
        open.socket.set_onclose(None);
        open.socket.set_onmessage(None);
        let _ = open.socket.close();
        after(0, move || drop(open));
    }
}

fn address() -> Option<String> {
    let location = window()?.location();
    let scheme = if location.protocol().ok()? == "https:" {
        "wss"
    } else {
        "ws"
    };
    Some(format!("{scheme}://{}/api/v1/stream", location.host().ok()?))
}

/// Puts the focus on the first element of a selector.
pub fn focus(selector: &str) {
    let element = window().and_then(|window| window.document()?.query_selector(selector).ok()?);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Listens to the keyboard for as long as the page lives.
pub fn on_key(run: impl Fn(Key) + 'static) {
    let listener = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok())
            .is_some_and(|element| {
                matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
                    || element.is_content_editable()
            });
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
            event.prevent_default();
            run(Key(super::SEARCH.to_owned()));
        } else if key == "Escape" || !(typing || event.ctrl_key() || event.alt_key() || event.meta_key()) {
            if key == "/" {
                event.prevent_default();
            }
            run(Key(key));
        }
    })
    .into_js_value();
    if let Some(window) = window() {
        let _ = window.add_event_listener_with_callback("keydown", listener.unchecked_ref());
    }
}

/// Shows a theme and remembers it for a year.
pub fn mark_theme(theme: Theme) {
    let Some(document) = window().and_then(|window| window.document()) else {
        return;
    };
    if let Some(root) = document.document_element() {
        let _ = root.set_attribute("data-theme", theme.word());
    }
    let cookie = format!(
        "{}={}; Path=/; Max-Age=31536000; SameSite=Lax",
        theme::COOKIE,
        theme.word()
    );
    let _ = js_sys::Reflect::set(
        &document,
        &JsValue::from_str("cookie"),
        &JsValue::from_str(&cookie),
    );
}

/// The path in the address bar.
pub fn path() -> String {
    window()
        .and_then(|window| window.location().pathname().ok())
        .unwrap_or_default()
}

/// A title as `leptos_meta` needs it in the browser, where it sets the document's title.
pub fn title_text(title: String) -> String {
    title
}
