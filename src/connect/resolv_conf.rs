//! The settings of the C library's resolver (resolv.conf(5)), as far as our own questions to the
//! nameservers depend on them. The lookup itself is the resolver's business.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::path::Path;

/// The settings of this machine, or of a test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ResolvConf {
    /// The nameservers that can be asked by UDP: none if the resolver is told to use TCP.
    pub(crate) nameservers: Vec<SocketAddr>,
    /// The domains that the resolver appends to a name without a final dot.
    pub(crate) search: Vec<String>,
}

impl ResolvConf {
    /// Reads this machine's file. With `path`, that of a test, whose addresses may have a port.
    pub(crate) fn read(path: Option<&Path>) -> ResolvConf {
        let file = path.unwrap_or(Path::new("/etc/resolv.conf"));
        // If there is no such file the C library asks this machine, as it does if the file is empty.
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let variable = |name| std::env::var(name).unwrap_or_default();
        parse(&text, &variable("RES_OPTIONS"), &variable("LOCALDOMAIN"), path.is_some())
    }
}

/// `options` and `search` are the variables that the resolver reads besides the file.
pub(super) fn parse(text: &str, options: &str, search: &str, has_ports: bool) -> ResolvConf {
    let mut conf = ResolvConf::default();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut options = words(options);
    for line in text.lines() {
        let Some((keyword, rest)) = line.trim_end().split_once([' ', '\t']) else { continue };
        match keyword {
            "nameserver" => conf.nameservers.extend(address(rest, has_ports)),
            // The last one counts.
            "search" | "domain" => conf.search = words(rest),
            "options" => options.extend(words(rest)),
            _ => {}
        }
    }
    if !search.is_empty() {
        conf.search = words(search);
    }
    conf.nameservers.truncate(3);
    if conf.nameservers.is_empty() {
        conf.nameservers.push((Ipv4Addr::LOCALHOST, 53).into());
    }
    if options.iter().any(|option| option == "use-vc") {
        conf.nameservers.clear();
    }
    conf
}

/// The address of a nameserver: `10.0.0.2`, `fe80::53%eth0`.
fn address(text: &str, has_ports: bool) -> Option<SocketAddr> {
    let word = text.split_whitespace().next()?;
    let (address, zone) = word.split_once('%').unwrap_or((word, ""));
    match address.parse() {
        Ok(IpAddr::V6(address)) => Some(SocketAddrV6::new(address, 53, 0, scope(zone)).into()),
        Ok(address) => Some(SocketAddr::new(address, 53)),
        Err(_) => word.parse().ok().filter(|_| has_ports),
    }
}

/// The number of an interface; 0, as in the C library, if there is none of that name.
fn scope(zone: &str) -> u32 {
    let file = Path::new("/sys/class/net").join(zone).join("ifindex");
    let index = || std::fs::read_to_string(file).ok()?.trim().parse().ok();
    zone.parse().ok().or_else(index).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nameservers_are_those_of_the_c_library() {
        let file = "# nameserver 9.9.9.9\nsearch a b\n;nameserver 8.8.8.8\nnameserver 10.0.0.2\n\
                    nameserver\t::1 # local\nnameserver x\nnameservers 1.1.1.1\n\
                    nameserver 10.0.0.9:5353\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n";
        let found = |text, has_ports| -> Vec<String> {
            let conf = parse(text, "", "", has_ports);
            conf.nameservers.iter().map(ToString::to_string).collect()
        };
        assert_eq!(found(file, false), ["10.0.0.2:53", "[::1]:53", "10.0.0.3:53"]);
        assert_eq!(found(file, true), ["10.0.0.2:53", "[::1]:53", "10.0.0.9:5353"]);
        for text in ["", "# nothing\n", "nameserver\n"] {
            assert_eq!(found(text, false), ["127.0.0.1:53"]);
        }
    }

    #[test]
    fn a_link_local_nameserver_keeps_its_interface() {
        let found = |text| parse(text, "", "", false).nameservers[0].to_string();
        // Every Linux has `lo`, as number 1.
        assert_eq!(found("nameserver fe80::53%lo\n"), "[fe80::53%1]:53");
        assert_eq!(found("nameserver fe80::53%7\n"), "[fe80::53%7]:53");
        assert_eq!(found("nameserver fe80::53%gone0\n"), "[fe80::53]:53");
    }

    #[test]
    fn over_tcp_there_is_nobody_to_ask_by_udp() {
        let tcp = "nameserver 10.0.0.2\noptions timeout:1 use-vc\n";
        assert_eq!(parse(tcp, "", "", false).nameservers, []);
        assert_eq!(parse("nameserver 10.0.0.2\n", "use-vc", "", false).nameservers, []);
        let others = "nameserver 10.0.0.2\noptions ndots:5 rotate\n";
        assert_eq!(parse(others, "edns0", "", false).nameservers.len(), 1);
    }

    #[test]
    fn the_last_search_list_counts() {
        let search = |text, variable| parse(text, "", variable, false).search;
        assert_eq!(search("search a.test b.test\n", ""), ["a.test", "b.test"]);
        assert_eq!(search("search a.test\ndomain c.test\n", ""), ["c.test"]);
        assert_eq!(search("search a.test\n", "d.test"), ["d.test"]);
        assert_eq!(search("nameserver ::1\n", ""), [""; 0]);
    }
}
