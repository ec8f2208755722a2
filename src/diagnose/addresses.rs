//! Kinds of addresses that a public service does not have.

use std::net::IpAddr;

/// What an address is, if a public service cannot have it; `None` if it can.
pub(crate) fn oddity(address: IpAddr) -> Option<&'static str> {
    let v4 = match address.to_canonical() {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => {
            return match v6.segments() {
                [0, 0, 0, 0, 0, 0, 0, 0] => Some("a sinkhole address: a DNS filter"),
                _ if v6.is_loopback() => Some("this machine itself: a hosts entry or DNS filter"),
                [first, ..] if first & 0xfe00 == 0xfc00 => Some("a private address"),
                [first, ..] if first & 0xffc0 == 0xfe80 => Some("a link-local address"),
                [0x2001, 0x0db8, ..] => Some("a documentation address: a placeholder"),
                _ => None,
            };
        }
    };
    match v4.octets() {
        [0, ..] => Some("a sinkhole address: a DNS filter"),
        [127, ..] => Some("this machine itself: a hosts entry or DNS filter"),
        [100, second, ..] if second & 0xc0 == 64 => Some("a carrier's address (100.64.0.0/10)"),
        _ if v4.is_private() => Some("a private address: a portal, split DNS or private endpoint"),
        _ if v4.is_link_local() => Some("a link-local address"),
        _ if v4.is_documentation() => Some("a documentation address: a placeholder"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_addresses_are_named() {
        for (address, words) in [
            ("0.0.0.0", "a sinkhole"),
            ("::", "a sinkhole"),
            ("127.0.0.53", "this machine"),
            ("::1", "this machine"),
            ("::ffff:127.0.0.1", "this machine"),
            ("10.1.2.3", "a private"),
            ("172.31.0.1", "a private"),
            ("192.168.1.1", "a private"),
            ("fd00::1", "a private"),
            ("169.254.1.1", "a link-local"),
            ("fe80::1", "a link-local"),
            ("100.64.0.1", "a carrier"),
            ("100.127.255.255", "a carrier"),
            ("203.0.113.10", "a documentation"),
            ("2001:db8::1", "a documentation"),
        ] {
            let found = oddity(address.parse().expect("an address")).unwrap_or("nothing");
            assert!(found.starts_with(words), "{address}: {found}");
        }
        for address in ["8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2600::1"] {
            assert_eq!(oddity(address.parse().expect("an address")), None, "{address}");
        }
    }
}
