//! What a run says at its end if it wrote nothing because of `--event`.

use crate::event_types;
use crate::report::Log;
use crate::settings::Settings;

/// Says which events were left out, if that is all there was. Event types of which 8x8 documents
/// all may just not have occurred, so a log is not told of them.
pub(super) fn tell(settings: &Settings, log: &mut Log) {
    let (counters, report) = (&log.counters, &mut log.report);
    let total = counters.left_out.total();
    if counters.events > 0 || total == 0 {
        return;
    }
    let behind = if settings.capture.cursor.is_some() { "; the cursor is past them" } else { "" };
    let text = format!(
        "no event was written: --event left out all {total}{behind}; their types: {}",
        counters.left_out
    );
    match settings.lines.events.iter().all(|event| event_types::is_known(event)) {
        true => report.notice(text),
        false => report.warning(text),
    }
}
