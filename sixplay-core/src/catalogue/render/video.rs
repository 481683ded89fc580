//! A video's document: visible while it, its program and a clip are enabled and a window is open.

use super::{
    Openings, absent, body as assemble, closed_reason, part, pictured, publishable, reference,
};
use crate::{
    catalogue::{
        rows::{Clip, Video},
        wire::{Object, array, date, folded, quoted},
    },
    source::Rendered,
};

pub(in crate::catalogue) fn render(video: Option<&Video>, now: i64) -> Rendered {
    let Some(video) = video else {
        return absent("no_row", None);
    };
    if let Some(reason) = refusal(video) {
        return absent(reason, None);
    }
    let openings = Openings::at(&video.windows, now);
    if openings.open.is_empty() {
        return absent(
            closed_reason(video.windows.iter(), now),
            openings.next_change,
        );
    }
    publishable(
        document(video, &openings, now),
        openings.from(),
        openings.until(),
        openings.next_change,
    )
}

fn refusal(video: &Video) -> Option<&'static str> {
    match () {
        () if !video.enabled => Some("disabled"),
        () if video
            .program
            .as_ref()
            .is_some_and(|program| !program.enabled) =>
        {
            Some("program_disabled")
        }
        () if !video.clips.iter().any(|clip| clip.enabled) => Some("no_clip"),
        () => None,
    }
}

fn document(video: &Video, openings: &Openings<'_>, now: i64) -> String {
    let program = video
        .program
        .as_ref()
        .map(|program| quoted(&program.id.to_string()));
    let number = |pick: fn(&Clip) -> Option<i64>| {
        enabled(video).find_map(pick).map(|value| value.to_string())
    };
    let sub_category = video
        .sub_categories
        .iter()
        .filter_map(|category| category.sort_index)
        .min()
        .map(|index| index.to_string());
    Object::new()
        .text("id", &video.id)
        .maybe("program", program.as_deref())
        .text("type", &video.kind)
        .texts(
            "subcats",
            video
                .sub_categories
                .iter()
                .map(|category| category.id.to_string()),
        )
        .maybe("subcat_sort", sub_category.as_deref())
        .maybe("season", number(|clip| clip.season).as_deref())
        .maybe("episode", number(|clip| clip.episode).as_deref())
        .int("publication", video.publication.unwrap_or(openings.from()))
        .int(
            "csa",
            video.rating.as_ref().map_or(0, |rating| rating.level),
        )
        .text("title", &video.title)
        .text("title_sort", &folded(&video.title))
        .list("windows", openings.documents())
        .raw("body", &body(video, now))
        .end()
}

fn enabled(video: &Video) -> impl Iterator<Item = &Clip> + Clone {
    video
        .clips
        .iter()
        .map(|clip| &**clip)
        .filter(|clip| clip.enabled)
}

/// The stored body: everything the wire may show of the video at `now`.
pub(in crate::catalogue) fn body(video: &Video, now: i64) -> String {
    let openings = Openings::at(&video.windows, now);
    let mut sections = Object::new();
    for platform in openings.platforms() {
        let with = part("expiration", &expiration(&openings, platform));
        let each = part(
            "clips",
            &part(
                "clips",
                &array(enabled(video).map(|clip| assets(clip, platform))),
            ),
        );
        sections = sections.raw(
            platform,
            &Object::new().raw("with", &with).raw("each", &each).end(),
        );
    }
    assemble(&base(video), parts(video), sections, openings.next_change)
}

fn base(video: &Video) -> String {
    Object::of(&video.members)
        .list("images", &video.images)
        .maybe("display_image", video.display_image.as_deref())
        .or_null(
            "program",
            video
                .program
                .as_ref()
                .map(|program| reference(&program.reference))
                .as_deref(),
        )
        .list(
            "services",
            video
                .services
                .iter()
                .map(|service| reference(&service.reference)),
        )
        .or_null(
            "service_display",
            video
                .service_display
                .as_ref()
                .map(|service| reference(&service.reference))
                .as_deref(),
        )
        .or_null(
            "csa",
            video.rating.as_ref().map(|rating| rating.json.as_str()),
        )
        .list("freemium_products", &video.products)
        .end()
}

fn parts(video: &Video) -> Object {
    let program = video
        .program
        .as_ref()
        .map(|program| part("program", &pictured(&program.reference, &program.images)));
    let service = video.service_display.as_ref().map(|service| {
        part(
            "service_display",
            &pictured(&service.reference, &service.images),
        )
    });
    Object::new()
        .raw(
            "freemiumpacks",
            &part("freemium_packs", &array(&video.packs)),
        )
        .raw(
            "extra_data",
            &part(
                "extra_datas",
                video.extra_datas.as_deref().unwrap_or("null"),
            ),
        )
        .raw("tags", &part("tags", video.tags.as_deref().unwrap_or("[]")))
        .raw(
            "program_subcats",
            &part(
                "program_subcats",
                &array(video.sub_categories.iter().map(|category| &category.json)),
            ),
        )
        .maybe("program_images", program.as_deref())
        .maybe("service_display_images", service.as_deref())
        .raw("clips", &part("clips", &array(enabled(video).map(clip))))
}

fn expiration(openings: &Openings<'_>, platform: &str) -> String {
    let end = super::latest_end(
        openings
            .open
            .iter()
            .copied()
            .filter(|window| &*window.platform == platform),
    );
    let date = end.and_then(date).map(|date| quoted(&date));
    part(
        "expiration",
        &Object::new()
            .or_null("expiration_date", date.as_deref())
            .end(),
    )
}

/// A clip but for its assets: those alone differ by platform.
fn clip(clip: &Clip) -> String {
    Object::of(&clip.members)
        .or_null("product", clip.product.as_deref())
        .list("images", &clip.images)
        .list("chapters", &clip.chapters)
        .list("areas", &clip.areas)
        .or_null("program", clip.program.as_deref())
        .or_null("csa", clip.rating.as_deref())
        .end()
}

fn assets(clip: &Clip, platform: &str) -> String {
    let assets = clip
        .assets
        .iter()
        .filter(|asset| asset.platform == platform)
        .map(|asset| &asset.json);
    Object::new().list("assets", assets).end()
}
