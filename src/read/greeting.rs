//! What a run says when its first session opens.

use jiff::Timestamp;

use super::desk::Desk;
use super::resume::Resume;
use crate::clock;
use crate::fault::{self, Fault, Holes};
use crate::message::Position;
use crate::settings::Settings;
use crate::values::subscription::Subscription;

/// The notice printed when the run's first session is open.
pub(super) fn greeting(settings: &Settings, desk: &Desk<'_>, resume: &Resume) -> String {
    let (target, topic) = (&settings.target, &settings.topic);
    let region = target.region.map_or(String::new(), |region| format!("{region}, "));
    let from = match (&settings.subscription, desk.output.progress().taken().newest()) {
        (Some(Subscription { name, kind, .. }), _) => {
            format!("through subscription {name} ({})", kind.name())
        }
        (None, Some(id)) => format!("from message {id} (cursor)"),
        (None, None) => match resume.start() {
            Position::After(id) => format!("from message {id}"),
            named => format!("from {}", named.as_str()),
        },
    };
    let what = if settings.is_following() { "waiting for new events" } else { "catching up" };
    format!(
        "connected to {} ({region}{}), topic {}/{}/{} {from}; {what}",
        target.host, target.chosen_by, topic.tenant, topic.namespace, topic.topic
    )
}

/// Says what a subscription leaves behind, and that what is left out is gone: once for each cursor.
/// Without one nothing remembers whether it was said, so a run that catches up says it only on a
/// terminal.
pub(super) fn tell_of_subscription(settings: &Settings, desk: &mut Desk<'_>) {
    let Some(Subscription { name, .. }) = &settings.subscription else { return };
    let (is_new, has_new_lines) = match desk.output.cursor() {
        Some(cursor) => (cursor.began.is_none(), desk.output.has_new_lines()),
        None => {
            let is_told = desk.log.report.is_terminal() || settings.is_following();
            (is_told, is_told)
        }
    };
    if is_new {
        desk.log.report.warning(format!(
            "the service now keeps every event for subscription {name} until it is acknowledged, even if nobody reads it again; when you no longer need it, remove it: tail8x8 --unsubscribe --subscription {name}, with the same tenant and topic"
        ));
    }
    if has_new_lines && !settings.lines.events.is_empty() {
        desk.log.report.warning(format!(
            "events that --event leaves out are acknowledged too: no consumer of subscription {name} will receive them"
        ));
    }
}

/// Says that this machine's clock is off.
pub(super) fn tell_skew(desk: &mut Desk<'_>, here: Timestamp, service_time: Timestamp) {
    let Some(skew) = clock::skew(here, service_time) else { return };
    let (row, mut holes) = (fault::row(Fault::ClockSkew), Holes::default());
    holes.set("skew", skew);
    let (headline, fixes) = (row.headline(&holes), row.fixes(&holes).join("; "));
    desk.log.report.warning(format!("{headline}; {fixes} [{}]", row.code));
}

/// Says that the cursor overrides `--message-id` and `--since`.
pub(super) fn tell_position(settings: &Settings, desk: &mut Desk<'_>) {
    if settings.subscription.is_some() {
        return;
    }
    let Some(id) = desk.output.progress().taken().newest() else { return };
    let cursor = desk.output.cursor_path();
    let cursor = cursor.map_or(String::new(), |path| path.display().to_string());
    let text = format!(
        "continuing after message {id} (cursor {cursor}); --message-id and --since count only for a first run"
    );
    desk.log.report.debug(text);
}
