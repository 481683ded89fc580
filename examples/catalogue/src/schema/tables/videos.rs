//! Clips and videos, and what belongs to them.

use super::{
    AGE_RATINGS, IMAGES, PROGRAMS, SERVICES, SUB_CATEGORIES, clip, image, pack, platform, product,
    service, video,
};
use crate::schema::{
    TableSchema,
    column::{code, enabled, extra, instant, int, json, line, position, real, text},
};

/// What was bought or made: the season and episode that clips are of.
pub static PRODUCTS: TableSchema = TableSchema::new(
    "products",
    1,
    &[
        int("id").required(),
        line("title"),
        text("summary"),
        code("prid"),
        line("copyright"),
        code("year_copyright"),
        int("season"),
        int("episode"),
        instant("first_diffusion"),
        instant("last_diffusion"),
        extra(),
    ],
);

/// Clips, the playable things that videos consist of.
pub static CLIPS: TableSchema = TableSchema::new(
    "clips",
    1,
    &[
        int("id").required(),
        code("video_id").required(),
        line("code"),
        code("type"),
        line("title").required(),
        text("description"),
        int("duration"),
        int("program_id").to(&PROGRAMS),
        int("product_id").to(&PRODUCTS),
        int("age_rating").to(&AGE_RATINGS),
        real("tc_opening_credits"),
        real("tc_ending_credits"),
        int("advertising"),
        int("exportable"),
        json("twitter_hashtags"),
        json("freewheel").filled(),
        enabled(),
        extra(),
    ],
);

/// The images of a clip, in order.
pub static CLIP_IMAGES: TableSchema =
    TableSchema::new("clip_images", 2, &[clip(), position(), image()]);

/// The chapters of a clip.
pub static CHAPTERS: TableSchema = TableSchema::new(
    "chapters",
    1,
    &[
        int("id").required(),
        clip(),
        position(),
        line("title"),
        code("chapter_type"),
        real("tc_in"),
        real("tc_out"),
        json("tc_img"),
        int("imported"),
        extra(),
    ],
);

/// The images of a chapter, in order.
pub static CHAPTER_IMAGES: TableSchema = TableSchema::new(
    "chapter_images",
    2,
    &[
        int("chapter_id").required().to(&CHAPTERS),
        position(),
        image(),
    ],
);

/// Where a clip may be seen.
pub static AREAS: TableSchema = TableSchema::new(
    "areas",
    2,
    &[
        clip(),
        position(),
        code("zone_id"),
        json("countries"),
        extra(),
    ],
);

/// Playable files, per platform.
pub static ASSETS: TableSchema = TableSchema::new(
    "assets",
    3,
    &[
        clip(),
        platform(),
        position(),
        int("id"),
        code("type"),
        code("protocol"),
        code("video_container"),
        code("video_quality"),
        code("video_format"),
        code("audio_quality"),
        code("video_protection").filled(),
        int("video_duration"),
        line("external_key"),
        text("physical"),
        text("full_physical_path").required(),
        code("service_code"),
        json("ooyala").filled(),
        json("estat").filled(),
        extra(),
    ],
);

/// Videos: clips and playlists, as clients list them.
pub static VIDEOS: TableSchema = TableSchema::new(
    "videos",
    1,
    &[
        code("id").required(),
        int("program_id").to(&PROGRAMS),
        code("type").required(),
        line("code"),
        line("title").required(),
        text("description"),
        int("duration"),
        instant("publication_date").filled(),
        line("player_url"),
        json("krux").filled(),
        int("display_image").to(&IMAGES),
        code("service_display").to(&SERVICES),
        int("age_rating").to(&AGE_RATINGS),
        json("extra_datas").hidden(),
        json("tags").hidden(),
        enabled(),
        extra(),
    ],
);

/// The clips of a video, in order.
pub static VIDEO_CLIPS: TableSchema =
    TableSchema::new("video_clips", 2, &[video(), position(), clip()]);

/// The images of a video, in order.
pub static VIDEO_IMAGES: TableSchema =
    TableSchema::new("video_images", 2, &[video(), position(), image()]);

/// The services of a video, in order.
pub static VIDEO_SERVICES: TableSchema =
    TableSchema::new("video_services", 2, &[video(), position(), service()]);

/// The sub-categories of a video, in order.
pub static VIDEO_SUB_CATEGORIES: TableSchema = TableSchema::new(
    "video_sub_categories",
    2,
    &[
        video(),
        position(),
        int("sub_category_id").required().to(&SUB_CATEGORIES),
    ],
);

/// The packs that open a video, in order.
pub static VIDEO_PACKS: TableSchema =
    TableSchema::new("video_packs", 2, &[video(), position(), pack()]);

/// The products that open a video, in order.
pub static VIDEO_PRODUCTS: TableSchema =
    TableSchema::new("video_products", 2, &[video(), position(), product()]);

/// When a video may be seen where; half-open, without end when `closes_at` is null.
pub static PUBLICATIONS: TableSchema = TableSchema::new(
    "publications",
    4,
    &[
        video(),
        platform(),
        service(),
        instant("opens_at").hidden().required(),
        instant("closes_at").hidden(),
    ],
);
