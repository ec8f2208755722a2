//! Sentences from the service that say more than the status sent with them.

use super::Fault::{self, *};

/// A part of a known sentence, as Apache Pulsar 4.0 or 4.2 writes it, and the fault it stands for.
/// All of these remain until someone corrects the request.
pub(crate) type Sentence = (&'static str, Fault);

/// The known sentence in this text, if any.
pub(crate) fn known_sentence(text: &str) -> Option<Sentence> {
    SENTENCES.iter().copied().find(|(part, _)| text.contains(part))
}

/// The statuses with which a known sentence says more than the status.
pub(crate) const STATUSES: [u16; 4] = [400, 404, 409, 500];

/// The fault of an answer with this sentence and status, if the sentence is known and says more
/// than the status. If the status fits the sentence, the fault has the status's own code.
pub(crate) fn said(sentence: &str, status: u16) -> Option<Fault> {
    let (_, fault) = known_sentence(sentence).filter(|_| STATUSES.contains(&status))?;
    Some(match (status, fault) {
        (404, NoSuchTenant) => TenantNotFound,
        (404, NoSuchNamespace) => NamespaceNotFound,
        (404, NoSuchTopic) => TopicNotFound,
        (400, BadMessageId) => UnreadableMessageId,
        (400, BadTopicName) => UnreadableTopicName,
        (400, BadQueueSize) => UnusableQueueSize,
        (_, fault) => fault,
    })
}

#[rustfmt::skip]
const SENTENCES: &[Sentence] = &[
    ("partitioned topic startMessageId is illegal", NoResumeById),
    ("Namespace not found", NoSuchNamespace),
    ("Tenant not found", NoSuchTenant),
    ("Topic not found", NoSuchTopic),
    ("opic does not exist", NoSuchTopic),
    (r#""errorMsg":"""#, NoSuchTopic),
    ("Invalid messageId", BadMessageId),
    ("Illegal base64", BadMessageId),
    ("IndexOutOfBounds", BadMessageId),
    ("malformed varint", BadMessageId),
    ("Invalid topic name", BadTopicName),
    ("receiverQueueSize", BadQueueSize),
    ("Subscription is of different type", OtherSubscriptionType),
];
