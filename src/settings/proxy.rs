//! Whether a proxy is used, and which rule decides.
//!
//! The environment is read as curl 7.88 reads it for https:// (measured). In addition, two forms of
//! `NO_PROXY` work that people write but curl ignores: `*.domain` and `host:443`.

use std::net::IpAddr;

use crate::args::{Args, Layer};
use crate::fault::{Failure, Fault, Step};
use crate::secret::Secret;
use crate::settings::environment::Environment;
use crate::values::proxy::Proxy;
use crate::values::{self, host, proxy};

/// The proxy that is used for a host, if any, and which rule decided.
#[derive(Clone, Debug)]
pub(crate) struct ProxyChoice {
    pub(crate) proxy: Option<Proxy>,
    /// For people: `--proxy`, `https_proxy`, `NO_PROXY (.8x8.com)`, `none configured`.
    pub(crate) rule: String,
}

/// The proxy of a run, and the hosts that are reached without it.
#[derive(Clone, Debug)]
pub(crate) struct ProxyRules {
    proxy: Option<Proxy>,
    rule: String,
    /// A list as in `NO_PROXY`, and where it comes from.
    exceptions: Option<(String, String)>,
}

/// Lower case comes first. `HTTP_PROXY` is not read: it is for http:// only, and a CGI client could
/// set it.
pub(super) const VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The rules of a run, which apply to any host.
///
/// # Errors
/// If the proxy that would be used is not valid.
pub(crate) fn settle(args: &Args, env: &Environment) -> Result<ProxyRules, Failure> {
    let given = args.proxy.as_ref().map(Secret::expose);
    let Some((text, rule)) = pick(args, env, "proxy", given, &VARIABLES)? else {
        return Ok(ProxyRules::none("none configured"));
    };
    let proxy = values::checked(text, proxy::url).map_err(|e| mistake(args, "proxy", &rule, &e))?;
    let exceptions = pick(args, env, "noproxy", args.noproxy.as_deref(), &EXCEPTIONS)?;
    if let Some((list, rule)) = &exceptions {
        // What is around an entry would keep it from matching anything.
        let checked = entries(list).try_for_each(values::bare);
        checked.map_err(|e| mistake(args, "noproxy", rule, &e))?;
    }
    Ok(ProxyRules {
        rule: if proxy.is_some() { rule } else { format!("{rule} is empty") },
        proxy,
        exceptions: exceptions.map(|(list, source)| (list.to_owned(), source)),
    })
}

fn mistake(args: &Args, option: &'static str, rule: &str, reason: &str) -> Failure {
    let is_given = args.has(option) && rule == args.source(option);
    let fault = match args.layer(option) {
        Some(Layer::ConfigFile) if is_given => Fault::BadContent,
        _ => Fault::Usage,
    };
    Failure::new(Step::Config, rule, fault, format!("the value {reason}"))
}

impl ProxyRules {
    /// Rules that never use a proxy, and the reason.
    pub(crate) fn none(rule: &str) -> ProxyRules {
        ProxyRules { proxy: None, rule: rule.to_owned(), exceptions: None }
    }

    /// The proxy for one host.
    pub(crate) fn choose(&self, host: &str, port: u16) -> ProxyChoice {
        if self.proxy.is_some()
            && let Some((list, source)) = &self.exceptions
            && let Some(entry) = exception(list, host, port)
        {
            return ProxyChoice { proxy: None, rule: format!("{source} ({entry})") };
        }
        ProxyChoice { proxy: self.proxy.clone(), rule: self.rule.clone() }
    }
}

/// The value that applies, and its source: the command line, else the first variable that is not
/// empty, else the config file.
fn pick<'a>(
    args: &'a Args,
    env: &'a Environment,
    option: &'static str,
    given: Option<&'a str>,
    variables: &[&str],
) -> Result<Option<(&'a str, String)>, Failure> {
    let given = given.map(|text| (text, args.source(option).to_owned()));
    if args.layer(option) == Some(Layer::CommandLine) {
        return Ok(given);
    }
    for name in variables {
        if let Some(text) = env.get(name)? {
            return Ok(Some((text, (*name).to_owned())));
        }
    }
    Ok(given)
}

/// The entry in a list of exceptions that matches the target.
fn exception<'a>(list: &'a str, host: &str, port: u16) -> Option<&'a str> {
    entries(list).find(|entry| **entry == *"*" || matches(entry, host, port))
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty())
}

fn matches(entry: &str, host: &str, port: u16) -> bool {
    let (entry, only) = match entry.rsplit_once(':') {
        // More than one colon means an IPv6 address without brackets, not a port.
        Some((before, number)) if !before.contains(':') || before.ends_with(']') => {
            match host::port(number) {
                Ok(number) => (before, Some(number)),
                Err(_) => return false,
            }
        }
        _ => (entry, None),
    };
    if only.is_some_and(|only| only != port) {
        return false;
    }
    let entry = entry.strip_prefix('[').and_then(|e| e.strip_suffix(']')).unwrap_or(entry);
    match host.parse::<IpAddr>() {
        Ok(address) => in_network(entry, address),
        Err(_) => {
            let domain = entry.strip_prefix('*').unwrap_or(entry);
            let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
            let domain = domain.strip_suffix('.').unwrap_or(&domain);
            let before = host.strip_suffix(domain);
            !domain.is_empty() && before.is_some_and(|b| b.is_empty() || b.ends_with('.'))
        }
    }
}

/// Whether an entry is this address, or a network that contains it, such as `10.0.0.0/8`.
fn in_network(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, Some(bits)),
        None => (entry, None),
    };
    let (network, address, width) = match (network.parse(), address) {
        (Ok(IpAddr::V4(a)), IpAddr::V4(b)) => {
            (u128::from(a.to_bits()) << 96, u128::from(b.to_bits()) << 96, 32)
        }
        (Ok(IpAddr::V6(a)), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let bits = match bits.map(str::parse::<u32>) {
        None => width,
        Some(Ok(bits)) if bits <= width => bits,
        Some(_) => return false,
    };
    bits == 0 || (network ^ address) >> (128 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Given, by_long};

    const HOST: &str = "pulsar-ws-use1.8x8.com";

    /// The proxy as `login@host:port`, or `-`, with the rule that decided.
    fn decide(given: &[(&str, &str)], env: &[(&str, &str)]) -> String {
        let given = given.iter().map(|(name, value)| {
            let opt = by_long(name).expect("an option");
            Given::new(opt, *value, Layer::CommandLine, format!("--{name}")).expect("good")
        });
        let args = Args::of(&given.collect::<Vec<_>>());
        let rules = settle(&args, &env.iter().copied().collect());
        match rules.map(|rules| rules.choose(HOST, 443)) {
            Ok(ProxyChoice { proxy: None, rule }) => format!("- by {rule}"),
            Ok(ProxyChoice { proxy: Some(Proxy { host, port, login }), rule }) => {
                let login = login.map_or_else(String::new, |l| format!("{}@", l.expose()));
                format!("{login}{host}:{port} by {rule}")
            }
            Err(failure) => format!("{failure}"),
        }
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        for (env, expected) in [
            (&[][..], "- by none configured"),
            (&[("https_proxy", "a:1"), ("HTTPS_PROXY", "b:2")], "a:1 by https_proxy"),
            (&[("HTTPS_PROXY", "http://b:2/"), ("ALL_PROXY", "c:3")], "b:2 by HTTPS_PROXY"),
            (&[("all_proxy", "c:3"), ("ALL_PROXY", "d:4")], "c:3 by all_proxy"),
            (&[("HTTP_PROXY", "a:1"), ("http_proxy", "a:1")], "- by none configured"),
            (&[("https_proxy", "")], "- by none configured"),
            (&[("https_proxy", ""), ("ALL_PROXY", "d:4")], "d:4 by ALL_PROXY"),
            (&[("https_proxy", "a:1"), ("no_proxy", "8x8.com")], "- by no_proxy (8x8.com)"),
            (&[("https_proxy", "a:1"), ("NO_PROXY", "x, .8x8.com")], "- by NO_PROXY (.8x8.com)"),
            (&[("https_proxy", "a:1"), ("no_proxy", "x"), ("NO_PROXY", "*")], "a:1 by https_proxy"),
        ] {
            assert_eq!(decide(&[], env), expected, "{env:?}");
        }
        let bad = decide(&[], &[("https_proxy", "socks5://u:canary@h:1")]);
        assert!(bad.contains("https_proxy: the value is a SOCKS proxy"), "{bad}");
        assert!(!bad.contains("canary"), "{bad}");
    }

    #[test]
    fn the_command_line_goes_first() {
        let env = &[("https_proxy", "a:1"), ("no_proxy", "8x8.com")];
        assert_eq!(decide(&[("proxy", "b:2")], env), "- by no_proxy (8x8.com)");
        assert_eq!(decide(&[("proxy", "b:2"), ("noproxy", "")], env), "b:2 by --proxy");
        assert_eq!(decide(&[("noproxy", "x")], env), "a:1 by https_proxy");
        assert_eq!(decide(&[("proxy", "")], env), "- by --proxy is empty");
    }

    #[test]
    fn exceptions_match_whole_names_domains_addresses_and_networks() {
        for (list, host, hit) in [
            ("*", HOST, true),
            (HOST, HOST, true),
            ("8X8.com", HOST, true),
            (".8x8.com", HOST, true),
            ("*.8x8.com", HOST, true),
            ("8x8.com.", HOST, true),
            ("a.example,  8x8.com", HOST, true),
            ("a.example 8x8.com", HOST, true),
            ("8x8.com:443", HOST, true),
            ("8x8.com:444", HOST, false),
            ("x8.com", HOST, false),
            ("pulsar-ws-use1", HOST, false),
            ("*.com.8x8", HOST, false),
            ("", HOST, false),
            (".", HOST, false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1:443", "127.0.0.1", true),
            ("127.0.0.0/8", "127.9.9.9", true),
            ("127.0.0.0/33", "127.9.9.9", false),
            ("10.0.0.0/8", "127.9.9.9", false),
            ("0.0.0.0/0", "9.9.9.9", true),
            ("0.0.0.0/0", "::1", false),
            (".1", "127.0.0.1", false),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("[::1]:443", "::1", true),
            ("[::1]:1", "::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db9::/32", "2001:db8:1::1", false),
            ("127.0.0.0/8", "localhost", false),
            ("8x8.com:x", HOST, false),
        ] {
            assert_eq!(exception(list, host, 443).is_some(), hit, "{list:?} for {host}");
        }
    }
}
