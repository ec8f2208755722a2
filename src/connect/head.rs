//! The head of an HTTP/1 answer as text. It is read as browsers and curl read it: a line that is no
//! header is left out, because the status, and the reason for it, must not be lost over one.

use super::response::Response;

/// Reads a whole head, with the empty line at its end.
///
/// # Errors
/// What is wrong with the status line, as the end of a sentence.
pub(super) fn parse(head: &[u8]) -> Result<Response, &'static str> {
    let mut lines =
        head.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut response = status_line(&text(lines.next().unwrap_or_default()))?;
    let headers = &mut response.headers;
    let mut is_continued = false;
    for line in lines {
        // A folded line continues the value before it (RFC 9112 section 5.2).
        let is_folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let has_control = line.iter().any(|&b| b.is_ascii_control() && b != b'\t');
        let parts = line.iter().position(|&b| b == b':').map(|at| (&line[..at], &line[at + 1..]));
        match (parts, headers.last_mut()) {
            (_, Some((_, value))) if is_folded && is_continued && !has_control => {
                *value = format!("{value} {}", text(line).trim());
            }
            _ if is_folded => {}
            (Some((name, value)), _) if is_name(name) && !has_control => {
                headers.push((text(name), text(value).trim().to_owned()));
                is_continued = true;
            }
            _ => is_continued = false,
        }
    }
    Ok(response)
}

/// `HTTP/1.1 200 OK`, also without the reason.
fn status_line(line: &str) -> Result<Response, &'static str> {
    let mut words = line.splitn(3, ' ');
    let minor_version = match words.next() {
        Some("HTTP/1.0") => 0,
        Some("HTTP/1.1") => 1,
        _ => return Err("unknown version"),
    };
    let digits = words.next().unwrap_or_default();
    let status = digits.parse().ok().filter(|_| digits.len() == 3).ok_or("no status")?;
    let reason = words.next().unwrap_or_default().trim().to_owned();
    Ok(Response { minor_version, status, reason, ..Response::default() })
}

/// Whether this is a token (RFC 9110 section 5.6.2).
fn is_name(name: &[u8]) -> bool {
    let is_token = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !name.is_empty() && name.iter().all(is_token)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_line_is_left_out_and_a_folded_one_continues() {
        let head = b"HTTP/1.1 407 Who are you?\r\nA: 1\r\n\r\n";
        let response = parse(head).expect("valid");
        assert_eq!((response.minor_version, response.status), (1, 407));
        assert_eq!(response.reason, "Who are you?");
        let headers = |lines: &str| {
            let head = format!("HTTP/1.0 200\r\n{lines}\r\n");
            parse(head.as_bytes()).expect("valid").headers
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for odd in ["A: 1\nB b: 2\r\nC : 3\r\n: 4\r\nd\r\n", "A:1\r\nB: \x1b2\r\nC: 3\0\r\n  4\r\n"]
        {
            assert_eq!(headers(odd), [pair("A", "1")], "{odd:?}");
        }
        assert_eq!(headers("A: 1\r\n\t 2\r\n 3\r\n"), [pair("A", "1 2 3")]);
        assert_eq!(headers(" 0\r\nA:\r\nA: x: y \r\n"), [pair("A", ""), pair("A", "x: y")]);
    }

    #[test]
    fn only_a_status_is_needed() {
        assert_eq!(parse(b"HTTP/1.1 503\n\n").expect("valid").status, 503);
        assert_eq!(parse(b"HTTP/1.1 503 \xe9\n\n").expect("valid").reason, "\u{fffd}");
        for odd in ["HTTP/1.1 boo", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.7 200"] {
            assert!(parse(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
