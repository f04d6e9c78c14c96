use super::{AdminAddress, routes};
use crate::{
    AllowedHosts, Limits,
    bound::{Bound, bind_each},
    http::{host_check::HostCheck, refuse},
    site::Site,
};
use actix_web::{App, HttpServer, middleware::from_fn, web};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

/// How many connections there may be at once: a few that scrape, and who looks at rooms.
const MAX_CONNECTIONS: usize = 100;

/// Binds the admin address. `hosts` are the names that the server answers to elsewhere.
pub(crate) fn bind(
    site: &Site,
    address: &AdminAddress,
    hosts: &AllowedHosts,
    limits: &Limits,
) -> io::Result<Bound> {
    let addresses: Vec<_> = (address.host.as_str(), address.port).to_socket_addrs()?.collect();
    let check = HostCheck::new(names(hosts, address, &addresses), site.refused_hosts());
    let site = site.clone();
    let http = HttpServer::new(move || {
        let (site, check) = (site.clone(), check.clone());
        App::new()
            .configure(move |app| routes::add(app, &site))
            .default_service(web::to(refuse::admin_path))
            .wrap(from_fn(move |request, next| check.clone().pass(request, next)))
    })
    .disable_signals()
    .client_disconnect_timeout(Duration::ZERO)
    .workers(1)
    .max_connections(MAX_CONNECTIONS)
    .client_request_timeout(limits.request_time);
    let http = bind_each(http, &addresses, |http, at| http.bind(at), HttpServer::addrs)?;
    Ok(Bound::new(http.addrs(), || http.run()))
}

/// The names that are answered to here: as elsewhere, but that a list of names, which is for the
/// public, needs not have those of this address.
fn names(hosts: &AllowedHosts, address: &AdminAddress, addresses: &[SocketAddr]) -> AllowedHosts {
    let ips = addresses.iter().map(SocketAddr::ip);
    match hosts.clone().on(ips.clone()) {
        AllowedHosts::Only(mut names) => {
            let host = &address.host;
            names.push(if host.contains(':') { format!("[{host}]") } else { host.clone() });
            if ips.clone().all(|ip| ip.is_loopback()) {
                names.push("localhost".to_owned());
            }
            AllowedHosts::Only(names)
        }
        others => others,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{http::header, test::TestRequest};

    fn answers(hosts: &AllowedHosts, address: &str, host: &str) -> bool {
        let address: AdminAddress = address.parse().unwrap();
        let addresses = [SocketAddr::new(address.host.parse().unwrap(), address.port)];
        let request = TestRequest::default().insert_header((header::HOST, host));
        names(hosts, &address, &addresses).allow(&request.to_http_request())
    }

    #[test]
    fn on_a_loopback_address_only_this_machines_names_are_answered_to() {
        let automatic = AllowedHosts::Automatic;
        assert!(answers(&automatic, "9090", "localhost:9090"));
        assert!(answers(&automatic, "9090", "127.0.0.1:9090"));
        assert!(!answers(&automatic, "9090", "evil.example:9090"));
        assert!(answers(&automatic, "10.0.0.7:9090", "metrics.internal:9090"));
        assert!(answers(&AllowedHosts::Any, "9090", "metrics.internal:9090"));
    }

    #[test]
    fn a_list_for_the_public_does_not_shut_the_operator_out() {
        let only = AllowedHosts::Only(vec!["rooms.example".to_owned()]);
        for (address, host) in [
            ("9090", "127.0.0.1:9090"),
            ("9090", "localhost:9090"),
            ("[::1]:9090", "[::1]:9090"),
            ("10.0.0.7:9090", "10.0.0.7:9090"),
            ("10.0.0.7:9090", "rooms.example"),
        ] {
            assert!(answers(&only, address, host), "{host}");
        }
        assert!(!answers(&only, "9090", "evil.example"));
        assert!(!answers(&only, "10.0.0.7:9090", "localhost:9090"));
    }
}
