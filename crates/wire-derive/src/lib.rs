#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod attributes;
mod expand;

use proc_macro::TokenStream;
use syn::DeriveInput;
use syn::parse_macro_input;

/// Derives `kith_wire::Serialize`.
///
/// ```
/// #[derive(kith_wire::Serialize)]
/// #[serde(rename_all = "lowercase")]
/// enum Colour {
///     Red,
/// }
///
/// assert_eq!(kith_wire::to_string(&Colour::Red)?, r#""red""#);
/// # Ok::<(), kith_wire::Error>(())
/// ```
///
/// An attribute that only serde knows is an error:
///
/// ```compile_fail
/// #[derive(kith_wire::Serialize)]
/// #[serde(deny_unknown_fields)]
/// struct Person {
///     name: String,
/// }
/// ```
///
/// ```compile_fail
/// #[derive(kith_wire::Serialize)]
/// enum Event {
///     Renamed(#[serde(with = "hex")] String),
/// }
/// ```
#[proc_macro_derive(Serialize, attributes(serde))]
pub fn derive_serialize(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = expand::serialize(&input);
    expanded
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives `kith_wire::Deserialize`.
///
/// ```
/// #[derive(Debug, Default, PartialEq, kith_wire::Deserialize)]
/// #[serde(default)]
/// struct Person {
///     name: String,
/// }
///
/// assert_eq!(kith_wire::from_str::<Person>("{}")?, Person::default());
/// # Ok::<(), kith_wire::Error>(())
/// ```
#[proc_macro_derive(Deserialize, attributes(serde))]
pub fn derive_deserialize(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = expand::deserialize(&input);
    expanded
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
