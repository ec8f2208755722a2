//! What a test does with a running service: publish, break, mend, wait, and look at the evidence.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use super::fault::Fault;
use super::odd::Odd;
use super::seen::Seen;
use super::topic::{Id, New};
use super::wire::{Ending, Order};
use super::{Service, full_name};
use crate::support::ca::Ca;
use crate::support::canary;

/// Where it is.
impl Service {
    pub fn port(&self) -> u16 {
        self.number
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    fn is_plain(&self) -> bool {
        self.shared.settings.acceptor.is_none()
    }

    /// `wss://127.0.0.1:12345`, without a path.
    pub fn url(&self) -> String {
        let place = std::net::SocketAddr::new(self.address, self.number);
        format!("{}://{place}", if self.is_plain() { "ws" } else { "wss" })
    }

    /// The arguments that lead the program here.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec!["--tenant".into(), "acme".into(), "--host".into()];
        if self.is_plain() {
            args.push(self.url());
            return args;
        }
        let root = Ca::shared().root_pem().display().to_string();
        let port = self.number.to_string();
        args.extend([self.host(), "--port".into(), port, "--ca-file".into(), root]);
        args
    }
}

/// Messages. A topic is named by its last part (`all`), or in full (`acme/agent-v1/7`).
impl Service {
    pub fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) -> Id {
        self.publish_message(topic, New::payload(payload))
    }

    pub fn publish_at(&self, topic: &str, payload: impl Into<Vec<u8>>, time: SystemTime) -> Id {
        self.publish_message(topic, New::payload(payload).published(time))
    }

    pub fn publish_odd(&self, topic: &str, odd: Odd) -> Id {
        self.publish_message(topic, New::odd(odd))
    }

    pub fn publish_message(&self, topic: &str, message: New) -> Id {
        self.publish_all(topic, vec![message], false)[0]
    }

    /// One entry of several messages: their ids differ in the batch index only.
    pub fn publish_batch<T: AsRef<[u8]>>(&self, topic: &str, payloads: &[T]) -> Vec<Id> {
        let batch = payloads.iter().map(|payload| New::payload(payload.as_ref())).collect();
        self.publish_all(topic, batch, true)
    }

    /// Many at once, under one lock.
    pub fn publish_many<T: Into<Vec<u8>>>(
        &self,
        topic: &str,
        count: usize,
        payload: impl Fn(usize) -> T,
    ) -> Vec<Id> {
        let now = SystemTime::now();
        let topic = full_name(topic);
        self.shared.change(|state| {
            let one = |number| {
                let message = New::payload(payload(number)).published(now);
                state.publish(&topic, vec![message], false)[0].id
            };
            (0..count).map(one).collect()
        })
    }

    fn publish_all(&self, topic: &str, batch: Vec<New>, batched: bool) -> Vec<Id> {
        let published =
            self.shared.change(|state| state.publish(&full_name(topic), batch, batched));
        published.iter().map(|message| message.id).collect()
    }

    /// The retention has passed for whatever is before `id` in its partition.
    pub fn forget_before(&self, topic: &str, id: &Id) {
        self.shared.change(|state| {
            let number = id.partition.unwrap_or(0) as usize;
            state.topic(&full_name(topic)).partitions[number].forget_before(id);
        });
    }

    /// From now on `isEndOfTopic` is answered with true.
    pub fn terminate(&self, topic: &str) {
        self.shared.change(|state| state.topic(&full_name(topic)).terminated = true);
    }
}

/// Trouble and its end.
impl Service {
    /// Replaces the keys that are accepted.
    pub fn set_key(&self, key: &str) {
        self.shared.change(|state| state.keys = vec![key.into()]);
    }

    pub fn set_forbidden_key(&self, key: &str) {
        self.shared.change(|state| state.forbidden_keys = vec![key.into()]);
    }

    /// What the next connections get, before anything else that was planned.
    pub fn next_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        let faults: Vec<_> = faults.into_iter().collect();
        assert!(!faults.iter().any(Fault::is_of_the_port), "use stop_listening");
        self.shared.change(|state| {
            faults.into_iter().rev().for_each(|fault| state.script.push_front(fault));
        });
    }

    /// RST on every connection.
    pub fn cut_connections(&self) {
        self.order_open(&Order::End(Ending::Reset));
    }

    /// FIN on every connection, without a close frame.
    pub fn end_connections(&self) {
        self.order_open(&Order::End(Ending::Fin));
    }

    pub fn close_all(&self, code: u16, reason: &str) {
        self.order_open(&Order::Close(code, reason.into()));
    }

    /// RST on one connection, by its place in [`Seen::connections`].
    pub fn cut_connection(&self, number: usize) {
        self.shared.change(|state| state.remotes[number].order(Order::End(Ending::Reset)));
    }

    fn order_open(&self, order: &Order) {
        self.shared.change(|state| {
            for (remote, seen) in state.remotes.iter().zip(&state.seen.connections) {
                if !seen.ended {
                    remote.order(order.clone());
                }
            }
        });
    }

    /// Stops reading and answering; TCP stays alive, new connections are accepted by the kernel.
    pub fn freeze(&self) {
        self.shared.change(|state| state.frozen = true);
    }

    pub fn thaw(&self) {
        self.shared.change(|state| state.frozen = false);
    }

    /// Answers everything but sends no message: a broker that died behind its proxy.
    pub fn pause_delivery(&self) {
        self.shared.change(|state| state.paused = true);
    }

    pub fn resume_delivery(&self) {
        self.shared.change(|state| state.paused = false);
    }

    /// Readers wait for what this partition holds by now. Those behind it get what comes later.
    pub fn pause_storage(&self, topic: &str, partition: usize) {
        self.shared.change(|state| {
            let partition = &mut state.topic(&full_name(topic)).partitions[partition];
            partition.unreadable = partition.end();
        });
    }

    pub fn resume_storage(&self, topic: &str) {
        self.shared.change(|state| {
            let partitions = &mut state.topic(&full_name(topic)).partitions;
            partitions.iter_mut().for_each(|partition| partition.unreadable = 0);
        });
    }

    /// New connections are refused; the old ones stay.
    pub fn stop_listening(&self) {
        self.port.lock().unwrap().stop_listening(self.address, self.number);
    }

    pub fn listen_again(&self) {
        self.port.lock().unwrap().listen_again(&self.shared);
    }
}

/// Evidence.
impl Service {
    pub fn seen(&self) -> Seen {
        self.shared.lock().seen.clone()
    }

    /// How many were accepted.
    pub fn connections(&self) -> usize {
        self.shared.lock().seen.connections.len()
    }

    pub fn open_connections(&self) -> usize {
        self.shared.lock().seen.open()
    }

    /// Waits until what was seen is as wanted; `what` goes into the message if it never is.
    #[track_caller]
    pub fn wait_for(&self, what: &str, done: impl Fn(&Seen) -> bool) {
        self.shared.wait_for(what, |state| done(&state.seen));
    }

    /// Waits until so many upgrades in all were accepted.
    #[track_caller]
    pub fn wait_for_connections(&self, count: usize) {
        self.wait_for(&format!("{count} upgraded connections"), |seen| seen.upgraded() >= count);
    }

    #[track_caller]
    pub fn wait_for_acks(&self, count: usize) {
        self.wait_for(&format!("{count} acknowledgements"), |seen| seen.acks() >= count);
    }

    #[track_caller]
    pub fn wait_for_no_connections(&self) {
        self.wait_for("the end of all connections", |seen| seen.open() == 0);
    }

    /// Each message sent was acknowledged or sent back exactly once on its connection, and nothing else
    /// was.
    #[track_caller]
    pub fn assert_acked_once(&self) {
        for (number, connection) in self.seen().connections.iter().enumerate() {
            let mut open: HashMap<_, i64> = HashMap::new();
            connection.sent.iter().for_each(|id| *open.entry(*id).or_default() += 1);
            for ack in &connection.acks {
                let id = ack.id.unwrap_or_else(|| panic!("an unreadable id in {}", ack.raw));
                *open.entry(id).or_default() -= 1;
            }
            connection.nacks.iter().for_each(|id| *open.entry(*id).or_default() -= 1);
            open.retain(|_, count| *count != 0);
            let text = "acknowledgements that are missing (> 0) or too many (< 0)";
            assert!(open.is_empty(), "connection {number}: {text}: {open:?}");
        }
    }

    /// Every message that was acknowledged is among `lines`.
    #[track_caller]
    pub fn assert_acks_within<T: AsRef<[u8]>>(&self, lines: &[T]) {
        let lines: HashSet<&[u8]> = lines.iter().map(AsRef::as_ref).collect();
        let state = self.shared.lock();
        let topics = state.topics.values().flat_map(|topic| &topic.partitions);
        let payloads: HashMap<_, _> = topics
            .flat_map(|partition| partition.all())
            .map(|message| (message.id, message.payload.clone()))
            .collect();
        let acks = state.seen.connections.iter().flat_map(|connection| &connection.acks);
        let ids: Vec<_> = acks.map(|ack| ack.id).collect();
        drop(state);
        for id in ids {
            let id = id.expect("an acknowledgement has a readable id");
            let payload = String::from_utf8_lossy(&payloads[&id]).into_owned();
            assert!(lines.contains(&payloads[&id][..]), "acknowledged but not written: {payload}");
        }
    }

    /// The key was in no request.
    #[track_caller]
    pub fn assert_key_never_sent(&self) {
        for request in self.seen().requests() {
            canary::assert_absent("a request", format!("{request:?}").as_bytes());
        }
    }

    /// No byte came over TLS.
    #[track_caller]
    pub fn assert_nothing_sent(&self) {
        for connection in self.seen().connections {
            assert_eq!(connection.application_bytes, 0, "{:?}", connection.request);
        }
    }
}
