//! Prints vCards: `cargo run -p kith-people --example cards -- 1000 42 > people.vcf` prints 1,000 of the seed 42.

use std::io::Write;

use kith_people::People;

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse().ok());
    let mut number = |default: u64| numbers.next().flatten().unwrap_or(default);
    let (count, seed) = (number(10), number(1));
    let mut output = std::io::stdout().lock();
    for person in People::new(seed).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        output.write_all(person.card().as_bytes())?;
    }
    Ok(())
}
