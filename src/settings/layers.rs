//! The layers an option may come from, from lowest to highest precedence: defaults, config file,
//! environment, command line.

use crate::args::{Args, Given, Layer, OPTIONS};
use crate::fault::{Failure, Fault};
use crate::settings::environment::Environment;
use crate::settings::{Warning, config};

/// Combines the typed options with those of the environment, the config file and the defaults, and
/// returns warnings about them. If there are mistakes, the first one is returned instead, but the
/// other options still count: one of them may decide how the mistake is reported.
pub(crate) fn complete(
    typed: &[Given],
    env: &Environment,
) -> (Args, Result<Vec<Warning>, Failure>) {
    let on_the_line = Args::of(typed);
    let file = on_the_line.config.as_deref();
    let in_file = file.map(|path| config::read(path, on_the_line.source("config")));

    let mut given = typed.to_vec();
    let mut mistakes = Vec::new();
    for one in in_environment(env).chain(in_file.into_iter().flatten()) {
        match one {
            Ok(one) => given.push(one),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let args = Args::of(&given);
    let warnings = match mistakes.into_iter().next() {
        Some(first) => Err(first),
        None => Ok(file.map(|path| config::warnings(path, &args)).unwrap_or_default()),
    };
    (args, warnings)
}

fn in_environment(env: &Environment) -> impl Iterator<Item = Result<Given, Failure>> {
    OPTIONS.iter().filter_map(|opt| {
        let name = opt.env?;
        if opt.is_path() {
            return Some(Given::new(opt, env.path(name)?, Layer::Environment, name));
        }
        match env.get(name) {
            Ok(text) => Some(Given::new(opt, text?, Layer::Environment, name)),
            // As for any other mistake in a key.
            Err(failure) if opt.long == "x-api-key" => {
                Some(Err(Failure { fault: Fault::BadKey, ..failure }))
            }
            Err(failure) => Some(Err(failure)),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::args::{Parsed, parse};
    use crate::message::Format;
    use crate::testing::scratch::Scratch;

    /// A command line, an environment and, where it is not empty, the text of a config file.
    fn layered(
        line: &str,
        env: &[(&str, &str)],
        file: &str,
    ) -> (Args, Result<Vec<Warning>, Failure>) {
        let scratch = Scratch::new("layers");
        let path: PathBuf = scratch.join("t.conf");
        let mut line = line.to_owned();
        if !file.is_empty() {
            std::fs::write(&path, file).expect("a file");
            line = format!("{line} --config {}", path.display());
        }
        let words = line.split(' ').filter(|word| !word.is_empty()).map(Into::into);
        match parse(&words.collect::<Vec<_>>()) {
            Ok(Parsed::Read(typed)) => complete(&typed, &env.iter().copied().collect()),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn each_layer_is_on_top_of_the_one_below() {
        let env = [("PULSAR_TENANT", "env")];
        let file = "tenant = file\ntopic = file\nevent = A\nverbose = 2\nformat = payload";
        let (args, warnings) = layered("-v --event B -J", &env, file);
        assert!(warnings.is_ok_and(|warnings| warnings.is_empty()));
        assert_eq!(
            (args.tenant.as_deref(), &*args.topic, &*args.namespace),
            (Some("env"), "file", "event-v1")
        );
        assert_eq!((args.source("tenant"), args.has("namespace")), ("PULSAR_TENANT", false));
        // Nothing adds up across layers, and another option of a group hides those below.
        assert_eq!((args.lines.events, args.talk.verbose), (vec!["B".to_owned()], 1));
        assert_eq!(args.lines.format, Format::Envelope);
    }

    #[test]
    fn one_option_of_a_group_hides_all_of_them_further_below() {
        let env = [("PULSAR_API_KEY_FILE", "/env"), ("PULSAR_HOST", "env.example")];
        let (args, _) = layered("--x-api-key k --region US1", &env, "cluster = NA12");
        assert_eq!((args.x_api_key_file, args.host, args.cluster), (None, None, None));
        assert!(args.x_api_key.is_some() && args.region.is_some());
    }

    #[test]
    fn every_mistake_is_found_and_the_rest_still_holds() {
        for (line, env, file, subject) in [
            // What is hidden is checked, too; the environment comes before the file.
            ("--tenant a", "b/c", "port = 1", "PULSAR_TENANT"),
            ("", "b/c", "port = many", "PULSAR_TENANT"),
            ("--port 1", "a", "port = many", "line 1 (port)"),
            ("", "a", "no such line\nport = many", "line 1"),
        ] {
            let file = format!("{file}\njson = true\nlog-format = json");
            let (args, result) = layered(line, &[("PULSAR_TENANT", env)], &file);
            let failure = result.expect_err(line);
            assert!(failure.subject.ends_with(subject), "{failure}");
            assert!(args.json && args.has("log-format"), "{line}");
        }
    }
}
