//! Server functions: the door from the browser to the server. Each asks the service for one use
//! case and says nothing of its own; the rules live behind it.
//!
//! Their paths are fixed and their bodies are JSON, which no form on another site can send.

pub mod contacts;
