use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one that anybody on the internet reaches, by the registries of special addresses
/// (RFC 6890 and those after it). What carries an IPv4 address is as public as that.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        // "This network", and that which is reserved, broadcast included.
        || a == 0
        || a >= 240
        // Shared by providers (RFC 6598), protocols (RFC 6890), benchmarks (RFC 2544).
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // Mapped (RFC 4291), compatible, and loopback and unspecified with them.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => embedded(high, low),
        // NAT64 (RFC 6052) and 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // What else is not in 2000::/3 is local, multicast or reserved.
        [first, ..] if first & 0xe000 != 0x2000 => false,
        // Protocols, Teredo and benchmarks among them (RFC 2928), and documentation (RFC 3849, RFC 9637).
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(addresses: &[&str], expected: bool) {
        for address in addresses {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn the_publics_addresses_are_public() {
        check(&["1.1.1.1", "93.184.216.34", "100.63.0.1", "100.128.0.1", "172.15.0.1"], true);
        check(&["172.32.0.1", "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255"], true);
        check(&["2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"], true);
        check(&["2002:101:101::", "2001:200::1", "2001:db9::1"], true);
    }

    #[test]
    fn all_others_are_not() {
        check(&["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255"], false);
        check(&["127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1"], false);
        check(&["172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1"], false);
        check(&["198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"], false);
        check(&["::", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1"], false);
        check(&["2002:7f00:1::", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1"], false);
        check(&["2001::1", "2001:db8::1", "3fff::1", "100::1", "4000::1", "64:ff9b:1::1"], false);
    }
}
