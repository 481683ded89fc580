//! A consumer on a channel of its own; a lost subscription is reported once and renewed by the next
//! call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use lapin::{
    Acker, Channel, Consumer,
    options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions},
    types::FieldTable,
};
use sixplay_core::{Error, Result};
use tokio::task::JoinHandle;

use super::{Amqp, failure::within};
use crate::{
    backend::{Origin, Subscription, Tag, Verdict},
    message::{Delivery, Message, Receipt},
};

pub(super) struct Subscriber {
    backend: Arc<Amqp>,
    queue: String,
    prefetch: u16,
    state: State,
}

enum State {
    Lost,
    /// Under way in a task of its own, so that short calls of `next` that are dropped get there
    /// too.
    Joining(JoinHandle<Result<Live>>),
    Live(Box<Live>),
}

/// One subscription on one connection; dropping it closes the channel, and the broker takes
/// everything back.
struct Live {
    deliveries: Consumer,
    open: Arc<Open>,
    channel: Channel,
}

/// The deliveries of one channel that are not settled. A tag means nothing on another channel, so
/// they end with theirs.
#[derive(Default)]
struct Open(Mutex<HashMap<i64, Acker>>);

impl Subscriber {
    pub async fn open(backend: Arc<Amqp>, queue: &str, prefetch: u16) -> Result<Self> {
        let state = State::Live(Box::new(
            subscribe(backend.clone(), queue.to_owned(), prefetch).await?,
        ));
        Ok(Self {
            backend,
            queue: queue.to_owned(),
            prefetch,
            state,
        })
    }

    /// The live subscription, made anew if it was lost.
    async fn live(&mut self) -> Result<&mut Live> {
        if matches!(self.state, State::Lost) {
            let joining = subscribe(self.backend.clone(), self.queue.clone(), self.prefetch);
            self.state = State::Joining(tokio::spawn(joining));
        }
        if let State::Joining(joining) = &mut self.state {
            let outcome = joining.await;
            self.state = State::Lost;
            let live = outcome.map_err(|error| self.lost().with_source(error))??;
            self.state = State::Live(Box::new(live));
        }
        match self.state {
            State::Live(ref mut live) => Ok(live),
            _ => Err(self.lost()),
        }
    }

    fn lost(&mut self) -> Error {
        self.state = State::Lost;
        Error::unavailable("queue.receive", "the subscription was lost").with("queue", &self.queue)
    }
}

async fn subscribe(backend: Arc<Amqp>, queue: String, prefetch: u16) -> Result<Live> {
    let connection = backend.consuming.connection().await?;
    let channel = within("queue.channel", connection.create_channel()).await?;
    within(
        "queue.consume",
        channel.basic_qos(prefetch, BasicQosOptions::default()),
    )
    .await?;
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let consume = channel.basic_consume(queue.as_str().into(), "".into(), options, arguments);
    let deliveries = within("queue.consume", consume)
        .await
        .map_err(|error| error.with("queue", &queue))?;
    Ok(Live {
        deliveries,
        open: Arc::default(),
        channel,
    })
}

#[async_trait]
impl Subscription for Subscriber {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>> {
        let live = self.live().await?;
        let mut deliveries = Vec::new();
        let mut next = live.deliveries.next().await;
        loop {
            match next {
                Some(Ok(delivery)) => deliveries.push(live.open.deliver(delivery)),
                Some(Err(error)) => return Err(self.lost().with_source(error)),
                None => return Err(self.lost()),
            }
            if deliveries.len() == max {
                return Ok(deliveries);
            }
            next = match live.deliveries.next().now_or_never() {
                Some(ready) => ready,
                None => return Ok(deliveries),
            };
        }
    }

    async fn close(mut self: Box<Self>) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Lost) {
            State::Live(live) => within("queue.close", live.channel.close(200, "".into())).await,
            State::Joining(joining) => joining
                .await
                .map(drop)
                .map_err(|error| self.lost().with_source(error)),
            State::Lost => Ok(()),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.open.all().clear();
    }
}

impl Open {
    fn all(&self) -> MutexGuard<'_, HashMap<i64, Acker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(self: &Arc<Self>, delivery: lapin::message::Delivery) -> Delivery {
        let tag = Tag {
            number: delivery.delivery_tag.cast_signed(),
            attempt: 0,
        };
        self.all().insert(tag.number, delivery.acker);
        let mut message = Message::new(delivery.data);
        message.id = delivery
            .properties
            .message_id()
            .as_ref()
            .map(ToString::to_string);
        Delivery {
            message,
            redelivered: delivery.redelivered,
            receipt: Receipt::new(self.clone(), tag, None),
        }
    }
}

#[async_trait]
impl Origin for Open {
    async fn settle(&self, tags: &[Tag], verdict: Verdict) -> Result<usize> {
        let mut kept = 0;
        for tag in tags {
            // taken out first: a delivery settled twice would cost the channel
            let acker = self.all().remove(&tag.number);
            if let Some(acker) = acker {
                kept += usize::from(within("queue.settle", answer(acker, verdict)).await?);
            }
        }
        Ok(kept)
    }

    fn abandon(&self, tag: Tag) {
        // without a runtime, or a connection, it returns when the channel ends
        if let (Some(acker), Ok(runtime)) = (
            self.all().remove(&tag.number),
            tokio::runtime::Handle::try_current(),
        ) {
            runtime.spawn(within("queue.settle", answer(acker, Verdict::Requeue)));
        }
    }
}

/// `false` when the channel ended before.
async fn answer(acker: Acker, verdict: Verdict) -> lapin::Result<bool> {
    match verdict {
        Verdict::Ack => acker.ack(BasicAckOptions::default()).await,
        Verdict::Requeue => {
            acker
                .nack(BasicNackOptions {
                    requeue: true,
                    ..BasicNackOptions::default()
                })
                .await
        }
    }
}
