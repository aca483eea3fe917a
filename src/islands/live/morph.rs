//! Makes one piece of a document like another, and touches only what differs: whatever stays the same
//! keeps its focus, its scroll, what was typed into it and whether it was opened.

use leptos::wasm_bindgen::JsCast;
use web_sys::Element;
use web_sys::Node;

/// What people change about an element themselves.
const THEIRS: [&str; 1] = ["open"];

/// Makes `old` like `new`. Both are elements of the same name.
pub fn morph(old: &Element, new: &Element) {
    attributes(old, new);
    children(old, new);
}

fn attributes(old: &Element, new: &Element) {
    for name in new.get_attribute_names() {
        let Some(name) = name.as_string() else {
            continue;
        };
        let wanted = new.get_attribute(&name);
        if wanted != old.get_attribute(&name) && !THEIRS.contains(&&*name) {
            // Fails for names that no parser lets through.
            let _ = old.set_attribute(&name, &wanted.unwrap_or_default());
        }
    }
    for name in old.get_attribute_names() {
        let name = name.as_string().unwrap_or_default();
        if !new.has_attribute(&name) && !THEIRS.contains(&&*name) {
            let _ = old.remove_attribute(&name);
        }
    }
}

fn children(old: &Node, new: &Node) {
    let mut place = old.first_child();
    let mut next = new.first_child();
    while let Some(wanted) = next {
        next = wanted.next_sibling();
        let Some(found) = find(place.as_ref(), &wanted) else {
            let _ = old.insert_before(&wanted, place.as_ref());
            continue;
        };
        if place.as_ref() == Some(&found) {
            place = found.next_sibling();
        } else {
            let _ = old.insert_before(&found, place.as_ref());
        }
        match (found.dyn_ref(), wanted.dyn_ref()) {
            (Some(found), Some(wanted)) => morph(found, wanted),
            _ if found.node_value() != wanted.node_value() => {
                found.set_node_value(wanted.node_value().as_deref());
            }
            _ => {}
        }
    }
    while let Some(left) = place {
        place = left.next_sibling();
        let _ = old.remove_child(&left);
    }
}

/// What stands for `wanted` from `place` on: the element with its id or, if it has none, whatever is
/// there, if it is of the same kind.
fn find(place: Option<&Node>, wanted: &Node) -> Option<Node> {
    let key = id(wanted);
    if key.is_none() {
        return place
            .filter(|place| place.node_name() == wanted.node_name() && id(place).is_none())
            .cloned();
    }
    let mut place = place.cloned();
    while let Some(node) = place {
        if id(&node) == key && node.node_name() == wanted.node_name() {
            return Some(node);
        }
        place = node.next_sibling();
    }
    None
}

fn id(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()?.get_attribute("id")
}
