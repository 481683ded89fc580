//! The suite that every backend passes: cases that panic when a promise is broken.
//!
//! [`run_case`] takes a case's name and the URL of a broker or file. A case opens its handles on
//! it, makes queues of its own with unique names (`conformance-SECONDS-…`, so that leftovers can be
//! told and swept), and removes them even when it fails.
#![deny(dead_code)]

mod consumers;
mod publishing;
mod roots;

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::FutureExt;
use sixplay_core::{ErrorKind, Result};
use tokio::time::{sleep, timeout};

use crate::{Consumer, Delivery, Message, Queue, QueueConfig};
pub use roots::roots_come_past_a_message_over_the_limits;

sixplay_core::conformance_suite! {
    ($) queue_conformance(&str):
    publishing::a_message_lives_from_publish_to_ack,
    publishing::messages_keep_their_order,
    publishing::depth_counts_what_waits,
    publishing::five_thousand_messages_in_one_call,
    publishing::bad_input_is_refused,
    publishing::declare_keeps_and_remove_ends,
    publishing::separate_handles_share_a_queue,
    publishing::many_tasks_publish_at_once,
    consumers::what_is_given_back_comes_again,
    consumers::a_dropped_consumer_returns_what_it_held,
    consumers::a_closed_consumer_has_returned_what_it_held,
    consumers::consumers_share_the_work,
    consumers::receive_ends_by_count_or_by_time,
    consumers::prefetch_bounds_what_is_held,
    consumers::a_dropped_receive_loses_nothing,
    consumers::a_waiting_receive_wakes_up,
    roots::a_delivered_root_comes_until_it_is_done,
    roots::a_root_that_is_not_done_now_comes_again,
    roots::a_dead_root_is_put_aside,
    roots::a_body_that_is_no_root_is_put_aside_and_its_neighbours_come,
    roots::what_a_feed_did_not_settle_comes_back,
    roots::what_was_settled_before_is_not_settled_again,
    roots::a_feed_whose_queue_is_removed_recovers,
    roots::a_removed_queue_of_dead_roots_is_made_again,
    roots::a_root_that_nothing_can_carry_is_put_aside_when_delivered,
    roots::a_dropped_take_loses_nothing,
}

/// No single wait of the suite lasts longer.
pub const PATIENCE: Duration = Duration::from_secs(30);

const SHORT: Duration = Duration::from_millis(300);

/// A name that no other test uses.
pub fn unique_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = clock.unwrap_or_default().as_secs();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("conformance-{seconds}-{}-{count}", std::process::id())
}

/// Runs `test` with a handle and the name of a declared, empty queue, and removes the queue in any
/// case.
async fn with_queue(url: &str, test: impl AsyncFnOnce(Queue, String) -> Result<()>) -> Result<()> {
    let (config, name) = (QueueConfig::new(url), unique_name());
    let queue = Queue::open(&config).await?;
    queue.declare(&name).await?;
    then_remove(&config, &[&name], test(queue, name.clone())).await
}

/// Runs `test`, and removes `queues` in any case.
async fn then_remove(
    config: &QueueConfig,
    queues: &[&str],
    test: impl Future<Output = Result<()>>,
) -> Result<()> {
    let tested = AssertUnwindSafe(test).catch_unwind().await;
    // the test's own handle may be worn out
    let queue = Queue::open(config).await?;
    for name in queues {
        queue.remove(name).await?;
    }
    tested.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Messages whose bodies are these numbers.
pub fn numbered(numbers: impl IntoIterator<Item = u64>) -> Vec<Message> {
    let bodies = numbers.into_iter().map(|number| number.to_string());
    bodies.map(Message::new).collect()
}

/// The number in a [`numbered`] message.
pub fn number(delivery: &Delivery) -> u64 {
    let body = std::str::from_utf8(&delivery.message.body).unwrap();
    body.parse().unwrap()
}

/// Receives until there are `count` deliveries.
///
/// # Errors
/// As [`Consumer::receive`].
pub async fn receive(consumer: &mut Consumer, count: usize) -> Result<Vec<Delivery>> {
    let mut all = Vec::new();
    while all.len() < count {
        let more = consumer.receive(count - all.len(), Duration::ZERO);
        let more = timeout(PATIENCE, more).await.expect("no delivery in time");
        all.extend(more?);
    }
    Ok(all)
}

async fn nothing_comes(consumer: &mut Consumer) {
    let received = timeout(SHORT, consumer.receive(1, Duration::ZERO)).await;
    assert!(received.is_err(), "unexpected: {received:?}");
}

async fn depth_becomes(queue: &Queue, name: &str, depth: u64) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = queue.depth(name).await?;
        if found == depth {
            return Ok(());
        }
        let late = Instant::now() > end;
        assert!(!late, "the depth stays {found} instead of {depth}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error was due").kind()
}
