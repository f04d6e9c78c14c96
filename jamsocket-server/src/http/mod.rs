//! The routes, whom they are for, and how requests are refused.

pub(crate) mod origin;
pub(crate) mod refuse;
pub(crate) mod routes;
