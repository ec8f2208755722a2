//! The cursor: what one run leaves to the next, so that each event is in the files exactly once.
//!
//! It names the last message written, and how long each file was then. What lies behind that
//! length belongs to later messages, which the service will send again.

mod file;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::files::{FilePlace, Identity};
use crate::message::{MessageId, Position};
use crate::progress::Progress;
use crate::settings::Settings;

pub(crate) use file::CursorFile;

/// Grows when an older program would misread what a newer one wrote.
const VERSION: u64 = 1;

/// Everything a cursor holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) belongs_to: Source,
    /// Where the first run of this cursor began.
    pub(crate) start: Position,
    /// `--since` of the first run.
    pub(crate) since: Option<Timestamp>,
    /// The service's clock when the first session was open.
    pub(crate) began: Option<Timestamp>,
    /// The topic refuses to go on after an id.
    pub(crate) partitioned: bool,
    pub(crate) progress: Progress,
    /// The files that may hold lines of later messages; the open one is the last.
    pub(crate) output: Vec<FilePlace>,
    /// The same for rejects.
    pub(crate) rejects: Vec<FilePlace>,
    /// The options that shape a line, in words that only are compared.
    pub(crate) lines: String,
    /// The run that wrote this ended in good order: nothing is behind the lengths.
    pub(crate) clean: bool,
}

/// What a cursor belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) host: String,
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) topic: String,
}

impl Cursor {
    /// The cursor of a first run.
    pub(crate) fn new(settings: &Settings) -> Cursor {
        Cursor {
            belongs_to: Source::of(settings),
            start: settings.start.position.clone(),
            since: settings.start.since,
            began: None,
            partitioned: false,
            progress: Progress::default(),
            output: Vec::new(),
            rejects: Vec::new(),
            lines: settings.lines.shape(),
            clean: false,
        }
    }

    /// The cursor of a run after the one that left `found`. As long as that has no position, a
    /// start that is given counts, unless it is the same.
    pub(crate) fn continued(found: Option<Cursor>, settings: &Settings) -> Cursor {
        let is_void = |found: &Cursor| {
            let start = &settings.start;
            let is_other = start.is_given && found.start != start.position;
            is_other && found.progress.newest().is_none()
        };
        let found = found.filter(|found| !is_void(found));
        let cursor = found.unwrap_or_else(|| Cursor::new(settings));
        Cursor { lines: settings.lines.shape(), ..cursor }
    }

    /// One JSON object and a newline.
    pub(crate) fn to_json(&self) -> String {
        let Source { host, tenant, namespace, topic } = &self.belongs_to;
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let partitions: Vec<Value> = (self.progress.partitions())
            .map(|last| json!({"id": last.id.as_str(), "published": time(last.published)}))
            .collect();
        let mut object = json!({
            "version": VERSION,
            "host": host,
            "tenant": tenant,
            "namespace": namespace,
            "topic": topic,
            "start": self.start.as_str(),
            "since": time(self.since),
            "began": time(self.began),
            "partitioned": self.partitioned,
            "newest": self.progress.newest().map(MessageId::as_str),
            "partitions": partitions,
            "output": self.output.iter().map(FilePlace::to_json).collect::<Vec<_>>(),
            "rejects": self.rejects.iter().map(FilePlace::to_json).collect::<Vec<_>>(),
            "lines": self.lines,
            "clean": self.clean,
        });
        if let Some(object) = object.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        format!("{object}\n")
    }

    /// Reads what [`Cursor::to_json`] wrote.
    ///
    /// # Errors
    /// What about it cannot be used, for people.
    pub(crate) fn from_json(text: &str) -> Result<Cursor, String> {
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|e| format!("is damaged: {e}"))?;
        let object = Object(&object);
        match object.value("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(format!(
                    "is of version {other}, and this program knows only version {VERSION}"
                ));
            }
            None => return Err("is no cursor of this program: `version` is missing".to_owned()),
        }
        let mut progress = Progress::default();
        for last in object.list("partitions")? {
            progress.took(last.id("id")?, last.time("published")?);
        }
        if object.value("newest").is_some() {
            // The last one taken is the newest.
            let newest = object.id("newest")?;
            let last =
                progress.of(newest.partition).ok_or("is damaged: `newest` is of no partition")?;
            let published = last.published;
            progress.took(newest, published);
        }
        let files = |name| -> Result<Vec<FilePlace>, String> {
            object.list(name)?.into_iter().map(FilePlace::from_json).collect()
        };
        Ok(Cursor {
            belongs_to: Source {
                host: object.text("host")?.to_owned(),
                tenant: object.text("tenant")?.to_owned(),
                namespace: object.text("namespace")?.to_owned(),
                topic: object.text("topic")?.to_owned(),
            },
            start: Position::parse(object.text("start")?)
                .map_err(|e| format!("is damaged: `start` {e}"))?,
            since: object.time("since")?,
            began: object.time("began")?,
            partitioned: object.flag("partitioned")?,
            progress,
            output: files("output")?,
            rejects: files("rejects")?,
            lines: object.text("lines")?.to_owned(),
            clean: object.flag("clean")?,
        })
    }
}

impl Source {
    pub(crate) fn of(settings: &Settings) -> Source {
        Source {
            host: settings.target.host.clone(),
            tenant: settings.topic.tenant.clone(),
            namespace: settings.topic.namespace.clone(),
            topic: settings.topic.topic.clone(),
        }
    }

    /// The first member that differs: its name, here and there.
    pub(crate) fn difference<'a>(
        &'a self,
        other: &'a Source,
    ) -> Option<(&'static str, &'a str, &'a str)> {
        let pairs = [
            ("host", &self.host, &other.host),
            ("tenant", &self.tenant, &other.tenant),
            ("namespace", &self.namespace, &other.namespace),
            ("topic", &self.topic, &other.topic),
        ];
        let found = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs);
        found.map(|(name, ours, theirs)| (name, ours.as_str(), theirs.as_str()))
    }
}

impl FilePlace {
    fn to_json(&self) -> Value {
        let mut object = json!({"name": self.name.to_string_lossy(), "offset": self.offset});
        if let Some(Identity { device, inode, born }) = self.identity {
            object["device"] = device.into();
            object["inode"] = inode.into();
            if let Some(born) = born {
                object["born"] = born.to_string().into();
            }
        }
        object
    }

    fn from_json(object: Object<'_>) -> Result<FilePlace, String> {
        let number = |name| object.value(name).map(|_| object.number(name)).transpose();
        let identity = number("device")?.zip(number("inode")?);
        let born = object.time("born")?;
        Ok(FilePlace {
            name: object.text("name")?.into(),
            identity: identity.map(|(device, inode)| Identity { device, inode, born }),
            offset: object.number("offset")?,
        })
    }
}

/// A JSON object whose members are asked for by name and type.
#[derive(Clone, Copy)]
struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    fn of(value: &'a Value, name: &str) -> Result<Object<'a>, String> {
        value.as_object().map(Object).ok_or_else(|| wrong(name))
    }

    fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    fn text(self, name: &str) -> Result<&'a str, String> {
        self.value(name).and_then(Value::as_str).ok_or_else(|| wrong(name))
    }

    fn number(self, name: &str) -> Result<u64, String> {
        self.value(name).and_then(Value::as_u64).ok_or_else(|| wrong(name))
    }

    fn flag(self, name: &str) -> Result<bool, String> {
        self.value(name).and_then(Value::as_bool).ok_or_else(|| wrong(name))
    }

    fn list(self, name: &str) -> Result<Vec<Object<'a>>, String> {
        let list = self.value(name).and_then(Value::as_array).ok_or_else(|| wrong(name))?;
        list.iter().map(|value| Object::of(value, name)).collect()
    }

    fn id(self, name: &str) -> Result<MessageId, String> {
        MessageId::parse(self.text(name)?).map_err(|e| format!("is damaged: `{name}` {e}"))
    }

    /// Absent is fine.
    fn time(self, name: &str) -> Result<Option<Timestamp>, String> {
        match self.value(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let time = value.as_str().and_then(|text| text.parse().ok());
                time.map(Some).ok_or_else(|| wrong(name))
            }
        }
    }
}

fn wrong(name: &str) -> String {
    format!("is damaged: `{name}` is missing or of the wrong type")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        let time = |second| Timestamp::from_second(1_800_000_000_i64 + second).ok();
        let id = |text| MessageId::parse(text).expect("an id");
        let mut progress = Progress::default();
        progress.took(id("CAEQAhgB"), time(5));
        progress.took(id("CAIQAQ=="), None);
        progress.took(id("CAEQAxgB"), time(4));
        Cursor {
            belongs_to: Source {
                host: "h".to_owned(),
                tenant: "t".to_owned(),
                namespace: "n".to_owned(),
                topic: "all".to_owned(),
            },
            start: Position::Latest,
            since: None,
            began: time(0),
            partitioned: true,
            progress,
            output: vec![FilePlace {
                name: "/x/events.ndjson".into(),
                identity: Some(Identity { device: 1, inode: 2, born: time(7) }),
                offset: 3,
            }],
            rejects: vec![FilePlace { name: "/x/r".into(), identity: None, offset: 0 }],
            lines: "payload".to_owned(),
            clean: false,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let cursor = cursor();
        let text = cursor.to_json();
        assert!(!text.trim_end().contains('\n') && !text.contains("null,"), "{text}");
        assert_eq!(Cursor::from_json(&text), Ok(cursor));
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let text = cursor().to_json();
        for (from, to, says) in [
            ("{", "", "damaged"),
            ("\"version\":1", "\"version\":2", "version 2"),
            ("\"version\":1", "\"other\":1", "`version` is missing"),
            ("\"topic\":\"all\"", "\"topic\":7", "`topic`"),
            ("\"clean\":false", "\"clean\":0", "`clean`"),
            ("\"id\":\"CAEQAxgB", "\"id\":\"CAEQ", "`id`"),
            ("\"offset\":3", "\"offset\":-3", "`offset`"),
            ("\"start\":\"latest\"", "\"start\":\"now\"", "`start`"),
        ] {
            let damaged = text.replacen(from, to, 1);
            assert_ne!(damaged, text, "{from}");
            let error = Cursor::from_json(&damaged).expect_err(from);
            assert!(error.contains(says), "{from}: {error}");
        }
    }
}
