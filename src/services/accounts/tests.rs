//! Accounts on both engines, with several instances.

mod fixture;
mod links;
mod management;
mod sessions;
mod setup;
mod throttle;
mod tokens;
