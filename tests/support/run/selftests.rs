//! The driver tested with the shell in place of the program.

use std::time::Duration;

use libtest_mimic::Trial;

use super::{Key, Run, Stdout, codes};
use crate::support::trial;

pub fn selftests() -> Vec<Trial> {
    fn shell(script: &str) -> Run {
        let run = Run::new(&["-c", script]).verbosity(0);
        Run { program: "/bin/sh".into(), ..run }
    }
    fn panics(work: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let panic = std::panic::catch_unwind(work).expect_err("this should have panicked");
        panic.downcast_ref::<String>().cloned().unwrap_or_default()
    }
    let mut trials = codes::selftests();
    trials.extend([
        trial::test("support::run: output, exit code and a clean environment", || {
            let output = shell("echo out; echo 'tail8x8: debug: x' >&2; env >&2; exit 7")
                .key(Key::None)
                .run();
            output.assert_code(7).assert_lines(&["out"]).assert_stderr_lacks("debug");
            let mut names: Vec<_> =
                output.stderr.lines().map(|line| line.split('=').next().unwrap()).collect();
            names.retain(|name| !matches!(*name, "PWD" | "_" | "SHLVL" | "OLDPWD"));
            assert_eq!(names.len(), 3, "{names:?}");
            Ok(())
        }),
        trial::test("support::run: a leaked key fails the run, printed or in a file", || {
            let leak = panics(|| drop(shell("echo \"$PULSAR_API_KEY\"").run()));
            assert!(leak.contains("leaked (plain) in stdout"), "{leak}");
            let leak = panics(|| drop(shell("printf %s \"$PULSAR_API_KEY\" | base64 >f").run()));
            assert!(leak.contains("leaked (base64) in /"), "{leak}");
            let leak = panics(|| {
                shell("echo \"$PULSAR_API_KEY\"; exec sleep 60")
                    .spawn()
                    .wait_stdout_lines(1)
                    .truncate(0)
            });
            assert!(leak.contains("leaked (plain) in stdout"), "{leak}");
            shell("cat \"$1\" >/dev/null").key(Key::File).run().assert_code(0);
            Ok(())
        }),
        trial::test("support::run: a hung program is killed and shown", || {
            let limit = Duration::from_millis(200);
            let text = panics(move || drop(shell("echo here; exec sleep 60").limit(limit).run()));
            assert!(text.contains("did not end") && text.contains("stdout: here"), "{text}");
            Ok(())
        }),
        trial::test("support::run: a blocked pipe blocks, and is read on demand", || {
            let script = "head -c 1000000 /dev/zero; echo end >&2";
            let mut run = shell(script).stdout(Stdout::Blocked).spawn();
            assert!(run.is_running() && run.stdout_so_far().is_empty());
            run.resume_reading();
            run.wait_stderr("end");
            assert_eq!(run.finish().stdout.len(), 1_000_000);
            let mut run = shell("trap '' PIPE; while echo x; do :; done; exit 3").spawn();
            run.wait_stdout_lines(10);
            run.close_stdout();
            run.finish().assert_code(3);
            shell("trap '' PIPE; echo x; exit $?").stdout(Stdout::Closed).run().assert_code(1);
            Ok(())
        }),
        trial::test("support::run: terminals are terminals and pass bytes as they are", || {
            let script = "test -t 1 && echo out; test -t 2 && echo err >&2";
            let output = shell(script).stdout(Stdout::Terminal).terminal().run();
            assert_eq!((&*output.stdout, &*output.stderr), (&b"out\n"[..], "err\n"));
            shell(script).run().assert_code(1).assert_silent();
            let script = "test -t 0 && read line && echo \"got $line\"";
            shell(script).typed("y\n").run().assert_code(0).assert_lines(&["got y"]);
            shell(script).run().assert_code(1);
            Ok(())
        }),
        trial::test("support::run: signals arrive and are reported", || {
            use nix::sys::signal::Signal;
            let mut run = shell("echo up; exec sleep 60").spawn();
            assert_eq!(run.wait_stdout_lines(1), ["up"]);
            run.signal(Signal::SIGTERM);
            run.finish().assert_signal(Signal::SIGTERM);
            Ok(())
        }),
    ]);
    trials
}
