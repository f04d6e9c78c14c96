//! Guests as they should not be, and a few as they should: each is a module in text form, most of
//! them a correct one with a part replaced (`support`), driven through the crate's public face.
//!
//! Modules built from Rust are tested elsewhere, end to end.

#![cfg(test)]

/// Regression tests, named for defects that Jamsocket's ancestors had.
mod ancestors;
/// Guests on the bus.
mod bus;
/// What the host passes to a guest and takes from it when nothing goes wrong.
mod calls;
/// Files that are modules, were, or are not.
mod files;
/// Guests in a room that a server would have, with its bounds.
mod hosted;
/// Memory, tables, stack and rooms: each bound from both sides.
mod limits;
/// The same, where a process has little address space.
#[cfg(target_os = "linux")]
mod little_space;
/// Which modules are served, and what is said of the others.
mod loading;
/// Addresses that point elsewhere, and text that is none.
mod pointers;
/// Modules that are made at random.
mod random;
/// What is told of a module that is looked at, and that it is what loading it comes to.
mod report;
/// All that can happen to a room of a module that nobody knows.
mod stranger;
/// The guest that the others are made of, and a context that writes down what happens.
mod support;
/// Guests that do not come back in time, and their neighbours.
mod time;
/// The memory of all rooms together, and that none of it is lost.
mod total_memory;
/// Guests that trap, and what is left of them.
mod traps;
/// Clocks, randomness and log lines.
mod wasi;
