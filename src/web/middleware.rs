//! What every request passes through, in order.
//!
//! - [`around`]: the stack of layers around the router. [`limited`]: the layer around the routes of a class,
//!   [`admitted`] around those that cost next to nothing, and [`unlimited`] around those for everyone.
//! - `outer`: the outermost layer, which names, refuses, logs and completes. [`guard`]: its refusals.
//!   [`client`]: who sends the request. `drain`: what a refusal leaves unread.
//! - `headers` and `content_policy`: the headers of every response. `response_format`: problems in the format of the client.
//!   `compression`: compressed responses.
//! - `authenticate`: who calls, and whom a route admits. [`context`]: what is known about a request.
//! - [`admin`], [`limit`], [`page_cache`] and [`server_fn`]: layers around some of the routes.

pub mod admin;
mod authenticate;
pub mod client;
mod compression;
mod content_policy;
pub mod context;
mod drain;
pub mod guard;
mod headers;
pub mod limit;
mod outer;
pub mod page_cache;
mod response_format;
pub mod server_fn;
mod stack;

pub use self::authenticate::Access;
pub use self::authenticate::CallerCheck;
pub use self::content_policy::remove_nonce;
pub use self::headers::TYPICAL_HEADER_COUNT;
pub use self::stack::admitted;
pub use self::stack::around;
pub use self::stack::limited;
pub use self::stack::unlimited;
