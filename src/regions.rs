//! The regions of the service: which host serves which Contact Center clusters.
//!
//! A copy of what 8x8 publishes, as of [`REGIONS_AS_OF`](crate::dates::REGIONS_AS_OF). A host that
//! is not listed here can always be given with `--host`.

use std::fmt::Write as _;

/// The host that is used by default.
pub(crate) const DEFAULT_HOST: &str = "pulsar-ws-euw2.8x8.com";

/// One site of the Contact Center.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// 8x8's name of the site, such as `US1`.
    pub(crate) name: &'static str,
    /// The short form in the host name, such as `use1`; empty if nothing is deployed.
    pub(crate) code: &'static str,
    /// `None` if the service is not deployed there yet.
    pub(crate) host: Option<&'static str>,
    /// The clusters whose events appear there.
    pub(crate) clusters: &'static [&'static str],
}

/// Every region, deployed ones first.
#[rustfmt::skip]
pub(crate) const REGIONS: &[Region] = &[
    Region { name: "UK3", code: "euw2", host: Some("pulsar-ws-euw2.8x8.com"), clusters: &[
        "EU4", "EU5", "EU6", "EU7", "EU8", "EU9", "EU10", "EU11", "EU12", "EU13", "EU14",
    ] },
    Region { name: "US1", code: "use1", host: Some("pulsar-ws-use1.8x8.com"), clusters: &[
        "NA1", "NA2", "NA3", "NA4", "NA5", "NA6",
        "NA11", "NA12", "NA13", "NA14", "NA15", "NA16", "SB1",
    ] },
    Region { name: "US2", code: "usw2", host: Some("pulsar-ws-usw2.8x8.com"), clusters: &[
        "NA7", "NA8", "NA9", "NA10", "NA17", "NA18", "NA19", "NA20",
        "NA27", "NA28", "NA29", "NA30", "NA37", "NA38", "NA39",
    ] },
    Region { name: "HK1", code: "", host: None, clusters: &["AP1"] },
    Region { name: "HK2", code: "", host: None, clusters: &["AP21"] },
    Region { name: "LH1", code: "", host: None, clusters: &["EU21"] },
    Region { name: "ON1", code: "", host: None, clusters: &["BC1", "BC2", "BC3"] },
    Region { name: "PA1", code: "", host: None, clusters: &["EU31"] },
    Region { name: "SK1", code: "", host: None, clusters: &["CA1", "CA2"] },
    Region { name: "SY1", code: "", host: None, clusters: &["AU1", "AU2"] },
];

/// The region of this name: `US1` or `use1`, in any case.
pub(crate) fn by_name(text: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| {
        region.name.eq_ignore_ascii_case(text)
            || !region.code.is_empty() && region.code.eq_ignore_ascii_case(text)
    })
}

/// The region of a cluster: `NA12`, `vcc-na12` or `vcc-na12.8x8.com`, in any case.
pub(crate) fn by_cluster(text: &str) -> Option<&'static Region> {
    let text = text.to_ascii_lowercase();
    let name = text.strip_suffix(".8x8.com").unwrap_or(&text);
    let name = name.strip_prefix("vcc-").unwrap_or(name);
    REGIONS.iter().find(|region| region.clusters.iter().any(|c| c.eq_ignore_ascii_case(name)))
}

/// The region a host serves.
pub(crate) fn by_host(host: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.host == Some(host))
}

/// The names of the regions that can be connected to.
pub(crate) fn deployed_names() -> Vec<&'static str> {
    deployed().map(|region| region.name).collect()
}

/// The clusters of deployed regions.
pub(crate) fn deployed_clusters() -> Vec<&'static str> {
    deployed().flat_map(|region| region.clusters).copied().collect()
}

fn deployed() -> impl Iterator<Item = &'static Region> {
    REGIONS.iter().filter(|region| region.host.is_some())
}

/// What `tail8x8 regions` prints: all regions, or only one; `as_of` is the month of this copy.
pub(crate) fn table(only: Option<&Region>, as_of: &str) -> String {
    let mut out = format!("REGION  CODE  HOST                    CLUSTERS (as of {as_of})\n");
    for Region { name, code, host, clusters } in wanted(only) {
        let host = host.unwrap_or("not yet deployed");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name:<7} {code:<5} {host:<23} {}", clusters.join(" "));
    }
    out
}

/// What `tail8x8 regions --json` prints: the same rows as one document, with `null` for a host or
/// code that does not exist yet.
pub(crate) fn json(only: Option<&Region>, as_of: &str) -> String {
    // Names and hosts in the table need no escapes; a test parses them.
    let text = |value: &str| format!("\"{value}\"");
    let or_null = |value: Option<&str>| value.map_or("null".to_owned(), text);
    let mut out = format!("{{\"schema_version\":1,\"as_of\":\"{as_of}\",\"regions\":[");
    for (i, Region { name, code, host, clusters }) in wanted(only).enumerate() {
        let code = or_null(Some(*code).filter(|code| !code.is_empty()));
        let clusters: Vec<_> = clusters.iter().map(|cluster| text(cluster)).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{}\n {{\"name\":\"{name}\",\"code\":{code},\"host\":{},\"deployed\":{},\"clusters\":[{}]}}",
            if i > 0 { "," } else { "" },
            or_null(*host),
            host.is_some(),
            clusters.join(","),
        );
    }
    out.push_str("\n]}\n");
    out
}

fn wanted(only: Option<&Region>) -> impl Iterator<Item = &'static Region> {
    REGIONS.iter().filter(move |region| only.is_none_or(|only| only == *region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_clusters_are_found_by_every_name_people_use() {
        for (text, host) in [("US1", "use1"), ("us1", "use1"), ("USE1", "use1"), ("euw2", "euw2")] {
            let expected = format!("pulsar-ws-{host}.8x8.com");
            assert_eq!(by_name(text).and_then(|r| r.host), Some(&*expected), "{text}");
        }
        for (text, region) in [
            ("NA12", "US1"),
            ("vcc-na12.8x8.com", "US1"),
            ("VCC-EU14.8X8.COM", "UK3"),
            ("na20", "US2"),
            ("sb1", "US1"),
            ("bc3", "ON1"),
        ] {
            assert_eq!(by_cluster(text).map(|r| r.name), Some(region), "{text}");
        }
        for text in ["", "NA21", "EU3", "vcc-", "8x8.com", "x-na12"] {
            assert_eq!(by_cluster(text), None, "{text}");
        }
        assert_eq!(by_name(""), None);
        assert_eq!(by_host(DEFAULT_HOST).map(|r| r.name), Some("UK3"));
    }

    #[test]
    fn no_cluster_belongs_to_two_regions() {
        let mut all: Vec<_> = REGIONS.iter().flat_map(|r| r.clusters).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_printed_table_has_every_region_and_says_what_is_not_there_yet() {
        let table = table(None, "May 2031");
        assert_eq!(table.lines().count(), 1 + REGIONS.len());
        assert!(table.contains("US2     usw2  pulsar-ws-usw2.8x8.com  NA7 NA8"), "{table}");
        assert!(table.contains("SY1           not yet deployed        AU1 AU2"), "{table}");
        assert!(table.contains("(as of May 2031)"));
    }

    #[test]
    fn the_document_has_every_region_and_says_what_is_not_there_yet() {
        let document: serde_json::Value =
            serde_json::from_str(&json(None, "May 2031")).expect("JSON");
        assert_eq!(document["schema_version"], 1);
        assert_eq!(document["as_of"], "May 2031");
        let regions = document["regions"].as_array().expect("an array");
        assert_eq!(regions.len(), REGIONS.len());
        for (row, region) in regions.iter().zip(REGIONS) {
            assert_eq!(row["name"], region.name);
            assert_eq!(row["code"].as_str().unwrap_or_default(), region.code);
            assert_eq!(row["host"].as_str(), region.host);
            assert_eq!(row["deployed"], region.host.is_some());
            let clusters = row["clusters"].as_array().expect("an array");
            assert!(
                clusters
                    .iter()
                    .map(|c| c.as_str().unwrap_or_default())
                    .eq(region.clusters.iter().copied())
            );
        }
    }
}
