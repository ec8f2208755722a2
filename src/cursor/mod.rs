//! The cursor: what one run saves for the next, so that each event is in the files exactly once.
//!
//! It names the last message written, and the length of each file at that point. Anything beyond
//! that length belongs to later messages, which the service will send again.

mod file;
mod json;

use jiff::Timestamp;
use serde_json::error::Category;
use serde_json::{Map, Value, json};

use crate::files::FilePlace;
use crate::message::{MessageId, Position};
use crate::progress::{Reached, RecentIds};
use json::Object;

pub(crate) use file::CursorFile;

/// Increased whenever an older program would misread what a newer one writes.
const VERSION: u64 = 1;

/// Everything a cursor holds apart from its progress ([`Reached`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) belongs_to: Source,
    /// Where the first run with this cursor started.
    pub(crate) start: Position,
    /// `--since` of the first run, by the service's clock.
    pub(crate) since: Option<Timestamp>,
    /// The service's clock when the first session opened.
    pub(crate) began: Option<Timestamp>,
    /// The topic refuses to resume by message id.
    pub(crate) partitioned: bool,
    /// The files that may hold lines of later messages; the open one is the last.
    pub(crate) output: Vec<FilePlace>,
    /// The same for rejects.
    pub(crate) rejects: Vec<FilePlace>,
    /// The options that decide how a line looks and which messages have one, as text that is only
    /// compared.
    pub(crate) lines: String,
    /// The name of the run that wrote this, if it was a consumer; no other run has the same.
    pub(crate) run: String,
    /// How many commits it had made.
    pub(crate) commits: u64,
    /// The run that wrote this ended cleanly: no file is longer than its length here.
    pub(crate) clean: bool,
}

/// The topic a cursor belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) host: String,
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) topic: String,
    /// Empty for a reader.
    pub(crate) subscription: String,
}

impl Cursor {
    /// The cursor of a first run.
    pub(crate) fn new(belongs_to: Source, start: Position, lines: String) -> Cursor {
        Cursor {
            belongs_to,
            start,
            since: None,
            began: None,
            partitioned: false,
            output: Vec::new(),
            rejects: Vec::new(),
            lines,
            run: String::new(),
            commits: 0,
            clean: false,
        }
    }

    /// The cursor and its progress as one JSON object and a newline.
    pub(crate) fn to_json(&self, reached: &Reached) -> String {
        let Source { host, tenant, namespace, topic, subscription } = &self.belongs_to;
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let partitions: Vec<Value> = (reached.partitions())
            .map(|last| json!({"id": last.id.as_str(), "published": time(last.published)}))
            .collect();
        let mut object = json!({
            "version": VERSION,
            "host": host,
            "tenant": tenant,
            "namespace": namespace,
            "topic": topic,
            "subscription": Some(subscription).filter(|name| !name.is_empty()),
            "start": self.start.as_str(),
            "since": time(self.since),
            "began": time(self.began),
            "partitioned": self.partitioned,
            "newest": reached.newest().map(MessageId::as_str),
            "partitions": partitions,
            "recent": reached.recent.as_ref().map(RecentIds::to_texts),
            "output": self.output.iter().map(json::of_place).collect::<Vec<_>>(),
            "rejects": self.rejects.iter().map(json::of_place).collect::<Vec<_>>(),
            "lines": self.lines,
            "run": Some(&self.run).filter(|name| !name.is_empty()),
            "commits": Some(self.commits).filter(|count| *count > 0),
            "clean": self.clean,
        });
        if let Some(object) = object.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        format!("{object}\n")
    }

    /// Reads a cursor and its progress as [`Cursor::to_json`] wrote them.
    ///
    /// # Errors
    /// Why it cannot be used, for people.
    pub(crate) fn from_json(text: &str) -> Result<(Cursor, Reached), String> {
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|e| match e.classify() {
                // What is there instead is not shown: it may be anything.
                Category::Data => "is damaged: not a JSON object".to_owned(),
                _ => format!("is damaged: {e}"),
            })?;
        let object = Object::new(&object);
        match object.value("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(format!(
                    "has version {other}, but this program supports only version {VERSION}"
                ));
            }
            None => return Err("is not a cursor of this program: `version` is missing".to_owned()),
        }
        let reached = reached(object)?;
        let places = |name| -> Result<Vec<FilePlace>, String> {
            object.list(name)?.into_iter().map(Object::place).collect()
        };
        let cursor = Cursor {
            belongs_to: Source {
                host: object.text("host")?.to_owned(),
                tenant: object.text("tenant")?.to_owned(),
                namespace: object.text("namespace")?.to_owned(),
                topic: object.text("topic")?.to_owned(),
                subscription: match object.value("subscription") {
                    Some(_) => object.text("subscription")?.to_owned(),
                    None => String::new(),
                },
            },
            start: Position::parse(object.text("start")?)
                .map_err(|e| format!("is damaged: `start` {e}"))?,
            since: object.time("since")?,
            began: object.time("began")?,
            partitioned: object.flag("partitioned")?,
            output: places("output")?,
            rejects: places("rejects")?,
            lines: object.text("lines")?.to_owned(),
            run: match object.value("run") {
                Some(_) => object.text("run")?.to_owned(),
                None => String::new(),
            },
            commits: object.value("commits").and_then(Value::as_u64).unwrap_or_default(),
            clean: object.flag("clean")?,
        };
        Ok((cursor, reached))
    }
}

fn reached(object: Object<'_>) -> Result<Reached, String> {
    let mut reached = Reached::default();
    for last in object.list("partitions")? {
        reached.reach(last.id("id")?, last.time("published")?);
    }
    if object.value("newest").is_some() {
        // Take it last, which makes it the newest.
        let newest = object.id("newest")?;
        let last = reached
            .of(newest.partition)
            .ok_or("is damaged: `newest` is in none of its `partitions`")?;
        let published = last.published;
        reached.reach(newest, published);
    }
    if object.value("recent").is_some() {
        reached.recent = Some(object.recent("recent")?);
    }
    Ok(reached)
}

impl Source {
    /// The first member that differs: its name, its value here and its value in `other`.
    pub(crate) fn difference<'a>(
        &'a self,
        other: &'a Source,
    ) -> Option<(&'static str, &'a str, &'a str)> {
        let pairs = [
            ("host", &self.host, &other.host),
            ("tenant", &self.tenant, &other.tenant),
            ("namespace", &self.namespace, &other.namespace),
            ("topic", &self.topic, &other.topic),
            ("subscription", &self.subscription, &other.subscription),
        ];
        let found = pairs.into_iter().find(|(_, ours, theirs)| ours != theirs);
        found.map(|(name, ours, theirs)| (name, ours.as_str(), theirs.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Identity;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    fn cursor() -> (Cursor, Reached) {
        let time = |second| Timestamp::from_second(1_800_000_000_i64 + second).ok();
        let id = |text| MessageId::parse(text).expect("an id");
        let mut reached = Reached::default();
        reached.reach(id("CAEQAhgB"), time(5));
        reached.reach(id("CAIQAQ=="), None);
        reached.reach(id("CAEQAxgB"), time(4));
        reached.recent = RecentIds::from_texts([("1:1", "2-3,7.0")].into_iter());
        let cursor = Cursor {
            belongs_to: Source {
                host: "h".to_owned(),
                tenant: "t".to_owned(),
                namespace: "n".to_owned(),
                topic: "all".to_owned(),
                subscription: "s".to_owned(),
            },
            start: Position::Latest,
            since: None,
            began: time(0),
            partitioned: true,
            output: vec![FilePlace {
                name: "/x/events.ndjson".into(),
                identity: Some(Identity { device: 1, inode: 2, born: time(7) }),
                offset: 3,
            }],
            rejects: vec![FilePlace {
                name: OsStr::from_bytes(b"/caf\xe9/\xc3\xa9\xff").into(),
                identity: None,
                offset: 0,
            }],
            lines: "payload".to_owned(),
            run: "7 8".to_owned(),
            commits: 9,
            clean: false,
        };
        (cursor, reached)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (cursor, reached) = cursor();
        let text = cursor.to_json(&reached);
        assert!(!text.trim_end().contains('\n') && !text.contains("null,"), "{text}");
        assert!(text.contains(r#""/caf\u0000e9/é\u0000ff""#), "{text}");
        assert_eq!(Cursor::from_json(&text), Ok((cursor, reached)));
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let (cursor, reached) = cursor();
        let text = cursor.to_json(&reached);
        for (from, to, says) in [
            ("{", "", "damaged"),
            ("\"version\":1", "\"version\":2", "version 2"),
            ("\"version\":1", "\"other\":1", "`version` is missing"),
            ("\"topic\":\"all\"", "\"topic\":7", "`topic`"),
            ("\"clean\":false", "\"clean\":0", "`clean`"),
            ("\"id\":\"CAEQAxgB", "\"id\":\"CAEQ", "`id`"),
            ("2-3,7.0", "2-3,", "`recent`"),
            ("\"offset\":3", "\"offset\":-3", "`offset`"),
            ("\"start\":\"latest\"", "\"start\":\"now\"", "`start`"),
        ] {
            let damaged = text.replacen(from, to, 1);
            assert_ne!(damaged, text, "{from}");
            let error = Cursor::from_json(&damaged).expect_err(from);
            assert!(error.contains(says), "{from}: {error}");
        }
        // Any file may be named by mistake, that of the key too.
        let error = Cursor::from_json("\"canary\"").expect_err("no object");
        assert_eq!(error, "is damaged: not a JSON object");
    }
}
