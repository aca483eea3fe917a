#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod card;
mod company;
mod contact;
mod cultures;
mod language;
mod latin;
mod life;
mod name;
mod people;
mod person;
mod random;
#[cfg(test)]
mod tests;

pub use language::Language;
pub use people::People;
pub use person::{Address, Date, Labelled, Name, Person, Relation};
