use std::{fmt, str::FromStr};
use thiserror::Error;

/// Whom the admin address is for, unless another host is asked for.
const LOOPBACK: &str = "127.0.0.1";

/// Where a server tells its operator about itself: `GET /metrics` and `GET /rooms`.
///
/// As text it is `[HOST:]PORT`. A port alone is one of `127.0.0.1`, which nobody else can reach.
///
/// ```
/// use jamsocket_server::{AdminAddress, Server};
///
/// assert_eq!(AdminAddress::from(9090), "127.0.0.1:9090".parse().unwrap());
/// assert_eq!("[::1]:9090".parse::<AdminAddress>().unwrap().host, "::1");
/// let server = Server::new().with_admin(9090);
/// let server = Server::new().with_admin(("10.0.0.7", 9090));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AdminAddress {
    /// A name or a number.
    pub host: String,
    /// The port; 0 lets the system choose.
    pub port: u16,
}

/// The port on `127.0.0.1`.
impl From<u16> for AdminAddress {
    fn from(port: u16) -> Self {
        Self { host: LOOPBACK.to_owned(), port }
    }
}

/// Host and port.
impl<H: Into<String>> From<(H, u16)> for AdminAddress {
    fn from((host, port): (H, u16)) -> Self {
        Self { host: host.into(), port }
    }
}

impl FromStr for AdminAddress {
    type Err = ParseAdminAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseAdminAddressError(text.to_owned());
        let (host, port) = text.rsplit_once(':').unwrap_or((LOOPBACK, text));
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        let port = port.parse().map_err(|_| error())?;
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = inside.unwrap_or(host);
        // Outside of brackets a colon might be the address's own.
        if host.is_empty() || (inside.is_none() && host.contains(':')) {
            return Err(error());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// A text that is no [`AdminAddress`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no admin address: write a port, such as `9090`, or a host too: `10.0.0.7:9090`")]
pub struct ParseAdminAddressError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_reads_as_it_is_written() {
        for (text, host, port) in [
            ("127.0.0.1:0", "127.0.0.1", 0),
            ("0.0.0.0:65535", "0.0.0.0", 65_535),
            ("metrics.internal:9090", "metrics.internal", 9_090),
            ("[::1]:9090", "::1", 9_090),
        ] {
            let address: AdminAddress = text.parse().unwrap();
            assert_eq!(address, AdminAddress::from((host, port)));
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn a_port_alone_is_one_that_nobody_else_can_reach() {
        assert_eq!("9090".parse(), Ok(AdminAddress::from(("127.0.0.1", 9_090))));
    }

    #[test]
    fn anything_else_is_refused_and_named() {
        for text in ["", ":", "9090:", ":9090", "65536", "+1", "x", "host", "::1:9090", "[]:1"] {
            let refused = text.parse::<AdminAddress>().unwrap_err();
            assert!(refused.to_string().starts_with(&format!("`{text}` is no")), "{refused}");
        }
    }
}
