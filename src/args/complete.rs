//! Completions for bash, zsh and fish, from the options table.

use std::fmt::Write as _;

use crate::args::Command;
use crate::args::opt::Opt;
use crate::args::options::OPTIONS;

/// The script for bash, to be sourced, or put into bash-completion's folder as `tail8x8`.
pub(crate) fn bash() -> String {
    let mut cases = String::new();
    for opt in OPTIONS.iter().filter(|opt| opt.metavar.is_some()) {
        let short = opt.short.map_or_else(String::new, |c| format!("|-{c}"));
        let action = match values(opt) {
            Values::Files => "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")".to_owned(),
            Values::Any => ":".to_owned(),
            Values::These(words) => {
                format!("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")", words.join(" "))
            }
        };
        let _ = writeln!(cases, "        --{0}|-{0}{short}) {action}; return;;", opt.long);
    }
    let commands = commands();
    let options: Vec<_> = OPTIONS.iter().map(|opt| format!("--{}", opt.long)).collect();
    format!(
        "_tail8x8() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}
    COMPREPLY=()
    # bash cuts --name=value into three words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    case $prev in
{cases}    esac
    case $cur in
        -*) mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\");;
        *) mapfile -t COMPREPLY < <(compgen -W '{commands}' -- \"$cur\");;
    esac
}}
complete -o filenames -F _tail8x8 tail8x8
",
        options.join(" ")
    )
}

/// The script for zsh, to be put into a folder of `fpath` as `_tail8x8`.
pub(crate) fn zsh() -> String {
    let mut out = "#compdef tail8x8\n\n_arguments \\\n".to_owned();
    for opt in OPTIONS {
        let text = opt.short_text.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]");
        let text = text.replace(':', "\\:");
        let value = opt.metavar.map_or_else(String::new, |metavar| {
            let metavar = metavar.replace(':', "\\:").replace('[', "\\[").replace(']', "\\]");
            match values(opt) {
                Values::Files => format!(":{metavar}:_files"),
                Values::Any => format!(":{metavar}: "),
                Values::These(words) => format!(":{metavar}:({})", words.join(" ")),
            }
        });
        let equals = if opt.metavar.is_some() { "=" } else { "" };
        let long = opt.long;
        let names = match (opt.short, opt.repeated) {
            (None, false) => format!("'--{long}{equals}"),
            (None, true) => format!("'*--{long}{equals}"),
            (Some(short), false) => {
                format!("'(-{short} --{long})'{{-{short},--{long}{equals}}}'")
            }
            (Some(short), true) => format!("'*'{{-{short},--{long}{equals}}}'"),
        };
        let _ = writeln!(out, "  {names}[{text}]{value}' \\");
    }
    let commands = commands();
    let _ = writeln!(out, "  '1:command:({commands})'");
    out
}

/// The script for fish, to be put into its `completions` folder as `tail8x8.fish`.
pub(crate) fn fish() -> String {
    let commands = commands();
    let mut out = format!(
        "complete -c tail8x8 -f\n\
         complete -c tail8x8 -n __fish_use_subcommand -a '{commands}'\n"
    );
    for opt in OPTIONS {
        let short = opt.short.map_or_else(String::new, |c| format!(" -s {c}"));
        let value = match (opt.metavar, values(opt)) {
            (None, _) => String::new(),
            (_, Values::Files) => " -r -F".to_owned(),
            (_, Values::Any) => " -x".to_owned(),
            (_, Values::These(words)) => format!(" -x -a '{}'", words.join(" ")),
        };
        let text = opt.short_text.replace('\\', "\\\\").replace('\'', "\\'");
        let _ = writeln!(out, "complete -c tail8x8 -l {}{short}{value} -d '{text}'", opt.long);
    }
    out
}

/// The values that may follow an option.
enum Values {
    Any,
    Files,
    These(Vec<&'static str>),
}

fn values(opt: &Opt) -> Values {
    let words = [opt.choices, &(opt.suggest)()].concat();
    match opt.metavar {
        Some("FILE") => Values::Files,
        _ if words.is_empty() => Values::Any,
        _ => Values::These(words),
    }
}

/// The names of the commands, separated by spaces.
fn commands() -> String {
    Command::names().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_and_every_choice_is_completed_in_every_shell() {
        for (shell, text) in [("bash", bash()), ("zsh", zsh()), ("fish", fish())] {
            for opt in OPTIONS {
                let name = if shell == "fish" { "-l " } else { "--" };
                assert!(text.contains(&format!("{name}{}", opt.long)), "{shell} {}", opt.long);
                assert!(text.contains(&opt.choices.join(" ")), "{shell} {}", opt.long);
            }
            assert!(text.contains("UK3 US1 US2") && text.contains(&commands()), "{shell}");
        }
    }

    /// Bash is on every machine these tests run on; the other two are not.
    #[test]
    fn bash_completes_by_the_word_before() {
        for (words, expected) in [
            ("tail8x8 re", "read regions"),
            ("tail8x8 --format e", "envelope"),
            ("tail8x8 -f p", "payload"),
            ("tail8x8 --color = a", "auto always"),
            ("tail8x8 --connect-t", "--connect-timeout"),
            ("tail8x8 --tenant r", ""),
            ("tail8x8 --event GuestC", "GuestChatEnd"),
            ("tail8x8 --topic a", "all"),
        ] {
            let count = words.split(' ').count();
            let script = format!(
                "{}\nCOMP_WORDS=({words}); COMP_CWORD={}; _tail8x8; echo \"${{COMPREPLY[*]}}\"",
                bash(),
                count - 1
            );
            let output = std::process::Command::new("bash").arg("-c").arg(script).output();
            let output = output.expect("bash runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{words}");
        }
    }
}
