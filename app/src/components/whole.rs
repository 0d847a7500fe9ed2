//! Views without their types, which keeps the WASM small.
//!
//! Leptos compiles every view, and every view it erases, four times over: to be built, to be hydrated at once, to be
//! hydrated asynchronously (for lazily loaded routes, of which there are none here), and to be compared with an earlier
//! one of its type. A [`Piece`] is built, hydrated at once, and replaced as a whole: what changes while it is looked at
//! must be a [`says`], a [`part`] or a `For` inside of it. One type for all texts and one for all parts do the rest.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::types::{Element, Node};
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A text that changes.
pub type Words = Box<dyn FnMut() -> String + Send>;

/// A part of a page that is there or not, or is one thing or another.
pub type Part = Box<dyn FnMut() -> Piece + Send>;

/// A text that changes, whatever works it out.
pub fn says(words: impl FnMut() -> String + Send + 'static) -> Words {
    Box::new(words)
}

/// An attribute that changes, or is not there.
pub fn word(
    word: impl FnMut() -> Option<&'static str> + Send + 'static,
) -> Box<dyn FnMut() -> Option<&'static str> + Send> {
    Box::new(word)
}

/// An attribute of any text that changes, or is not there.
pub fn maybe(
    text: impl FnMut() -> Option<String> + Send + 'static,
) -> Box<dyn FnMut() -> Option<String> + Send> {
    Box::new(text)
}

/// A class or property that is there or not.
pub fn whether(is: impl FnMut() -> bool + Send + 'static) -> Box<dyn FnMut() -> bool + Send> {
    Box::new(is)
}

/// A view for each of some things.
pub fn each<T>(items: Vec<T>, view: &mut dyn FnMut(T) -> Piece) -> Vec<Piece> {
    let mut views = Vec::with_capacity(items.len());
    for item in items {
        views.push(view(item));
    }
    views
}

/// One of a list's views, made only if it is not there yet.
pub struct Entry {
    key: u64,
    view: Box<dyn FnOnce() -> Piece + Send>,
}

/// A view for a thing. An entry of the same key keeps its view: what changes in it must be inside of the view.
pub fn entry(key: impl Hash, view: impl FnOnce() -> Piece + Send + 'static) -> Entry {
    let mut hash = DefaultHasher::new();
    key.hash(&mut hash);
    Entry {
        key: hash.finish(),
        view: Box::new(view),
    }
}

/// A list of views that come, go and move one by one.
pub fn list(entries: impl Fn() -> Vec<Entry> + Send + Sync + 'static) -> Piece {
    keyed(Box::new(entries))
}

fn keyed(entries: Box<dyn Fn() -> Vec<Entry> + Send + Sync>) -> Piece {
    view! { <For each=entries key=|entry| entry.key children=|entry| (entry.view)() /> }.whole()
}

/// Does something now and whenever what it reads changes, in the browser only.
pub fn effect(run: impl Fn() + Send + Sync + 'static) {
    follow(Box::new(run));
}

fn follow(run: Box<dyn Fn() + Send + Sync>) {
    Effect::new(move |_| run());
}

/// A part that is replaced when what it reads changes. It must read no more than decides what it is: a link that is
/// replaced under the pointer cannot be clicked.
pub fn part(view: impl FnMut() -> Piece + Send + 'static) -> Part {
    Box::new(view)
}

/// Erases the type of a view.
pub trait Whole {
    /// The view without its type.
    fn whole(self) -> Piece;
}

impl<T: RenderHtml + 'static> Whole for T {
    fn whole(self) -> Piece {
        Piece(Box::new(self))
    }
}

/// A view without its type.
pub struct Piece(Box<dyn Erased>);

/// A piece in the document.
pub struct Mounted(Box<dyn Mountable>);

/// What a piece must be able to do.
trait Erased: Send {
    fn build(self: Box<Self>) -> Mounted;
    fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Mounted;
    #[cfg(feature = "ssr")]
    fn html(self: Box<Self>, buf: &mut String, position: &mut Position, escape: bool, mark_branches: bool);
}

impl<T: RenderHtml + 'static> Erased for T {
    fn build(self: Box<Self>) -> Mounted {
        Mounted(Box::new((*self).build()))
    }

    fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Mounted {
        Mounted(Box::new((*self).hydrate::<true>(cursor, position)))
    }

    #[cfg(feature = "ssr")]
    fn html(self: Box<Self>, buf: &mut String, position: &mut Position, escape: bool, mark_branches: bool) {
        (*self).to_html_with_buf(buf, position, escape, mark_branches, Vec::new());
    }
}

impl Render for Piece {
    type State = Mounted;

    fn build(self) -> Mounted {
        self.0.build()
    }

    fn rebuild(self, state: &mut Mounted) {
        let mut new = self.0.build();
        state.insert_before_this(&mut new);
        state.unmount();
        *state = new;
    }
}

/// Attributes that are spread onto a piece are dropped: nothing here spreads any.
impl AddAnyAttr for Piece {
    type Output<SomeNewAttr: Attribute> = Piece;

    fn add_any_attr<NewAttr: Attribute>(self, _attr: NewAttr) -> Piece {
        self
    }
}

impl RenderHtml for Piece {
    type AsyncOutput = Piece;
    type Owned = Piece;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Piece {
        self
    }

    #[cfg_attr(
        not(feature = "ssr"),
        expect(unused_variables, reason = "only a server writes HTML")
    )]
    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        _extra_attrs: Vec<AnyAttribute>,
    ) {
        #[cfg(feature = "ssr")]
        self.0.html(buf, position, escape, mark_branches);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Mounted {
        self.0.hydrate(cursor, position)
    }

    fn into_owned(self) -> Piece {
        self
    }
}

impl Mountable for Mounted {
    fn unmount(&mut self) {
        self.0.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.0.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.0.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        self.0.elements()
    }
}
