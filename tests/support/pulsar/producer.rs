//! Publishing on a real Pulsar through its own WebSocket endpoint, past any gateway.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::process::wait_until;
use super::topic::Topic;

/// What is published, and what comes with it.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    pub payload: Vec<u8>,
    pub properties: Vec<(String, String)>,
    pub key: Option<String>,
}

impl<P: Into<Vec<u8>>> From<P> for Outgoing {
    fn from(payload: P) -> Outgoing {
        Outgoing { payload: payload.into(), ..Outgoing::default() }
    }
}

/// A connection that publishes.
#[derive(Debug)]
pub struct Producer {
    socket: WebSocket<TcpStream>,
}

impl Producer {
    pub fn connect(topic: &Topic, batching: Option<usize>) -> Result<Producer, String> {
        let batching = match batching {
            // The delay is long: a batch goes out because it is full.
            Some(count) => {
                format!(
                    "batchingEnabled=true&batchingMaxMessages={count}&batchingMaxPublishDelay=500"
                )
            }
            None => "batchingEnabled=false".to_owned(),
        };
        // Otherwise a connection keeps to one partition.
        let query = format!("messageRoutingMode=RoundRobinPartition&{batching}");
        connect(&topic.url("producer", &query)).map(|socket| Producer { socket })
    }

    /// Publishes one message and returns its id once it is stored.
    pub fn send(&mut self, message: impl Into<Outgoing>) -> Result<String, String> {
        self.send_all([message]).map(|mut ids| ids.remove(0))
    }

    /// Publishes messages without waiting for each, and returns their ids once all are stored.
    pub fn send_all<M: Into<Outgoing>>(
        &mut self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Vec<String>, String> {
        /// As many may be under way: a multiple of any batch size used, and little enough for the
        /// socket's buffers.
        const WINDOW: usize = 200;
        let mut sent = 0;
        let mut ids = Vec::new();
        for message in messages {
            self.put(message)?;
            sent += 1;
            if sent - ids.len() == WINDOW {
                self.collect(sent, &mut ids)?;
            }
        }
        self.collect(sent, &mut ids)?;
        Ok(ids)
    }

    /// Reads answers until there is one for each message sent.
    fn collect(&mut self, sent: usize, ids: &mut Vec<String>) -> Result<(), String> {
        self.flush()?;
        while ids.len() < sent {
            ids.push(self.answer()?);
        }
        Ok(())
    }

    /// Sends one message, at the latest with the next [`Producer::flush`].
    pub fn put(&mut self, message: impl Into<Outgoing>) -> Result<(), String> {
        let frame = frame(&message.into());
        self.socket.write(Message::text(frame)).map_err(|error| error.to_string())
    }

    pub fn flush(&mut self) -> Result<(), String> {
        self.socket.flush().map_err(|error| error.to_string())
    }

    /// Waits until the first message without an answer is stored, and returns its id.
    pub fn answer(&mut self) -> Result<String, String> {
        loop {
            let frame = self.socket.read().map_err(|error| error.to_string())?;
            let Message::Text(text) = frame else { continue };
            let answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            return match (answer["result"].as_str(), answer["messageId"].as_str()) {
                (Some("ok"), Some(id)) => Ok(id.to_owned()),
                _ => Err(format!("not stored: {text}")),
            };
        }
    }
}

/// A thread that publishes [`numbered`] messages, one after the other, through any outage. What was
/// stored but not confirmed when the connection broke is published again, so a message may be there
/// twice.
#[derive(Debug)]
pub struct RetryingProducer {
    confirmed: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RetryingProducer {
    pub fn start(topic: Topic, batching: Option<usize>) -> RetryingProducer {
        let (confirmed, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (confirmed, stop) = (Arc::clone(&confirmed), Arc::clone(&stop));
            move || publish(&topic, batching, &confirmed, &stop)
        });
        RetryingProducer { confirmed, stop, thread: Some(thread) }
    }

    /// How many messages are known to be stored.
    pub fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Acquire)
    }

    /// Waits until so many more are stored.
    #[track_caller]
    pub fn wait_for_more(&self, count: u64) {
        let enough = self.confirmed() + count;
        wait_until(&format!("{enough} messages are stored"), || self.confirmed() >= enough);
    }

    /// Publishes no more and returns how many were confirmed.
    pub fn finish(mut self) -> u64 {
        self.end();
        self.confirmed()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for RetryingProducer {
    fn drop(&mut self) {
        self.end();
    }
}

/// The payload of message `number`, one line of JSON.
pub fn numbered(number: u64) -> Vec<u8> {
    format!(r#"{{"number":{number}}}"#).into_bytes()
}

fn publish(topic: &Topic, batching: Option<usize>, confirmed: &AtomicU64, stop: &AtomicBool) {
    let group = batching.unwrap_or(1) as u64;
    while !stop.load(Ordering::Acquire) {
        // Many of these per second would only keep a broker from coming back.
        thread::sleep(Duration::from_millis(100));
        let Ok(mut producer) = Producer::connect(topic, batching) else { continue };
        while !stop.load(Ordering::Acquire) {
            let next = confirmed.load(Ordering::Acquire);
            if producer.send_all((next..next + group).map(numbered)).is_err() {
                break;
            }
            confirmed.store(next + group, Ordering::Release);
            // A steady flow, which leaves the machine to the reader.
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn frame(message: &Outgoing) -> String {
    let mut frame = json!({"payload": STANDARD.encode(&message.payload)});
    if !message.properties.is_empty() {
        frame["properties"] = message
            .properties
            .iter()
            .cloned()
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
    }
    if let Some(key) = &message.key {
        frame["key"] = key.as_str().into();
    }
    frame.to_string()
}

/// A plain WebSocket connection to the service, with a limit on each read that only a broken
/// fixture exceeds.
pub fn connect(url: &str) -> Result<WebSocket<TcpStream>, String> {
    let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
    let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    // The broker's own limit for storing a message is 30 s, and a dead one is given as long.
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (socket, _) = tungstenite::client(url, stream).map_err(|error| error.to_string())?;
    Ok(socket)
}
