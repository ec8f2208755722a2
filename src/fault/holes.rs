//! Holes in the texts of the table, such as `{host}`, and their values.
//!
//! A failure fills the holes that depend on its case. Lists of regions and defaults come from one
//! place here, so that no text repeats them. A hole that is not filled gets general words.

use crate::regions;

/// The values that one case fills in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holes(Vec<(&'static str, String)>);

/// Every hole that a case may fill, with the words used if it does not.
const KNOWN: &[(&str, &str)] = &[
    ("address", "ADDRESS"),
    ("bad", "some"),
    ("command", "openssl"),
    ("cursor", "the cursor file"),
    ("days", "a few"),
    ("elapsed", "a long time"),
    ("file", "FILE"),
    ("host", "HOST"),
    ("hosts", "pulsar-ws-*.8x8.com"),
    ("instead", "use what the consumer endpoint has instead"),
    ("issuer", "ISSUER"),
    ("kind", "not a public address"),
    ("messages", "the"),
    ("nameserver", "the nameserver"),
    ("port", "443"),
    ("problem", "unknown reason"),
    ("proxy_rule", "--proxy, HTTPS_PROXY or ALL_PROXY"),
    ("region", "REGION"),
    ("skew", "ahead of or behind"),
    ("tenant", "TENANT"),
    ("user", "USER"),
    ("variable", "VARIABLE"),
    ("commands", "see `tail8x8 --help`"),
    ("name", "NAME"),
    ("nearest", "NAME"),
    ("option", "--OPTION"),
    ("value", "VALUE"),
    ("written", "TIME (that of the last event you have)"),
];

/// Holes that no case fills, because their value is always the same.
const FIXED: &[(&str, Always)] =
    &[("regions", deployed_regions), ("default_region", default_region)];

type Always = fn() -> String;

/// The defaults of options; a test compares them with the options table.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("default_namespace", "namespace", "event-v1"),
    ("default_topic", "topic", "all"),
    ("default_queue", "receiver-queue-size", "1000"),
    ("default_timeout", "connect-timeout", "60s"),
    ("default_size", "max-message-size", "8M"),
];

impl Holes {
    /// Fills one hole.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        debug_assert!(KNOWN.iter().any(|(known, _)| *known == name), "unknown hole {name}");
        self.0.push((name, value.into()));
    }

    /// The text with every hole filled. Braces inside a filled-in value are left alone.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(&self.value(name));
            rest = after;
        }
        out + rest
    }

    fn value(&self, name: &str) -> String {
        let own = self.0.iter().map(|(name, value)| (*name, value.as_str()));
        let defaults = DEFAULTS.iter().map(|(hole, _, value)| (*hole, *value));
        let known =
            own.chain(KNOWN.iter().copied()).chain(defaults).find(|(known, _)| *known == name);
        if let Some((_, value)) = known {
            return value.to_owned();
        }
        let fixed = FIXED.iter().find(|(known, _)| *known == name);
        fixed.map_or_else(|| format!("{{{name}}}"), |(_, value)| value())
    }
}

/// `UK3, US1, US2`.
fn deployed_regions() -> String {
    regions::deployed_names().join(", ")
}

fn default_region() -> String {
    let region = regions::by_host(regions::DEFAULT_HOST);
    region.map_or(regions::DEFAULT_HOST, |region| region.name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_options() {
        for (_, option, value) in DEFAULTS {
            let option = crate::args::by_long(option).expect("an option");
            assert_eq!(option.default_text(), Some(*value), "{}", option.long);
        }
    }

    #[test]
    fn a_case_fills_its_holes_and_general_words_the_others() {
        let mut holes = Holes::default();
        holes.set("host", "a{port}b");
        assert_eq!(holes.fill("nc -zv {host} {port}"), "nc -zv a{port}b 443");
        assert_eq!(holes.fill("no hole"), "no hole");
        assert_eq!(holes.fill("{default_region} of {regions}"), "UK3 of UK3, US1, US2");
    }
}
