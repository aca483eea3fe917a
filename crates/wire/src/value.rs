//! Values of JSON.

#[cfg(target_family = "wasm")]
mod browser;
#[cfg(not(target_family = "wasm"))]
mod native;

#[cfg(target_family = "wasm")]
pub use browser::Value;
#[cfg(not(target_family = "wasm"))]
pub use native::Value;
