//! Type-erased views that hydrate in one go.
//!
//! Leptos compiles a second, asynchronous way of hydrating for every erased view, for lazily loaded routes. There are
//! none here, and that second way was a quarter of the WASM.

use leptos::attr::Attribute;
use leptos::attr::any_attribute::AnyAttribute;
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Position, PositionState, Render, RenderHtml};

/// Erases the type of a view.
pub trait Whole {
    /// The view without its type, to be hydrated in one go.
    fn whole(self) -> AnyView;
}

impl<T: IntoView + 'static> Whole for T {
    fn whole(self) -> AnyView {
        InOneGo(self).into_any()
    }
}

/// Passes everything on, but leaves asynchronous work to the default that does it at once.
struct InOneGo<T>(T);

impl<T: Render> Render for InOneGo<T> {
    type State = T::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

impl<T: AddAnyAttr> AddAnyAttr for InOneGo<T> {
    type Output<SomeNewAttr: Attribute> = InOneGo<T::Output<SomeNewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        InOneGo(self.0.add_any_attr(attr))
    }
}

impl<T: RenderHtml> RenderHtml for InOneGo<T> {
    type AsyncOutput = T::AsyncOutput;
    type Owned = InOneGo<T::Owned>;

    const MIN_LENGTH: usize = T::MIN_LENGTH;
    const EXISTS: bool = T::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.0.resolve().await
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0
            .to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Self::Owned {
        InOneGo(self.0.into_owned())
    }
}
