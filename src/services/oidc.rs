//! The client of a provider of OpenID Connect: who a person is elsewhere.
//!
//! - [`Provider`] leads a browser to the provider, and finds out whom it has brought back.
//! - [`Issuer`] and [`CreationRule`] are what an operator configures.
//! - [`BrowserSecret`]: the one secret of a sign-in, from which all others are made.
//!
//! The crate `openidconnect` has the protocol. It asks the provider by the HTTP client of Kith ([`http`]), so it brings
//! neither OpenSSL nor an HTTP stack of its own.

mod browser_secret;
mod http;
mod identified;
mod issuer;
mod provider;
mod rule;

pub use browser_secret::BrowserSecret;
pub use identified::Identified;
pub use issuer::InvalidIssuer;
pub use issuer::Issuer;
pub use provider::Options;
pub use provider::Provider;
pub use provider::ProviderError;
pub use rule::CreationRule;
pub use rule::InvalidRule;
