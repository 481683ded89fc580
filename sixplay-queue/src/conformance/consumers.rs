//! What a consumer promises: prefetch, settling, and what becomes of what it holds.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use sixplay_core::{ErrorKind, Result};
use tokio::time::{sleep, timeout};

use super::{PATIENCE, SHORT, kind, nothing_comes, number, numbered, receive, with_queue};
use crate::{Consumer, Delivery, Queue};

fn numbers(deliveries: &[Delivery]) -> BTreeSet<u64> {
    deliveries.iter().map(number).collect()
}

/// A requeued or dropped delivery comes again, marked.
pub(super) async fn what_is_given_back_comes_again(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..2)).await?;
        let mut consumer = queue.consume(&name, 2).await?;
        let mut first = receive(&mut consumer, 2).await?;
        first.remove(0).requeue().await?;
        drop(first);
        let again = receive(&mut consumer, 2).await?;
        assert!(again.iter().all(|delivery| delivery.redelivered));
        assert_eq!(numbers(&again), BTreeSet::from([0, 1]));
        consumer.requeue_all(again).await?;
        let last = receive(&mut consumer, 2).await?;
        consumer.ack_all(last).await?;
        nothing_comes(&mut consumer).await;
        Ok(())
    })
    .await
}

/// A dropped consumer's deliveries go to the next one at once, and can no longer be settled.
pub(super) async fn a_dropped_consumer_returns_what_it_held(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..5)).await?;
        let mut first = queue.consume(&name, 5).await?;
        let mut held = receive(&mut first, 5).await?;
        held.pop().unwrap().ack().await?;
        drop(first);
        let mut second = queue.consume(&name, 10).await?;
        let again = timeout(Duration::from_secs(5), receive(&mut second, 4)).await;
        let again = again.expect("all are back")?;
        assert!(again.iter().all(|delivery| delivery.redelivered));
        assert_eq!(numbers(&again), (0..4).collect());
        assert_eq!(kind(second.ack_all(held).await), ErrorKind::Conflict);
        second.ack_all(again).await?;
        nothing_comes(&mut second).await;
        Ok(())
    })
    .await
}

/// A closed consumer has returned what it held, even when its runtime ends at once.
pub(super) async fn a_closed_consumer_has_returned_what_it_held(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..5)).await?;
        let (url, from) = (url.to_owned(), name.clone());
        let brief = async move {
            let queue = Queue::connect(&url).await?;
            let mut consumer = queue.consume(&from, 4).await?;
            let held = receive(&mut consumer, 2).await?;
            consumer.close().await?;
            Result::Ok(held)
        };
        let brief = || tokio::runtime::Runtime::new().unwrap().block_on(brief);
        let held = std::thread::spawn(brief).join().unwrap()?;
        let mut consumer = queue.consume(&name, 5).await?;
        let all = timeout(Duration::from_secs(5), receive(&mut consumer, 5)).await;
        let all = all.expect("all are back")?;
        assert_eq!(numbers(&all), (0..5).collect());
        drop(held);
        consumer.ack_all(all).await?;
        nothing_comes(&mut consumer).await;
        Ok(())
    })
    .await
}

/// Two consumers get each message once between them.
pub(super) async fn consumers_share_the_work(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..400)).await?;
        let work = async |mut consumer: Consumer| {
            let mut seen = Vec::new();
            while let Ok(batch) = timeout(SHORT * 4, consumer.receive(20, Duration::ZERO)).await {
                let batch = batch?;
                seen.extend(batch.iter().map(number));
                consumer.ack_all(batch).await?;
            }
            Result::Ok(seen)
        };
        let left = queue.consume(&name, 20).await?;
        let right = queue.consume(&name, 20).await?;
        let (left, right) = tokio::try_join!(work(left), work(right))?;
        assert!(!left.is_empty() && !right.is_empty(), "one had no share");
        assert_eq!(left.len() + right.len(), 400, "some were delivered twice");
        let all: BTreeSet<_> = left.into_iter().chain(right).collect();
        assert_eq!(all, (0..400).collect());
        Ok(())
    })
    .await
}

/// `receive` ends with `max` deliveries, or when `linger` is over.
pub(super) async fn receive_ends_by_count_or_by_time(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..10)).await?;
        let mut consumer = queue.consume(&name, 100).await?;
        let full = timeout(PATIENCE, consumer.receive(4, PATIENCE)).await;
        let full = full.unwrap()?;
        assert_eq!(full.len(), 4);
        let began = Instant::now();
        let rest = timeout(PATIENCE, consumer.receive(100, SHORT)).await;
        let rest = rest.unwrap()?;
        assert_eq!(rest.len(), 6);
        assert!(began.elapsed() >= SHORT && began.elapsed() < PATIENCE);
        let publish = async {
            for start in 10..13 {
                sleep(Duration::from_millis(20)).await;
                queue.publish(&name, &numbered([start])).await?;
            }
            Ok(())
        };
        let (late, ()) = tokio::try_join!(consumer.receive(3, PATIENCE), publish)?;
        assert!(late.iter().map(number).eq(10..13));
        Ok(())
    })
    .await
}

/// A consumer holds no more than its prefetch; each one settled makes room.
pub(super) async fn prefetch_bounds_what_is_held(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        queue.publish(&name, &numbered(0..10)).await?;
        let mut consumer = queue.consume(&name, 3).await?;
        let mut held = receive(&mut consumer, 3).await?;
        nothing_comes(&mut consumer).await;
        held.remove(0).ack().await?;
        let next = receive(&mut consumer, 1).await?;
        assert_eq!(number(&next[0]), 3);
        nothing_comes(&mut consumer).await;
        assert_eq!(kind(queue.consume(&name, 0).await), ErrorKind::Invalid);
        Ok(())
    })
    .await
}

/// Calls of `receive` that are dropped at any moment lose nothing.
pub(super) async fn a_dropped_receive_loses_nothing(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        let publish = async {
            for number in 0..100 {
                queue.publish(&name, &numbered([number])).await?;
            }
            Ok(())
        };
        let mut consumer = queue.consume(&name, 500).await?;
        let consume = async {
            let (mut seen, mut micros) = (Vec::new(), 0);
            let end = Instant::now() + PATIENCE;
            while seen.len() < 100 {
                assert!(Instant::now() < end, "{} of 100 came", seen.len());
                micros = (micros + 137) % 3000;
                let call = consumer.receive(5, Duration::from_millis(1));
                if let Ok(batch) = timeout(Duration::from_micros(micros), call).await {
                    let batch = batch?;
                    assert!(batch.iter().all(|delivery| !delivery.redelivered));
                    seen.extend(batch.iter().map(number));
                    try_join_all(batch.into_iter().map(Delivery::ack)).await?;
                }
            }
            Ok(seen)
        };
        let (seen, ()) = tokio::try_join!(consume, publish)?;
        assert!(seen.into_iter().eq(0..100));
        Ok(())
    })
    .await
}

/// A waiting `receive` is woken by a publish.
pub(super) async fn a_waiting_receive_wakes_up(url: &str) -> Result<()> {
    with_queue(url, async |queue: Queue, name: String| {
        let mut consumer = queue.consume(&name, 1).await?;
        let publish = async {
            sleep(SHORT).await;
            queue.publish(&name, &numbered([1])).await
        };
        let (received, ()) = tokio::try_join!(receive(&mut consumer, 1), publish)?;
        assert_eq!(number(&received[0]), 1);
        Ok(())
    })
    .await
}
