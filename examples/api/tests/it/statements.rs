//! How many SQL statements a piece of work takes: the driver reports each as a `tracing` event.

use std::{
    collections::HashMap,
    sync::{Mutex, Once},
};

use tracing::{Event, Instrument, Subscriber, span::Id};
use tracing_subscriber::{
    Layer, layer::Context, prelude::__tracing_subscriber_SubscriberExt as _, registry::LookupSpan,
    util::SubscriberInitExt,
};

const SPAN: &str = "counted_work";

static COUNTS: Mutex<Option<HashMap<Id, usize>>> = Mutex::new(None);

/// Counts events by the span around the work; a driver's own thread enters that span, too.
struct StatementCounter;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for StatementCounter {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut spans = context.event_scope(event).into_iter().flatten();
        if let Some(span) = spans.find(|span| span.name() == SPAN) {
            let mut counts = COUNTS.lock().unwrap();
            *counts.get_or_insert_default().entry(span.id()).or_default() += 1;
        }
    }
}

/// The result of the work, and the number of its statements without `BEGIN` and `ROLLBACK`.
pub(crate) async fn count_statements<T>(work: impl Future<Output = T>) -> (T, usize) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| tracing_subscriber::registry().with(StatementCounter).init());
    let span = tracing::info_span!("counted_work");
    let id = span.id().expect("the span is enabled");
    let result = work.instrument(span.clone()).await;
    let mut counts = COUNTS.lock().unwrap();
    let count = counts.get_or_insert_default().remove(&id);
    (result, count.unwrap_or_default())
}
