//! A consumer on a channel of its own; a lost subscription is reported once and renewed by the next
//! call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use lapin::{
    Acker, Channel,
    message::Delivery as BrokerDelivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions},
    types::FieldTable,
};
use sixplay_core::{Error, Result, retry::deadline};
use tokio::{
    runtime::Handle,
    task::{JoinError, JoinHandle},
};

use super::{AmqpBackend, failure::broker_answer};
use crate::{
    Delivery, Message,
    backend::Subscription,
    delivery::{DeliveryTag, Origin, Receipt, Settlement},
    mutex::lock_poisoned_too,
};

/// One consumer's subscription, over all the channels that it comes to need.
pub(super) struct AmqpSubscription {
    backend: Arc<AmqpBackend>,
    queue: String,
    prefetch: u16,
    state: SubscriptionState,
}

/// How far the subscription is.
enum SubscriptionState {
    /// The next call begins to join.
    Lost,
    /// Under way in a task of its own, so that short calls of `next_deliveries` that are dropped
    /// get there too.
    Joining(JoinHandle<Result<LiveChannel>>),
    Live(Box<LiveChannel>),
}

impl AmqpSubscription {
    /// Subscribes; the caller sets the deadline.
    pub(super) async fn open(
        backend: Arc<AmqpBackend>,
        queue: &str,
        prefetch: u16,
    ) -> Result<Self> {
        let live = LiveChannel::open(&backend, queue, prefetch).await?;
        Ok(Self {
            backend,
            queue: queue.to_owned(),
            prefetch,
            state: SubscriptionState::Live(Box::new(live)),
        })
    }

    /// The live subscription, made anew if it was lost.
    async fn live_channel(&mut self) -> Result<&mut LiveChannel> {
        if matches!(self.state, SubscriptionState::Lost) {
            self.state = SubscriptionState::Joining(self.start_joining());
        }
        if let SubscriptionState::Joining(joining) = &mut self.state {
            let joined = joining.await;
            self.state = SubscriptionState::Lost;
            let live = joined.map_err(joining_failed)??;
            self.state = SubscriptionState::Live(Box::new(live));
        }
        match &mut self.state {
            SubscriptionState::Live(live) => Ok(live),
            _ => Err(subscription_lost()),
        }
    }

    /// Subscribes anew in a task of its own.
    fn start_joining(&self) -> JoinHandle<Result<LiveChannel>> {
        let (backend, queue) = (Arc::clone(&self.backend), self.queue.clone());
        let prefetch = self.prefetch;
        tokio::spawn(async move {
            let open = LiveChannel::open(&backend, &queue, prefetch);
            deadline("queue.consume", backend.deadline, open).await
        })
    }
}

#[async_trait]
impl Subscription for AmqpSubscription {
    async fn next_deliveries(&mut self, max: usize) -> Result<Vec<Delivery>> {
        let received = self.live_channel().await?.receive_ready(max).await;
        if received.is_err() {
            self.state = SubscriptionState::Lost;
        }
        received
    }

    async fn give_back(mut self: Box<Self>) -> Result<()> {
        match std::mem::replace(&mut self.state, SubscriptionState::Lost) {
            SubscriptionState::Live(live) => live.close_within(self.backend.deadline).await,
            SubscriptionState::Joining(joining) => joining.await.map(drop).map_err(joining_failed),
            SubscriptionState::Lost => Ok(()),
        }
    }
}

/// One subscription on one connection; dropping it closes the channel, and the broker takes
/// everything back.
struct LiveChannel {
    stream: lapin::Consumer,
    unsettled: Arc<UnsettledDeliveries>,
    channel: Channel,
}

impl LiveChannel {
    /// Subscribes on a channel of its own.
    async fn open(backend: &AmqpBackend, queue: &str, prefetch: u16) -> Result<Self> {
        let connection = backend.consuming.connection().await?;
        let channel = broker_answer("queue.channel", connection.create_channel()).await?;
        let limit = channel.basic_qos(prefetch, BasicQosOptions::default());
        broker_answer("queue.consume", limit).await?;
        Ok(Self {
            stream: consume_from(&channel, queue).await?,
            unsettled: Arc::new(UnsettledDeliveries::new(backend.deadline)),
            channel,
        })
    }

    /// The broker has everything back when it answers.
    async fn close_within(&self, limit: Duration) -> Result<()> {
        let close = self.channel.close(200, "".into());
        deadline("queue.close", limit, broker_answer("queue.close", close)).await
    }

    /// Waits for a delivery and adds those that are there already, up to `max`.
    async fn receive_ready(&mut self, max: usize) -> Result<Vec<Delivery>> {
        let first = require_delivery(self.stream.next().await)?;
        let mut deliveries = vec![self.unsettled.lend(first)];
        while deliveries.len() < max {
            let Some(next) = self.stream.next().now_or_never() else {
                break;
            };
            deliveries.push(self.unsettled.lend(require_delivery(next)?));
        }
        Ok(deliveries)
    }
}

/// Begins to consume under a name that the broker chooses.
async fn consume_from(channel: &Channel, queue: &str) -> Result<lapin::Consumer> {
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let consume = channel.basic_consume(queue.into(), "".into(), options, arguments);
    broker_answer("queue.consume", consume).await
}

impl Drop for LiveChannel {
    fn drop(&mut self) {
        self.unsettled.lock_ackers().clear();
    }
}

/// What the channel's stream gives; its end is an error.
fn require_delivery(next: Option<lapin::Result<BrokerDelivery>>) -> Result<BrokerDelivery> {
    match next {
        Some(Ok(delivery)) => Ok(delivery),
        Some(Err(error)) => Err(subscription_lost().with_source(error)),
        None => Err(subscription_lost()),
    }
}

/// What a consumer is told once, before the next call subscribes anew.
fn subscription_lost() -> Error {
    Error::unavailable("queue.receive", "the subscription was lost")
}

/// The error of a task that ended without an outcome.
fn joining_failed(error: JoinError) -> Error {
    subscription_lost().with_source(error)
}

/// The deliveries of one channel that are not settled. A tag means nothing on another channel, so
/// they end with theirs.
struct UnsettledDeliveries {
    ackers: Mutex<HashMap<i64, Acker>>,
    deadline: Duration,
}

impl UnsettledDeliveries {
    /// Nothing is held yet; every settlement is answered within `deadline`.
    fn new(deadline: Duration) -> Self {
        Self {
            ackers: Mutex::default(),
            deadline,
        }
    }

    /// By the number of their tag.
    fn lock_ackers(&self) -> MutexGuard<'_, HashMap<i64, Acker>> {
        lock_poisoned_too(&self.ackers)
    }

    /// Makes the broker's delivery one of ours, and keeps what settles it.
    fn lend(self: &Arc<Self>, delivery: BrokerDelivery) -> Delivery {
        let number = delivery.delivery_tag.cast_signed();
        self.lock_ackers().insert(number, delivery.acker);
        let id = delivery.properties.message_id().as_ref();
        Delivery {
            message: Message {
                body: delivery.data.into(),
                id: id.map(ToString::to_string),
            },
            redelivered: delivery.redelivered,
            receipt: Receipt {
                origin: self.clone(),
                tag: DeliveryTag { number, attempt: 0 },
                _slot: None,
                unsettled: true,
            },
        }
    }

    /// Taken out before it is used: a delivery settled twice would cost the channel.
    fn take_acker(&self, tag: DeliveryTag) -> Option<Acker> {
        self.lock_ackers().remove(&tag.number)
    }
}

#[async_trait]
impl Origin for UnsettledDeliveries {
    async fn settle_deliveries(
        &self,
        tags: &[DeliveryTag],
        settlement: Settlement,
    ) -> Result<usize> {
        let mut settled = 0;
        for tag in tags {
            if let Some(acker) = self.take_acker(*tag) {
                settled += usize::from(send_settlement(acker, settlement, self.deadline).await?);
            }
        }
        Ok(settled)
    }

    fn abandon_delivery(&self, tag: DeliveryTag) {
        // without a runtime, or a connection, it returns when the channel ends
        if let (Some(acker), Ok(runtime)) = (self.take_acker(tag), Handle::try_current()) {
            runtime.spawn(send_settlement(acker, Settlement::Requeue, self.deadline));
        }
    }
}

/// Tells the broker what becomes of a delivery; `false` when the channel ended before.
async fn send_settlement(acker: Acker, settlement: Settlement, limit: Duration) -> Result<bool> {
    let requeue = BasicNackOptions {
        requeue: true,
        ..BasicNackOptions::default()
    };
    let settle = async {
        match settlement {
            Settlement::Ack => acker.ack(BasicAckOptions::default()).await,
            Settlement::Requeue => acker.nack(requeue).await,
        }
    };
    deadline("queue.settle", limit, broker_answer("queue.settle", settle)).await
}
