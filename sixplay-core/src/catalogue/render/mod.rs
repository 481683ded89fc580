//! From rows and an instant to a document, or the reason why there is none: pure and total.

mod expired;
mod program;
mod service;
mod video;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

pub(super) use expired::render as expired;
pub(super) use program::{body as program_body, render as program};
pub(super) use service::{folder, folder_body, service, service_body};
pub(super) use video::{body as video_body, render as video};

use super::{
    rows::Window,
    wire::{Object, quoted},
};
use crate::source::{Publishable, Rendered};

impl Window {
    /// Whether nothing but the clock decides about it.
    fn counts(&self) -> bool {
        self.platform_enabled
            && self.service.enabled
            && self.closes.is_none_or(|closes| closes > self.opens)
    }

    fn is_open(&self, now: i64) -> bool {
        self.counts() && self.opens <= now && self.closes.is_none_or(|closes| closes > now)
    }

    /// The next instant after `now` at which it opens or closes.
    fn next_change(&self, now: i64) -> Option<i64> {
        [Some(self.opens), self.closes]
            .into_iter()
            .flatten()
            .filter(|instant| self.counts() && *instant > now)
            .min()
    }
}

/// What windows of a document are open at an instant, and from when to when.
struct Openings<'a> {
    open: Vec<&'a Window>,
    next_change: Option<i64>,
}

impl<'a> Openings<'a> {
    fn at(windows: impl IntoIterator<Item = &'a Window>, now: i64) -> Self {
        let mut found = Self {
            open: Vec::new(),
            next_change: None,
        };
        for window in windows {
            found.next_change = earliest(found.next_change, window.next_change(now));
            if window.is_open(now) {
                found.open.push(window);
            }
        }
        found
    }

    fn from(&self) -> i64 {
        self.open
            .iter()
            .map(|window| window.opens)
            .min()
            .unwrap_or_default()
    }

    fn until(&self) -> Option<i64> {
        latest_end(self.open.iter().copied())
    }

    fn platforms(&self) -> Vec<&'a str> {
        let mut platforms: Vec<&str> = self.open.iter().map(|window| &*window.platform).collect();
        platforms.sort_unstable();
        platforms.dedup();
        platforms
    }

    /// The open windows as the index filters them, those of one platform and service merged.
    fn documents(&self) -> Vec<String> {
        let mut merged: BTreeMap<(&str, &str), Vec<&Window>> = BTreeMap::new();
        for window in &self.open {
            merged
                .entry((&window.platform, &window.service.code))
                .or_default()
                .push(window);
        }
        merged
            .into_iter()
            .map(|((platform, _), windows)| document(platform, &windows))
            .collect()
    }
}

fn document(platform: &str, windows: &[&Window]) -> String {
    let from = windows
        .iter()
        .map(|window| window.opens)
        .min()
        .unwrap_or_default();
    let until = latest_end(windows.iter().copied()).map(|until| until.to_string());
    let services = windows.iter().take(1).flat_map(|window| codes(window));
    Object::new()
        .text("platform", platform)
        .texts("services", services)
        .int("from", from)
        .maybe("until", until.as_deref())
        .end()
}

/// The codes under which a window is found: its service's and those of the roots that list the
/// service.
fn codes(window: &Window) -> impl Iterator<Item = &str> {
    std::iter::once(&window.service.code)
        .chain(&window.service.roots)
        .map(String::as_str)
}

/// The latest end, `None` when one of the windows has no end or there is none.
fn latest_end<'a>(windows: impl Iterator<Item = &'a Window>) -> Option<i64> {
    windows
        .map(|window| window.closes)
        .max_by_key(|closes| closes.unwrap_or(i64::MAX))
        .flatten()
}

fn earliest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// Why windows none of which is open give no document.
fn closed_reason<'a>(windows: impl Iterator<Item = &'a Window> + Clone, now: i64) -> &'static str {
    let counting = windows.clone().filter(|window| window.counts());
    match (windows.clone().next(), counting.clone().next()) {
        (None, _) => "no_window",
        (_, None)
            if windows
                .clone()
                .any(|window| window.platform_enabled && !window.service.enabled) =>
        {
            "service_disabled"
        }
        (_, None) if windows.clone().any(|window| !window.platform_enabled) => "platform_disabled",
        (_, None) => "no_window",
        _ if counting.clone().any(|window| window.opens > now) => "not_yet",
        _ => "expired",
    }
}

fn absent(reason: &'static str, next_change: Option<i64>) -> Rendered {
    Rendered::Absent {
        reason,
        next_change_at: next_change.and_then(instant),
    }
}

fn publishable(
    document: String,
    from: i64,
    until: Option<i64>,
    next_change: Option<i64>,
) -> Rendered {
    match RawValue::from_string(document) {
        Ok(document) => Rendered::Publishable(Publishable {
            document,
            visible_from: instant(from).unwrap_or(Timestamp::MIN),
            visible_until: until.and_then(instant),
            next_change_at: next_change.and_then(instant),
        }),
        // every part was checked when it was read; a defect here must not stop the neighbours
        Err(_) => absent("unreadable", None),
    }
}

/// `None` outside the calendar's range: such an instant never comes.
fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// The body that [`StoredBody`](super::StoredBody) takes apart.
fn body(base: &str, with: Object, platforms: Object, next_change: Option<i64>) -> String {
    let next_change = next_change.map(|instant| instant.to_string());
    let body = Object::new()
        .maybe("next_change", next_change.as_deref())
        .raw("base", base);
    body.raw("with", &with.end())
        .raw("platforms", &platforms.end())
        .end()
}

/// `{"key": json}`: what one `with` adds.
fn part(key: &str, json: &str) -> String {
    Object::new().raw(key, json).end()
}

/// A reference with the images that a `with` asks for.
fn pictured(reference: &str, images: &[String]) -> String {
    Object::of(reference).list("images", images).end()
}

fn reference(members: &str) -> String {
    Object::of(members).end()
}

fn initial(sorted: &str) -> String {
    let first = sorted
        .chars()
        .next()
        .filter(char::is_ascii_lowercase)
        .unwrap_or('@');
    quoted(first.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests;
