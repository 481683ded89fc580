//! What a queue promises to who publishes: durability, order, depth, refusals.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::try_join_all;
use sixplay_core::{ErrorKind, Result};
use tokio::time::{sleep, timeout};

use super::{
    PATIENCE, depth_becomes, kind, nothing_comes, number, numbered, receive, unique_name,
    with_queue,
};
use crate::{MAX_BODY, Message, Queue};

/// Body and id arrive as they were published, and an acknowledged message is gone.
pub(super) async fn a_message_lives_from_publish_to_ack(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        let binary = Message::new(Bytes::from((0..=255).collect::<Vec<u8>>())).with_id("é 1");
        let sent = [binary, Message::new(""), Message::new(vec![7; MAX_BODY])];
        queue.publish(&name, &sent).await?;
        let mut consumer = queue.consume(&name, 10).await?;
        let received = receive(&mut consumer, 3).await?;
        assert!(received.iter().all(|delivery| !delivery.redelivered));
        assert!(received.iter().map(|delivery| &delivery.message).eq(&sent));
        consumer.ack_all(received).await?;
        nothing_comes(&mut consumer).await;
        drop(consumer);
        depth_becomes(&queue, &name, 0).await
    })
    .await
}

/// One publisher's messages come in their order, over several calls.
pub(super) async fn messages_keep_their_order(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        for start in (0..300).step_by(100) {
            let messages = numbered(start..start + 100);
            queue.publish(&name, &messages).await?;
        }
        let mut consumer = queue.consume(&name, 50).await?;
        let mut received = Vec::new();
        while received.len() < 300 {
            let batch = receive(&mut consumer, 50).await?;
            received.extend(batch.iter().map(number));
            consumer.ack_all(batch).await?;
        }
        assert!(received.into_iter().eq(0..300));
        Ok(())
    })
    .await
}

/// The depth counts what waits, not what is held.
pub(super) async fn depth_counts_what_waits(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        depth_becomes(&queue, &name, 0).await?;
        queue.publish(&name, &numbered(0..7)).await?;
        depth_becomes(&queue, &name, 7).await?;
        let mut consumer = queue.consume(&name, 3).await?;
        let held = receive(&mut consumer, 3).await?;
        depth_becomes(&queue, &name, 4).await?;
        drop((held, consumer));
        depth_becomes(&queue, &name, 7).await
    })
    .await
}

/// A large call is stored whole and in order.
pub(super) async fn five_thousand_messages_in_one_call(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..5000)).await?;
        let mut consumer = queue.consume(&name, 500).await?;
        let mut next = 0;
        while next < 5000 {
            let batch = receive(&mut consumer, 250).await?;
            for delivery in &batch {
                assert_eq!(number(delivery), next);
                next += 1;
            }
            consumer.ack_all(batch).await?;
        }
        depth_becomes(&queue, &name, 0).await
    })
    .await
}

/// What is over a limit, misnamed or has no queue is refused, and nothing of it is stored.
pub(super) async fn bad_input_is_refused(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        let large = [Message::new("fits"), Message::new(vec![0; MAX_BODY + 1])];
        let refused = queue.publish(&name, &large).await;
        assert_eq!(kind(refused), ErrorKind::TooLarge);
        let wordy = [Message::new("x").with_id("i".repeat(256))];
        let refused = queue.publish(&name, &wordy).await;
        assert_eq!(kind(refused), ErrorKind::TooLarge);
        let long = "x".repeat(201);
        for bad in ["", "amq.x", "a\nb", &long] {
            let refused = queue.declare(bad).await;
            assert_eq!(kind(refused), ErrorKind::Invalid, "{bad:?}");
        }
        let missing = unique_name();
        let refused = queue.publish(&missing, &numbered(0..3)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        assert!(refused.to_string().contains(&missing), "{refused}");
        assert_eq!(kind(queue.depth(&missing).await), ErrorKind::NotFound);
        assert_eq!(kind(queue.consume(&missing, 1).await), ErrorKind::NotFound);
        queue.remove(&missing).await?;
        queue.publish(&name, &[]).await?;
        depth_becomes(&queue, &name, 0).await
    })
    .await
}

/// A queue that is declared again keeps its messages; one that is removed ends its consumers.
pub(super) async fn declare_keeps_and_remove_ends(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered([1])).await?;
        queue.declare(&name).await?;
        depth_becomes(&queue, &name, 1).await?;
        let mut consumer = queue.consume(&name, 1).await?;
        let held = receive(&mut consumer, 1).await?;
        queue.remove(&name).await?;
        let end = Instant::now() + PATIENCE;
        loop {
            let received = timeout(PATIENCE, consumer.receive(1, Duration::ZERO)).await;
            let error = received.unwrap().unwrap_err();
            if error.kind() == ErrorKind::NotFound {
                break;
            }
            assert!(error.is_transient() && Instant::now() < end, "{error}");
        }
        drop(held);
        queue.declare(&name).await?;
        queue.publish(&name, &numbered([2])).await?;
        assert_eq!(number(&receive(&mut consumer, 1).await?[0]), 2);
        Ok(())
    })
    .await
}

/// Handles opened apart see each other's messages, promptly.
pub(super) async fn separate_handles_share_a_queue(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        let other = Queue::connect(url).await?;
        let mut consumer = other.consume(&name, 10).await?;
        for round in 0..5 {
            let publish = async {
                sleep(Duration::from_millis(150)).await;
                queue.publish(&name, &numbered([round])).await?;
                Ok(Instant::now())
            };
            let (received, published) = tokio::try_join!(receive(&mut consumer, 1), publish)?;
            let late = published.elapsed();
            assert!(late < Duration::from_secs(2), "{late:?}");
            assert_eq!(number(&received[0]), round);
            consumer.ack_all(received).await?;
        }
        Ok(())
    })
    .await
}

/// Sixteen tasks publish at once: everything arrives once, each task's messages in order.
pub(super) async fn many_tasks_publish_at_once(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        let publish = async |task: u64| {
            for number in 0..50 {
                let message = numbered([task * 1000 + number]);
                queue.publish(&name, &message).await?;
            }
            Ok(())
        };
        try_join_all((0..16).map(publish)).await?;
        let mut consumer = queue.consume(&name, 800).await?;
        let mut received = Vec::new();
        while received.len() < 800 {
            let batch = receive(&mut consumer, 200).await?;
            received.extend(batch.iter().map(number));
            consumer.ack_all(batch).await?;
        }
        for task in 0..16 {
            let of_task = received.iter().filter(|number| *number / 1000 == task);
            assert!(of_task.copied().eq(task * 1000..task * 1000 + 50));
        }
        Ok(())
    })
    .await
}
