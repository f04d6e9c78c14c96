//! The routes, and how requests are refused.

pub(crate) mod refuse;
pub(crate) mod routes;
