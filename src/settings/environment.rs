//! The environment as a value, so that nothing else in this folder reads the process's own.

use std::ffi::{OsStr, OsString};

use crate::fault::Failure;
use crate::secret;

/// A copy of the environment's variables.
#[derive(Debug)]
pub(crate) struct Environment(Vec<(OsString, Hidden)>);

impl Environment {
    /// The variables of this process.
    pub(crate) fn of_process() -> Environment {
        std::env::vars_os().collect()
    }

    /// A variable's text. An empty one counts as unset, as is usual on Unix.
    ///
    /// # Errors
    /// If the variable is not UTF-8 text.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&str>, Failure> {
        let Some(value) = self.path(name) else { return Ok(None) };
        value.to_str().map(Some).ok_or_else(|| Failure::usage(name, "is not UTF-8 text"))
    }

    /// A variable that names a file, which may have a name of any bytes.
    pub(crate) fn path(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.iter().find(|(known, _)| known == name)?.1.0.as_os_str();
        Some(value).filter(|value| !value.is_empty())
    }
}

impl<T: Into<OsString>> FromIterator<(T, T)> for Environment {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(variables: I) -> Environment {
        let variables = variables.into_iter();
        Environment(variables.map(|(name, value)| (name.into(), Hidden(value.into()))).collect())
    }
}

/// A variable's value, which may be a secret: it is not shown in `Debug` output, and wiped.
struct Hidden(OsString);

impl Drop for Hidden {
    fn drop(&mut self) {
        secret::wipe(std::mem::take(&mut self.0).into_encoded_bytes());
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
