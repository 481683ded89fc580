//! What changed roots over a queue promise: every root comes until it is settled, and what can
//! never be settled is put aside.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use sixplay_core::{ErrorKind, Feed, Result, Root, Sink, Taken, Token, Verdict};
use tokio::time::{sleep, timeout};

use super::{PATIENCE, SHORT, depth_becomes, receive, then_remove, unique_name};
use crate::{MAX_BODY, Message, Queue, QueueConfig, Roots, RootsFeed};

const LINGER: Duration = Duration::from_millis(20);

/// Runs `test` with a handle whose prefix is its own, and removes the queues of roots in any case.
async fn with_roots(url: &str, test: impl AsyncFnOnce(Queue, Roots) -> Result<()>) -> Result<()> {
    let mut config = QueueConfig::new(url);
    config.prefix = unique_name();
    let queue = Queue::open(&config).await?;
    let test = test(queue.clone(), Roots::new(queue));
    then_remove(&config, &[Roots::QUEUE, Roots::DEAD_QUEUE], test).await
}

fn book(id: u64) -> Root {
    Root::new("book", id.to_string())
}

/// Takes until there are `count`.
async fn take(feed: &mut RootsFeed, count: usize) -> Result<Vec<Taken>> {
    let mut all = Vec::new();
    while all.len() < count {
        let more = timeout(PATIENCE, feed.take(count - all.len())).await;
        all.extend(more.expect("no root in time")?);
    }
    Ok(all)
}

async fn no_root_comes(feed: &mut RootsFeed) {
    let taken = timeout(SHORT, feed.take(1)).await;
    assert!(taken.is_err(), "unexpected: {taken:?}");
}

fn roots_of(taken: &[Taken]) -> BTreeSet<Root> {
    taken.iter().map(|taken| taken.root.clone()).collect()
}

fn all(taken: &[Taken], verdict: &Verdict) -> Vec<(Token, Verdict)> {
    let tokens = taken.iter().map(|taken| taken.token);
    tokens.map(|token| (token, verdict.clone())).collect()
}

/// The bodies in the queue of dead roots, which is then empty.
async fn drain_dead(queue: &Queue, count: usize) -> Result<Vec<Message>> {
    depth_becomes(queue, Roots::DEAD_QUEUE, count as u64).await?;
    let mut consumer = queue.consume(Roots::DEAD_QUEUE, 100).await?;
    let dead = receive(&mut consumer, count).await?;
    let messages = dead.iter().map(|delivery| delivery.message.clone());
    let messages = messages.collect();
    consumer.ack_all(dead).await?;
    Ok(messages)
}

/// A root comes as it was delivered, in JSON, and is gone when it is done.
pub(super) async fn a_delivered_root_comes_until_it_is_done(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        roots
            .deliver(&[book(1), Root::new("author", "é/2")])
            .await?;
        let mut consumer = queue.consume(Roots::QUEUE, 1).await?;
        let first = receive(&mut consumer, 1).await?;
        assert_eq!(first[0].message.body, r#"{"kind":"book","id":"1"}"#);
        drop(first);
        consumer.close().await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 2).await?;
        let delivered = BTreeSet::from([book(1), Root::new("author", "é/2")]);
        assert_eq!(roots_of(&taken), delivered);
        assert_ne!(taken[0].token, taken[1].token);
        feed.settle(all(&taken, &Verdict::Done)).await?;
        no_root_comes(&mut feed).await;
        feed.close().await?;
        depth_becomes(&queue, Roots::QUEUE, 0).await?;
        depth_becomes(&queue, Roots::DEAD_QUEUE, 0).await
    })
    .await
}

/// A root that is to come again does, under a new token.
pub(super) async fn a_root_that_is_not_done_now_comes_again(url: &str) -> Result<()> {
    with_roots(url, async |_, roots: Roots| {
        roots.deliver(&[book(1), book(2)]).await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 2).await?;
        let verdicts = vec![
            (taken[0].token, Verdict::Again),
            (taken[1].token, Verdict::Done),
        ];
        feed.settle(verdicts).await?;
        let again = take(&mut feed, 1).await?;
        assert_eq!(again[0].root, taken[0].root);
        assert!(taken.iter().all(|taken| taken.token != again[0].token));
        feed.settle(all(&again, &Verdict::Done)).await?;
        no_root_comes(&mut feed).await;
        Ok(())
    })
    .await
}

/// A dead root is in the queue of dead roots as it came, and in no other.
pub(super) async fn a_dead_root_is_put_aside(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        roots.deliver(&[book(1), book(2)]).await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 2).await?;
        let dead = Verdict::Dead("too large".to_owned());
        let verdicts = vec![(taken[0].token, dead), (taken[1].token, Verdict::Done)];
        feed.settle(verdicts).await?;
        no_root_comes(&mut feed).await;
        feed.close().await?;
        depth_becomes(&queue, Roots::QUEUE, 0).await?;
        let dead = drain_dead(&queue, 1).await?;
        let id = &taken[0].root.id;
        assert_eq!(dead[0].body, format!(r#"{{"kind":"book","id":"{id}"}}"#));
        Ok(())
    })
    .await
}

/// Bodies that are no root are put aside as they came; the roots among them come.
pub(super) async fn a_body_that_is_no_root_is_put_aside_and_its_neighbours_come(
    url: &str,
) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        roots.deliver(&[book(1)]).await?;
        let strange = [
            Message::new("no JSON").with_id("7"),
            Message::new(r#"{"kind":"book"}"#),
        ];
        queue.publish(Roots::QUEUE, &strange).await?;
        roots.deliver(&[book(2)]).await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 2).await?;
        assert_eq!(roots_of(&taken), BTreeSet::from([book(1), book(2)]));
        assert_eq!(drain_dead(&queue, 2).await?, strange);
        feed.settle(all(&taken, &Verdict::Done)).await?;
        // alone, such a body ends no take
        queue.publish(Roots::QUEUE, &strange[..1]).await?;
        no_root_comes(&mut feed).await;
        assert_eq!(drain_dead(&queue, 1).await?, strange[..1]);
        feed.close().await?;
        depth_becomes(&queue, Roots::QUEUE, 0).await
    })
    .await
}

/// What is taken and not settled is back when the feed is closed, and soon when it is dropped.
pub(super) async fn what_a_feed_did_not_settle_comes_back(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        roots.deliver(&[book(1), book(2), book(3)]).await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 3).await?;
        feed.settle(all(&taken[..1], &Verdict::Done)).await?;
        let rest = roots_of(&taken[1..]);
        feed.close().await?;
        assert_eq!(roots_of(&take(&mut feed, 2).await?), rest);
        drop(feed);
        let mut other = roots.feed(10, LINGER);
        let again = take(&mut other, 2).await?;
        assert_eq!(roots_of(&again), rest);
        other.settle(all(&again, &Verdict::Done)).await?;
        other.close().await?;
        depth_becomes(&queue, Roots::QUEUE, 0).await
    })
    .await
}

/// A token that was settled, or that another feed made, settles nothing.
pub(super) async fn what_was_settled_before_is_not_settled_again(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        let mut feed = roots.feed(10, LINGER);
        feed.settle(vec![(Token(0), Verdict::Done)]).await?;
        roots.deliver(&[book(1)]).await?;
        let taken = take(&mut feed, 1).await?;
        feed.settle(vec![(Token(7), Verdict::Done)]).await?;
        feed.settle(all(&taken, &Verdict::Again)).await?;
        feed.settle(all(&taken, &Verdict::Done)).await?;
        let again = take(&mut feed, 1).await?;
        feed.settle(all(&again, &Verdict::Done)).await?;
        feed.close().await?;
        depth_becomes(&queue, Roots::QUEUE, 0).await
    })
    .await
}

/// A feed whose queue is removed tells so, and its next takes make the queue again.
pub(super) async fn a_feed_whose_queue_is_removed_recovers(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        roots.deliver(&[book(1)]).await?;
        let mut feed = roots.feed(10, LINGER);
        take(&mut feed, 1).await?;
        queue.remove(Roots::QUEUE).await?;
        let end = Instant::now() + PATIENCE;
        let recover = async {
            loop {
                let error = match timeout(PATIENCE, feed.take(1))
                    .await
                    .expect("no root in time")
                {
                    Ok(taken) => return Ok(taken),
                    Err(error) => error,
                };
                let expected = error.is_transient() || error.kind() == ErrorKind::NotFound;
                assert!(expected && Instant::now() < end, "{error}");
            }
        };
        let deliver = async {
            sleep(SHORT).await;
            roots.deliver(&[book(2)]).await
        };
        let (taken, ()) = tokio::try_join!(recover, deliver)?;
        assert_eq!(taken[0].root, book(2));
        feed.settle(all(&taken, &Verdict::Done)).await
    })
    .await
}

/// The queue of dead roots is made again when it is missing, and the rest goes on; tokens from
/// before the feed was closed mean nothing.
pub(super) async fn a_removed_queue_of_dead_roots_is_made_again(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        roots.deliver(&[book(1), book(2), book(3)]).await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 3).await?;
        queue.remove(Roots::DEAD_QUEUE).await?;
        let dead = Verdict::Dead("too large".to_owned());
        let verdicts = vec![(taken[0].token, Verdict::Done), (taken[1].token, dead)];
        feed.settle(verdicts).await?;
        feed.close().await?;
        assert_eq!(drain_dead(&queue, 1).await?.len(), 1);
        let again = take(&mut feed, 1).await?;
        assert_eq!(roots_of(&again), roots_of(&taken[2..]));
        feed.settle(all(&taken, &Verdict::Done)).await?;
        feed.close().await?;
        depth_becomes(&queue, Roots::QUEUE, 1).await
    })
    .await
}

/// A root that nothing can carry is accepted, and put aside alone before anybody takes it.
pub(super) async fn a_root_that_nothing_can_carry_is_put_aside_when_delivered(
    url: &str,
) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        let bad = ["9".repeat(300), "a\0b".to_owned(), "x".repeat(MAX_BODY)];
        let bad = bad.map(|id| Root::new("book", id));
        roots.deliver(&bad[..2]).await?;
        roots.deliver(&[bad[2].clone(), book(1)]).await?;
        let mut feed = roots.feed(10, LINGER);
        let taken = take(&mut feed, 1).await?;
        assert_eq!(taken[0].root, book(1));
        feed.settle(all(&taken, &Verdict::Done)).await?;
        let dead = drain_dead(&queue, 3).await?;
        let read = |message: &Message| serde_json::from_slice::<Root>(&message.body).unwrap();
        assert_eq!(dead.iter().map(read).collect::<Vec<_>>(), bad);
        feed.close().await
    })
    .await
}

/// With a message over the limits in the queue of roots, roots come, and it is put aside as it
/// came; for tests that know how another's tool writes such a message.
///
/// # Errors
/// The queue's.
pub async fn roots_come_past_a_message_over_the_limits(queue: &Queue) -> Result<()> {
    let roots = Roots::new(queue.clone());
    roots.deliver(&[book(1), book(2)]).await?;
    let mut feed = roots.feed(10, LINGER);
    let taken = take(&mut feed, 2).await?;
    assert_eq!(roots_of(&taken), BTreeSet::from([book(1), book(2)]));
    feed.settle(all(&taken, &Verdict::Done)).await?;
    let dead = drain_dead(queue, 1).await?;
    assert!(dead[0].body.len() > MAX_BODY);
    feed.close().await?;
    depth_becomes(queue, Roots::QUEUE, 0).await
}

/// Takes that are dropped at any moment lose no root.
pub(super) async fn a_dropped_take_loses_nothing(url: &str) -> Result<()> {
    with_roots(url, async |queue: Queue, roots: Roots| {
        let expected: BTreeSet<_> = (0..60).map(book).collect();
        for root in &expected {
            roots.deliver(std::slice::from_ref(root)).await?;
            queue.publish(Roots::QUEUE, &[Message::new("?")]).await?;
        }
        let mut feed = roots.feed(500, Duration::from_millis(1));
        let (mut seen, mut micros) = (BTreeSet::new(), 0);
        let end = Instant::now() + PATIENCE;
        while seen.len() < expected.len() {
            assert!(Instant::now() < end, "{} of 60 came", seen.len());
            micros = (micros + 137) % 3_000;
            // from time to time one has the time that it needs, on a busy machine too
            let limit = if micros < 137 {
                PATIENCE
            } else {
                Duration::from_micros(micros)
            };
            if let Ok(taken) = timeout(limit, feed.take(5)).await {
                let taken = taken?;
                seen.extend(roots_of(&taken));
                feed.settle(all(&taken, &Verdict::Done)).await?;
            }
        }
        assert_eq!(seen, expected);
        feed.close().await
    })
    .await
}
