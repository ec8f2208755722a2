//! The config file: `name = value` a line, as on the command line without dashes.

use std::fs;
use std::path::Path;

use crate::args::{self, Args, Layer, Source};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::settings::{Warning, files};
use crate::words;

/// Reads a config file into what is not given yet.
pub(crate) fn read(
    path: &str,
    args: &mut Args,
    warnings: &mut Vec<Warning>,
) -> Result<(), Failure> {
    let subject = format!("{} {path}", args.source("config"));
    let unreadable =
        |cause: String| Failure::new(Step::Config, &subject, Fault::UnreadableFile, cause);
    let bytes = fs::read(path).map_err(|e| unreadable(words::reason(&e)))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("is no UTF-8 text".to_owned()))?;
    apply(path, &text, args)?;
    if let Ok(file) = fs::metadata(Path::new(path)) {
        if files::writable_by_others(&file) {
            warnings.push(Warning::always(format!(
                "{path} can be changed by other users; chmod go-w {path}"
            )));
        }
        if args.layer("x-api-key") == Some(Layer::ConfigFile) && files::readable_by_others(&file) {
            warnings.push(Warning::always(format!(
                "{path} holds the API key and can be read by other users; chmod 600 {path}"
            )));
        }
    }
    Ok(())
}

/// Every line that can be; the first mistake is what is returned.
fn apply(path: &str, text: &str, args: &mut Args) -> Result<(), Failure> {
    let mut result = Ok(());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            result = result.and(apply_line(&format!("{path} line {number}"), line, args));
        }
    }
    result
}

fn apply_line(at: &str, line: &str, args: &mut Args) -> Result<(), Failure> {
    let bad =
        |subject: &str, cause: &str| Failure::new(Step::Config, subject, Fault::BadContent, cause);
    // What is no `name = value` is not repeated: it may be a key on a line of its own.
    let (name, value) = line.split_once('=').ok_or_else(|| bad(at, "is no `name = value`"))?;
    let (name, value) = (name.trim(), value.trim());
    let Some(opt) = args::by_long(name).filter(|opt| opt.is_setting()) else {
        let failure = bad(at, "no option of that name can stand in a config file");
        return Err(match args::nearest(name).filter(|o| o.is_setting() && o.long != name) {
            Some(opt) => failure.hint(format!("did you mean `{} =`?", opt.long)),
            None => failure,
        });
    };
    let at = format!("{at} ({name})");
    if value.len() > 1 && ['"', '\''].iter().any(|q| value.starts_with(*q) && value.ends_with(*q)) {
        return Err(bad(&at, "the value has quotes around it; leave them out"));
    }
    if value.contains(" #") {
        return Err(bad(&at, "a comment needs a line of its own"));
    }
    args.set(opt, value, Source { layer: Layer::ConfigFile, name: at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<Args, Failure> {
        let mut args = Args::default();
        apply("/etc/t.conf", text, &mut args).map(|()| args)
    }

    #[test]
    fn lines_are_options_without_dashes() {
        let args = config(
            "# who\ntenant = acme\n\n  port=8443\r\ninsecure = true\nevent = A,B\nevent = C\n\
             verbose = 2\nnoproxy =\nport = 9443",
        )
        .expect("a good file");
        assert_eq!(args.tenant.as_deref(), Some("acme"));
        assert_eq!((args.port, args.insecure, args.verbose), (Some(9443), Some(true), Some(2)));
        assert_eq!(args.event, ["A", "B", "C"]);
        assert_eq!(args.noproxy.as_deref(), Some(""));
        assert_eq!(args.source("port"), "/etc/t.conf line 10 (port)");
    }

    #[test]
    fn mistakes_name_file_line_and_option_but_no_secret() {
        for (text, subject, cause) in [
            ("\n\ntenant acme", "/etc/t.conf line 3", "is no `name = value`"),
            ("canary-key", "/etc/t.conf line 1", "is no `name = value`"),
            ("tennant = a", "/etc/t.conf line 1", "no option of that name"),
            ("canary-key=", "/etc/t.conf line 1", "no option of that name"),
            ("help = true", "/etc/t.conf line 1", "no option of that name"),
            ("config = /x", "/etc/t.conf line 1", "no option of that name"),
            ("port = 0", "/etc/t.conf line 1 (port)", "`0` is no whole number"),
            ("insecure", "/etc/t.conf line 1", "is no `name"),
            ("insecure = yes", "/etc/t.conf line 1 (insecure)", "neither true nor false"),
            ("tenant = \"acme\"", "/etc/t.conf line 1 (tenant)", "quotes"),
            ("tenant = acme # us", "/etc/t.conf line 1 (tenant)", "line of its own"),
            ("proxy = socks5://u:canary@h:1", "/etc/t.conf line 1 (proxy)", "SOCKS"),
        ] {
            let failure = config(text).expect_err(text);
            assert_eq!(failure.subject, subject, "{text}");
            assert!(failure.cause.contains(cause), "{text}: {failure}");
            assert_eq!(failure.fault, Fault::BadContent, "{text}");
            let all = format!("{failure} {}", failure.advice());
            assert!(!all.contains("canary"), "{all}");
        }
        let hint = config("tennant = a").expect_err("a typo").hint;
        assert_eq!(hint.as_deref(), Some("did you mean `tenant =`?"));
    }
}
