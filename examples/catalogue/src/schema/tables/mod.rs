//! The tables of the catalogue, parents before children.
//!
//! A table is declared by its name, the number of columns in its primary key, and its columns.
//! What they have in common:
//!
//! - Objects have a key of one column, `id` or `code`; a list has its owner's key and a `position`,
//!   or what it lists, as key, and one row an item.
//! - `enabled` is the switch of the back office, on unless a row says otherwise. What is off stays
//!   in the store and is shown nowhere, with what belongs to it.
//! - `extra`, and `detail` of a program, hold as a JSON object what the wire shows beyond the
//!   columns; a member of a column's name gives way to the column.
//! - Instants are Unix times in microseconds; flags are 0 or 1; codes have at most 64 characters,
//!   lines 255, texts and JSON 65,000 bytes.
//! - Foreign keys have no cascades: a row is deleted after what refers to it.

mod programs;
mod references;
mod services;
mod videos;

use super::{
    ColumnSchema, TableSchema,
    column::{code, int},
};

pub use self::{programs::*, references::*, services::*, videos::*};

/// Every table, parents before children.
pub static TABLES: &[&TableSchema] = &[
    &CUSTOMERS,
    &PLATFORMS,
    &SERVICES,
    &SERVICE_ROOTS,
    &SERVICE_PLATFORMS,
    &CHANNELS,
    &SERVICE_CHANNELS,
    &AGE_RATINGS,
    &IMAGES,
    &SERVICE_IMAGES,
    &FREEMIUM_PRODUCTS,
    &PACKS,
    &PACK_PRODUCTS,
    &SERVICE_PACKS,
    &SERVICE_PRODUCTS,
    &FOLDERS,
    &PROGRAM_TYPES,
    &PROGRAMS,
    &FOLDER_PROGRAMS,
    &PROGRAM_SERVICES,
    &PROGRAM_PRODUCTS,
    &PROGRAM_IMAGES,
    &SUB_CATEGORIES,
    &LINKS,
    &LINK_IMAGES,
    &DIFFUSIONS,
    &PRODUCTS,
    &CLIPS,
    &CLIP_IMAGES,
    &CHAPTERS,
    &CHAPTER_IMAGES,
    &AREAS,
    &ASSETS,
    &VIDEOS,
    &VIDEO_CLIPS,
    &VIDEO_IMAGES,
    &VIDEO_SERVICES,
    &VIDEO_SUB_CATEGORIES,
    &VIDEO_PACKS,
    &VIDEO_PRODUCTS,
    &PUBLICATIONS,
];

const fn image() -> ColumnSchema {
    int("image_id").required().to(&IMAGES)
}

const fn service() -> ColumnSchema {
    code("service").required().to(&SERVICES)
}

const fn platform() -> ColumnSchema {
    code("platform").required().to(&PLATFORMS)
}

const fn clip() -> ColumnSchema {
    int("clip_id").required().to(&CLIPS)
}

const fn video() -> ColumnSchema {
    code("video_id").required().to(&VIDEOS)
}

const fn program() -> ColumnSchema {
    int("program_id").required().to(&PROGRAMS)
}

const fn pack() -> ColumnSchema {
    int("pack_id").required().to(&PACKS)
}

const fn product() -> ColumnSchema {
    int("product_id").required().to(&FREEMIUM_PRODUCTS)
}
