//! What the settings read from files: the config file, and certificates.

use super::ca_form;
use super::config::lines;
use super::trust::certificates;
use crate::args::Args;
use crate::fuzz::{assert_printable, check_failure, planted, settle};

pub(crate) fn config(data: &[u8]) {
    let text = planted(data);
    let mut given = Vec::new();
    for line in lines("/etc/t.conf", &text) {
        match line {
            Ok(one) => given.push(one),
            Err(failure) => {
                check_failure(&failure, text.len());
                assert_printable(&failure.to_string());
            }
        }
    }
    settle(Args::of(&given), text.len());
}

/// How many certificates a file holds; 0 also if it is refused.
pub(crate) fn ca_file(bytes: &[u8]) -> usize {
    match certificates(bytes) {
        Ok(found) => {
            assert!(!found.is_empty());
            for der in &found {
                assert_eq!(certificates(der).as_deref(), Ok(std::slice::from_ref(der)));
            }
            found.len()
        }
        Err(reason) => {
            assert_printable(&reason);
            ca_form::of(bytes);
            0
        }
    }
}
