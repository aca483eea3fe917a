//! Components that pages and islands share. Each renders the same on the server and in the browser.

pub mod avatar;
pub mod clock;
pub mod detail_fields;
pub mod dynamic;
pub mod erased_signal;
pub mod error_text;
pub mod icon;
pub mod reactive_text;
pub mod time;
