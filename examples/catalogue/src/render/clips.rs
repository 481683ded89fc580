//! Which of its clips a video shows, where and when: a playlist only where and while the clip's own
//! video is shown too.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use sixplay_core::Visible;

use super::{
    body::windows_json,
    outcome::{DISABLED, NO_CLIP, PROGRAM_DISABLED},
    windows::Openings,
};
use crate::rows::{ClipRows, PublicationWindow, ServiceRows, VideoRows};

/// The type of the videos that show other videos' clips.
pub(crate) const PLAYLIST: &str = "playlist";

/// Why a video is hidden whatever the time.
pub(super) fn hidden_reason(video: &VideoRows) -> Option<&'static str> {
    let program_is_enabled = video.program.as_ref().is_none_or(|program| program.enabled);
    if !video.enabled {
        Some(DISABLED)
    } else if !program_is_enabled {
        Some(PROGRAM_DISABLED)
    } else if !video.clips.iter().any(|clip| clip.enabled) {
        Some(NO_CLIP)
    } else {
        None
    }
}

/// A clip that is shown, and where.
pub(super) struct ShownClip<'a> {
    pub clip: &'a ClipRows,
    /// Windows of a document, as JSON.
    pub places: String,
}

/// The clips that are shown while the video is; of a playlist, those that are shown somewhere at
/// `now`.
pub(super) fn shown_clips(video: &VideoRows, now: Timestamp) -> Vec<ShownClip<'_>> {
    let enabled = video.clips.iter().filter(|clip| clip.enabled);
    let shown = enabled.filter_map(|clip| {
        let windows = clip_windows(video, clip);
        let places = Openings::at(&*windows, now).document_windows();
        let is_shown = !is_playlist(video) || !places.is_empty();
        let places = windows_json(&places);
        is_shown.then_some(ShownClip { clip, places })
    });
    shown.collect()
}

/// Whether its clips are shown elsewhere, and at other times, than the video itself.
pub(super) fn is_playlist(video: &VideoRows) -> bool {
    video.video_type == PLAYLIST
}

/// The windows of a video; of a playlist, those in which one of its clips is shown.
pub(crate) fn shown_windows(video: &VideoRows) -> Cow<'_, [PublicationWindow]> {
    if !is_playlist(video) {
        return Cow::Borrowed(&video.windows);
    }
    let clips = video.clips.iter().filter(|clip| clip.enabled);
    let windows = clips.flat_map(|clip| clip_windows(video, clip).into_owned());
    Cow::Owned(windows.collect())
}

/// The windows in which a video shows a clip of its own list.
fn clip_windows<'a>(video: &'a VideoRows, clip: &ClipRows) -> Cow<'a, [PublicationWindow]> {
    if !is_playlist(video) || clip.video == video.id {
        return Cow::Borrowed(&video.windows);
    }
    let own = clip.own.as_deref().filter(|own| shows_clip(own, clip));
    let own = own.map(|own| own.windows.as_slice()).unwrap_or_default();
    let pairs = video
        .windows
        .iter()
        .flat_map(|window| own.iter().map(move |other| (window, other)));
    Cow::Owned(pairs.filter_map(common_window).collect())
}

/// Whether a clip's own video, in a window, shows the clip.
fn shows_clip(own: &VideoRows, clip: &ClipRows) -> bool {
    hidden_reason(own).is_none() && own.clips.iter().any(|listed| listed.id == clip.id)
}

/// Where two windows are both open.
fn common_window(
    (one, other): (&PublicationWindow, &PublicationWindow),
) -> Option<PublicationWindow> {
    if one.platform != other.platform || !one.counts() || !other.counts() {
        return None;
    }
    let from = one.visible.from.max(other.visible.from);
    let ends = [one.visible.until, other.visible.until];
    let common = PublicationWindow {
        platform: one.platform.clone(),
        platform_enabled: true,
        service: common_service(&one.service, &other.service)?,
        visible: Visible::new(from, ends.into_iter().flatten().min()),
        closes: [one.closes, other.closes].into_iter().flatten().min(),
    };
    common.counts().then_some(common)
}

/// The codes under which both services' windows are found: a root may list them both.
fn common_service(one: &Arc<ServiceRows>, other: &ServiceRows) -> Option<Arc<ServiceRows>> {
    if one.code == other.code {
        return Some(one.clone());
    }
    let is_common = |code: &&str| other.service_codes().any(|known| known == *code);
    let mut codes = one.service_codes().filter(is_common).map(str::to_owned);
    Some(Arc::new(ServiceRows {
        code: codes.next()?,
        roots: codes.collect(),
        enabled: true,
        ..ServiceRows::default()
    }))
}
