//! RabbitMQ: the conformance suite against the server in SIXPLAY_TEST_RABBITMQ, and what only a
//! broker can show.

use std::{
    io::Read,
    net::TcpListener,
    time::{Duration, Instant},
};

use lapin::{Connection, ConnectionProperties, options::QueueDeclareOptions, types::FieldTable};
use sixplay_core::ErrorKind;
use sixplay_queue::{Queue, conformance::unique_name};

crate::conformance!(place);

fn place() -> Option<((), String)> {
    Some(((), url()?))
}

fn url() -> Option<String> {
    match std::env::var("SIXPLAY_TEST_RABBITMQ") {
        _ if crate::rabbitmq_is_skipped() => None,
        Ok(url) => Some(url),
        Err(_) => panic!(
            "SIXPLAY_TEST_RABBITMQ is missing; put rabbitmq into SIXPLAY_TEST_SKIP to do without"
        ),
    }
}

#[tokio::test]
async fn a_queue_with_other_properties_is_a_conflict_that_names_it() {
    let Some(url) = url() else { return };
    let name = unique_name();
    let connection = Connection::connect(&url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel
        .queue_declare(
            name.as_str().into(),
            QueueDeclareOptions::durable(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    let queue = Queue::connect(&url).await.unwrap();
    let error = queue.declare(&name).await.unwrap_err();
    queue.remove(&name).await.unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains(&name), "{error}");
    queue.declare(&name).await.unwrap();
    queue.remove(&name).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_or_virtual_host_is_refused_without_showing_it() {
    let Some(url) = url() else { return };
    let address = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
    let login = Queue::connect(&format!("amqp://guest:secret@{address}/%2f"))
        .await
        .unwrap_err();
    assert_eq!(login.kind(), ErrorKind::Forbidden, "{login}");
    assert!(!format!("{login:?}").contains("secret"));
    let host = Queue::connect(&url.replace("%2f", "secret"))
        .await
        .unwrap_err();
    assert_eq!(host.kind(), ErrorKind::Config, "{host}");
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
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = Queue::connect(&format!("amqp://u:p@{free}/%2f"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
