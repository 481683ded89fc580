//! A program's document: visible while it is enabled and one of its videos is visible. It is in the
//! index before, so that lists know how long they hold.

use jiff::Timestamp;
use sixplay_core::Rendered;

use super::{
    body::{
        list_part, part, rating_json, rating_level, service_reference, stored_body, windows_json,
    },
    outcome::{DISABLED, NO_VIDEO, NOT_YET, PublicationState, render_shown},
    title::sort_key_of,
    windows::{Openings, closed_reason, earliest, next_turn},
};
use crate::{
    fields::{self, body, parts},
    json::JsonObject,
    rows::{Broadcast, CountedVideo, ProgramRows, PublicationWindow},
    title::initial_of,
};

/// The types of videos that a program counts.
const COUNTED_TYPES: [&str; 3] = ["vi", "vc", "playlist"];

/// The document of a program with all its rows, or why there is none at `now`. One that is still to
/// come has the document that it will have then.
pub(crate) fn render_program(program: &ProgramRows, now: Timestamp) -> Rendered {
    let state = program_state(program, now);
    match (state.reason, state.next_change_at) {
        (Some(NOT_YET), Some(opens)) => {
            render_at(program, PublicationState::shown(Some(opens)), now, opens)
        }
        _ => render_at(program, state, now, now),
    }
}

/// The program's document as of `at`, `now` or the instant at which it is to come.
fn render_at(
    program: &ProgramRows,
    state: PublicationState,
    now: Timestamp,
    at: Timestamp,
) -> Rendered {
    render_shown(state, || {
        let openings = Openings::at(windows_of(program), at);
        let turn = next_turn(windows_of(program), now).map(Timestamp::as_microsecond);
        let document = document_of(program, &openings, at);
        let document = document.int_if_some(fields::NEXT_TURN, turn);
        (document, openings.visible())
    })
}

/// Whether the program is shown at `now`, by its switch, its videos' windows and its broadcasts.
pub(crate) fn program_state(program: &ProgramRows, now: Timestamp) -> PublicationState {
    if !program.enabled {
        return PublicationState::hidden(DISABLED, None);
    }
    if program.videos.is_empty() {
        return PublicationState::hidden(NO_VIDEO, None);
    }
    let openings = Openings::at(windows_of(program), now);
    if openings.open.is_empty() {
        let reason = closed_reason(windows_of(program), now);
        return PublicationState::hidden(reason, openings.next_change);
    }
    PublicationState::shown(next_change(program, &openings, now))
}

/// The windows of all its videos.
fn windows_of(program: &ProgramRows) -> impl Iterator<Item = &PublicationWindow> + Clone {
    program.videos.iter().flat_map(|video| &video.windows)
}

/// When a video opens or closes, or a broadcast begins.
fn next_change(
    program: &ProgramRows,
    openings: &Openings<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    let starts = broadcasts_to_come(program, now).map(|broadcast| broadcast.start);
    let next_broadcast = starts.min().map(Timestamp::from_microsecond);
    earliest(openings.next_change, next_broadcast.and_then(Result::ok))
}

fn broadcasts_to_come(program: &ProgramRows, now: Timestamp) -> impl Iterator<Item = &Broadcast> {
    let (broadcasts, now) = (&program.broadcasts, now.as_microsecond());
    broadcasts
        .iter()
        .filter(move |broadcast| broadcast.start > now)
}

/// What the index filters and sorts by, and the body.
fn document_of(program: &ProgramRows, openings: &Openings<'_>, now: Timestamp) -> JsonObject {
    JsonObject::new()
        .text(fields::ID, &program.id.to_string())
        .text(fields::CODE, &program.code)
        .text(fields::TITLE, &program.title)
        .text(fields::TITLE_SORT, &sort_key_of(&program.title))
        .text(fields::INITIAL, &initial_of(&program.title).to_string())
        .texts(fields::FOLDERS, program.folders.iter().map(i64::to_string))
        .int(fields::CSA, rating_level(program.rating.as_ref()))
        .int(fields::LAST_PUBLICATION, last_publication(program, now))
        .raw(fields::WINDOWS, &windows_json(&openings.document_windows()))
        .raw(fields::BODY, &program_body(program, now))
}

/// When the newest visible video was published; one without a date, when it opened.
fn last_publication(program: &ProgramRows, now: Timestamp) -> i64 {
    let published = |video: &CountedVideo| {
        let openings = Openings::at(&video.windows, now);
        let opened = openings.visible().from_us();
        (!openings.open.is_empty()).then(|| video.publication.unwrap_or(opened))
    };
    let visible_videos = program.videos.iter().filter_map(published);
    visible_videos.max().unwrap_or_default()
}

/// The stored body: list members in the base, those of the detail in the part `detail`.
pub(crate) fn program_body(program: &ProgramRows, now: Timestamp) -> String {
    let openings = Openings::at(windows_of(program), now);
    let section = |platform| {
        let counts = part("count", &count_videos(program, platform, now).end());
        (platform, part(body::BASE, &counts))
    };
    stored_body(
        base_of(program),
        parts_of(program, now),
        openings.platforms().into_iter().map(section).collect(),
        None,
        next_change(program, &openings, now),
    )
}

/// What every client is shown of a program, in lists too.
fn base_of(program: &ProgramRows) -> JsonObject {
    JsonObject::of(&program.members)
        .list("images", &program.images)
        .raw_or_null("program_type_wording", program.type_wording.as_ref())
        .raw_or_null(
            "service_display",
            program.service_display.as_ref().map(service_reference),
        )
}

/// What clients of all platforms may ask for.
fn parts_of(program: &ProgramRows, now: Timestamp) -> JsonObject {
    let rights = program.rights.as_deref().unwrap_or("{}");
    JsonObject::new()
        .raw(parts::DETAIL, &detail_of(program, now))
        .raw(parts::LINKS, &list_part("links", &program.links))
        .raw(
            parts::SUBCATS,
            &list_part("program_subcats", &program.sub_categories),
        )
        .raw(parts::RIGHTS, &part("functionality_right", rights))
}

/// What a program shows outside lists; of the broadcasts, those to come.
fn detail_of(program: &ProgramRows, now: Timestamp) -> String {
    let broadcasts = broadcasts_to_come(program, now).map(|broadcast| &broadcast.json);
    JsonObject::of(&program.detail)
        .raw_or_null("csa", rating_json(program.rating.as_ref()))
        .list("freemium_products", &program.products)
        .list("services", program.services.iter().map(service_reference))
        .list("next_diffusions", broadcasts)
        .end()
}

/// How many videos of each type are open on `platform`.
fn count_videos(program: &ProgramRows, platform: &str, now: Timestamp) -> JsonObject {
    let is_open_here =
        |window: &PublicationWindow| *window.platform == *platform && window.is_open(now);
    let count = |video_type: &'static str| {
        let is_counted = |video: &&CountedVideo| {
            video.video_type == video_type && video.windows.iter().any(is_open_here)
        };
        let count = program.videos.iter().filter(is_counted).count();
        (video_type, count.to_string())
    };
    COUNTED_TYPES.into_iter().map(count).collect()
}
