//! The names of those who issue certificates: public authorities and products that inspect TLS.

/// Whether this is the name of a public authority (one of those behind nearly all of the web, and
/// 8x8). Any other certificate was made by someone in between, or by the server's owner.
pub(crate) fn is_public(authority: &str) -> bool {
    let authority = authority.to_ascii_lowercase();
    PUBLIC.iter().any(|name| authority.contains(name)) && !inspects(&authority)
}

/// Whether this is the name of an inspection product.
pub(crate) fn inspects(authority: &str) -> bool {
    let authority = authority.to_ascii_lowercase();
    INSPECTORS.iter().any(|name| authority.contains(name))
}

#[rustfmt::skip]
const PUBLIC: &[&str] = &[
    "actalis", "amazon", "baltimore", "buypass", "certum", "comodo", "d-trust", "digicert",
    "entrust", "geotrust", "globalsign", "go daddy", "godaddy", "google trust services", "harica",
    "identrust", "internet security research group", "isrg", "let's encrypt", "microsoft",
    "quovadis", "sectigo", "ssl.com", "ssl corp", "starfield", "swisssign", "t-telesec",
    "telekom security", "thawte", "trustwave", "usertrust", "verisign", "zerossl",
];

#[rustfmt::skip]
const INSPECTORS: &[&str] = &[
    "inspection", "proxy", "firewall", "interception", "web gateway", "mitm", "zscaler",
    "netskope", "fortinet", "fortigate", "palo alto", "sophos", "kaspersky", "avast",
    "bitdefender", "umbrella", "blue coat", "bluecoat", "forcepoint", "mcafee", "skyhigh",
    "check point", "barracuda", "fiddler",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_authorities_are_known_by_name() {
        for name in ["Amazon RSA 2048 M02, Amazon", "DigiCert Global Root G2", "R11, Let's Encrypt"]
        {
            assert!(is_public(name), "{name}");
        }
        for name in [
            "Acme Corp TLS Inspection CA",
            "Zscaler Root CA",
            "Tail8x8 Test Root",
            "DigiCert Proxy",
        ] {
            assert!(!is_public(name), "{name}");
        }
    }
}
