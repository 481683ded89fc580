//! A program's document: visible while it is enabled and one of its videos is visible.

use super::{
    Openings, absent, body as assemble, closed_reason, earliest, initial, part, publishable,
    reference,
};
use crate::{
    catalogue::{
        rows::{Member, Program},
        wire::{Object, array, folded},
    },
    source::Rendered,
};

const COUNTED: [&str; 3] = ["vi", "vc", "playlist"];

pub(in crate::catalogue) fn render(program: Option<&Program>, now: i64) -> Rendered {
    let Some(program) = program else {
        return absent("no_row", None);
    };
    if !program.enabled {
        return absent("disabled", None);
    }
    let windows = || program.videos.iter().flat_map(|video| &video.windows);
    let openings = Openings::at(windows(), now);
    if openings.open.is_empty() {
        let reason = if program.videos.is_empty() {
            "no_video"
        } else {
            closed_reason(windows(), now)
        };
        return absent(reason, openings.next_change);
    }
    let next_change = next_change(program, &openings, now);
    publishable(
        document(program, &openings, now),
        openings.from(),
        openings.until(),
        next_change,
    )
}

/// When a video opens or closes, or a broadcast begins.
fn next_change(program: &Program, openings: &Openings<'_>, now: i64) -> Option<i64> {
    let next_broadcast = program
        .diffusions
        .iter()
        .map(|diffusion| diffusion.start)
        .filter(|start| *start > now)
        .min();
    earliest(openings.next_change, next_broadcast)
}

fn document(program: &Program, openings: &Openings<'_>, now: i64) -> String {
    let sorted = folded(&program.title);
    Object::new()
        .text("id", &program.id.to_string())
        .text("code", &program.code)
        .text("title", &program.title)
        .text("title_sort", &sorted)
        .raw("initial", &initial(&sorted))
        .texts("folders", program.folders.iter().map(i64::to_string))
        .int(
            "csa",
            program.rating.as_ref().map_or(0, |rating| rating.level),
        )
        .int("last_publication", last_publication(program, now))
        .list("windows", openings.documents())
        .raw("body", &body(program, now))
        .end()
}

fn visible(program: &Program, now: i64) -> impl Iterator<Item = &Member> {
    program
        .videos
        .iter()
        .filter(move |video| video.windows.iter().any(|window| window.is_open(now)))
}

fn last_publication(program: &Program, now: i64) -> i64 {
    let opened = |video: &Member| Openings::at(&video.windows, now).from();
    visible(program, now)
        .map(|video| video.publication.unwrap_or_else(|| opened(video)))
        .max()
        .unwrap_or_default()
}

/// The stored body: list members in the base, those of the detail in the part `detail`.
pub(in crate::catalogue) fn body(program: &Program, now: i64) -> String {
    let with = Object::new()
        .raw("detail", &detail(program, now))
        .raw("links", &part("links", &array(&program.links)))
        .raw(
            "subcats",
            &part("program_subcats", &array(&program.sub_categories)),
        )
        .raw(
            "rights",
            &part(
                "functionality_right",
                program.rights.as_deref().unwrap_or("{}"),
            ),
        );
    let openings = Openings::at(program.videos.iter().flat_map(|video| &video.windows), now);
    let mut platforms = Object::new();
    for platform in openings.platforms() {
        platforms = platforms.raw(
            platform,
            &part("base", &part("count", &count(program, platform, now))),
        );
    }
    assemble(
        &base(program),
        with,
        platforms,
        next_change(program, &openings, now),
    )
}

fn base(program: &Program) -> String {
    Object::of(&program.members)
        .list("images", &program.images)
        .or_null("program_type_wording", program.kind.as_deref())
        .or_null(
            "service_display",
            program
                .service_display
                .as_ref()
                .map(|service| reference(&service.reference))
                .as_deref(),
        )
        .end()
}

fn detail(program: &Program, now: i64) -> String {
    let diffusions = program
        .diffusions
        .iter()
        .filter(|diffusion| diffusion.start > now)
        .map(|diffusion| &diffusion.json);
    Object::of(&program.detail)
        .or_null(
            "csa",
            program.rating.as_ref().map(|rating| rating.json.as_str()),
        )
        .list("freemium_products", &program.products)
        .list(
            "services",
            program
                .services
                .iter()
                .map(|service| reference(&service.reference)),
        )
        .list("next_diffusions", diffusions)
        .end()
}

fn count(program: &Program, platform: &str, now: i64) -> String {
    let shown = |video: &Member| {
        video
            .windows
            .iter()
            .any(|window| &*window.platform == platform && window.is_open(now))
    };
    let number = |kind: &str| {
        program
            .videos
            .iter()
            .filter(|video| video.kind == kind && shown(video))
            .count() as i64
    };
    COUNTED
        .iter()
        .fold(Object::new(), |object, kind| object.int(kind, number(kind)))
        .end()
}
