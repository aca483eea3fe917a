//! [`KeyedRows`]: the rows that are in the document. A row that stays keeps its nodes, and with them the focus.
//!
//! `For` of Leptos works for lists of any kind and length, with 5 kB of code. This is for some dozen rows whose
//! order hardly ever changes.

use std::mem;

use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::no_attrs;
use leptos::tachys::renderer::CastFrom;
use leptos::tachys::renderer::types::Element;
use leptos::tachys::renderer::types::Node;
use leptos::tachys::view::Mountable;
use leptos::tachys::view::Position;
use leptos::tachys::view::PositionState;
use leptos::tachys::view::Render;
use leptos::tachys::view::RenderHtml;

use crate::components::dynamic::Erased;
use crate::components::dynamic::ErasedState;
use crate::model::contact::ContactRow;

/// Rows with their indices, and what draws them.
pub struct KeyedRows {
    pub rows: Vec<(usize, ContactRow)>,
    pub draw: Box<dyn Fn(usize, ContactRow) -> Erased + Send>,
}

/// The rows in the document. They are all that is in their parent.
pub struct KeyedRowsState {
    rows: Vec<(ContactRow, ErasedState)>,
    parent: Option<Element>,
}

impl Render for KeyedRows {
    type State = KeyedRowsState;

    fn build(self) -> KeyedRowsState {
        let mut state = KeyedRowsState {
            rows: Vec::new(),
            parent: None,
        };
        self.rebuild(&mut state);
        state
    }

    fn rebuild(self, state: &mut KeyedRowsState) {
        let mut before = mem::take(&mut state.rows);
        for (index, row) in self.rows {
            let known = before.iter().position(|(known, _)| *known == row);
            let kept = known.map(|known| before.swap_remove(known));
            let draw = || (row.clone(), (self.draw)(index, row).build());
            state.rows.push(kept.unwrap_or_else(draw));
        }
        for (_, mut gone) in before {
            gone.unmount();
        }
        state.put_in_order();
    }
}

impl KeyedRowsState {
    /// Moves each row before the next one, unless it is there.
    fn put_in_order(&mut self) {
        let Some(parent) = &self.parent else {
            return;
        };
        let mut next: Option<Node> = None;
        for (_, view) in self.rows.iter_mut().rev() {
            let Some(element) = view.elements().into_iter().next() else {
                continue;
            };
            if element.parent_element().is_none() || element.next_sibling() != next {
                view.mount(parent, next.as_ref());
            }
            next = Some(element.into());
        }
    }
}

no_attrs!(KeyedRows);

impl RenderHtml for KeyedRows {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        _attributes: Vec<AnyAttribute>,
    ) {
        for (index, row) in self.rows {
            let view = (self.draw)(index, row);
            view.to_html_with_buf(html, position, escape, mark_branches, Vec::new());
        }
    }

    fn hydrate<const FROM_SERVER: bool>(
        self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> KeyedRowsState {
        let mut state = KeyedRowsState {
            rows: Vec::new(),
            parent: parent(cursor, position),
        };
        for (index, row) in self.rows {
            let view = (self.draw)(index, row.clone());
            let view = view.hydrate::<FROM_SERVER>(cursor, position);
            state.rows.push((row, view));
        }
        state
    }

    fn into_owned(self) -> Self {
        self
    }
}

/// The element that is being hydrated.
fn parent(cursor: &Cursor, position: &PositionState) -> Option<Element> {
    let current = cursor.current();
    match position.get() {
        Position::FirstChild => Element::cast_from(current),
        _ => current.parent_element(),
    }
}

impl Mountable for KeyedRowsState {
    fn unmount(&mut self) {
        for (_, view) in &mut self.rows {
            view.unmount();
        }
    }

    fn mount(&mut self, parent: &Element, _marker: Option<&Node>) {
        self.parent = Some(parent.clone());
        self.put_in_order();
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.rows
            .first()
            .is_some_and(|(_, view)| view.insert_before_this(child))
    }

    fn elements(&self) -> Vec<Element> {
        let rows = self.rows.iter();
        rows.flat_map(|(_, view)| view.elements()).collect()
    }
}
