//! The dynamic parts of views behind pointers: attributes, handlers, effects, and views that change.
//!
//! Leptos is generic: a page downloads the code that draws, hydrates and updates a part once for each closure, and
//! for each type of view that a closure returns. Behind a pointer all of them are of one type.

use leptos::prelude::Effect;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::no_attrs;
use leptos::tachys::renderer::types::Element;
use leptos::tachys::renderer::types::Node;
use leptos::tachys::view::Mountable;
use leptos::tachys::view::Position;
use leptos::tachys::view::PositionState;
use leptos::tachys::view::Render;
use leptos::tachys::view::RenderHtml;

/// The value of a dynamic attribute; `None` leaves the attribute out.
pub type DynamicAttribute = Box<dyn FnMut() -> Option<String> + Send>;

/// An attribute that is there only sometimes.
pub fn attr<T: Into<String>>(
    mut value: impl FnMut() -> Option<T> + Send + 'static,
) -> DynamicAttribute {
    Box::new(move || value().map(Into::into))
}

/// An attribute with a text.
pub fn text<T: Into<String>>(mut value: impl FnMut() -> T + Send + 'static) -> DynamicAttribute {
    Box::new(move || Some(value().into()))
}

/// An attribute without a value, such as `hidden`.
pub fn flag(mut is_set: impl FnMut() -> bool + Send + 'static) -> DynamicAttribute {
    Box::new(move || is_set().then(String::new))
}

/// A handler of an event.
pub fn on<E: 'static>(handler: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handler)
}

/// The browser calls `run` once, and again whenever a signal that `run` has read changes. The first call gets
/// `None`, each later one `Some(())`. The server never calls it.
pub fn effect(run: impl FnMut(Option<()>) + 'static) {
    let run: Box<dyn FnMut(Option<()>)> = Box::new(run);
    Effect::new(run);
}

/// A part of a view that changes. Whenever a signal that `draw` has read changes, the part is drawn anew and takes
/// the place of what was there, which loses the focus. So `draw` reads a memo where a signal changes more often
/// than the part.
pub fn view<V>(mut draw: impl FnMut() -> V + Send + 'static) -> DynamicView
where
    V: RenderHtml + 'static,
    V::State: 'static,
{
    Box::new(move || erase(draw()))
}

/// A view of a type that does not depend on what is in it.
pub fn erase<V>(view: V) -> Erased
where
    V: RenderHtml + 'static,
    V::State: 'static,
{
    Erased(Box::new(Some(view)))
}

pub type DynamicView = Box<dyn FnMut() -> Erased + Send>;

/// A view behind a pointer. `AnyView` of Leptos also updates a view in place and adds attributes to it; its code
/// for each type of view is larger than what it saves.
pub struct Erased(Box<dyn Draw>);

const DRAWN_ONCE: &str = "a view is drawn once";

/// What can be done with a view of any type, once.
trait Draw: Send {
    fn build(&mut self) -> Option<Box<dyn Mountable>>;

    fn hydrate(&mut self, cursor: &Cursor, position: &PositionState) -> Option<Box<dyn Mountable>>;

    #[cfg(feature = "ssr")]
    fn to_html(
        &mut self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
    );
}

impl<V> Draw for Option<V>
where
    V: RenderHtml,
    V::State: 'static,
{
    fn build(&mut self) -> Option<Box<dyn Mountable>> {
        Some(Box::new(self.take()?.build()))
    }

    fn hydrate(&mut self, cursor: &Cursor, position: &PositionState) -> Option<Box<dyn Mountable>> {
        Some(Box::new(self.take()?.hydrate::<true>(cursor, position)))
    }

    #[cfg(feature = "ssr")]
    fn to_html(
        &mut self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
    ) {
        if let Some(view) = self.take() {
            view.to_html_with_buf(html, position, escape, mark_branches, Vec::new());
        }
    }
}

/// The nodes of an [`Erased`] view in the document.
pub struct ErasedState(Box<dyn Mountable>);

impl Render for Erased {
    type State = ErasedState;

    fn build(mut self) -> ErasedState {
        ErasedState(self.0.build().expect(DRAWN_ONCE))
    }

    fn rebuild(self, state: &mut ErasedState) {
        let mut new = self.build();
        state.0.insert_before_this(&mut new);
        state.0.unmount();
        *state = new;
    }
}

no_attrs!(Erased);

impl RenderHtml for Erased {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    #[cfg_attr(not(feature = "ssr"), expect(unused_mut, unused_variables))]
    fn to_html_with_buf(
        mut self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        _attributes: Vec<AnyAttribute>,
    ) {
        #[cfg(feature = "ssr")]
        self.0.to_html(html, position, escape, mark_branches);
    }

    fn hydrate<const FROM_SERVER: bool>(
        mut self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> ErasedState {
        let state = self.0.hydrate(cursor, position);
        ErasedState(state.expect(DRAWN_ONCE))
    }

    fn into_owned(self) -> Self {
        self
    }
}

impl Mountable for ErasedState {
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
