//! Where a video's rights have ended: nothing but the places, so that a reader can tell "gone" from
//! "unknown".

use std::collections::BTreeMap;

use super::{absent, codes, publishable};
use crate::{
    catalogue::{rows::Video, wire::Object},
    source::Rendered,
};

pub(in crate::catalogue) fn render(video: Option<&Video>, now: i64) -> Rendered {
    let Some(video) = video else {
        return absent("no_row", None);
    };
    if !video.enabled {
        return absent("disabled", None);
    }
    let ends = ends(video);
    let over = |end: &&Option<i64>| end.is_some_and(|end| end <= now);
    let next_change = ends
        .values()
        .filter(|end| !over(end))
        .flatten()
        .min()
        .copied();
    let Some(from) = ends.values().filter(over).flatten().min().copied() else {
        return absent(
            if ends.is_empty() {
                "no_window"
            } else {
                "not_expired"
            },
            next_change,
        );
    };
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((platform, service), _) in ends.iter().filter(|(_, end)| over(end)) {
        places.entry(platform).or_default().push(service);
    }
    let windows = places.into_iter().map(|(platform, services)| {
        Object::new()
            .text("platform", platform)
            .texts("services", services)
            .end()
    });
    publishable(
        Object::new()
            .text("id", &video.id)
            .list("windows", windows)
            .end(),
        from,
        None,
        next_change,
    )
}

/// When the last window ends, per platform and service code, roots included; `None`: never.
fn ends(video: &Video) -> BTreeMap<(&str, &str), Option<i64>> {
    let mut ends = BTreeMap::new();
    for window in video.windows.iter().filter(|window| window.counts()) {
        for code in codes(window) {
            let end = ends
                .entry((&*window.platform, code))
                .or_insert(window.closes);
            *end = (*end).zip(window.closes).map(|(one, other)| one.max(other));
        }
    }
    ends
}
