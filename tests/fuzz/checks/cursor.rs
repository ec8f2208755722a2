//! The cursor's file.

use super::assert_printable;
use crate::cursor::Cursor;

pub(super) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Cursor::from_json(&text) {
        Ok((cursor, reached)) => {
            let written = cursor.to_json(&reached);
            assert_eq!(written.find('\n'), Some(written.len() - 1), "one line");
            assert!(written.len() <= 8 * text.len() + 1000, "{} bytes", written.len());
            assert_eq!(Cursor::from_json(&written), Ok((cursor, reached)));
        }
        Err(reason) => {
            assert!(reason.len() <= 200, "{reason}");
            assert_printable(&reason);
        }
    }
}
