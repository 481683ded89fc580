//! The embedded queue: the conformance suite, and what only a file shared by processes can show.

use std::{path::Path, process::Command, time::Duration};

use sixplay_core::{ErrorKind, store::Store};
use sixplay_queue::{
    Message, Queue, QueueConfig,
    conformance::{PATIENCE, number, numbered, receive},
};
use tempfile::TempDir;
use tokio::time::timeout;

crate::conformance!(place);

fn place() -> Option<(TempDir, String)> {
    Some(file())
}

fn file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("queue.db").display());
    (folder, url)
}

async fn open(url: String) -> Queue {
    Queue::connect(&url).await.unwrap()
}

/// As if the time of all leases were over.
async fn end_leases(url: &str) {
    let mut session = Store::connect(url).await.unwrap().session().await.unwrap();
    session
        .batch("UPDATE sixplay_queue_message SET lease = 1 WHERE lease > 0")
        .await
        .unwrap();
}

#[tokio::test]
async fn messages_survive_the_end_of_all_handles() {
    let (_folder, url) = file();
    let queue = open(url.clone()).await;
    queue.declare("q").await.unwrap();
    queue
        .publish("q", &[Message::new("kept").with_id("7")])
        .await
        .unwrap();
    drop(queue);
    let queue = open(url).await;
    let received = receive(&mut queue.consume("q", 1).await.unwrap(), 1).await;
    assert_eq!(received[0].message, Message::new("kept").with_id("7"));
}

#[tokio::test]
async fn a_delivery_whose_lease_ended_cannot_be_settled_by_its_former_holder() {
    let (_folder, url) = file();
    let queue = open(url.clone()).await;
    queue.declare("q").await.unwrap();
    queue.publish("q", &numbered(0..2)).await.unwrap();
    let mut slow = queue.consume("q", 2).await.unwrap();
    let late = receive(&mut slow, 2).await;
    end_leases(&url).await;
    let other = open(url).await;
    let mut quick = other.consume("q", 2).await.unwrap();
    let again = receive(&mut quick, 2).await;
    assert!(again.iter().all(|delivery| delivery.redelivered));
    assert_eq!(
        slow.ack_all(late).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    quick.ack_all(again).await.unwrap();
    assert_eq!(queue.depth("q").await.unwrap(), 0);
}

#[tokio::test]
async fn a_batch_with_late_deliveries_settles_the_others() {
    let (_folder, url) = file();
    let queue = open(url.clone()).await;
    queue.declare("q").await.unwrap();
    queue.publish("q", &numbered(0..2)).await.unwrap();
    let mut slow = queue.consume("q", 4).await.unwrap();
    let mut batch = receive(&mut slow, 2).await;
    end_leases(&url).await;
    let _thief = receive(&mut queue.consume("q", 2).await.unwrap(), 2).await;
    queue.publish("q", &numbered(2..4)).await.unwrap();
    batch.extend(receive(&mut slow, 2).await);
    let error = slow.ack_all(batch).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context().next()),
        (ErrorKind::Conflict, Some(("deliveries", "2")))
    );
}

#[tokio::test]
async fn a_configured_prefix_is_put_before_every_name() {
    let (_folder, url) = file();
    let config = serde_json::json!({ "url": url, "prefix": "team-" });
    let config: QueueConfig = serde_json::from_value(config).unwrap();
    let queue = Queue::open(&config).await.unwrap();
    queue.declare("q").await.unwrap();
    assert_eq!(open(url).await.depth("team-q").await.unwrap(), 0);
}

const CHILD: &str = "SIXPLAY_QUEUE_CHILD";

/// Runs [`the_other_process`] in a process of its own.
fn another_process(url: &str, role: &str) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "embedded::the_other_process"])
        .env(CHILD, format!("{role} {url}"));
    command.stdout(std::process::Stdio::null()).spawn().unwrap()
}

/// Does nothing unless [`another_process`] started it.
#[tokio::test]
async fn the_other_process() {
    let Ok(order) = std::env::var(CHILD) else {
        return;
    };
    let (role, url) = order.split_once(' ').unwrap();
    let queue = open(url.to_owned()).await;
    let mut consumer = queue.consume("work", 20).await.unwrap();
    if role == "die" {
        let _held = receive(&mut consumer, 20).await;
        std::process::abort();
    }
    while let Ok(batch) =
        timeout(Duration::from_secs(2), consumer.receive(10, Duration::ZERO)).await
    {
        let batch = batch.unwrap();
        let done: Vec<_> = batch
            .iter()
            .map(|delivery| delivery.message.clone())
            .collect();
        queue.publish("done", &done).await.unwrap();
        consumer.ack_all(batch).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_work() {
    let (_folder, url) = file();
    let queue = open(url.clone()).await;
    queue.declare("work").await.unwrap();
    queue.declare("done").await.unwrap();
    let mut children = [another_process(&url, "work"), another_process(&url, "work")];
    for start in (0..400).step_by(20) {
        queue
            .publish("work", &numbered(start..start + 20))
            .await
            .unwrap();
    }
    let mut consumer = queue.consume("done", 500).await.unwrap();
    let done = receive(&mut consumer, 400).await;
    let mut numbers: Vec<_> = done.iter().map(number).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..400));
    assert!(
        children
            .iter_mut()
            .all(|child| child.wait().unwrap().success())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_killed_process_come_back_when_their_leases_end() {
    let (folder, url) = file();
    let queue = open(url.clone()).await;
    queue.declare("work").await.unwrap();
    queue.publish("work", &numbered(0..20)).await.unwrap();
    assert!(!another_process(&url, "die").wait().unwrap().success());
    assert_eq!(queue.depth("work").await.unwrap(), 0);
    end_leases(&url).await;
    let mut consumer = queue.consume("work", 20).await.unwrap();
    let again = timeout(PATIENCE, receive(&mut consumer, 20)).await.unwrap();
    assert!(again.iter().all(|delivery| delivery.redelivered));
    assert!(again.iter().map(number).eq(0..20));
    assert!(Path::new(&folder.path().join("queue.db")).exists());
}
