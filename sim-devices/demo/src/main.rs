//! (empty yet)
fn main() {}
