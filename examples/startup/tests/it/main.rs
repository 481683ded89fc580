//! The end of a program, in a child: nothing that hangs or blocks holds it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use sixplay_core::Result;
use sixplay_startup::{Process, WorkerArgs, run};
use tempfile::TempDir;

/// What the child hangs at.
const HANGS: &str = "STARTUP_CHILD";
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "runs as the child of the tests below"]
fn child() -> ExitCode {
    let args = WorkerArgs {
        data: Some(".".into()),
        ..WorkerArgs::default()
    };
    run("child", args, hang)
}

async fn hang(mut process: Process) -> Result<()> {
    println!("ready");
    match std::env::var(HANGS).as_deref() {
        // as the look-up of a name does when the server of names is dead
        Ok("call") => drop(tokio::task::spawn_blocking(block)),
        Ok("task") => process.daemon.spawn("stuck", async { block() }),
        Ok("work") => std::future::pending().await,
        _ => {}
    }
    let token = process.daemon.token();
    process.daemon.spawn("idle", async move {
        token.cancelled().await;
        Ok(())
    });
    process.daemon.run().await
}

fn block() -> Result<()> {
    loop {
        thread::park();
    }
}

/// A child that has begun; killed when dropped.
struct Running {
    child: Child,
    folder: TempDir,
}

impl Running {
    fn start(hangs: &str, drain: &str, stderr: impl FnOnce(&TempDir) -> Stdio) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // whoever runs the tests may ignore signals, as `nohup` does
        let mut command = Command::new("env");
        command.arg("--default-signal");
        command.arg(std::env::current_exe().expect("this program"));
        command.args(["--exact", "child", "--ignored", "--nocapture"]);
        command.env(HANGS, hangs).env("SIXPLAY_DRAIN", drain);
        command.stdout(Stdio::piped()).stderr(stderr(&folder));
        let mut child = command.current_dir(&folder).spawn().expect("a child");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = |line: String| line.contains("ready");
        assert!(output.by_ref().map_while(|line| line.ok()).any(ready));
        // its harness goes on to write to it
        thread::spawn(move || output.count());
        Self { child, folder }
    }

    fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &self.child.id().to_string()]);
        assert!(kill.status().expect("kill runs").success());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn eventually<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < end, "{what} does not come: {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn end(&mut self) -> ExitStatus {
        self.eventually("the end", |running| {
            running.child.try_wait().expect("a child")
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn to_file(folder: &TempDir) -> Stdio {
    let file = std::fs::File::create(folder.path().join("log"));
    file.expect("a file").into()
}

/// A standard error that nobody reads any more, as that of a closed terminal.
fn closed(_folder: &TempDir) -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_call_that_does_not_come_back_does_not_hold_the_end() {
    let mut child = Running::start("call", "1h", to_file);
    child.signal("TERM");
    assert!(child.end().success(), "{}", child.log());
}

#[test]
fn a_task_that_blocks_its_thread_is_named_and_does_not_hold_the_end() {
    let mut child = Running::start("task", "100ms", to_file);
    child.signal("TERM");
    assert!(!child.end().success());
    assert!(child.log().contains("(tasks=stuck)"), "{}", child.log());
}

#[test]
fn a_second_signal_ends_work_that_is_no_task() {
    let mut child = Running::start("work", "1h", to_file);
    child.signal("INT");
    child.eventually("the first signal", |child| {
        child.log().contains("SIGINT").then_some(())
    });
    child.signal("TERM");
    assert!(!child.end().success());
    assert!(child.log().contains("was given up"), "{}", child.log());
}

#[test]
fn a_program_whose_terminal_is_closed_ends_in_good_order() {
    let mut child = Running::start("nothing", "1h", closed);
    child.signal("HUP");
    assert!(child.end().success());
}
