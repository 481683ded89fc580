//! Where a video's rights have ended: nothing but the places, so that a reader can tell "gone" from
//! "unknown".

use std::collections::BTreeMap;

use jiff::Timestamp;
use sixplay_core::{Rendered, Visible};

use super::{
    body::windows_json,
    outcome::{DISABLED, NO_WINDOW, NOT_EXPIRED, absent, absent_until, publishable},
};
use crate::{documents::DocumentWindow, fields, json::JsonObject, rows::VideoRows};

/// A platform and a service code.
type Place<'a> = (&'a str, &'a str);

/// The document of a video whose rights have ended somewhere, or why there is none at `now`.
pub(crate) fn render_expired(video: &VideoRows, now: Timestamp) -> Rendered {
    if !video.enabled {
        return absent(DISABLED);
    }
    let is_over = |(_, end): &(Place<'_>, Option<Timestamp>)| end.is_some_and(|end| end <= now);
    let ends = ends_by_place(video).into_iter();
    let (over, running): (Vec<_>, Vec<_>) = ends.partition(is_over);
    let next_change = running.iter().filter_map(|(_, end)| *end).min();
    match over.iter().filter_map(|(_, end)| *end).min() {
        Some(from) => {
            let places = over.into_iter().map(|(place, _)| place);
            let visible = Visible::new(from, None);
            publishable(document_of(video, places), visible, next_change)
        }
        None if running.is_empty() => absent(NO_WINDOW),
        None => absent_until(NOT_EXPIRED, next_change),
    }
}

/// The places where they have ended, and nothing else.
fn document_of<'a>(video: &VideoRows, places: impl Iterator<Item = Place<'a>>) -> JsonObject {
    JsonObject::new()
        .text(fields::ID, &video.id)
        .raw(fields::WINDOWS, &windows_json(&windows_of(places)))
}

/// When the last window ends, per platform and service code, roots included; `None`: never.
fn ends_by_place(video: &VideoRows) -> BTreeMap<Place<'_>, Option<Timestamp>> {
    let mut ends = BTreeMap::new();
    for window in video.windows.iter().filter(|window| window.counts()) {
        let until = window.visible.until;
        for code in window.service_codes() {
            let end = ends.entry((&*window.platform, code)).or_insert(until);
            *end = (*end).zip(until).map(|(one, other)| one.max(other));
        }
    }
    ends
}

/// A window without time for each platform.
fn windows_of<'a>(places: impl Iterator<Item = Place<'a>>) -> Vec<DocumentWindow<'a>> {
    let mut services: BTreeMap<&'a str, Vec<_>> = BTreeMap::new();
    for (platform, service) in places {
        services.entry(platform).or_default().push(service.into());
    }
    let window = |(platform, services): (&'a str, _)| DocumentWindow {
        platform: platform.into(),
        services,
        visible: None,
    };
    services.into_iter().map(window).collect()
}
