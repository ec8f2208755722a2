//! Forms in which certificates come and which OpenSSL does not read as they are: what each is called,
//! and the command that converts it.

use std::path::Path;

use memchr::memmem;

/// A form that was recognised.
#[derive(Debug)]
pub(super) struct Form {
    /// In words that follow the name of the file.
    pub(super) what: &'static str,
    /// For a shell, with `FILE`.
    command: &'static str,
}

impl Form {
    /// The command for this file.
    pub(super) fn command(&self, path: &Path) -> String {
        let text = path.display().to_string();
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+~".contains(c);
        let quoted = match text.chars().all(is_plain) {
            true => text,
            false => format!("'{}'", text.replace('\'', r"'\''")),
        };
        self.command.replace("FILE", &quoted)
    }
}

/// `pkcs7-signedData` (RFC 2315 section 14), encoded.
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The form of a file in which no certificate was found, if it is one of these.
pub(super) fn of(bytes: &[u8]) -> Option<Form> {
    let has = |part: &[u8]| memmem::find(bytes, part).is_some();
    let head = &bytes[..bytes.len().min(64)];
    let begins_in_head = |part: &[u8]| memmem::find(head, part).is_some();
    // Every second byte is zero, whatever comes first.
    if has(b"B\0E\0G\0I\0N") || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(utf16(bytes));
    }
    let (what, command) = if has(b"-----BEGIN PKCS7-----") || has(b"-----BEGIN CMS-----") {
        (
            "is PKCS#7, a bundle of certificates in another form",
            "sed 's/ CMS-/ PKCS7-/' FILE | openssl pkcs7 -print_certs -out ca.pem",
        )
    } else if head.first() == Some(&0x30) && begins_in_head(SIGNED_DATA) {
        (
            "is PKCS#7, a bundle of certificates in another form",
            "openssl pkcs7 -inform DER -print_certs -in FILE -out ca.pem",
        )
    } else if head.first() == Some(&0x30) && begins_in_head(b"\x02\x01\x03\x30") {
        ("is PKCS#12 (.p12, .pfx)", "openssl pkcs12 -in FILE -nokeys -out ca.pem")
    } else if has(b"-----BEGIN TRUSTED CERTIFICATE-----") {
        ("is OpenSSL's own form, with trust settings", "openssl x509 -in FILE -out ca.pem")
    } else if has(BEGIN) {
        layout(bytes)?
    } else if bytes.starts_with(b"MI") && bytes.iter().all(|b| is_base64(*b)) {
        ("is base64 without its BEGIN and END lines", "base64 -d FILE > ca.der")
    } else {
        return None;
    };
    Some(Form { what, command })
}

fn utf16(bytes: &[u8]) -> Form {
    let what = "is UTF-16 text, as Windows saves it";
    let has_mark = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let command = match has_mark {
        true => "iconv -f UTF-16 -t UTF-8 FILE > ca.pem",
        false if bytes.first() == Some(&0) => "iconv -f UTF-16BE -t UTF-8 FILE > ca.pem",
        false => "iconv -f UTF-16LE -t UTF-8 FILE > ca.pem",
    };
    Form { what, command }
}

/// What is wrong with the lines of a PEM file.
fn layout(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let at = memmem::find(bytes, BEGIN)?;
    let after = bytes[at + BEGIN.len()..].iter().find(|b| **b != b' ' && **b != b'\r');
    if bytes[at + BEGIN.len()..].starts_with(br"\n") {
        let what = r"has \n where its lines should end";
        return Some((what, r#"printf '%b\n' "$(cat FILE)" > ca.pem"#));
    }
    if after != Some(&b'\n') {
        return Some((
            "is all on one line, without the line breaks of PEM",
            r"sed 's/-----[A-Z ]*-----/\n&\n/g' FILE | sed '/^-/!s/ /\n/g' | grep . | fold -w 64 > ca.pem",
        ));
    }
    let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
    let is_indented = at > line && bytes[line..at].iter().all(u8::is_ascii_whitespace);
    is_indented.then_some(("is indented", "sed 's/^[[:space:]]*//' FILE > ca.pem"))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n')
}
