//! The syntax of a proxy's URL.

use percent_encoding::percent_decode_str;

use crate::secret::Secret;
use crate::values::host;

/// An HTTP proxy that is asked to CONNECT.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `user:password`, percent-decoded, for `Proxy-Authorization: Basic`.
    pub(crate) login: Option<Secret>,
}

/// `[http://][USER:PASSWORD@]HOST:PORT`; empty means no proxy. The errors quote nothing of the
/// text, which may contain a password.
pub(crate) fn url(text: &str) -> Result<Option<Proxy>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let rest = match text.split_once("://") {
        None => text,
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "http" => rest,
            "https" => return Err("is an https:// proxy, which is not supported: the connection to the proxy itself must be http://".to_owned()),
            scheme if scheme.starts_with("socks") => {
                return Err("is a SOCKS proxy, which is not supported: only http:// is".to_owned());
            }
            _ => return Err("has an unknown scheme: only http:// is supported".to_owned()),
        },
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (login, address) = match rest.rsplit_once('@') {
        Some(("" | ":", address)) => (None, address),
        Some((login, address)) => (Some(self::login(login)?), address),
        None => (None, rest),
    };
    if address.contains(['/', '?', '#']) {
        return Err("has a path or query, which a proxy does not have: write http://HOST:PORT, and %2F for / in user and password".to_owned());
    }
    match host::host_and_port(address)? {
        (host, Some(port)) => Ok(Some(Proxy { host, port, login })),
        (_, None) => {
            Err("has no port, and programs differ in their default: write http://HOST:PORT"
                .to_owned())
        }
    }
}

/// The login in a proxy's URL, even if the URL is wrong elsewhere.
pub(crate) fn login_in(text: &str) -> Option<Secret> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    login(rest.rsplit_once('@')?.0).ok()
}

fn login(text: &str) -> Result<Secret, String> {
    let login =
        percent_decode_str(text).decode_utf8().map_err(|_| "has a login that is not UTF-8")?;
    let login = Secret::new(login.into_owned());
    if login.expose().contains(char::is_control) {
        return Err("has a control character in its login".to_owned());
    }
    let colon = if text.contains(':') { "" } else { ":" };
    Ok(Secret::of(&[login.expose(), colon]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_urls() {
        for (text, host, port, login) in [
            ("proxy:3128", "proxy", 3128, None),
            ("HTTP://Proxy.Example:80/", "proxy.example", 80, None),
            ("http://[::1]:3128", "::1", 3128, None),
            ("http://u:p@h:1", "h", 1, Some("u:p")),
            ("http://u:p%40%3A%2f@h:1", "h", 1, Some("u:p@:/")),
            ("u:p@ss@h:1", "h", 1, Some("u:p@ss")),
            ("user@h:1", "h", 1, Some("user:")),
        ] {
            let proxy = url(text).expect(text).expect("a proxy");
            assert_eq!((&*proxy.host, proxy.port), (host, port), "{text}");
            assert_eq!(proxy.login.as_ref().map(Secret::expose), login, "{text}");
        }
        assert!(url("").is_ok_and(|proxy| proxy.is_none()));
        for (text, reason) in [
            ("https://u:canary@h:1", "https:// proxy"),
            ("socks5h://u:canary@h:1", "SOCKS"),
            ("ftp://u:canary@h:1", "unknown scheme"),
            ("http://u:canary@h", "no port"),
            ("http://u:canary@h:99999", "port"),
            ("http://u:canary@h:1/path", "path"),
            ("http://u:can/ary@", "no host name"),
            ("http://u%0d:canary@h:1", "control"),
            ("http://u%ff:canary@h:1", "UTF-8"),
            ("http://@:1", "no host name"),
        ] {
            let error = url(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
