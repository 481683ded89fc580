//! A video's document: visible while it, its program and a clip are enabled and a window is open.

use jiff::Timestamp;
use sixplay_core::Rendered;

use super::{
    body::{
        list_part, part, rating_json, rating_level, reference_with_images, service_reference,
        stored_body, windows_json,
    },
    clips::{ShownClip, hidden_reason, is_playlist, shown_clips, shown_windows},
    outcome::{NO_CLIP, PublicationState, render_shown},
    title::sort_key_of,
    windows::{Openings, closed_reason},
};
use crate::{
    fields::{self, body, parts},
    json::{JsonObject, json_string},
    paris::format_date,
    rows::{ClipRows, PlatformAsset, ProgramRows, VideoRows},
};

/// The document of a video with all its rows, or why there is none at `now`.
pub(crate) fn render_video(video: &VideoRows, now: Timestamp) -> Rendered {
    render_shown(video_state(video, now), || {
        let windows = shown_windows(video);
        let openings = Openings::at(&*windows, now);
        (document_of(video, &openings, now), openings.visible())
    })
}

/// Whether the video is shown at `now`, by its switches and its windows.
pub(crate) fn video_state(video: &VideoRows, now: Timestamp) -> PublicationState {
    if let Some(reason) = hidden_reason(video) {
        return PublicationState::hidden(reason, None);
    }
    let windows = shown_windows(video);
    let openings = Openings::at(&*windows, now);
    if openings.open.is_empty() {
        return PublicationState::hidden(unopened_reason(video, now), openings.next_change);
    }
    PublicationState::shown(openings.next_change)
}

/// Why nothing is open of a video that is on.
fn unopened_reason(video: &VideoRows, now: Timestamp) -> &'static str {
    match video.windows.iter().any(|window| window.is_open(now)) {
        true => NO_CLIP,
        false => closed_reason(video.windows.iter(), now),
    }
}

/// What the index filters and sorts by, and the body.
fn document_of(video: &VideoRows, openings: &Openings<'_>, now: Timestamp) -> JsonObject {
    let clips = shown_clips(video, now);
    let program = video.program.as_ref().map(|program| program.id.to_string());
    let categories = video.sub_categories.iter();
    let categories = categories.map(|category| category.id.to_string());
    let object = JsonObject::new()
        .text(fields::ID, &video.id)
        .text_if_some(fields::PROGRAM, program.as_deref())
        .text(fields::TYPE, &video.video_type)
        .texts(fields::SUBCATS, categories);
    add_order(object, video, &clips, openings)
        .int(fields::CSA, rating_level(video.rating.as_ref()))
        .text(fields::TITLE, &video.title)
        .text(fields::TITLE_SORT, &sort_key_of(&video.title))
        .raw(fields::WINDOWS, &windows_json(&openings.document_windows()))
        .raw(fields::BODY, &body_of(video, &clips, openings))
}

/// Adds what lists of videos are sorted by.
fn add_order(
    object: JsonObject,
    video: &VideoRows,
    clips: &[ShownClip<'_>],
    openings: &Openings<'_>,
) -> JsonObject {
    let categories = video.sub_categories.iter();
    let sub_category = categories.filter_map(|category| category.sort_index).min();
    let season = clips.iter().find_map(|shown| shown.clip.season);
    let episode = clips.iter().find_map(|shown| shown.clip.episode);
    let opened = openings.visible().from_us();
    object
        .int_if_some(fields::SUBCAT_SORT, sub_category)
        .int_if_some(fields::SEASON, season)
        .int_if_some(fields::EPISODE, episode)
        .int(fields::PUBLICATION, video.publication.unwrap_or(opened))
}

/// The stored body: everything the wire may show of the video at `now`.
pub(crate) fn video_body(video: &VideoRows, now: Timestamp) -> String {
    let windows = shown_windows(video);
    let openings = Openings::at(&*windows, now);
    body_of(video, &shown_clips(video, now), &openings)
}

fn body_of(video: &VideoRows, clips: &[ShownClip<'_>], openings: &Openings<'_>) -> String {
    let section = |platform| (platform, platform_section(clips, openings, platform));
    let base = base_of(video);
    let parts = parts_of(video, clips);
    let sections = openings.platforms().into_iter().map(section).collect();
    let shown = is_playlist(video).then(|| clip_places(clips));
    stored_body(base, parts, sections, shown, openings.next_change)
}

/// Where each clip is shown.
fn clip_places(clips: &[ShownClip<'_>]) -> JsonObject {
    let places = list_part("clips", clips.iter().map(|shown| &shown.places));
    JsonObject::new().raw(parts::CLIPS, &places)
}

/// What clients of one platform alone are shown: when it ends there, and the files for it.
fn platform_section(clips: &[ShownClip<'_>], openings: &Openings<'_>, platform: &str) -> String {
    let expiration = part("expiration", &expiration_of(openings, platform));
    let files = clips.iter().map(|shown| assets_of(shown.clip, platform));
    JsonObject::new()
        .raw(body::WITH, &part(parts::EXPIRATION, &expiration))
        .raw(body::EACH, &part(parts::CLIPS, &list_part("clips", files)))
        .end()
}

/// When the rights on `platform` end, null when no end is known.
fn expiration_of(openings: &Openings<'_>, platform: &str) -> String {
    let date = openings.end_on(platform).and_then(format_date);
    let date = date.map(|date| json_string(&date));
    JsonObject::new().raw_or_null("expiration_date", date).end()
}

/// What every client is shown of a video, in lists too.
fn base_of(video: &VideoRows) -> JsonObject {
    let reference = |program: &ProgramRows| JsonObject::of(&program.reference).end();
    JsonObject::of(&video.members)
        .list("images", &video.images)
        .raw_if_some("display_image", video.display_image.as_ref())
        .raw_or_null("program", video.program.as_deref().map(reference))
        .list("services", video.services.iter().map(service_reference))
        .raw_or_null(
            "service_display",
            video.service_display.as_ref().map(service_reference),
        )
        .raw_or_null("csa", rating_json(video.rating.as_ref()))
        .list("freemium_products", &video.products)
}

/// What clients of all platforms may ask for.
fn parts_of(video: &VideoRows, clips: &[ShownClip<'_>]) -> JsonObject {
    let extra_datas = video.extra_datas.as_deref().unwrap_or("null");
    let tags = video.tags.as_deref().unwrap_or("[]");
    let categories = video.sub_categories.iter().map(|category| &category.json);
    let clips = clips.iter().map(|shown| shared_clip(shown.clip));
    JsonObject::new()
        .raw(
            parts::FREEMIUMPACKS,
            &list_part("freemium_packs", &video.packs),
        )
        .raw(parts::EXTRA_DATA, &part("extra_datas", extra_datas))
        .raw(parts::TAGS, &part("tags", tags))
        .raw(
            parts::PROGRAM_SUBCATS,
            &list_part("program_subcats", categories),
        )
        .raw_if_some(parts::PROGRAM_IMAGES, program_images(video))
        .raw_if_some(parts::SERVICE_DISPLAY_IMAGES, service_display_images(video))
        .raw(parts::CLIPS, &list_part("clips", clips))
}

fn program_images(video: &VideoRows) -> Option<String> {
    let program = video.program.as_ref()?;
    let shown = reference_with_images(&program.reference, &program.images);
    Some(part("program", &shown))
}

fn service_display_images(video: &VideoRows) -> Option<String> {
    let service = video.service_display.as_ref()?;
    let shown = reference_with_images(&service.reference, &service.images);
    Some(part("service_display", &shown))
}

/// A clip but for its files: those alone differ by platform.
fn shared_clip(clip: &ClipRows) -> String {
    JsonObject::of(&clip.members)
        .raw_or_null("product", clip.product.as_ref())
        .list("images", &clip.images)
        .list("chapters", &clip.chapters)
        .list("areas", &clip.areas)
        .raw_or_null("program", clip.program.as_ref())
        .raw_or_null("csa", clip.rating.as_ref())
        .end()
}

/// The files of a clip for `platform`: a list, empty when there are none.
fn assets_of(clip: &ClipRows, platform: &str) -> String {
    let is_for_platform = |asset: &&PlatformAsset| asset.platform == platform;
    let assets = clip.assets.iter().filter(is_for_platform);
    JsonObject::new()
        .list("assets", assets.map(|asset| &asset.json))
        .end()
}
