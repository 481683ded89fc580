//! The embedded queue: the conformance suite, and what only a file shared by processes can show.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sixplay_core::{ErrorKind, Result, Store};
use sixplay_queue::{
    MAX_BODY, Message, Queue, QueueConfig, Roots, conformance,
    conformance::{PATIENCE, number, numbered, receive},
};
use tempfile::TempDir;
use tokio::time::timeout;

mod suite {
    sixplay_queue::queue_conformance!(super::run_case);
}

async fn run_case(name: &str) -> Result<()> {
    let (_folder, url) = new_file();
    conformance::run_case(name, &url).await
}

fn new_file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("queue.db").display());
    (folder, url)
}

/// As if the time of all leases were over.
async fn end_leases(url: &str) -> Result<()> {
    let mut transaction = Store::connect(url).await?.write().await?;
    let sql = "UPDATE sixplay_queue_message SET lease = 1 WHERE lease > 0";
    transaction.batch(sql).await?;
    transaction.commit().await
}

#[tokio::test]
async fn messages_survive_the_end_of_all_handles() -> Result<()> {
    let (_folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare("q").await?;
    let message = Message::new("kept").with_id("7");
    queue.publish("q", std::slice::from_ref(&message)).await?;
    drop(queue);
    let queue = Queue::connect(&url).await?;
    let received = receive(&mut queue.consume("q", 1).await?, 1).await?;
    assert_eq!(received[0].message, message);
    Ok(())
}

#[tokio::test]
async fn a_delivery_whose_lease_ended_cannot_be_settled_by_its_former_holder() -> Result<()> {
    let (_folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare("q").await?;
    queue.publish("q", &numbered(0..2)).await?;
    let mut slow = queue.consume("q", 2).await?;
    let late = receive(&mut slow, 2).await?;
    end_leases(&url).await?;
    let other = Queue::connect(&url).await?;
    let mut quick = other.consume("q", 2).await?;
    let again = receive(&mut quick, 2).await?;
    assert!(again.iter().all(|delivery| delivery.redelivered));
    let error = slow.ack_all(late).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    quick.ack_all(again).await?;
    assert_eq!(queue.depth("q").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_batch_with_late_deliveries_settles_the_others() -> Result<()> {
    let (_folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare("q").await?;
    queue.publish("q", &numbered(0..2)).await?;
    let mut slow = queue.consume("q", 4).await?;
    let mut batch = receive(&mut slow, 2).await?;
    end_leases(&url).await?;
    let _thief = receive(&mut queue.consume("q", 2).await?, 2).await?;
    queue.publish("q", &numbered(2..4)).await?;
    batch.extend(receive(&mut slow, 2).await?);
    let error = slow.ack_all(batch).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context().next()),
        (ErrorKind::Conflict, Some(("deliveries", "2")))
    );
    Ok(())
}

#[tokio::test]
async fn a_row_that_somebody_else_wrote_is_delivered_with_the_others() -> Result<()> {
    let (_folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare("q").await?;
    queue.publish("q", &numbered(0..1)).await?;
    let mut transaction = Store::connect(&url).await?.write().await?;
    let sql = "INSERT INTO sixplay_queue_message (queue, id, body, attempts) \
        SELECT id, CAST(x'54E9' AS TEXT), 12.5, 'none' FROM sixplay_queue";
    transaction.batch(sql).await?;
    transaction.commit().await?;
    queue.publish("q", &numbered(1..2)).await?;
    let mut consumer = queue.consume("q", 9).await?;
    let received = receive(&mut consumer, 3).await?;
    assert_eq!(
        received[1].message,
        Message::new("12.5").with_id("T\u{fffd}")
    );
    consumer.ack_all(received).await?;
    assert_eq!(queue.depth("q").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_configured_prefix_is_put_before_every_name() -> Result<()> {
    let (_folder, url) = new_file();
    let config = serde_json::json!({ "url": url, "prefix": "team-" });
    let config: QueueConfig = serde_json::from_value(config).unwrap();
    let queue = Queue::open(&config).await?;
    queue.declare("q").await?;
    assert_eq!(Queue::connect(&url).await?.depth("team-q").await?, 0);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_the_deadline_is_a_timeout_that_names_the_queue()
-> Result<()> {
    let (_folder, url) = new_file();
    let mut config = QueueConfig::new(&url);
    config.deadline = Duration::from_millis(300);
    let queue = Queue::open(&config).await?;
    // nobody else can write while this is held
    let _writing = Store::connect(&url).await?.write().await?;
    let began = Instant::now();
    let error = queue.declare("letters").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("letters"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2));
    Ok(())
}

const CHILD: &str = "SIXPLAY_QUEUE_CHILD";

/// Runs [`the_other_process`] in a process of its own.
fn another_process(url: &str, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "embedded::the_other_process"])
        .env(CHILD, format!("{role} {url}"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does nothing unless [`another_process`] started it.
#[tokio::test]
async fn the_other_process() -> Result<()> {
    let Ok(order) = std::env::var(CHILD) else {
        return Ok(());
    };
    let (role, url) = order.split_once(' ').unwrap();
    let queue = Queue::connect(url).await?;
    let mut consumer = queue.consume("work", 20).await?;
    if role == "die" {
        let _held = receive(&mut consumer, 20).await?;
        std::process::abort();
    }
    let patience = Duration::from_secs(2);
    while let Ok(batch) = timeout(patience, consumer.receive(10, Duration::ZERO)).await {
        let batch = batch?;
        let done = batch.iter().map(|delivery| delivery.message.clone());
        let done: Vec<_> = done.collect();
        queue.publish("done", &done).await?;
        consumer.ack_all(batch).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_work() -> Result<()> {
    let (_folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare("work").await?;
    queue.declare("done").await?;
    let mut children = [another_process(&url, "work"), another_process(&url, "work")];
    for start in (0..400).step_by(20) {
        let messages = numbered(start..start + 20);
        queue.publish("work", &messages).await?;
    }
    let mut consumer = queue.consume("done", 500).await?;
    let done = receive(&mut consumer, 400).await?;
    let mut numbers: Vec<_> = done.iter().map(number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..400));
    let mut ended = children.iter_mut().map(|child| child.wait().unwrap());
    assert!(ended.all(|status| status.success()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_killed_process_come_back_when_their_leases_end() -> Result<()> {
    let (folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare("work").await?;
    queue.publish("work", &numbered(0..20)).await?;
    assert!(!another_process(&url, "die").wait().unwrap().success());
    assert_eq!(queue.depth("work").await?, 0);
    end_leases(&url).await?;
    let mut consumer = queue.consume("work", 20).await?;
    let again = timeout(PATIENCE, receive(&mut consumer, 20)).await;
    let again = again.unwrap()?;
    assert!(again.iter().all(|delivery| delivery.redelivered));
    assert!(again.iter().map(number).eq(0..20));
    assert!(folder.path().join("queue.db").exists());
    Ok(())
}

/// Another's tool has written a body that this crate publishes nowhere.
async fn write_foreign(url: &str, queue: &str, bytes: usize) -> Result<()> {
    let mut transaction = Store::connect(url).await?.write().await?;
    let sql = format!(
        "INSERT INTO sixplay_queue_message (queue, id, body) \
         SELECT id, '{}', zeroblob({bytes}) FROM sixplay_queue WHERE name = '{queue}'",
        "i".repeat(300)
    );
    transaction.batch(&sql).await?;
    transaction.commit().await
}

#[tokio::test]
async fn a_foreign_message_over_the_limits_is_put_aside_and_its_neighbours_come() -> Result<()> {
    let (_folder, url) = new_file();
    let queue = Queue::connect(&url).await?;
    queue.declare(Roots::QUEUE).await?;
    write_foreign(&url, Roots::QUEUE, MAX_BODY + 7).await?;
    conformance::roots_come_past_a_message_over_the_limits(&queue).await
}
