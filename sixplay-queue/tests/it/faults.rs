//! A RabbitMQ of the test's own, killed, stopped and frozen while a numbered stream is published
//! and consumed: what was confirmed arrives, and the handles go on by themselves.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sixplay_core::{ErrorKind, Feed, Root, Sink, Taken, Token, Verdict, conformance::server};
use sixplay_queue::{
    Message, Queue, Roots, RootsFeed,
    conformance::{number, numbered},
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// A private broker; it ends with this value.
struct Broker {
    folder: TempDir,
    url: String,
}

impl Broker {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = services("private", folder.path(), &[]);
        Self {
            url: format!("{}?heartbeat=2", url.trim()),
            folder,
        }
    }

    async fn call(&self, action: &'static str, flags: &'static [&'static str]) {
        let folder = self.folder.path().to_owned();
        tokio::task::spawn_blocking(move || services(action, &folder, flags))
            .await
            .unwrap();
    }

    /// The share of the machine's memory over which the broker takes no messages.
    async fn limit_memory(&self, share: &'static str) {
        let mut command = Command::new(self.folder.path().join("rabbitmqctl"));
        command.args(["--quiet", "set_vm_memory_high_watermark", share]);
        let status = tokio::task::spawn_blocking(move || command.status().unwrap());
        assert!(status.await.unwrap().success());
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).unwrap();
        assert!(
            Command::new("kill")
                .args([signal, pid.trim()])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        services("private-stop", self.folder.path(), &["-9"]);
    }
}

fn services(action: &str, folder: &Path, flags: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dev/services");
    let mut command = Command::new(script);
    let output = command
        .args([action, "rabbitmq"])
        .arg(folder)
        .args(flags)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "dev/services {action} failed");
    String::from_utf8(output.stdout).unwrap()
}

/// What publisher and consumer have seen.
#[derive(Default)]
struct Ledger {
    confirmed: AtomicU64,
    arrived: Mutex<BTreeSet<u64>>,
    stop: AtomicBool,
}

const STREAM: &str = "stream";

/// Publishes 0, 1, 2… in calls of 20; a call with an unknown outcome is repeated until it is
/// confirmed.
async fn publish(queue: &Queue, ledger: &Ledger) {
    let mut next = 0;
    while !ledger.stop.load(Ordering::Relaxed) {
        match queue.publish(STREAM, &numbered(next..next + 20)).await {
            Ok(()) => {
                next += 20;
                ledger.confirmed.store(next, Ordering::Relaxed);
            }
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn consume(queue: &Queue, ledger: &Ledger) {
    let mut consumer = queue.consume(STREAM, 100).await.unwrap();
    let complete = || ledger.stop.load(Ordering::Relaxed) && missing(ledger) == 0;
    while !complete() {
        match timeout(
            Duration::from_millis(200),
            consumer.receive(50, Duration::from_millis(5)),
        )
        .await
        {
            Err(_) => {}
            Ok(Ok(batch)) => {
                ledger
                    .arrived
                    .lock()
                    .unwrap()
                    .extend(batch.iter().map(number));
                if let Err(error) = consumer.ack_all(batch).await {
                    assert!(
                        error.is_transient() || error.kind() == ErrorKind::Conflict,
                        "{error}"
                    );
                }
            }
            Ok(Err(error)) => {
                assert!(error.is_transient(), "{error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn missing(ledger: &Ledger) -> usize {
    let arrived = ledger.arrived.lock().unwrap();
    (0..ledger.confirmed.load(Ordering::Relaxed))
        .filter(|number| !arrived.contains(number))
        .count()
}

/// Waits until messages are both confirmed and received again.
async fn flows(ledger: &Ledger, after: &str) {
    let (confirmed, arrived) = (
        ledger.confirmed.load(Ordering::Relaxed),
        ledger.arrived.lock().unwrap().len(),
    );
    let end = Instant::now() + Duration::from_secs(60);
    while ledger.confirmed.load(Ordering::Relaxed) < confirmed + 100
        || ledger.arrived.lock().unwrap().len() < arrived + 100
    {
        assert!(Instant::now() < end, "nothing flows after {after}");
        sleep(Duration::from_millis(20)).await;
    }
    sleep(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_confirmed_message_arrives_whatever_happens_to_the_broker() {
    if server("rabbitmq").unwrap().is_none() {
        return;
    }
    let broker = tokio::task::spawn_blocking(Broker::start).await.unwrap();
    let (queue, ledger) = (
        Queue::connect(&broker.url).await.unwrap(),
        Ledger::default(),
    );
    queue.declare(STREAM).await.unwrap();
    let faults = async {
        flows(&ledger, "the start").await;
        for _ in 0..2 {
            broker.call("private-stop", &["-9"]).await;
            broker.call("private-start", &[]).await;
            flows(&ledger, "SIGKILL and restart").await;
        }
        broker.call("private-stop", &[]).await;
        sleep(Duration::from_secs(5)).await;
        broker.call("private-start", &[]).await;
        flows(&ledger, "a stop of some seconds").await;
        broker.signal("-STOP");
        sleep(Duration::from_secs(6)).await;
        broker.signal("-CONT");
        flows(&ledger, "a freeze over the heartbeat").await;
        ledger.stop.store(true, Ordering::Relaxed);
    };
    let consume = timeout(Duration::from_secs(300), consume(&queue, &ledger));
    let ((), (), consumed) = tokio::join!(faults, publish(&queue, &ledger), consume);
    let (confirmed, missing) = (ledger.confirmed.load(Ordering::Relaxed), missing(&ledger));
    eprintln!("{confirmed} confirmed, {missing} missing");
    assert_eq!(missing, 0);
    consumed.unwrap();
    tokio::task::spawn_blocking(move || drop(broker))
        .await
        .unwrap();
}

/// Takes `count` roots.
async fn take(feed: &mut RootsFeed, count: usize) -> Vec<Taken> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let more = timeout(PATIENCE, feed.take(count - taken.len()));
        taken.extend(more.await.expect("no root in time").unwrap());
    }
    taken
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the broker refuses to publish at once, as it does once it has told of its alarm.
async fn publishing_is_blocked(queue: &Queue) {
    let end = Instant::now() + PATIENCE;
    loop {
        let refusal = queue.publish(STREAM, &numbered(0..1)).await;
        let told = refusal.is_err_and(|error| error.to_string().contains("short of memory"));
        if told {
            return;
        }
        assert!(Instant::now() < end, "the broker takes messages");
    }
}

async fn depth_becomes(queue: &Queue, name: &str, count: u64) {
    let end = Instant::now() + PATIENCE;
    loop {
        let depth = queue.depth(name).await.unwrap();
        if depth == count {
            return;
        }
        assert!(Instant::now() < end, "{name} holds {depth}, not {count}");
        sleep(Duration::from_millis(50)).await;
    }
}

fn verdicts(taken: &[Taken], verdict: &Verdict) -> Vec<(Token, Verdict)> {
    let tokens = taken.iter().map(|taken| taken.token);
    tokens.map(|token| (token, verdict.clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_short_of_memory_is_asked_and_consumed_from() {
    if server("rabbitmq").unwrap().is_none() {
        return;
    }
    let broker = tokio::task::spawn_blocking(Broker::start).await.unwrap();
    let queue = Queue::connect(&broker.url).await.unwrap();
    queue.declare(STREAM).await.unwrap();
    let roots = Roots::new(queue.clone());
    let ten = |first: u32| -> Vec<_> {
        let ids = first..first + 10;
        ids.map(|id| Root::new("book", id.to_string())).collect()
    };
    roots.deliver(&ten(0)).await.unwrap();
    queue
        .publish(Roots::QUEUE, &[Message::new("no root")])
        .await
        .unwrap();
    roots.deliver(&ten(10)).await.unwrap();
    let mut feed = roots.feed(30, Duration::from_millis(1));
    let dead = take(&mut feed, 1).await;
    broker.limit_memory("0.00001").await;
    publishing_is_blocked(&queue).await;

    // what is dead waits, and nothing else does
    let too_large = Verdict::Dead("too large".to_owned());
    feed.settle(verdicts(&dead, &too_large)).await.unwrap();
    let done = take(&mut feed, 9).await;
    feed.settle(verdicts(&done, &Verdict::Done)).await.unwrap();
    feed.close().await.unwrap();
    // nor a subscription that is made in the alarm, or any question
    let mut late = roots.feed(30, Duration::from_millis(1));
    let taken = take(&mut late, 11).await;
    let (dead, done) = taken
        .into_iter()
        .partition::<Vec<_>, _>(|taken| taken.root == dead[0].root);
    late.settle(verdicts(&done, &Verdict::Done)).await.unwrap();
    late.settle(verdicts(&dead, &too_large)).await.unwrap();
    queue.declare("new").await.unwrap();
    depth_becomes(&queue, Roots::DEAD_QUEUE, 0).await;
    queue.remove("new").await.unwrap();

    broker.limit_memory("0.6").await;
    depth_becomes(&queue, Roots::DEAD_QUEUE, 2).await;
    late.close().await.unwrap();
    depth_becomes(&queue, Roots::QUEUE, 0).await;
    tokio::task::spawn_blocking(move || drop(broker))
        .await
        .unwrap();
}
