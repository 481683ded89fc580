//! The progress of a long job: a bar for people, a line a second for machines, both on standard
//! error.

use std::{
    io::{IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

const EVERY: Duration = Duration::from_secs(1);

/// Counts what a job has done. On a terminal that can (`TERM` is neither unset nor `dumb`) it draws
/// a bar; elsewhere it writes at most one line of JSON a second, and one at the end:
/// `{"progress":"rebuild","done":500,"total":1000,"per_second":250.0,"elapsed_ms":2000}`.
pub struct Progress {
    label: String,
    began: Instant,
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

struct State {
    done: u64,
    total: Option<u64>,
    written: Instant,
    finished: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    progress: &'a str,
    done: u64,
    total: Option<u64>,
    per_second: f64,
    elapsed_ms: u64,
}

impl Progress {
    /// Begins a job of `total` steps, if that is known.
    pub fn new(label: impl Into<String>, total: Option<u64>) -> Self {
        let (label, now) = (label.into(), Instant::now());
        let bar = std::io::stderr()
            .is_terminal()
            .then(|| bar(&label, total))
            .filter(|bar| !bar.is_hidden());
        Self {
            label,
            began: now,
            bar,
            state: Mutex::new(State {
                done: 0,
                total,
                written: now,
                finished: false,
            }),
        }
    }

    /// `n` more steps are done.
    pub fn add(&self, n: u64) {
        let mut state = self.state();
        state.done += n;
        match &self.bar {
            Some(bar) => bar.inc(n),
            None if state.written.elapsed() >= EVERY => self.write(&mut state),
            None => {}
        }
    }

    /// The job has `total` steps.
    pub fn set_total(&self, total: u64) {
        self.state().total = Some(total);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_style(style(true));
        }
    }

    /// The job is over; also happens when the value is dropped.
    pub fn finish(&self) {
        let mut state = self.state();
        if std::mem::replace(&mut state.finished, true) {
            return;
        }
        match &self.bar {
            Some(bar) => bar.abandon(),
            None => self.write(&mut state),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, state: &mut State) {
        state.written = Instant::now();
        // a closed standard error must not end the job
        let _ = writeln!(
            std::io::stderr(),
            "{}",
            line(&self.label, state.done, state.total, self.began.elapsed())
        );
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn line(progress: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let per_second = (done as f64 / elapsed.as_secs_f64().max(0.001) * 10.0).round() / 10.0;
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    serde_json::to_string(&Line {
        progress,
        done,
        total,
        per_second,
        elapsed_ms,
    })
    .unwrap_or_default()
}

fn bar(label: &str, total: Option<u64>) -> ProgressBar {
    let bar = total
        .map_or_else(ProgressBar::no_length, ProgressBar::new)
        .with_message(label.to_owned())
        .with_style(style(total.is_some()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(bounded: bool) -> ProgressStyle {
    let template = match bounded {
        true => "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta}",
        false => "{msg} {spinner} {human_pos} {per_sec} {elapsed}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_with_the_rate() {
        let expected = r#"{"progress":"rebuild","done":500,"total":1000,"per_second":250.0,"elapsed_ms":2000}"#;
        assert_eq!(
            line("rebuild", 500, Some(1000), Duration::from_secs(2)),
            expected
        );
        assert!(
            line("rebuild", 0, None, Duration::ZERO).contains(r#""total":null,"per_second":0.0"#)
        );
    }
}
