//! People per second on one core, each beside the person without the card.
//!
//! How that is measured: `kith_test_support::measure`.

use std::hint::black_box;

use kith_people::People;
use kith_test_support::measure::compare;
use kith_test_support::measure::heading;
use kith_test_support::measure::introduce;

const SEED: u64 = 1;

#[tokio::main]
async fn main() {
    introduce("People per second");
    heading("One core", "no card");
    compare(
        "with the card",
        1,
        |index| async move {
            black_box(People::new(SEED).nth(index));
        },
        |index| async move {
            let person = People::new(SEED).nth(index).expect("a person");
            black_box(person.card());
        },
    )
    .await;
}
