//! Server functions, by which the browser calls the server. Each calls one use case of the service; the
//! service holds the rules.
//!
//! Their paths are fixed. Their bodies are JSON, which no form on another site can send.

pub mod contacts;
mod json_post;
