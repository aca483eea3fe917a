//! Accounts on both engines, with several instances.

mod feeds;
mod fixture;
mod links;
mod management;
mod sessions;
mod setup;
mod throttle;
mod tokens;
