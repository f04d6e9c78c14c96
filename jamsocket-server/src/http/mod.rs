//! The routes, whom they are for, and how requests are refused.

pub(crate) mod host_check;
pub(crate) mod listen;
pub(crate) mod origin;
pub(crate) mod refuse;
pub(crate) mod routes;
mod upgrades;

use actix_web::HttpRequest;
use origin::AllowedHosts;
use std::net::IpAddr;

/// Where a request comes from. What proxies say about that is not believed.
pub(crate) fn address(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip())
}
