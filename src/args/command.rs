//! The commands, and which options each of them takes.

/// What the program can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Read,
    Diagnose,
    Explain,
    Regions,
}

impl Command {
    pub(crate) const ALL: [Command; 4] =
        [Command::Read, Command::Diagnose, Command::Explain, Command::Regions];

    /// The command that need not be named.
    pub(crate) const DEFAULT: Command = Command::Read;

    pub(crate) fn name(self) -> &'static str {
        match self {
            Command::Read => "read",
            Command::Diagnose => "diagnose",
            Command::Explain => "explain",
            Command::Regions => "regions",
        }
    }

    /// Its line in the synopsis.
    pub(crate) fn usage(self) -> &'static str {
        match self {
            Command::Read => "tail8x8 [read] [OPTIONS]",
            Command::Diagnose => "tail8x8 diagnose [OPTIONS]",
            Command::Explain => "tail8x8 explain [TEXT]",
            Command::Regions => "tail8x8 regions [--json]",
        }
    }

    /// The names of all commands.
    pub(crate) fn names() -> Vec<&'static str> {
        Command::ALL.map(Command::name).to_vec()
    }

    /// All commands, for a sentence: `read (the default), diagnose, …`.
    pub(crate) fn list() -> String {
        let shown = |command: Command| match command {
            Command::DEFAULT => format!("{} (the default)", command.name()),
            _ => command.name().to_owned(),
        };
        Command::ALL.map(shown).join(", ")
    }
}

/// Which commands take an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commands {
    /// `read`: what happens to the events.
    Read,
    /// `read` and `diagnose`: how to reach the service.
    Connecting,
    /// `diagnose`.
    Diagnose,
    /// `diagnose` and `regions`.
    Findings,
    /// `read`, `diagnose` and `regions`: which region.
    Place,
    Any,
}

impl Commands {
    pub(crate) fn include(self, command: Command) -> bool {
        match self {
            Commands::Read => command == Command::Read,
            Commands::Connecting => matches!(command, Command::Read | Command::Diagnose),
            Commands::Diagnose => command == Command::Diagnose,
            Commands::Findings => matches!(command, Command::Diagnose | Command::Regions),
            Commands::Place => command != Command::Explain,
            Commands::Any => true,
        }
    }
}
