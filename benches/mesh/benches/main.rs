//! Echo through the stacks beside bare tonic.
fn main() {}
