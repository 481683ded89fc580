//! Which documents a change in which table affects.

use super::{
    schema::{Kind as Holds, Table},
    tables::{
        AGE_RATINGS, AREAS, ASSETS, CHANNELS, CHAPTER_IMAGES, CHAPTERS, CLIP_IMAGES, CLIPS,
        CUSTOMERS, DIFFUSIONS, FOLDER_PROGRAMS, FOLDERS, FREEMIUM_PRODUCTS, IMAGES, LINK_IMAGES,
        LINKS, PACK_PRODUCTS, PACKS, PLATFORMS, PRODUCTS, PROGRAM_IMAGES, PROGRAM_PRODUCTS,
        PROGRAM_SERVICES, PROGRAM_TYPES, PROGRAMS, PUBLICATIONS, SERVICE_CHANNELS, SERVICE_IMAGES,
        SERVICE_PACKS, SERVICE_PLATFORMS, SERVICE_PRODUCTS, SERVICE_ROOTS, SERVICES,
        SUB_CATEGORIES, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_PACKS, VIDEO_PRODUCTS, VIDEO_SERVICES,
        VIDEO_SUB_CATEGORIES, VIDEOS,
    },
};
use crate::{
    mapping::{Field, Mapping},
    source::{self, Column, Hop, Kind, Reach},
};

/// The kind of documents, the logged key, and the joins from it to their ids.
type Path = (&'static str, &'static str, &'static [Hop]);

const fn hop(table: &'static str, from: &'static str, to: &'static str) -> Hop {
    Hop { table, from, to }
}

const VIDEO_OF_CLIP: Hop = hop("video_clips", "clip_id", "video_id");
const CLIP_OF_CHAPTER: Hop = hop("chapters", "id", "clip_id");
const PROGRAM_OF_VIDEO: Hop = hop("videos", "id", "program_id");
const PROGRAM_OF_LINK: Hop = hop("links", "id", "program_id");
const VIDEOS_OF_PROGRAM: Hop = hop("videos", "program_id", "id");
const CLIPS_OF_PROGRAM: Hop = hop("clips", "program_id", "id");
const PROGRAMS_OF_FOLDER: Hop = hop("folder_programs", "folder_id", "program_id");
const FOLDERS_OF_SERVICE: Hop = hop("folders", "service", "id");
const SERVICES_UNDER_ROOT: Hop = hop("service_roots", "root", "service");
const VIDEOS_ON_SERVICE: Hop = hop("publications", "service", "video_id");
const VIDEOS_ON_PLATFORM: Hop = hop("publications", "platform", "video_id");
const DISPLAYED_BY_VIDEOS: Hop = hop("videos", "service_display", "id");

static GRAPH: &[(&Table, &[Path])] = &[
    (
        &CUSTOMERS,
        &[("service", "code", &[hop("services", "customer", "code")])],
    ),
    (
        &PLATFORMS,
        &[
            (
                "service",
                "code",
                &[hop("service_platforms", "platform", "service")],
            ),
            (
                "folder",
                "code",
                &[
                    hop("service_platforms", "platform", "service"),
                    FOLDERS_OF_SERVICE,
                ],
            ),
            ("video", "code", &[VIDEOS_ON_PLATFORM]),
            ("expired", "code", &[VIDEOS_ON_PLATFORM]),
            ("program", "code", &[VIDEOS_ON_PLATFORM, PROGRAM_OF_VIDEO]),
        ],
    ),
    (
        &SERVICES,
        &[
            ("service", "code", &[]),
            ("service", "code", &[SERVICES_UNDER_ROOT]),
            ("folder", "code", &[FOLDERS_OF_SERVICE]),
            ("folder", "code", &[SERVICES_UNDER_ROOT, FOLDERS_OF_SERVICE]),
            ("video", "code", &[VIDEOS_ON_SERVICE]),
            ("video", "code", &[SERVICES_UNDER_ROOT, VIDEOS_ON_SERVICE]),
            (
                "video",
                "code",
                &[hop("video_services", "service", "video_id")],
            ),
            ("video", "code", &[DISPLAYED_BY_VIDEOS]),
            ("expired", "code", &[VIDEOS_ON_SERVICE]),
            ("expired", "code", &[SERVICES_UNDER_ROOT, VIDEOS_ON_SERVICE]),
            ("program", "code", &[VIDEOS_ON_SERVICE, PROGRAM_OF_VIDEO]),
            (
                "program",
                "code",
                &[SERVICES_UNDER_ROOT, VIDEOS_ON_SERVICE, PROGRAM_OF_VIDEO],
            ),
            (
                "program",
                "code",
                &[hop("programs", "service_display", "id")],
            ),
            (
                "program",
                "code",
                &[hop("program_services", "service", "program_id")],
            ),
            ("program", "code", &[FOLDERS_OF_SERVICE, PROGRAMS_OF_FOLDER]),
        ],
    ),
    (
        &SERVICE_ROOTS,
        &[
            ("service", "service", &[]),
            ("folder", "service", &[FOLDERS_OF_SERVICE]),
            ("video", "service", &[VIDEOS_ON_SERVICE]),
            ("expired", "service", &[VIDEOS_ON_SERVICE]),
            ("program", "service", &[VIDEOS_ON_SERVICE, PROGRAM_OF_VIDEO]),
        ],
    ),
    (
        &SERVICE_PLATFORMS,
        &[
            ("service", "service", &[]),
            ("folder", "service", &[FOLDERS_OF_SERVICE]),
        ],
    ),
    (
        &CHANNELS,
        &[
            (
                "service",
                "code",
                &[hop("service_channels", "channel", "service")],
            ),
            (
                "program",
                "code",
                &[hop("diffusions", "channel", "program_id")],
            ),
        ],
    ),
    (&SERVICE_CHANNELS, &[("service", "service", &[])]),
    (
        &AGE_RATINGS,
        &[
            ("video", "id", &[hop("videos", "age_rating", "id")]),
            (
                "video",
                "id",
                &[hop("clips", "age_rating", "id"), VIDEO_OF_CLIP],
            ),
            ("program", "id", &[hop("programs", "age_rating", "id")]),
        ],
    ),
    (
        &IMAGES,
        &[
            (
                "service",
                "id",
                &[hop("service_images", "image_id", "service")],
            ),
            (
                "program",
                "id",
                &[hop("program_images", "image_id", "program_id")],
            ),
            (
                "program",
                "id",
                &[hop("link_images", "image_id", "link_id"), PROGRAM_OF_LINK],
            ),
            (
                "video",
                "id",
                &[hop("video_images", "image_id", "video_id")],
            ),
            ("video", "id", &[hop("videos", "display_image", "id")]),
            (
                "video",
                "id",
                &[hop("clip_images", "image_id", "clip_id"), VIDEO_OF_CLIP],
            ),
            (
                "video",
                "id",
                &[
                    hop("chapter_images", "image_id", "chapter_id"),
                    CLIP_OF_CHAPTER,
                    VIDEO_OF_CLIP,
                ],
            ),
            (
                "video",
                "id",
                &[
                    hop("program_images", "image_id", "program_id"),
                    VIDEOS_OF_PROGRAM,
                ],
            ),
            (
                "video",
                "id",
                &[
                    hop("service_images", "image_id", "service"),
                    DISPLAYED_BY_VIDEOS,
                ],
            ),
        ],
    ),
    (
        &SERVICE_IMAGES,
        &[
            ("service", "service", &[]),
            ("video", "service", &[DISPLAYED_BY_VIDEOS]),
        ],
    ),
    (
        &FREEMIUM_PRODUCTS,
        &[
            (
                "service",
                "id",
                &[hop("service_products", "product_id", "service")],
            ),
            (
                "program",
                "id",
                &[hop("program_products", "product_id", "program_id")],
            ),
            (
                "video",
                "id",
                &[hop("video_products", "product_id", "video_id")],
            ),
        ],
    ),
    (
        &PACKS,
        &[
            (
                "service",
                "id",
                &[hop("service_packs", "pack_id", "service")],
            ),
            ("video", "id", &[hop("video_packs", "pack_id", "video_id")]),
        ],
    ),
    (
        &PACK_PRODUCTS,
        &[
            (
                "service",
                "pack_id",
                &[hop("service_packs", "pack_id", "service")],
            ),
            (
                "video",
                "pack_id",
                &[hop("video_packs", "pack_id", "video_id")],
            ),
        ],
    ),
    (&SERVICE_PACKS, &[("service", "service", &[])]),
    (&SERVICE_PRODUCTS, &[("service", "service", &[])]),
    (
        &FOLDERS,
        &[
            ("folder", "id", &[]),
            ("program", "id", &[PROGRAMS_OF_FOLDER]),
        ],
    ),
    (&FOLDER_PROGRAMS, &[("program", "program_id", &[])]),
    (
        &PROGRAM_TYPES,
        &[("program", "id", &[hop("programs", "program_type", "id")])],
    ),
    (
        &PROGRAMS,
        &[
            ("program", "id", &[]),
            ("video", "id", &[VIDEOS_OF_PROGRAM]),
            ("video", "id", &[CLIPS_OF_PROGRAM, VIDEO_OF_CLIP]),
        ],
    ),
    (&PROGRAM_SERVICES, &[("program", "program_id", &[])]),
    (&PROGRAM_PRODUCTS, &[("program", "program_id", &[])]),
    (
        &PROGRAM_IMAGES,
        &[
            ("program", "program_id", &[]),
            ("video", "program_id", &[VIDEOS_OF_PROGRAM]),
        ],
    ),
    (
        &SUB_CATEGORIES,
        &[
            ("program", "program_id", &[]),
            (
                "video",
                "id",
                &[hop("video_sub_categories", "sub_category_id", "video_id")],
            ),
        ],
    ),
    (&LINKS, &[("program", "program_id", &[])]),
    (&LINK_IMAGES, &[("program", "link_id", &[PROGRAM_OF_LINK])]),
    (&DIFFUSIONS, &[("program", "program_id", &[])]),
    (
        &PRODUCTS,
        &[(
            "video",
            "id",
            &[hop("clips", "product_id", "id"), VIDEO_OF_CLIP],
        )],
    ),
    (
        &CLIPS,
        &[
            ("video", "id", &[VIDEO_OF_CLIP]),
            ("program", "id", &[VIDEO_OF_CLIP, PROGRAM_OF_VIDEO]),
        ],
    ),
    (&CLIP_IMAGES, &[("video", "clip_id", &[VIDEO_OF_CLIP])]),
    (&CHAPTERS, &[("video", "clip_id", &[VIDEO_OF_CLIP])]),
    (
        &CHAPTER_IMAGES,
        &[("video", "chapter_id", &[CLIP_OF_CHAPTER, VIDEO_OF_CLIP])],
    ),
    (&AREAS, &[("video", "clip_id", &[VIDEO_OF_CLIP])]),
    (&ASSETS, &[("video", "clip_id", &[VIDEO_OF_CLIP])]),
    (
        &VIDEOS,
        &[
            ("video", "id", &[]),
            ("expired", "id", &[]),
            ("program", "program_id", &[]),
        ],
    ),
    (
        &VIDEO_CLIPS,
        &[
            ("video", "video_id", &[]),
            ("program", "video_id", &[PROGRAM_OF_VIDEO]),
        ],
    ),
    (&VIDEO_IMAGES, &[("video", "video_id", &[])]),
    (&VIDEO_SERVICES, &[("video", "video_id", &[])]),
    (&VIDEO_SUB_CATEGORIES, &[("video", "video_id", &[])]),
    (&VIDEO_PACKS, &[("video", "video_id", &[])]),
    (&VIDEO_PRODUCTS, &[("video", "video_id", &[])]),
    (
        &PUBLICATIONS,
        &[
            ("video", "video_id", &[]),
            ("expired", "video_id", &[]),
            ("program", "video_id", &[PROGRAM_OF_VIDEO]),
        ],
    ),
];

/// The captured tables: all of them.
pub(super) fn tables() -> Vec<source::Table> {
    GRAPH
        .iter()
        .map(|(table, paths)| captured(table, paths))
        .collect()
}

fn captured(table: &'static Table, paths: &[Path]) -> source::Table {
    let reaches: Vec<Reach> = paths
        .iter()
        .map(|(kind, key, hops)| Reach {
            kind,
            key: column(table, key),
            hops: hops.to_vec(),
        })
        .collect();
    let mut keys: Vec<Column> = Vec::new();
    for reach in &reaches {
        if !keys.contains(&reach.key) {
            keys.push(reach.key);
        }
    }
    source::Table {
        name: table.name,
        keys,
        reaches,
    }
}

fn column(table: &Table, name: &'static str) -> Column {
    match table.column(name).map(|column| column.kind) {
        Some(Holds::Code(_) | Holds::Text) => Column::Text(name),
        _ => Column::Int(name),
    }
}

/// The kinds of documents with the mappings of their indexes.
pub(super) fn kinds() -> Vec<Kind> {
    let text = Column::Text;
    vec![
        kind(
            "service",
            "services",
            text("code"),
            vec![
                keywords(&["id", "code", "roots", "platforms"]),
                longs(&["priority"]),
                body(),
            ],
        ),
        kind(
            "folder",
            "folders",
            Column::Int("id"),
            vec![
                keywords(&["id", "services", "name", "platforms"]),
                longs(&["sort_index"]),
                body(),
            ],
        ),
        kind(
            "program",
            "programs",
            Column::Int("id"),
            vec![program(), vec![windows(true)], body()],
        ),
        kind(
            "video",
            "videos",
            text("id"),
            vec![video(), vec![windows(true)], body()],
        ),
        kind(
            "expired",
            "videos",
            text("id"),
            vec![keywords(&["id"]), vec![windows(false)]],
        ),
    ]
}

fn kind(name: &'static str, table: &'static str, key: Column, fields: Vec<Vec<Field>>) -> Kind {
    Kind {
        name,
        table,
        key,
        mapping: Mapping {
            fields: fields.concat(),
        },
    }
}

fn program() -> Vec<Field> {
    [
        keywords(&["id", "code", "title_sort", "initial", "folders"]),
        vec![Field::french("title")],
        longs(&["csa", "last_publication"]),
    ]
    .concat()
}

fn video() -> Vec<Field> {
    let exact = keywords(&["id", "program", "type", "subcats", "title_sort"]);
    [
        exact,
        vec![Field::french("title")],
        longs(&["subcat_sort", "season", "episode", "publication", "csa"]),
    ]
    .concat()
}

fn windows(timed: bool) -> Field {
    let places = keywords(&["platform", "services"]);
    Field::nested(
        "windows",
        if timed {
            [places, longs(&["from", "until"])].concat()
        } else {
            places
        },
    )
}

fn body() -> Vec<Field> {
    vec![Field::stored("body")]
}

fn keywords(names: &[&'static str]) -> Vec<Field> {
    names.iter().map(|name| Field::keyword(name)).collect()
}

fn longs(names: &[&'static str]) -> Vec<Field> {
    names.iter().map(|name| Field::long(name)).collect()
}
