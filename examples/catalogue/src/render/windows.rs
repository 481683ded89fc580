//! Publication windows at an instant: which count, which are open, when that changes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sixplay_core::Visible;

use super::outcome::{EXPIRED, NO_WINDOW, NOT_YET, PLATFORM_DISABLED, SERVICE_DISABLED};
use crate::{
    documents::DocumentWindow,
    rows::{PublicationWindow, ServiceRows},
};

impl PublicationWindow {
    /// Whether nothing but the clock decides about it.
    pub(super) fn counts(&self) -> bool {
        let Visible { from, until } = self.visible;
        let ever_opens = until.is_none_or(|until| until > from);
        self.platform_enabled && self.service.enabled && ever_opens
    }

    /// Whether the document is shown there at `now`.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.counts() && self.visible.is_open(now)
    }

    /// The next instant after `now` at which it opens or closes.
    fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let changes = [Some(self.visible.from), self.visible.until];
        let later = changes.into_iter().flatten().filter(|change| *change > now);
        later.min().filter(|_| self.counts())
    }

    /// The codes under which it is found.
    pub(super) fn service_codes(&self) -> impl Iterator<Item = &str> {
        self.service.service_codes()
    }
}

impl ServiceRows {
    /// Its own code and those of the roots that list it.
    pub(super) fn service_codes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.code)
            .chain(&self.roots)
            .map(String::as_str)
    }
}

/// Which windows of a document are open at an instant, and when that changes next.
pub(super) struct Openings<'a> {
    pub open: Vec<&'a PublicationWindow>,
    pub next_change: Option<Timestamp>,
}

impl<'a> Openings<'a> {
    /// Those of `windows` that are open at `now`.
    pub(super) fn at(
        windows: impl IntoIterator<Item = &'a PublicationWindow>,
        now: Timestamp,
    ) -> Self {
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

    /// From the earliest beginning to the latest end.
    pub(super) fn visible(&self) -> Visible {
        span_of(&self.open)
    }

    /// The codes of the platforms on which a window is open, each once.
    pub(super) fn platforms(&self) -> Vec<&'a str> {
        let mut platforms: Vec<&str> = self.open.iter().map(|window| &*window.platform).collect();
        platforms.sort_unstable();
        platforms.dedup();
        platforms
    }

    /// The latest end on `platform` in Unix microseconds, `None` when there is none.
    pub(super) fn end_on(&self, platform: &str) -> Option<i64> {
        let is_here = |window: &&&PublicationWindow| *window.platform == *platform;
        let here = self.open.iter().filter(is_here);
        let ends = here.map(|window| window.closes);
        ends.max_by_key(|end| end.unwrap_or(i64::MAX)).flatten()
    }

    /// The open windows as the index filters them, those of one platform and service merged.
    pub(super) fn document_windows(&self) -> Vec<DocumentWindow<'a>> {
        let mut merged: BTreeMap<(&str, Vec<&str>), Vec<&'a PublicationWindow>> = BTreeMap::new();
        for window in &self.open {
            let place = (&*window.platform, window.service_codes().collect());
            merged.entry(place).or_default().push(window);
        }
        let merged = merged.into_values();
        merged
            .filter_map(|windows| merge_windows(&windows))
            .collect()
    }
}

/// One window of a document from those of one platform and service.
fn merge_windows<'a>(windows: &[&'a PublicationWindow]) -> Option<DocumentWindow<'a>> {
    let first = windows.first()?;
    Some(DocumentWindow {
        platform: (&*first.platform).into(),
        services: first.service_codes().map(Into::into).collect(),
        visible: Some(span_of(windows)),
    })
}

/// From the earliest beginning to the latest end.
fn span_of(windows: &[&PublicationWindow]) -> Visible {
    let windows = || windows.iter().map(|window| window.visible);
    let from = windows().map(|visible| visible.from).min();
    let ends = windows().map(|visible| visible.until);
    let last = ends.max_by_key(|until| until.unwrap_or(Timestamp::MAX));
    Visible::new(from.unwrap_or_default(), last.flatten())
}

/// When what has these windows next comes to a platform and service, or leaves one.
pub(super) fn next_turn<'a>(
    windows: impl Iterator<Item = &'a PublicationWindow> + Clone,
    now: Timestamp,
) -> Option<Timestamp> {
    let shown = Openings::at(windows.clone(), now).document_windows();
    let is_shown = |platform: &str, code: &str| shown.iter().any(|it| it.is_for(platform, code));
    let comes = |window: &&PublicationWindow| {
        let mut codes = window.service_codes();
        window.counts()
            && window.visible.from > now
            && codes.any(|code| !is_shown(&window.platform, code))
    };
    let coming = windows.filter(comes).map(|window| window.visible.from);
    let leaving = shown.iter().filter_map(|window| window.visible?.until);
    coming.chain(leaving).min()
}

/// The earlier of two instants, either of which may never come.
pub(super) fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// Why windows none of which are open give no document.
pub(super) fn closed_reason<'a>(
    windows: impl Iterator<Item = &'a PublicationWindow> + Clone,
    now: Timestamp,
) -> &'static str {
    let mut counting = windows.clone().filter(|window| window.counts()).peekable();
    if counting.peek().is_none() {
        return discounted_reason(windows);
    }
    if counting.any(|window| window.visible.from > now) {
        NOT_YET
    } else {
        EXPIRED
    }
}

/// Why none of the windows count.
fn discounted_reason<'a>(
    mut windows: impl Iterator<Item = &'a PublicationWindow> + Clone,
) -> &'static str {
    let of_closed_service =
        |window: &PublicationWindow| window.platform_enabled && !window.service.enabled;
    if windows.clone().any(of_closed_service) {
        SERVICE_DISABLED
    } else if windows.any(|window| !window.platform_enabled) {
        PLATFORM_DISABLED
    } else {
        NO_WINDOW
    }
}
