//! The state of the contacts page: the signals, and the methods that change them, by subject.

mod changes;
mod drafts;
mod list;
mod navigation;
mod notices;
mod pane;
mod refresh;
mod scroll;
mod signals;

pub use notices::notice_id;
pub use signals::State;
