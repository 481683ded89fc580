//! The suite that every backend runs: plain async functions that panic when a promise is broken.
//!
//! Each takes the URL of a broker or file, opens its handles on it, makes queues of its own with
//! unique names (`conformance-SECONDS-…`, so that leftovers can be told and swept), and removes
//! them even when it fails.

mod consumers;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::join_all};
use sixplay_core::{ErrorKind, Result};
use tokio::time::{sleep, timeout};

use crate::{Consumer, Delivery, MAX_BODY, Message, Queue};
pub use consumers::*;

/// No single wait of the suite lasts longer.
pub const PATIENCE: Duration = Duration::from_secs(30);

const SHORT: Duration = Duration::from_millis(300);

/// A name that no other test uses.
pub fn unique_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    format!(
        "conformance-{seconds}-{}-{}",
        std::process::id(),
        COUNTER.fetch_add(1, Ordering::Relaxed)
    )
}

/// Runs `test` with a handle and the name of a declared, empty queue, and removes the queue in any
/// case.
pub async fn with_queue(url: &str, test: impl AsyncFnOnce(Queue, String)) {
    let (queue, name) = (open(url).await, unique_name());
    queue.declare(&name).await.unwrap();
    let outcome = AssertUnwindSafe(test(queue, name.clone()))
        .catch_unwind()
        .await;
    // the test's own handle may be worn out
    let removed = open(url).await.remove(&name).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
    removed.unwrap();
}

async fn open(url: &str) -> Queue {
    Queue::connect(url).await.unwrap()
}

/// Messages whose bodies are these numbers.
pub fn numbered(numbers: impl IntoIterator<Item = u64>) -> Vec<Message> {
    numbers
        .into_iter()
        .map(|number| Message::new(number.to_string()))
        .collect()
}

/// The number in a [`numbered`] message.
pub fn number(delivery: &Delivery) -> u64 {
    std::str::from_utf8(&delivery.message.body)
        .unwrap()
        .parse()
        .unwrap()
}

/// Receives until there are `count` deliveries.
pub async fn receive(consumer: &mut Consumer, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    while all.len() < count {
        let more = timeout(
            PATIENCE,
            consumer.receive(count - all.len(), Duration::ZERO),
        )
        .await;
        all.extend(more.expect("no delivery in time").unwrap());
    }
    all
}

async fn nothing_comes(consumer: &mut Consumer) {
    let received = timeout(SHORT, consumer.receive(1, Duration::ZERO)).await;
    assert!(received.is_err(), "unexpected: {received:?}");
}

async fn depth_becomes(queue: &Queue, name: &str, depth: u64) {
    let end = Instant::now() + PATIENCE;
    loop {
        match queue.depth(name).await.unwrap() {
            found if found == depth => return,
            found => assert!(
                Instant::now() < end,
                "the depth stays {found} instead of {depth}"
            ),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error was due").kind()
}

/// Body and id arrive as they were published, and an acknowledged message is gone.
pub async fn a_message_lives_from_publish_to_ack(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        let binary = Message::new(Bytes::from((0..=255).collect::<Vec<u8>>())).with_id("é 1");
        let sent = [binary, Message::new(""), Message::new(vec![7; MAX_BODY])];
        queue.publish(&name, &sent).await.unwrap();
        let mut consumer = queue.consume(&name, 10).await.unwrap();
        let received = receive(&mut consumer, 3).await;
        assert!(received.iter().all(|delivery| !delivery.redelivered));
        assert!(received.iter().map(|delivery| &delivery.message).eq(&sent));
        consumer.ack_all(received).await.unwrap();
        nothing_comes(&mut consumer).await;
        drop(consumer);
        depth_becomes(&queue, &name, 0).await;
    })
    .await;
}

/// One publisher's messages come in their order, over several calls.
pub async fn messages_keep_their_order(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        for start in (0..300).step_by(100) {
            queue
                .publish(&name, &numbered(start..start + 100))
                .await
                .unwrap();
        }
        let mut consumer = queue.consume(&name, 50).await.unwrap();
        let mut received = Vec::new();
        while received.len() < 300 {
            let batch = receive(&mut consumer, 50).await;
            received.extend(batch.iter().map(number));
            consumer.ack_all(batch).await.unwrap();
        }
        assert!(received.into_iter().eq(0..300));
    })
    .await;
}

/// The depth counts what waits, not what is held.
pub async fn depth_counts_what_waits(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        depth_becomes(&queue, &name, 0).await;
        queue.publish(&name, &numbered(0..7)).await.unwrap();
        depth_becomes(&queue, &name, 7).await;
        let mut consumer = queue.consume(&name, 3).await.unwrap();
        let held = receive(&mut consumer, 3).await;
        depth_becomes(&queue, &name, 4).await;
        drop((held, consumer));
        depth_becomes(&queue, &name, 7).await;
    })
    .await;
}

/// A large call is stored whole and in order.
pub async fn five_thousand_messages_in_one_call(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..5000)).await.unwrap();
        let mut consumer = queue.consume(&name, 500).await.unwrap();
        let mut next = 0;
        while next < 5000 {
            let batch = receive(&mut consumer, 250).await;
            for delivery in &batch {
                assert_eq!(number(delivery), next);
                next += 1;
            }
            consumer.ack_all(batch).await.unwrap();
        }
        depth_becomes(&queue, &name, 0).await;
    })
    .await;
}

/// What is over a limit, misnamed or has no queue is refused, and nothing of it is stored.
pub async fn bad_input_is_refused(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        let large = [Message::new("fits"), Message::new(vec![0; MAX_BODY + 1])];
        assert_eq!(
            kind(queue.publish(&name, &large).await),
            ErrorKind::TooLarge
        );
        let wordy = Message::new("x").with_id("i".repeat(256));
        assert_eq!(
            kind(queue.publish(&name, &[wordy]).await),
            ErrorKind::TooLarge
        );
        let long = "x".repeat(201);
        for bad in ["", "amq.x", "a\nb", &long] {
            assert_eq!(
                kind(queue.declare(bad).await),
                ErrorKind::Invalid,
                "{bad:?}"
            );
        }
        let missing = unique_name();
        assert_eq!(
            kind(queue.publish(&missing, &numbered(0..3)).await),
            ErrorKind::NotFound
        );
        assert_eq!(kind(queue.depth(&missing).await), ErrorKind::NotFound);
        assert_eq!(kind(queue.consume(&missing, 1).await), ErrorKind::NotFound);
        queue.remove(&missing).await.unwrap();
        queue.publish(&name, &[]).await.unwrap();
        depth_becomes(&queue, &name, 0).await;
    })
    .await;
}

/// A queue that is declared again keeps its messages; one that is removed ends its consumers.
pub async fn declare_keeps_and_remove_ends(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered([1])).await.unwrap();
        queue.declare(&name).await.unwrap();
        depth_becomes(&queue, &name, 1).await;
        let mut consumer = queue.consume(&name, 1).await.unwrap();
        let held = receive(&mut consumer, 1).await;
        queue.remove(&name).await.unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            let error = timeout(PATIENCE, consumer.receive(1, Duration::ZERO))
                .await
                .unwrap()
                .unwrap_err();
            if error.kind() == ErrorKind::NotFound {
                break;
            }
            assert!(error.is_transient() && Instant::now() < end, "{error}");
        }
        drop(held);
        queue.declare(&name).await.unwrap();
        queue.publish(&name, &numbered([2])).await.unwrap();
        assert_eq!(number(&receive(&mut consumer, 1).await[0]), 2);
    })
    .await;
}

/// Handles opened apart see each other's messages, promptly.
pub async fn separate_handles_share_a_queue(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        let other = open(url).await;
        let mut consumer = other.consume(&name, 10).await.unwrap();
        for round in 0..5 {
            let publish = async {
                sleep(Duration::from_millis(150)).await;
                queue.publish(&name, &numbered([round])).await.unwrap();
                Instant::now()
            };
            let (received, published) = tokio::join!(receive(&mut consumer, 1), publish);
            assert!(
                published.elapsed() < Duration::from_secs(2),
                "{:?}",
                published.elapsed()
            );
            assert_eq!(number(&received[0]), round);
            consumer.ack_all(received).await.unwrap();
        }
    })
    .await;
}

/// Sixteen tasks publish at once: everything arrives once, each task's messages in order.
pub async fn many_tasks_publish_at_once(url: &str) {
    with_queue(url, async |queue: Queue, name: String| {
        let publish = async |task: u64| {
            for number in 0..50 {
                queue
                    .publish(&name, &numbered([task * 1000 + number]))
                    .await
                    .unwrap();
            }
        };
        join_all((0..16).map(publish)).await;
        let mut consumer = queue.consume(&name, 800).await.unwrap();
        let mut received = Vec::new();
        while received.len() < 800 {
            let batch = receive(&mut consumer, 200).await;
            received.extend(batch.iter().map(number));
            consumer.ack_all(batch).await.unwrap();
        }
        for task in 0..16 {
            let of_task = received.iter().filter(|number| *number / 1000 == task);
            assert!(of_task.copied().eq(task * 1000..task * 1000 + 50));
        }
    })
    .await;
}
