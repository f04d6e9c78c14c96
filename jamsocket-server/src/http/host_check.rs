use super::{AllowedHosts, refuse};
use crate::metrics::Counter;
use actix_web::{
    Error,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use std::sync::Arc;

/// Lets requests pass that are for a name that the server answers to, and counts the others.
#[derive(Debug, Clone)]
pub(crate) struct HostCheck {
    hosts: Arc<AllowedHosts>,
    refused: Arc<Counter>,
}

impl HostCheck {
    pub(crate) fn new(hosts: AllowedHosts, refused: &Arc<Counter>) -> Self {
        Self { hosts: Arc::new(hosts), refused: refused.clone() }
    }

    /// A layer of an app, by way of [`from_fn`](actix_web::middleware::from_fn).
    pub(crate) async fn pass(
        self,
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        if !self.hosts.allow(request.request()) {
            return Ok(request.into_response(refuse::host(&self.refused)));
        }
        next.call(request).await
    }
}
