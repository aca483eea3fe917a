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
    // What moves loses its focus, so that first goes what has no place any more.
    remove_others(old, new);
    let mut place = old.first_child();
    let mut next = new.first_child();
    while let Some(wanted) = next {
        next = wanted.next_sibling();
        let Some(found) = find(old, place.as_ref(), &wanted) else {
            let _ = old.insert_before(&wanted, place.as_ref());
            continue;
        };
        if id(&wanted).is_some() && place.as_ref() != Some(&found) {
            let _ = old.insert_before(&found, place.as_ref());
        } else {
            // Whatever was skipped is gone.
            place = found.next_sibling();
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

/// Removes the children with ids that `new` does not have.
fn remove_others(old: &Node, new: &Node) {
    let mut next = old.first_child();
    while let Some(child) = next {
        next = child.next_sibling();
        if id(&child).is_some() && later(new.first_child(), &child).is_none() {
            let _ = old.remove_child(&child);
        }
    }
}

/// What stands for `wanted` from `place` on: the element with its id or, if it has none, the next one
/// of its kind. What is skipped to get there is removed.
fn find(old: &Node, place: Option<&Node>, wanted: &Node) -> Option<Node> {
    let found = later(place.cloned(), wanted)?;
    if id(wanted).is_some() {
        return Some(found);
    }
    // Text is not looked for: there is text everywhere.
    if place != Some(&found) && wanted.node_type() != Node::ELEMENT_NODE {
        return None;
    }
    let mut skipped = Vec::new();
    let mut next = place.cloned();
    while let Some(node) = next.filter(|node| *node != found) {
        if id(&node).is_some() {
            return None;
        }
        next = node.next_sibling();
        skipped.push(node);
    }
    for node in skipped {
        let _ = old.remove_child(&node);
    }
    Some(found)
}

/// The first from `node` on of the same kind and with the same id, or without one.
fn later(mut node: Option<Node>, like: &Node) -> Option<Node> {
    let wanted = id(like);
    while let Some(candidate) = node {
        if candidate.node_name() == like.node_name() && id(&candidate) == wanted {
            return Some(candidate);
        }
        node = candidate.next_sibling();
    }
    None
}

fn id(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()?.get_attribute("id")
}
