//! The life of a daemon, in this process and, for signals, in a child.

use std::{
    io::BufRead,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sixplay_core::{Daemon, Error, ErrorKind, Result};

const DRAIN: Duration = Duration::from_millis(300);

fn broken() -> Error {
    Error::unavailable("test.work", "broken")
}

#[tokio::test]
async fn cancelling_the_token_lets_every_task_finish_its_work() -> Result<()> {
    let mut daemon = Daemon::new("test", Duration::from_secs(5));
    let (token, finished) = (daemon.token(), Arc::new(AtomicBool::new(false)));
    let (stop, done) = (daemon.token(), finished.clone());
    daemon.spawn("worker", async move {
        token.cancelled().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        done.store(true, Ordering::SeqCst);
        Ok(())
    });
    daemon.spawn("stopper", async move {
        stop.cancel();
        Ok(())
    });
    daemon.run().await?;
    assert!(finished.load(Ordering::SeqCst));
    Ok(())
}

#[tokio::test]
async fn a_daemon_whose_tasks_have_all_ended_ends() -> Result<()> {
    let mut daemon = Daemon::new("test", DRAIN);
    daemon.spawn("once", async { Ok(()) });
    daemon.run().await?;
    Daemon::new("empty", DRAIN).run().await
}

#[tokio::test]
async fn a_failing_task_stops_the_others_and_its_error_is_the_daemons() {
    let mut daemon = Daemon::new("test", Duration::from_secs(5));
    let token = daemon.token();
    daemon.spawn("good", async move {
        token.cancelled().await;
        Ok(())
    });
    daemon.spawn("bad", async { Err(broken()) });
    let error = daemon.run().await.err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("test.work: broken (task=bad)")
    );
}

#[tokio::test]
async fn a_panic_is_an_error_that_names_the_task() {
    let mut daemon = Daemon::new("test", DRAIN);
    daemon.spawn("wild", async { panic!("on purpose") });
    let error = daemon.run().await.err();
    assert!(
        error.is_some_and(|error| error.kind() == ErrorKind::Unexpected
            && error.to_string().contains("task=wild"))
    );
}

#[tokio::test]
async fn tasks_that_do_not_stop_are_named_after_the_drain() {
    let mut daemon = Daemon::new("test", DRAIN);
    let token = daemon.token();
    daemon.spawn("stuck", std::future::pending());
    daemon.spawn("stuck too", std::future::pending());
    daemon.spawn("stopper", async move {
        token.cancel();
        Ok(())
    });
    let began = Instant::now();
    let error = daemon.run().await.err();
    assert!(began.elapsed() < DRAIN * 4);
    assert!(error.is_some_and(|error| error.kind() == ErrorKind::Timeout
        && error.to_string().contains("tasks=stuck, stuck too")));
}

#[tokio::test]
#[ignore = "runs as the child of the tests below"]
async fn child() -> Result<()> {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .init();
    let mut daemon = Daemon::new("child", Duration::from_secs(60));
    let token = daemon.token();
    daemon.spawn("worker", async move {
        println!("ready");
        token.cancelled().await;
        match std::env::var("CHILD_HANGS") {
            Ok(_) => std::future::pending().await,
            Err(_) => Ok(()),
        }
    });
    daemon.run().await
}

/// Starts [`child`], sends it `signals`, and gives whether it ended well and what it logged.
fn signalled(signals: &[&str], hangs: bool) -> std::io::Result<(bool, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--exact", "daemon::child", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if hangs {
        command.env("CHILD_HANGS", "1");
    }
    let mut child = command.spawn()?;
    // it lives until the child has ended, which still writes to it
    let mut output = std::io::BufReader::new(child.stdout.take().expect("it is piped")).lines();
    assert!(
        output
            .by_ref()
            .map_while(|line| line.ok())
            .any(|line| line.contains("ready"))
    );
    for signal in signals {
        std::thread::sleep(Duration::from_millis(200));
        assert!(
            Command::new("kill")
                .args([(*signal).to_owned(), child.id().to_string()])
                .status()?
                .success()
        );
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        if let Some(status) = child.try_wait()? {
            let log = child
                .stderr
                .take()
                .map(std::io::read_to_string)
                .transpose()?;
            return Ok((status.success(), log.unwrap_or_default()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    panic!("the child did not end");
}

#[test]
fn sigterm_and_sigint_end_a_daemon_in_good_order() -> std::io::Result<()> {
    let (well, log) = signalled(&["-TERM"], false)?;
    assert!(
        well && log.contains(r#""signal":"SIGTERM""#) && log.contains(r#""message":"stopped""#),
        "{log}"
    );
    let (well, log) = signalled(&["-INT"], false)?;
    assert!(well && log.contains(r#""signal":"SIGINT""#), "{log}");
    Ok(())
}

#[test]
fn a_second_signal_ends_the_wait_for_tasks_that_hang() -> std::io::Result<()> {
    let (well, log) = signalled(&["-TERM", "-TERM"], true)?;
    assert!(!well && log.contains(r#""tasks":"worker""#), "{log}");
    Ok(())
}
