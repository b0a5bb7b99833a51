//! The Préau binary.
fn main() {}
