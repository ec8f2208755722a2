//! The environment as a value, so that nothing else in this folder reads the process's own.

/// A copy of the environment's variables.
#[derive(Debug)]
pub(crate) struct Environment(Vec<(String, Hidden)>);

impl Environment {
    /// The variables of this process. Text that is not UTF-8 gets replacement characters,
    /// which no value here may contain, so it is rejected by name where it is used.
    pub(crate) fn of_process() -> Environment {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect()
    }

    /// A variable's value. An empty one counts as unset, as is usual on Unix.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name)?.1.0.as_str();
        Some(value).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Environment {
        Environment(variables.into_iter().map(|(name, value)| (name, Hidden(value))).collect())
    }
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Environment {
        variables.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }
}

/// A variable's value, which may be a secret and so is not shown in `Debug` output.
struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
