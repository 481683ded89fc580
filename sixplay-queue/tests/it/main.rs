//! Tests of the queue against the embedded backend, a RabbitMQ server, and a RabbitMQ that is
//! killed and restarted.

mod amqp;
mod embedded;
mod faults;

/// Names every test of the conformance suite once; `$place` gives a URL, and what must live as long
/// as it is used.
macro_rules! conformance {
    ($place:ident: $($test:ident)*) => {
        mod conformance {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    if let Some((_guard, url)) = super::$place() {
                        sixplay_queue::conformance::$test(&url).await;
                    }
                }
            )*
        }
    };
    ($place:ident) => {
        crate::conformance! { $place:
            a_message_lives_from_publish_to_ack
            messages_keep_their_order
            what_is_given_back_comes_again
            a_dropped_consumer_returns_what_it_held
            a_closed_consumer_has_returned_what_it_held
            depth_counts_what_waits
            consumers_share_the_work
            five_thousand_messages_in_one_call
            receive_ends_by_count_or_by_time
            prefetch_bounds_what_is_held
            a_dropped_receive_loses_nothing
            bad_input_is_refused
            declare_keeps_and_remove_ends
            separate_handles_share_a_queue
            many_tasks_publish_at_once
            a_waiting_receive_wakes_up
        }
    };
}
pub(crate) use conformance;

/// Whether tests with a RabbitMQ are excluded from this run.
fn rabbitmq_is_skipped() -> bool {
    let skip = std::env::var("SIXPLAY_TEST_SKIP").unwrap_or_default();
    let skipped = skip.split_whitespace().any(|name| name == "rabbitmq");
    if skipped {
        eprintln!("skipped: rabbitmq is in SIXPLAY_TEST_SKIP");
    }
    skipped
}
