//! JSON members read by name and type, with errors that name the member that is wrong.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::files::{FilePlace, Identity};
use crate::message::MessageId;
use crate::progress::RecentIds;

/// A JSON object of a cursor. Its errors complete a sentence that begins with the cursor's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Object<'a> {
        Object(object)
    }

    pub(super) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    pub(super) fn text(self, name: &str) -> Result<&'a str, String> {
        self.value(name).and_then(Value::as_str).ok_or_else(|| wrong(name))
    }

    pub(super) fn flag(self, name: &str) -> Result<bool, String> {
        self.value(name).and_then(Value::as_bool).ok_or_else(|| wrong(name))
    }

    pub(super) fn list(self, name: &str) -> Result<Vec<Object<'a>>, String> {
        let list = self.value(name).and_then(Value::as_array).ok_or_else(|| wrong(name))?;
        let object = |value: &'a Value| value.as_object().map(Object).ok_or_else(|| wrong(name));
        list.iter().map(object).collect()
    }

    /// Ranges of messages, as [`RecentIds::to_texts`] gives them.
    pub(super) fn recent(self, name: &str) -> Result<RecentIds, String> {
        let texts = self.value(name).and_then(Value::as_object).ok_or_else(|| wrong(name))?;
        let texts = texts.iter().map(|(ledger, ranges)| (&**ledger, ranges.as_str().unwrap_or("")));
        RecentIds::from_texts(texts).ok_or_else(|| wrong(name))
    }

    pub(super) fn id(self, name: &str) -> Result<MessageId, String> {
        MessageId::parse(self.text(name)?).map_err(|e| format!("is damaged: `{name}` {e}"))
    }

    /// A time that may be absent.
    pub(super) fn time(self, name: &str) -> Result<Option<Timestamp>, String> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let time = value.as_str().and_then(|text| text.parse().ok());
                time.map(Some).ok_or_else(|| wrong(name))
            }
        }
    }

    /// Reads what [`of_place`] wrote.
    pub(super) fn place(self) -> Result<FilePlace, String> {
        let number = |name| self.value(name).map(|_| self.number(name)).transpose();
        let identity = number("device")?.zip(number("inode")?);
        let born = self.time("born")?;
        Ok(FilePlace {
            name: path_of(self.text("name")?),
            identity: identity.map(|(device, inode)| Identity { device, inode, born }),
            offset: self.number("offset")?,
        })
    }

    fn number(self, name: &str) -> Result<u64, String> {
        self.value(name).and_then(Value::as_u64).ok_or_else(|| wrong(name))
    }
}

/// A file and its length, as JSON.
pub(super) fn of_place(place: &FilePlace) -> Value {
    let mut object = json!({"name": text_of(&place.name), "offset": place.offset});
    if let Some(Identity { device, inode, born }) = place.identity {
        object["device"] = device.into();
        object["inode"] = inode.into();
        if let Some(born) = born {
            object["born"] = born.to_string().into();
        }
    }
    object
}

/// A path as text. A byte that is not UTF-8 becomes NUL, which no path contains, and two hexadecimal
/// digits: `caf\xe9` is `caf\0e9`.
fn text_of(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\0{byte:02x}")));
    }
    text
}

/// Reads what [`text_of`] wrote.
fn path_of(text: &str) -> PathBuf {
    let mut parts = text.split('\0');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if !byte.is_ascii() => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            // It is not of this program, and names no file.
            _ => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    OsString::from_vec(bytes).into()
}

fn wrong(name: &str) -> String {
    format!("is damaged: `{name}` is missing or of the wrong type")
}
