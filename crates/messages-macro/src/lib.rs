#![doc = include_str!("../README.md")]

use kith_messages::markup;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

/// The markup of Leptos, with each text looked up by the function that comes first.
#[proc_macro]
pub fn translate(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let mut tokens = TokenStream::from(input).into_iter();
    let is_path =
        |token: &TokenTree| !matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
    let lookup: TokenStream = tokens.by_ref().take_while(is_path).collect();
    let markup = markup::translate(&lookup, tokens.collect());
    let view: TokenStream = "::leptos::prelude::view!".parse().expect("a path");
    let block = proc_macro2::Group::new(proc_macro2::Delimiter::Brace, markup);
    let drawn = view.into_iter().chain([TokenTree::Group(block)]);
    drawn.collect::<TokenStream>().into()
}
