//! What becomes of a row: a document, or the reason why there is none.

use jiff::Timestamp;
use serde_json::value::RawValue;
use sixplay_core::{Publishable, Rendered, Visible};

use crate::json::JsonObject;

/// The database has no such row.
pub(crate) const NO_ROW: &str = "no_row";
/// The document is no JSON: every part was checked when it was read, so this is a defect.
const UNREADABLE: &str = "unreadable";
/// It is switched off itself.
pub(super) const DISABLED: &str = "disabled";
/// Its service is switched off, or those of its windows.
pub(super) const SERVICE_DISABLED: &str = "service_disabled";
/// The platforms of its windows are switched off.
pub(super) const PLATFORM_DISABLED: &str = "platform_disabled";
/// Its program is switched off.
pub(super) const PROGRAM_DISABLED: &str = "program_disabled";
/// The video has no clip that is enabled, or none of a playlist's clips is shown by its own video.
pub(super) const NO_CLIP: &str = "no_clip";
/// The program has no video that is enabled and has a clip.
pub(super) const NO_VIDEO: &str = "no_video";
/// It has no window that counts.
pub(super) const NO_WINDOW: &str = "no_window";
/// Its next window is still to open.
pub(super) const NOT_YET: &str = "not_yet";
/// Its last window has closed.
pub(super) const EXPIRED: &str = "expired";
/// The video's rights have ended nowhere.
pub(super) const NOT_EXPIRED: &str = "not_expired";

/// Whether viewers see something at one instant, and why not: what rendering its document decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicationState {
    /// Why viewers do not see it: `no_row`, `disabled`, `not_yet`, `expired`, …; `None`: they do,
    /// on some platform.
    pub reason: Option<&'static str>,
    /// The next instant at which this, or what they see, may change without any write.
    pub next_change_at: Option<Timestamp>,
}

impl PublicationState {
    pub(crate) fn shown(next_change_at: Option<Timestamp>) -> Self {
        let reason = None;
        Self {
            reason,
            next_change_at,
        }
    }

    pub(crate) fn hidden(reason: &'static str, next_change_at: Option<Timestamp>) -> Self {
        let reason = Some(reason);
        Self {
            reason,
            next_change_at,
        }
    }

    /// Whether viewers see it.
    pub fn is_published(&self) -> bool {
        self.reason.is_none()
    }
}

/// Renders a row that may be missing.
pub(crate) fn render_row<T>(row: Option<&T>, render: impl FnOnce(&T) -> Rendered) -> Rendered {
    row.map_or_else(|| absent(NO_ROW), render)
}

/// The document and its time when `state` says that it is shown.
pub(super) fn render_shown(
    state: PublicationState,
    document: impl FnOnce() -> (JsonObject, Visible),
) -> Rendered {
    if let Some(reason) = state.reason {
        return absent_until(reason, state.next_change_at);
    }
    let (document, visible) = document();
    publishable(document, visible, state.next_change_at)
}

/// No document, until somebody writes.
pub(super) fn absent(reason: &'static str) -> Rendered {
    absent_until(reason, None)
}

/// No document, perhaps one from `next_change_at` on.
pub(super) fn absent_until(reason: &'static str, next_change_at: Option<Timestamp>) -> Rendered {
    Rendered::Absent {
        reason,
        next_change_at,
    }
}

/// A document and the time for which it holds.
pub(super) fn publishable(
    document: JsonObject,
    visible: Visible,
    next_change_at: Option<Timestamp>,
) -> Rendered {
    match RawValue::from_string(document.end()) {
        Ok(document) => Rendered::Publishable(Publishable {
            document,
            visible,
            next_change_at,
        }),
        // must not stop the neighbours
        Err(_) => absent(UNREADABLE),
    }
}
