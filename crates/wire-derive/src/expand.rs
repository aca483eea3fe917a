//! The code that the derives write.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Data;
use syn::DataEnum;
use syn::DeriveInput;
use syn::Fields;
use syn::FieldsNamed;
use syn::FieldsUnnamed;
use syn::Result;
use syn::Variant;
use syn::ext::IdentExt;

use crate::attributes;
use crate::attributes::Container;
use crate::attributes::Rename;

const FORMS: &str =
    "kith-wire knows structs with named fields, transparent newtypes, and enums of them";

/// `impl Serialize`.
pub(crate) fn serialize(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::parse(&input.attrs)?;
    let body = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !container.transparent => {
                let (names, keys) = names(fields, container.rename)?;
                quote! {
                    let mut object = ::kith_wire::Value::object();
                    #(object.set(#keys, &self.#names)?;)*
                    ::core::option::Option::Some(object)
                }
            }
            Fields::Unnamed(fields) if container.transparent && fields.unnamed.len() == 1 => {
                refuse_attributes(fields)?;
                quote! { ::kith_wire::Serialize::serialize(&self.0) }
            }
            _ => return Err(syn::Error::new_spanned(input, FORMS)),
        },
        Data::Enum(data) => {
            let arms = variants(data, container.rename)?;
            let arms = arms
                .iter()
                .map(|(variant, key)| serialize_variant(variant, key.as_deref()))
                .collect::<Result<Vec<_>>>()?;
            quote! { match self { #(#arms)* } }
        }
        Data::Union(_) => return Err(syn::Error::new_spanned(input, FORMS)),
    };
    let name = &input.ident;
    Ok(quote! {
        impl ::kith_wire::Serialize for #name {
            fn serialize(&self) -> ::core::option::Option<::kith_wire::Value> {
                #body
            }
        }
    })
}

/// `impl Deserialize`.
pub(crate) fn deserialize(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::parse(&input.attrs)?;
    let body = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !container.transparent => {
                let (names, keys) = names(fields, container.rename)?;
                if container.default {
                    quote! {
                        let default = <Self as ::core::default::Default>::default();
                        ::core::option::Option::Some(Self {
                            #(#names: value.field_or(#keys, default.#names)?,)*
                        })
                    }
                } else {
                    quote! {
                        ::core::option::Option::Some(Self { #(#names: value.field(#keys)?,)* })
                    }
                }
            }
            Fields::Unnamed(fields) if container.transparent && fields.unnamed.len() == 1 => {
                refuse_attributes(fields)?;
                quote! { ::kith_wire::Deserialize::deserialize(value).map(Self) }
            }
            _ => return Err(syn::Error::new_spanned(input, FORMS)),
        },
        Data::Enum(data) => {
            let arms = variants(data, container.rename)?;
            let arms = arms
                .iter()
                .map(|(variant, key)| deserialize_variant(variant, key.as_deref()))
                .collect::<Result<Vec<_>>>()?;
            quote! {
                let (name, content) = value.variant()?;
                match &*name {
                    #(#arms)*
                    _ => ::core::option::Option::None,
                }
            }
        }
        Data::Union(_) => return Err(syn::Error::new_spanned(input, FORMS)),
    };
    let name = &input.ident;
    Ok(quote! {
        impl ::kith_wire::Deserialize for #name {
            fn deserialize(value: &::kith_wire::Value) -> ::core::option::Option<Self> {
                #body
            }
        }
    })
}

/// The variants of an enum with their names in JSON; `None` for one that is skipped.
fn variants(data: &DataEnum, rename: Rename) -> Result<Vec<(&Variant, Option<String>)>> {
    data.variants
        .iter()
        .map(|variant| {
            let key = rename.variant(&variant.ident.unraw().to_string());
            let is_skipped = attributes::is_skipped(&variant.attrs)?;
            Ok((variant, (!is_skipped).then_some(key)))
        })
        .collect()
}

fn serialize_variant(variant: &Variant, key: Option<&str>) -> Result<TokenStream> {
    let name = &variant.ident;
    let Some(key) = key else {
        return Ok(quote! { Self::#name { .. } => ::core::option::Option::None, });
    };
    Ok(match &variant.fields {
        Fields::Unit => quote! {
            Self::#name => ::core::option::Option::Some(::kith_wire::Value::string(#key)),
        },
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            refuse_attributes(fields)?;
            quote! {
                Self::#name(content) => ::core::option::Option::Some(
                    ::kith_wire::Value::of_variant(#key, ::kith_wire::Serialize::serialize(content)?)
                ),
            }
        }
        Fields::Named(fields) => {
            let (names, keys) = names(fields, Rename::Unchanged)?;
            quote! {
                Self::#name { #(#names),* } => {
                    let mut object = ::kith_wire::Value::object();
                    #(object.set(#keys, #names)?;)*
                    ::core::option::Option::Some(::kith_wire::Value::of_variant(#key, object))
                }
            }
        }
        Fields::Unnamed(_) => return Err(syn::Error::new_spanned(variant, FORMS)),
    })
}

fn deserialize_variant(variant: &Variant, key: Option<&str>) -> Result<TokenStream> {
    let name = &variant.ident;
    let Some(key) = key else {
        return Ok(TokenStream::new());
    };
    Ok(match &variant.fields {
        Fields::Unit => {
            quote! { #key => content.is_none_or(|content| content.is_null()).then_some(Self::#name), }
        }
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            refuse_attributes(fields)?;
            quote! {
                #key => ::kith_wire::Deserialize::deserialize(&content?).map(Self::#name),
            }
        }
        Fields::Named(fields) => {
            let (names, keys) = names(fields, Rename::Unchanged)?;
            quote! {
                #key => {
                    let content = content?;
                    ::core::option::Option::Some(Self::#name {
                        #(#names: content.field(#keys)?,)*
                    })
                }
            }
        }
        Fields::Unnamed(_) => return Err(syn::Error::new_spanned(variant, FORMS)),
    })
}

/// The derives read no attribute of a field.
fn refuse_attributes(fields: &FieldsUnnamed) -> Result<()> {
    let mut fields = fields.unnamed.iter();
    fields.try_for_each(|field| attributes::refuse(&field.attrs))
}

/// The names of fields, and their names in JSON.
fn names(fields: &FieldsNamed, rename: Rename) -> Result<(Vec<&Ident>, Vec<String>)> {
    let mut names = Vec::new();
    let mut keys = Vec::new();
    for field in &fields.named {
        attributes::refuse(&field.attrs)?;
        if let Some(name) = &field.ident {
            names.push(name);
            keys.push(rename.field(&name.unraw().to_string()));
        }
    }
    Ok((names, keys))
}
