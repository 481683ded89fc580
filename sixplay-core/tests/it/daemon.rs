//! The life of a daemon, in this process and, for signals, in a child.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
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

/// What the child does once its token is cancelled, and its drain time.
const CHILD: &str = "DAEMON_CHILD";
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
#[ignore = "runs as the child of the tests below"]
async fn child() -> Result<()> {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .init();
    let script = std::env::var(CHILD).expect("a parent");
    let (end, drain) = script.split_once(' ').expect("two words");
    let drain = Duration::from_millis(drain.parse().expect("milliseconds"));
    let mut daemon = Daemon::new("child", drain);
    let (token, end) = (daemon.token(), end.to_owned());
    if end == "block" {
        block_for_ever();
    }
    daemon.spawn("worker", async move {
        println!("ready");
        token.cancelled().await;
        match end.as_str() {
            "return" => Ok(()),
            _ => std::future::pending().await,
        }
    });
    daemon.run().await
}

/// Holds the only thread of the runtime, as a call does that does not come back.
fn block_for_ever() -> ! {
    println!("ready");
    loop {
        std::thread::park();
    }
}

/// A [`child`] that is ready.
struct Running {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    heard: String,
    /// It lives until the child has ended, which still writes to it.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Running {
    /// Through `shell`, in which `"$@"` is the child.
    fn start(shell: &str, end: &str, drain: Duration) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", shell, "sh"]);
        command.arg(std::env::current_exe().expect("this program"));
        command.args(["--exact", "daemon::child", "--ignored", "--nocapture"]);
        command.env(CHILD, format!("{end} {}", drain.as_millis()));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut lines = output.by_ref().map_while(|line| line.ok());
        assert!(lines.any(|line| line.contains("ready")));
        Self {
            log: BufReader::new(child.stderr.take().expect("piped")).lines(),
            child,
            heard: String::new(),
            _output: output,
        }
    }

    /// Sends a signal.
    fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &self.child.id().to_string()]);
        assert!(kill.status().expect("kill runs").success());
    }

    /// Sends a signal, and waits until the child tells of it.
    fn signal_until(&mut self, signal: &str, told: &str) {
        self.signal(signal);
        let mut log = self.log.by_ref().map_while(|line| line.ok());
        let found = log.find(|line| {
            self.heard.push_str(line);
            line.contains(told)
        });
        assert!(found.is_some(), "{told}: {}", self.heard);
    }

    /// The exit code, and the whole log.
    fn end(mut self) -> (Option<i32>, String) {
        self.heard
            .extend(self.log.by_ref().map_while(|line| line.ok()));
        let status = self.child.wait().expect("a child");
        (status.code(), std::mem::take(&mut self.heard))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Signals that whoever runs the tests ignores, as `nohup` does, are not ignored in a child.
const PLAIN: &str = r#"exec env --default-signal "$@""#;

#[test]
fn each_signal_to_stop_ends_a_daemon_in_good_order() {
    for signal in ["TERM", "INT", "HUP"] {
        let child = Running::start(PLAIN, "return", LONG);
        child.signal(signal);
        let (code, log) = child.end();
        assert_eq!(code, Some(0), "{log}");
        let told = format!(r#""signal":"SIG{signal}""#);
        assert!(
            log.contains(&told) && log.contains(r#""message":"stopped""#),
            "{log}"
        );
    }
}

#[test]
fn a_second_signal_ends_the_wait_for_tasks_that_hang() {
    let mut child = Running::start(PLAIN, "hang", LONG);
    child.signal_until("HUP", "nothing is read anew");
    child.signal("TERM");
    let (code, log) = child.end();
    assert!(
        code != Some(0) && log.contains(r#""tasks":"worker""#),
        "{log}"
    );
}

#[test]
fn a_terminal_that_hangs_up_twice_does_not_cut_the_drain() {
    let mut child = Running::start(PLAIN, "hang", LONG);
    child.signal_until("HUP", r#""message":"stopping"#);
    child.signal("HUP");
    child.signal_until("INT", r#""signal":"SIGINT","#);
    let (_, log) = child.end();
    assert_eq!(log.matches("SIGHUP").count(), 1, "{log}");
}

#[test]
fn a_daemon_that_is_to_outlive_its_terminal_does() {
    let shell = r#"trap "" HUP; exec "$@""#;
    let child = Running::start(shell, "return", LONG);
    child.signal("HUP");
    child.signal("TERM");
    let (code, log) = child.end();
    assert!(code == Some(0) && !log.contains("SIGHUP"), "{log}");
}

#[test]
fn a_third_signal_ends_a_process_that_is_blocked() {
    let mut child = Running::start(PLAIN, "block", LONG);
    child.signal_until("TERM", r#""message":"stopping""#);
    child.signal_until("INT", r#""message":"stopping at once""#);
    child.signal("INT");
    let (code, log) = child.end();
    assert_eq!(code, Some(130), "{log}");
}

#[test]
fn a_blocked_process_ends_by_itself_after_its_drain() {
    let child = Running::start(PLAIN, "block", DRAIN);
    child.signal("TERM");
    let (code, log) = child.end();
    assert!(code == Some(1) && log.contains("does not stop"), "{log}");
}
