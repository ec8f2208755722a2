//! Sentences of the service that say more than the status they come with.

use super::Fault;

/// A sentence of the service that says more than the status it comes with.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// A part of the sentence, as Apache Pulsar 4.0 or 4.2 words it.
    pub(crate) part: &'static str,
    /// The problem it stands for, where it has one of its own.
    pub(crate) fault: Option<Fault>,
    pub(crate) advice: &'static str,
}

/// The known sentence that this one is, if it is: all of them stay until someone mends the request.
pub(crate) fn known_sentence(sentence: &str) -> Option<&'static Sentence> {
    SENTENCES.iter().find(|known| sentence.contains(known.part))
}

const fn says(part: &'static str, advice: &'static str) -> Sentence {
    Sentence { part, fault: None, advice }
}

const MESSAGE_ID: &str = "the service cannot read this message id: give --message-id one that the service itself has sent, `earliest` or `latest`";
const MISSING_TOPIC: &str = "this tenant has no such topic: check --topic (the default is `all`) and --namespace, and with 8x8 whether event streaming is enabled";

#[rustfmt::skip]
const SENTENCES: &[Sentence] = &[
    Sentence {
        fault: Some(Fault::NoResumeById),
        ..says("partitioned topic startMessageId is illegal", "a partitioned topic cannot be resumed by id: read one partition by its own name (--topic NAME-partition-0), or use --message-id earliest or --since")
    },
    says("Namespace not found", "this tenant has no such namespace: check --tenant and --namespace (the default is event-v1)"),
    says("Tenant not found", "the service knows no such tenant: check --tenant"),
    says("Topic not found", MISSING_TOPIC),
    says("opic does not exist", MISSING_TOPIC),
    says(r#""errorMsg":"""#, MISSING_TOPIC),
    says("Invalid messageId", MESSAGE_ID),
    says("Illegal base64", MESSAGE_ID),
    says("IndexOutOfBounds", MESSAGE_ID),
    says("malformed varint", MESSAGE_ID),
    says("Invalid topic name", "the service cannot read the topic's name: check --tenant, --namespace and --topic"),
    says("receiverQueueSize", "the service refuses this --receiver-queue-size: 1 to 1000 are possible"),
];
