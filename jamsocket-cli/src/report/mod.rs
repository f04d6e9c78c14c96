//! The report of a module, as people and as scripts read it.

mod json;
mod table;

pub(crate) use json::JsonReport;
pub(crate) use table::TableReport;

#[cfg(test)]
mod tests;
