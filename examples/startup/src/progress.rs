//! The progress of a long job: a bar for people, a line a second for machines, both on standard
//! error.

use std::{
    io::{IsTerminal, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar as Bar, ProgressStyle};
use serde::Serialize;
use sixplay_core::Progress;

const EVERY: Duration = Duration::from_secs(1);

/// Shows what a job has done. On a terminal that can (`TERM` is neither unset nor `dumb`) it draws
/// a bar; elsewhere it writes at most one line of JSON a second, and one at the end:
/// `{"progress":"rebuild","done":500,"total":1000,"per_second":250.0,"elapsed_ms":2000}`.
///
/// The job is over when the value is dropped.
#[derive(Debug)]
pub struct ProgressBar {
    label: String,
    began: Instant,
    bar: Option<Bar>,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    done: u64,
    total: Option<u64>,
    written: Instant,
}

#[derive(Serialize)]
struct ProgressLine<'a> {
    progress: &'a str,
    done: u64,
    total: Option<u64>,
    per_second: f64,
    elapsed_ms: u64,
}

impl ProgressBar {
    /// Begins a job that is called `label`.
    pub fn new(label: impl Into<String>) -> Self {
        let (label, began) = (label.into(), Instant::now());
        let bar = std::io::stderr().is_terminal().then(|| draw_bar(&label));
        let counts = Counts {
            done: 0,
            total: None,
            written: began,
        };
        Self {
            label,
            began,
            bar: bar.filter(|bar| !bar.is_hidden()),
            counts: Mutex::new(counts),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_line(&self, counts: &mut Counts) {
        counts.written = Instant::now();
        let line = line(&self.label, counts.done, counts.total, self.began.elapsed());
        // a closed standard error must not end the job
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

impl Progress for ProgressBar {
    fn total(&self, steps: u64) {
        self.counts().total = Some(steps);
        if let Some(bar) = &self.bar {
            bar.set_length(steps);
            bar.set_style(style(
                "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec} {eta}",
            ));
        }
    }

    fn add(&self, steps: u64) {
        let mut counts = self.counts();
        counts.done += steps;
        match &self.bar {
            Some(bar) => bar.inc(steps),
            None if counts.written.elapsed() >= EVERY => self.write_line(&mut counts),
            None => {}
        }
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        match &self.bar {
            Some(bar) => bar.abandon(),
            None => self.write_line(&mut self.counts()),
        }
    }
}

fn line(progress: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let per_second = (done as f64 / elapsed.as_secs_f64().max(0.001) * 10.0).round() / 10.0;
    let line = ProgressLine {
        progress,
        done,
        total,
        per_second,
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn draw_bar(label: &str) -> Bar {
    let unbounded = style("{msg} {spinner} {human_pos} {per_sec} {elapsed}");
    let bar = Bar::no_length()
        .with_message(label.to_owned())
        .with_style(unbounded);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_with_the_rate() {
        let expected = concat!(
            r#"{"progress":"rebuild","done":500,"total":1000,"#,
            r#""per_second":250.0,"elapsed_ms":2000}"#
        );
        let half = line("rebuild", 500, Some(1000), Duration::from_secs(2));
        assert_eq!(half, expected);
        let begun = line("rebuild", 0, None, Duration::ZERO);
        assert!(
            begun.contains(r#""total":null,"per_second":0.0"#),
            "{begun}"
        );
    }
}
