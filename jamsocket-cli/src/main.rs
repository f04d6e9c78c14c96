//! The command `jamsocket`.
fn main() {}
