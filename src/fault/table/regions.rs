//! The faults of the regions step.

use super::shared::ASK_WHETHER_ENABLED;
use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Elsewhere,
        code: "regions.elsewhere",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::WrongRegion],
        headline: "your events are in {region}",
        means: "the key is accepted, but the events of this tenant are at another region's host",
        fixes: &[
            "use --region {region} (or --cluster with your vcc-<cluster> name)",
        ],
    },
    Row {
        fault: Fault::RegionsUnreached,
        code: "regions.unreached",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::WrongRegion],
        headline: "no other region could be reached",
        means: "no other region could be reached, so nothing is known of them",
        fixes: &[
            "run `diagnose` against one of them (--region) to see what is in the way",
        ],
    },
    Row {
        fault: Fault::NoRegionHasEvents,
        code: "regions.nowhere",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "no region has events for this key and tenant",
        means: "no region that was asked has events for this key and tenant",
        fixes: &[
            ASK_WHETHER_ENABLED,
        ],
    },
    Row {
        fault: Fault::NoRegionHasTopic,
        code: "regions.nowhere",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "no region has events in this topic",
        means: "no region that was asked has events in this topic, which does not hold every event of the tenant",
        fixes: &[
            "look at --namespace {default_namespace} --topic {default_topic}, which has every event of the tenant",
        ],
    },
];
