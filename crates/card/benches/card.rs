//! What reading cards costs.

fn main() {}
