//! RabbitMQ: the conformance suite against the server in SIXPLAY_TEST_RABBITMQ, and what only a
//! broker can show.

use std::{
    io::Read,
    net::TcpListener,
    time::{Duration, Instant},
};

use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, QueueDeclareOptions},
    types::FieldTable,
};
use sixplay_core::{ErrorKind, Result, conformance::server};
use sixplay_queue::{MAX_BODY, Queue, QueueConfig, Roots, conformance};

mod suite {
    sixplay_queue::queue_conformance!(super::run_case);
}

async fn run_case(name: &str) -> Result<()> {
    match server("rabbitmq")? {
        Some(url) => conformance::run_case(name, &url).await,
        None => Ok(()),
    }
}

/// Declares a queue that is no quorum queue.
async fn declare_classic(url: &str, name: &str) -> lapin::Result<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions::durable();
    let declare = channel.queue_declare(name.into(), options, FieldTable::default());
    declare.await.map(drop)
}

#[tokio::test]
async fn a_queue_with_other_properties_is_a_conflict_that_names_it() -> Result<()> {
    let Some(url) = server("rabbitmq")? else {
        return Ok(());
    };
    let name = conformance::unique_name();
    declare_classic(&url, &name).await.unwrap();
    let queue = Queue::connect(&url).await?;
    let error = queue.declare(&name).await.unwrap_err();
    queue.remove(&name).await?;
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains(&name), "{error}");
    queue.declare(&name).await?;
    queue.remove(&name).await
}

#[tokio::test]
async fn a_wrong_password_or_virtual_host_is_refused_without_showing_it() -> Result<()> {
    let Some(url) = server("rabbitmq")? else {
        return Ok(());
    };
    let address = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
    let stranger = format!("amqp://guest:secret@{address}/%2f");
    let login = Queue::connect(&stranger).await.unwrap_err();
    assert_eq!(login.kind(), ErrorKind::Forbidden, "{login}");
    assert!(!format!("{login:?}").contains("secret"));
    let elsewhere = url.replace("%2f", "secret");
    let host = Queue::connect(&elsewhere).await.unwrap_err();
    assert_eq!(host.kind(), ErrorKind::Config, "{host}");
    Ok(())
}

#[tokio::test]
async fn a_peer_that_accepts_and_keeps_silent_is_given_up_and_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://u:p@{}/%2f", listener.local_addr().unwrap());
    let began = Instant::now();
    let error = Queue::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(began.elapsed() < Duration::from_secs(7));
    let (mut peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut greeting = Vec::new();
    // the end of the stream: nothing of the attempt stays behind
    assert!(peer.read_to_end(&mut greeting).is_ok());
    assert!(greeting.starts_with(b"AMQP"));
}

#[tokio::test]
async fn nobody_listening_is_unavailable_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("amqp://u:p@{free}/%2f");
    let error = Queue::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

/// Publishes what the crate itself would refuse to.
async fn publish_foreign(url: &str, queue: &str, body: &[u8]) -> lapin::Result<()> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let published = channel.basic_publish("".into(), queue.into(), options, body, properties);
    published.await?;
    connection.close(200, "".into()).await
}

#[tokio::test]
async fn a_foreign_message_over_the_limit_is_put_aside_and_its_neighbours_come() -> Result<()> {
    let Some(url) = server("rabbitmq")? else {
        return Ok(());
    };
    let mut config = QueueConfig::new(&url);
    config.prefix = conformance::unique_name();
    let queue = Queue::open(&config).await?;
    queue.declare(Roots::QUEUE).await?;
    let name = format!("{}{}", config.prefix, Roots::QUEUE);
    let body = vec![b' '; MAX_BODY + 7];
    publish_foreign(&url, &name, &body).await.unwrap();
    let tested = conformance::roots_come_past_a_message_over_the_limits(&queue).await;
    queue.remove(Roots::QUEUE).await?;
    queue.remove(Roots::DEAD_QUEUE).await?;
    tested
}
