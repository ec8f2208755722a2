//! The forms in which a host may be given: `HOST`, `HOST:PORT`, with a scheme, or as an override.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::regions;
use crate::values;

/// One `--resolve HOST:PORT:ADDRESS`.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) addresses: Vec<IpAddr>,
}

/// The value of `--host`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// With the final dot it may have.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) plain: bool,
}

/// `HOST` or `HOST:PORT`, optionally with `wss://` or `ws://` in front. The errors quote nothing of
/// the text, because a complete URL pasted here may contain a key.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("wss".to_owned(), text),
    };
    let plain = match scheme.as_str() {
        "wss" => false,
        "ws" => true,
        _ => return Err("has an unknown scheme: only wss:// and ws:// are supported".to_owned()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#']) {
        return Err("has a path or query: give only the host; the rest comes from --tenant, \
                    --namespace and --topic"
            .to_owned());
    }
    if rest.contains('@') {
        return Err("has a login: the service expects an API key, see --x-api-key-file".to_owned());
    }
    let (host, port) = host_and_port(rest)?;
    if host.starts_with("vcc-") && regions::by_cluster(without_final_dot(&host)).is_some() {
        return Err("is the Contact Center itself, which does not serve events: give it as \
                    --cluster, which finds the right host"
            .to_owned());
    }
    Ok(Address { host, port, plain })
}

/// `HOST[:PORT]`, lower case and without the brackets of an IPv6 address.
pub(crate) fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (inner, after) = rest.split_once(']').ok_or("has a `[` without its `]`")?;
        let address: Ipv6Addr = inner
            .parse()
            .map_err(|_| "has something other than an IPv6 address in its brackets")?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port),
            None if after.is_empty() => None,
            None => return Err("has something other than a port after its `]`".to_owned()),
        };
        (address.to_string(), port)
    } else if text.matches(':').count() > 1 {
        return Err(
            "has several colons: write an IPv6 address in brackets, such as [::1]:443".to_owned()
        );
    } else {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        (name(host)?, port)
    };
    let port = match port {
        Some(text) => Some(
            self::port(text)
                .map_err(|_| "has an invalid port: it must be a whole number from 1 to 65535")?,
        ),
        None => None,
    };
    Ok((host, port))
}

/// 1 to 65535.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    values::number(1..=u16::MAX, text)
}

/// A DNS name, which may end with a dot, or an IPv4 address; in lower case. It is checked here
/// because a resolver would only report an impossible name as "not known", after trying every search
/// domain with it.
fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("has no host name".to_owned());
    }
    if !text.is_ascii() {
        return Err("contains characters outside ASCII: write the name in its xn-- form".to_owned());
    }
    let whole = text.to_ascii_lowercase();
    let name = without_final_dot(&whole);
    let labels = || name.split('.');
    if name.len() > 253 || labels().any(|label| label.len() > 63) {
        return Err("is too long for a host name".to_owned());
    }
    if labels().any(str::is_empty) {
        return Err("has an empty part: two dots in a row, or a dot at its start".to_owned());
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !name.bytes().all(|b| fits(b) || b == b'.') {
        return Err("contains a character that is not allowed in a host name".to_owned());
    }
    if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err("has a hyphen where a host name cannot have one".to_owned());
    }
    // The C library would turn numbers such as `1.2.3` and `0x7f.1` into addresses.
    let last = labels().next_back().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if numeric && whole.parse::<Ipv4Addr>().is_err() {
        return Err("is neither a host name nor an IPv4 address".to_owned());
    }
    Ok(whole)
}

/// The name as TLS and HTTP have it: only a resolver knows the final dot, which says that the name is
/// complete.
pub(crate) fn without_final_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// `HOST:PORT:ADDRESS[,ADDRESS…]`, as curl's `--resolve`.
pub(crate) fn resolve(text: &str) -> Result<Override, String> {
    let form = "is not HOST:PORT:ADDRESS[,ADDRESS], such as localhost:443:127.0.0.1,[::1]";
    let mut parts = text.splitn(3, ':');
    let (Some(host), Some(port), Some(addresses)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(form.to_owned());
    };
    let addresses: Result<Vec<IpAddr>, _> = addresses
        .split(',')
        .map(|a| a.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(a).parse())
        .collect();
    match (name(host), self::port(port), addresses) {
        (Ok(host), Ok(port), Ok(addresses)) => {
            let host = without_final_dot(&host).to_owned();
            Ok(Override { host, port, addresses })
        }
        (Err(e), ..) => Err(format!("{form}: it {e}")),
        (_, Err(_), _) => Err(format!("{form}: the port must be a whole number from 1 to 65535")),
        (.., Err(_)) => Err(format!("{form}: the part after the port is not an IP address")),
    }
}

/// `host:port`, with the brackets an IPv6 literal needs.
pub(crate) fn authority(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_be_given_in_these_forms() {
        for (text, host, port, plain) in [
            ("pulsar-ws-use1.8x8.com", "pulsar-ws-use1.8x8.com", None, false),
            ("WSS://Pulsar.Example:8443/", "pulsar.example", Some(8443), false),
            ("ws://127.0.0.1:80", "127.0.0.1", Some(80), true),
            ("localhost:1", "localhost", Some(1), false),
            ("[::1]:65535", "::1", Some(65535), false),
            ("wss://[2001:DB8::1]", "2001:db8::1", None, false),
            ("my_host", "my_host", None, false),
            ("3com.example", "3com.example", None, false),
            ("Pulsar.Example.:8443", "pulsar.example.", Some(8443), false),
        ] {
            let expected = Address { host: host.to_owned(), port, plain };
            assert_eq!(address(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused_with_the_reason_and_without_the_text() {
        for (text, reason) in [
            ("", "no host name"),
            ("wss://", "no host name"),
            ("https://canary.example", "unknown scheme"),
            ("wss://canary.example/ws/v2/reader?x-api-key=canary", "path or query"),
            ("canary.example?x-api-key=canary", "path or query"),
            ("u:canary@h", "login"),
            ("h:0", "port"),
            ("h:65536", "port"),
            ("h:", "port"),
            ("h:+1", "port"),
            ("::1", "brackets"),
            ("[::1", "without its `]`"),
            ("[::1]x", "after its `]`"),
            ("[canary]", "other than an IPv6"),
            ("bücher.example", "xn--"),
            ("a..b", "two dots"),
            ("a..", "two dots"),
            (".", "two dots"),
            (".a", "a dot at its start"),
            ("127.0.0.1.", "nor an IPv4"),
            ("bad host", "character"),
            ("-a.example", "hyphen"),
            ("1.2.3", "nor an IPv4"),
            ("256.1.1.1", "nor an IPv4"),
            ("0x7f.0x1", "nor an IPv4"),
            ("vcc-na12.8x8.com", "--cluster"),
            ("vcc-na12.8x8.com.", "--cluster"),
        ] {
            let error = address(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
        assert!(address(&format!("{}.example", "a".repeat(64))).is_err());
        assert!(address(&"a.".repeat(130)).is_err());
    }

    #[test]
    fn overrides() {
        let one = resolve("Pulsar.Example:443:127.0.0.1,[::1],2001:db8::2").expect("good");
        assert_eq!((&*one.host, one.port), ("pulsar.example", 443));
        let addresses: Vec<_> = one.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["127.0.0.1", "::1", "2001:db8::2"]);
        assert_eq!(resolve("a.test.:1:::1").expect("good").host, "a.test");
        for text in ["", "h", "h:1", "h:1:", "h:0:127.0.0.1", "h:1:localhost", "a b:1:::1"] {
            assert!(resolve(text).is_err_and(|e| e.contains("HOST:PORT:ADDRESS")), "{text}");
        }
    }
}
