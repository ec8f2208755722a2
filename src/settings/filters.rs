//! Warnings about names and times that nothing can match: the service answers them with silence.

use jiff::Timestamp;

use super::Warning;
use crate::args::Args;
use crate::dates::EVENT_TYPES_AS_OF;
use crate::event_types::{self, Content};
use crate::message::Position;
use crate::values::quoted;

/// What can be known of them before anything is read.
pub(super) fn warnings(args: &Args, now: Timestamp) -> Vec<Warning> {
    let found = topic(args).into_iter().chain(events(args)).chain(times(args, now));
    found.map(Warning::always).collect()
}

fn topic(args: &Args) -> Option<String> {
    let (namespace, topic, source) = (&args.namespace, &args.topic, args.source("topic"));
    let name = quoted(topic);
    match Content::of(namespace, topic) {
        Content::Unknown => {
            let nearest = suggestion(event_types::nearest_topic(topic));
            Some(format!(
                "{source}: unknown topic {name} in namespace {namespace} (as of {EVENT_TYPES_AS_OF}){nearest}; the service creates a topic that does not exist, and then no event ever comes"
            ))
        }
        Content::NoAgent => Some(format!(
            "{source}: {name} is not the id of an agent, and namespace {namespace} has one topic for each agent, named by its id; the service creates a topic that does not exist, and then no event ever comes"
        )),
        _ => None,
    }
}

fn events(args: &Args) -> Vec<String> {
    let (events, source) = (&args.lines.events, args.source("event"));
    let unknown = events.iter().filter(|event| !event_types::is_known(event)).map(|event| {
        let nearest = suggestion(event_types::nearest(event));
        format!(
            "{source}: unknown event type {} (as of {EVENT_TYPES_AS_OF}){nearest}; names match exactly, including case",
            quoted(event)
        )
    });
    let mut warnings: Vec<_> = unknown.collect();
    let topic = &args.topic;
    let is_of_one_type = Content::of(&args.namespace, topic) == Content::OneType;
    if is_of_one_type
        && !events.is_empty()
        && !events.iter().any(|event| event_types::can_be_in(topic, event))
    {
        warnings.push(format!(
            "{source} leaves out everything: topic {topic} has no other events than those of its own type"
        ));
    }
    warnings
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

fn times(args: &Args, now: Timestamp) -> Option<String> {
    let source = |option| args.source(option);
    if let Some(since) = args.since.filter(|since| since.at(now) > now) {
        return Some(format!(
            "{}: the time is in the future ({since}): nothing published before then is written",
            source("since")
        ));
    }
    // A cursor keeps the place where its first run began.
    if args.message_id != Some(Position::Latest) || args.capture.cursor.is_some() {
        return None;
    }
    let latest = format!("{} latest skips", source("message-id"));
    if args.since.is_some() {
        return Some(format!("{} asks for earlier events, and {latest} them", source("since")));
    }
    if args.stop.until.is_some_and(|until| until.at(now) <= now) {
        return Some(format!("{} asks for earlier events, and {latest} them", source("until")));
    }
    args.stop
        .at_end
        .then(|| format!("{} reads what exists, and {latest} it", source("exit-at-end")))
}
