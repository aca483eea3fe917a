//! How a label looks.

use crate::model::contact::LabelLook;

/// The class of a label. `style/controls.css` gives each hue a readable pair of colors.
pub fn class_of_label(look: LabelLook) -> &'static str {
    match look.hue {
        Some(0) => "label hue-0",
        Some(2) => "label hue-2",
        Some(3) => "label hue-3",
        Some(4) => "label hue-4",
        Some(6) => "label hue-6",
        Some(8) => "label hue-8",
        Some(10) => "label hue-10",
        Some(11) => "label hue-11",
        _ => "label",
    }
}
