//! New packages: what `jamsocket new` makes.
//!
//! A [`Destination`] is where a package goes and what it is called, a [`Template`] what it starts
//! from, and [`Crates`] where that which it depends on comes from. [`create`] makes it of them.

mod crates;
mod destination;
mod error;
mod package;
mod template;
mod write;

pub(crate) use crates::{Crates, CratesArgument};
pub(crate) use destination::Destination;
pub(crate) use error::NewError;
pub(crate) use template::Template;

/// Makes a new package, whole or not at all.
///
/// # Errors
///
/// Its folder is not free, or cannot be written.
pub(crate) fn create(
    destination: &Destination,
    template: Template,
    crates: &Crates,
) -> Result<(), NewError> {
    write::into_new(destination.folder(), &package::files(destination.name(), template, crates))
}
