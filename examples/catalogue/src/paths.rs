//! The dependency graph: which documents a change in which table affects.
//!
//! A path leads from a key that is logged with each change, over joins, to the ids of one kind of
//! documents. A renderer that reads a further table needs a further path here.

use sixplay_core::{CapturedTable, Hop, KeyColumn, Reach};

use crate::{
    documents::{EXPIRED, FOLDER, PROGRAM, SERVICE, VIDEO},
    schema::{
        TableSchema,
        tables::{
            AGE_RATINGS, AREAS, ASSETS, CHANNELS, CHAPTER_IMAGES, CHAPTERS, CLIP_IMAGES, CLIPS,
            CUSTOMERS, DIFFUSIONS, FOLDER_PROGRAMS, FOLDERS, FREEMIUM_PRODUCTS, IMAGES,
            LINK_IMAGES, LINKS, PACK_PRODUCTS, PACKS, PLATFORMS, PRODUCTS, PROGRAM_IMAGES,
            PROGRAM_PRODUCTS, PROGRAM_SERVICES, PROGRAM_TYPES, PROGRAMS, PUBLICATIONS,
            SERVICE_CHANNELS, SERVICE_IMAGES, SERVICE_PACKS, SERVICE_PLATFORMS, SERVICE_PRODUCTS,
            SERVICE_ROOTS, SERVICES, SUB_CATEGORIES, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_PACKS,
            VIDEO_PRODUCTS, VIDEO_SERVICES, VIDEO_SUB_CATEGORIES, VIDEOS,
        },
    },
};

/// What follows from one logged key of a table: the kinds of documents, and the joins to their ids.
struct LoggedKey {
    table: &'static TableSchema,
    key: &'static str,
    paths: &'static [(&'static str, &'static [Hop])],
}

const fn logged(
    table: &'static TableSchema,
    key: &'static str,
    paths: &'static [(&'static str, &'static [Hop])],
) -> LoggedKey {
    LoggedKey { table, key, paths }
}

const fn hop(table: &TableSchema, from: &'static str, to: &'static str) -> Hop {
    let table = table.name;
    Hop { table, from, to }
}

const CHAPTER_OF_IMAGE: Hop = hop(&CHAPTER_IMAGES, "image_id", "chapter_id");
const CLIPS_OF_PROGRAM: Hop = hop(&CLIPS, "program_id", "id");
const CLIPS_OF_VIDEO: Hop = hop(&VIDEO_CLIPS, "video_id", "clip_id");
const CLIP_OF_CHAPTER: Hop = hop(&CHAPTERS, "id", "clip_id");
const CLIP_OF_IMAGE: Hop = hop(&CLIP_IMAGES, "image_id", "clip_id");
const CLIPS_OF_PRODUCT: Hop = hop(&CLIPS, "product_id", "id");
const CLIPS_RATED: Hop = hop(&CLIPS, "age_rating", "id");
const FOLDERS_OF_SERVICE: Hop = hop(&FOLDERS, "service", "id");
const LINK_OF_IMAGE: Hop = hop(&LINK_IMAGES, "image_id", "link_id");
const PROGRAMS_BROADCAST: Hop = hop(&DIFFUSIONS, "channel", "program_id");
const PROGRAMS_DISPLAYING: Hop = hop(&PROGRAMS, "service_display", "id");
const PROGRAMS_LISTING: Hop = hop(&PROGRAM_SERVICES, "service", "program_id");
const PROGRAMS_OF_FOLDER: Hop = hop(&FOLDER_PROGRAMS, "folder_id", "program_id");
const PROGRAMS_OF_PRODUCT: Hop = hop(&PROGRAM_PRODUCTS, "product_id", "program_id");
const PROGRAMS_OF_TYPE: Hop = hop(&PROGRAMS, "program_type", "id");
const PROGRAMS_RATED: Hop = hop(&PROGRAMS, "age_rating", "id");
const PROGRAM_OF_IMAGE: Hop = hop(&PROGRAM_IMAGES, "image_id", "program_id");
const PROGRAM_OF_LINK: Hop = hop(&LINKS, "id", "program_id");
const PROGRAM_OF_VIDEO: Hop = hop(&VIDEOS, "id", "program_id");
const SERVICES_OF_CHANNEL: Hop = hop(&SERVICE_CHANNELS, "channel", "service");
const SERVICES_OF_CUSTOMER: Hop = hop(&SERVICES, "customer", "code");
const SERVICES_OF_PACK: Hop = hop(&SERVICE_PACKS, "pack_id", "service");
const SERVICES_OF_PRODUCT: Hop = hop(&SERVICE_PRODUCTS, "product_id", "service");
const SERVICES_ON_PLATFORM: Hop = hop(&SERVICE_PLATFORMS, "platform", "service");
const SERVICES_UNDER_ROOT: Hop = hop(&SERVICE_ROOTS, "root", "service");
const SERVICE_OF_IMAGE: Hop = hop(&SERVICE_IMAGES, "image_id", "service");
const VIDEOS_DISPLAYING: Hop = hop(&VIDEOS, "service_display", "id");
const VIDEOS_LISTING: Hop = hop(&VIDEO_SERVICES, "service", "video_id");
const VIDEOS_OF_CATEGORY: Hop = hop(&VIDEO_SUB_CATEGORIES, "sub_category_id", "video_id");
const VIDEOS_OF_CLIP: Hop = hop(&VIDEO_CLIPS, "clip_id", "video_id");
const VIDEOS_OF_PACK: Hop = hop(&VIDEO_PACKS, "pack_id", "video_id");
const VIDEOS_OF_PRODUCT: Hop = hop(&VIDEO_PRODUCTS, "product_id", "video_id");
const VIDEOS_OF_PROGRAM: Hop = hop(&VIDEOS, "program_id", "id");
const VIDEOS_ON_PLATFORM: Hop = hop(&PUBLICATIONS, "platform", "video_id");
const VIDEOS_ON_SERVICE: Hop = hop(&PUBLICATIONS, "service", "video_id");
const VIDEOS_RATED: Hop = hop(&VIDEOS, "age_rating", "id");
const VIDEO_OF_IMAGE: Hop = hop(&VIDEO_IMAGES, "image_id", "video_id");
const VIDEO_SHOWING_IMAGE: Hop = hop(&VIDEOS, "display_image", "id");

/// The keys of one table stand together.
static GRAPH: &[LoggedKey] = &[
    logged(&CUSTOMERS, "code", &[(SERVICE, &[SERVICES_OF_CUSTOMER])]),
    logged(
        &PLATFORMS,
        "code",
        &[
            (SERVICE, &[SERVICES_ON_PLATFORM]),
            (FOLDER, &[SERVICES_ON_PLATFORM, FOLDERS_OF_SERVICE]),
            (VIDEO, &[VIDEOS_ON_PLATFORM]),
            (EXPIRED, &[VIDEOS_ON_PLATFORM]),
            (PROGRAM, &[VIDEOS_ON_PLATFORM, PROGRAM_OF_VIDEO]),
        ],
    ),
    logged(
        &SERVICES,
        "code",
        &[
            (SERVICE, &[]),
            (SERVICE, &[SERVICES_UNDER_ROOT]),
            (FOLDER, &[FOLDERS_OF_SERVICE]),
            (FOLDER, &[SERVICES_UNDER_ROOT, FOLDERS_OF_SERVICE]),
            (VIDEO, &[VIDEOS_ON_SERVICE]),
            (VIDEO, &[SERVICES_UNDER_ROOT, VIDEOS_ON_SERVICE]),
            (VIDEO, &[VIDEOS_LISTING]),
            (VIDEO, &[VIDEOS_DISPLAYING]),
            (EXPIRED, &[VIDEOS_ON_SERVICE]),
            (EXPIRED, &[SERVICES_UNDER_ROOT, VIDEOS_ON_SERVICE]),
            (PROGRAM, &[VIDEOS_ON_SERVICE, PROGRAM_OF_VIDEO]),
            (
                PROGRAM,
                &[SERVICES_UNDER_ROOT, VIDEOS_ON_SERVICE, PROGRAM_OF_VIDEO],
            ),
            (VIDEO, &[VIDEOS_ON_SERVICE, CLIPS_OF_VIDEO, VIDEOS_OF_CLIP]),
            (
                PROGRAM,
                &[
                    VIDEOS_ON_SERVICE,
                    CLIPS_OF_VIDEO,
                    VIDEOS_OF_CLIP,
                    PROGRAM_OF_VIDEO,
                ],
            ),
            (PROGRAM, &[PROGRAMS_DISPLAYING]),
            (PROGRAM, &[PROGRAMS_LISTING]),
            (PROGRAM, &[FOLDERS_OF_SERVICE, PROGRAMS_OF_FOLDER]),
        ],
    ),
    logged(
        &SERVICE_ROOTS,
        "service",
        &[
            (SERVICE, &[]),
            (FOLDER, &[FOLDERS_OF_SERVICE]),
            (VIDEO, &[VIDEOS_ON_SERVICE]),
            (EXPIRED, &[VIDEOS_ON_SERVICE]),
            (PROGRAM, &[VIDEOS_ON_SERVICE, PROGRAM_OF_VIDEO]),
            (VIDEO, &[VIDEOS_ON_SERVICE, CLIPS_OF_VIDEO, VIDEOS_OF_CLIP]),
            (
                PROGRAM,
                &[
                    VIDEOS_ON_SERVICE,
                    CLIPS_OF_VIDEO,
                    VIDEOS_OF_CLIP,
                    PROGRAM_OF_VIDEO,
                ],
            ),
        ],
    ),
    logged(
        &SERVICE_PLATFORMS,
        "service",
        &[(SERVICE, &[]), (FOLDER, &[FOLDERS_OF_SERVICE])],
    ),
    logged(
        &CHANNELS,
        "code",
        &[
            (SERVICE, &[SERVICES_OF_CHANNEL]),
            (PROGRAM, &[PROGRAMS_BROADCAST]),
        ],
    ),
    logged(&SERVICE_CHANNELS, "service", &[(SERVICE, &[])]),
    logged(
        &AGE_RATINGS,
        "id",
        &[
            (VIDEO, &[VIDEOS_RATED]),
            (VIDEO, &[CLIPS_RATED, VIDEOS_OF_CLIP]),
            (PROGRAM, &[PROGRAMS_RATED]),
        ],
    ),
    logged(
        &IMAGES,
        "id",
        &[
            (SERVICE, &[SERVICE_OF_IMAGE]),
            (PROGRAM, &[PROGRAM_OF_IMAGE]),
            (PROGRAM, &[LINK_OF_IMAGE, PROGRAM_OF_LINK]),
            (VIDEO, &[VIDEO_OF_IMAGE]),
            (VIDEO, &[VIDEO_SHOWING_IMAGE]),
            (VIDEO, &[CLIP_OF_IMAGE, VIDEOS_OF_CLIP]),
            (VIDEO, &[CHAPTER_OF_IMAGE, CLIP_OF_CHAPTER, VIDEOS_OF_CLIP]),
            (VIDEO, &[PROGRAM_OF_IMAGE, VIDEOS_OF_PROGRAM]),
            (VIDEO, &[SERVICE_OF_IMAGE, VIDEOS_DISPLAYING]),
        ],
    ),
    logged(
        &SERVICE_IMAGES,
        "service",
        &[(SERVICE, &[]), (VIDEO, &[VIDEOS_DISPLAYING])],
    ),
    logged(
        &FREEMIUM_PRODUCTS,
        "id",
        &[
            (SERVICE, &[SERVICES_OF_PRODUCT]),
            (PROGRAM, &[PROGRAMS_OF_PRODUCT]),
            (VIDEO, &[VIDEOS_OF_PRODUCT]),
        ],
    ),
    logged(
        &PACKS,
        "id",
        &[(SERVICE, &[SERVICES_OF_PACK]), (VIDEO, &[VIDEOS_OF_PACK])],
    ),
    logged(
        &PACK_PRODUCTS,
        "pack_id",
        &[(SERVICE, &[SERVICES_OF_PACK]), (VIDEO, &[VIDEOS_OF_PACK])],
    ),
    logged(&SERVICE_PACKS, "service", &[(SERVICE, &[])]),
    logged(&SERVICE_PRODUCTS, "service", &[(SERVICE, &[])]),
    logged(
        &FOLDERS,
        "id",
        &[(FOLDER, &[]), (PROGRAM, &[PROGRAMS_OF_FOLDER])],
    ),
    logged(&FOLDER_PROGRAMS, "program_id", &[(PROGRAM, &[])]),
    logged(&PROGRAM_TYPES, "id", &[(PROGRAM, &[PROGRAMS_OF_TYPE])]),
    logged(
        &PROGRAMS,
        "id",
        &[
            (PROGRAM, &[]),
            (VIDEO, &[VIDEOS_OF_PROGRAM]),
            (VIDEO, &[CLIPS_OF_PROGRAM, VIDEOS_OF_CLIP]),
            (VIDEO, &[VIDEOS_OF_PROGRAM, CLIPS_OF_VIDEO, VIDEOS_OF_CLIP]),
            (
                PROGRAM,
                &[
                    VIDEOS_OF_PROGRAM,
                    CLIPS_OF_VIDEO,
                    VIDEOS_OF_CLIP,
                    PROGRAM_OF_VIDEO,
                ],
            ),
        ],
    ),
    logged(&PROGRAM_SERVICES, "program_id", &[(PROGRAM, &[])]),
    logged(&PROGRAM_PRODUCTS, "program_id", &[(PROGRAM, &[])]),
    logged(
        &PROGRAM_IMAGES,
        "program_id",
        &[(PROGRAM, &[]), (VIDEO, &[VIDEOS_OF_PROGRAM])],
    ),
    logged(&SUB_CATEGORIES, "program_id", &[(PROGRAM, &[])]),
    logged(&SUB_CATEGORIES, "id", &[(VIDEO, &[VIDEOS_OF_CATEGORY])]),
    logged(&LINKS, "program_id", &[(PROGRAM, &[])]),
    logged(&LINK_IMAGES, "link_id", &[(PROGRAM, &[PROGRAM_OF_LINK])]),
    logged(&DIFFUSIONS, "program_id", &[(PROGRAM, &[])]),
    logged(
        &PRODUCTS,
        "id",
        &[(VIDEO, &[CLIPS_OF_PRODUCT, VIDEOS_OF_CLIP])],
    ),
    logged(
        &CLIPS,
        "id",
        &[
            (VIDEO, &[VIDEOS_OF_CLIP]),
            (PROGRAM, &[VIDEOS_OF_CLIP, PROGRAM_OF_VIDEO]),
        ],
    ),
    logged(&CLIP_IMAGES, "clip_id", &[(VIDEO, &[VIDEOS_OF_CLIP])]),
    logged(&CHAPTERS, "clip_id", &[(VIDEO, &[VIDEOS_OF_CLIP])]),
    logged(
        &CHAPTER_IMAGES,
        "chapter_id",
        &[(VIDEO, &[CLIP_OF_CHAPTER, VIDEOS_OF_CLIP])],
    ),
    logged(&AREAS, "clip_id", &[(VIDEO, &[VIDEOS_OF_CLIP])]),
    logged(&ASSETS, "clip_id", &[(VIDEO, &[VIDEOS_OF_CLIP])]),
    // the playlists that show a video's clips follow the video
    logged(
        &VIDEOS,
        "id",
        &[
            (VIDEO, &[]),
            (EXPIRED, &[]),
            (VIDEO, &[CLIPS_OF_VIDEO, VIDEOS_OF_CLIP]),
            (PROGRAM, &[CLIPS_OF_VIDEO, VIDEOS_OF_CLIP, PROGRAM_OF_VIDEO]),
        ],
    ),
    logged(&VIDEOS, "program_id", &[(PROGRAM, &[])]),
    logged(
        &VIDEO_CLIPS,
        "video_id",
        &[(VIDEO, &[]), (PROGRAM, &[PROGRAM_OF_VIDEO])],
    ),
    logged(
        &VIDEO_CLIPS,
        "clip_id",
        &[
            (VIDEO, &[VIDEOS_OF_CLIP]),
            (PROGRAM, &[VIDEOS_OF_CLIP, PROGRAM_OF_VIDEO]),
        ],
    ),
    logged(&VIDEO_IMAGES, "video_id", &[(VIDEO, &[])]),
    logged(&VIDEO_SERVICES, "video_id", &[(VIDEO, &[])]),
    logged(&VIDEO_SUB_CATEGORIES, "video_id", &[(VIDEO, &[])]),
    logged(&VIDEO_PACKS, "video_id", &[(VIDEO, &[])]),
    logged(&VIDEO_PRODUCTS, "video_id", &[(VIDEO, &[])]),
    logged(
        &PUBLICATIONS,
        "video_id",
        &[
            (VIDEO, &[]),
            (EXPIRED, &[]),
            (PROGRAM, &[PROGRAM_OF_VIDEO]),
            (VIDEO, &[CLIPS_OF_VIDEO, VIDEOS_OF_CLIP]),
            (PROGRAM, &[CLIPS_OF_VIDEO, VIDEOS_OF_CLIP, PROGRAM_OF_VIDEO]),
        ],
    ),
];

/// The captured tables: all of them.
pub(crate) fn captured_tables() -> Vec<CapturedTable> {
    let tables = GRAPH.chunk_by(|one, next| one.table.name == next.table.name);
    tables.filter_map(captured_table).collect()
}

/// A table from its logged keys.
fn captured_table(keys: &[LoggedKey]) -> Option<CapturedTable> {
    Some(CapturedTable {
        name: keys.first()?.table.name,
        keys: keys.iter().map(LoggedKey::column).collect(),
        reaches: keys.iter().flat_map(LoggedKey::reaches).collect(),
    })
}

impl LoggedKey {
    fn column(&self) -> KeyColumn {
        let column = self.table.column(self.key);
        column.map_or(KeyColumn::Int(self.key), |column| column.key_column())
    }

    fn reaches(&self) -> impl Iterator<Item = Reach> {
        let key = self.column();
        self.paths.iter().map(move |(kind, hops)| Reach {
            kind,
            key,
            hops: hops.to_vec(),
        })
    }
}
