//! Morphs one element into another and changes only what differs: an element that stays the same keeps its
//! focus, its scroll position, what was typed into it and whether it is open.

use leptos::wasm_bindgen::JsCast;
use web_sys::Element;
use web_sys::Node;

/// The attributes that the reader changes.
const READER_ATTRIBUTES: [&str; 1] = ["open"];

/// Morphs `old` into `new`. Both are elements of the same name.
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
        if wanted != old.get_attribute(&name) && !READER_ATTRIBUTES.contains(&&*name) {
            // Fails for names that no parser lets through.
            let _ = old.set_attribute(&name, &wanted.unwrap_or_default());
        }
    }
    for name in old.get_attribute_names() {
        let name = name.as_string().unwrap_or_default();
        if !new.has_attribute(&name) && !READER_ATTRIBUTES.contains(&&*name) {
            let _ = old.remove_attribute(&name);
        }
    }
}

fn children(old: &Node, new: &Node) {
    // A node that moves loses its focus. Removing the others first lets most nodes stay where they are.
    remove_others(old, new);
    let mut position = old.first_child();
    let mut next = new.first_child();
    while let Some(wanted) = next {
        next = wanted.next_sibling();
        let Some(found) = find(old, position.as_ref(), &wanted) else {
            let _ = old.insert_before(&wanted, position.as_ref());
            continue;
        };
        if id(&wanted).is_some() && position.as_ref() != Some(&found) {
            let _ = old.insert_before(&found, position.as_ref());
        } else {
            // `find` has removed the nodes in between.
            position = found.next_sibling();
        }
        match (found.dyn_ref(), wanted.dyn_ref()) {
            (Some(found), Some(wanted)) => morph(found, wanted),
            _ if found.node_value() != wanted.node_value() => {
                found.set_node_value(wanted.node_value().as_deref());
            }
            _ => {}
        }
    }
    while let Some(left) = position {
        position = left.next_sibling();
        let _ = old.remove_child(&left);
    }
}

/// Removes the children with ids that `new` does not have.
fn remove_others(old: &Node, new: &Node) {
    let mut next = old.first_child();
    while let Some(child) = next {
        next = child.next_sibling();
        if id(&child).is_some() && find_sibling(new.first_child(), &child).is_none() {
            let _ = old.remove_child(&child);
        }
    }
}

/// The node from `position` on that corresponds to `wanted`: the element with its id or, if it has none,
/// the next one of its kind. Removes the nodes in between.
fn find(old: &Node, position: Option<&Node>, wanted: &Node) -> Option<Node> {
    let found = find_sibling(position.cloned(), wanted)?;
    if id(wanted).is_some() {
        return Some(found);
    }
    // A text or a comment corresponds only to the very next node: most elements have some.
    if position != Some(&found) && wanted.node_type() != Node::ELEMENT_NODE {
        return None;
    }
    let mut skipped = Vec::new();
    let mut next = position.cloned();
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

/// The first node from `node` on with the same name and the same id, or also without one.
fn find_sibling(mut node: Option<Node>, like: &Node) -> Option<Node> {
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
