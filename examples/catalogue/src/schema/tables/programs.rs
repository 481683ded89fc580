//! Programs, and what belongs to them.

use super::{AGE_RATINGS, CHANNELS, FOLDERS, SERVICES, image, product, program, service};
use crate::schema::{
    TableSchema,
    column::{code, enabled, extra, flag, instant, int, json, line, position, text},
};

/// How a program is called in the clients' sentences: "l'épisode", "les émissions".
pub static PROGRAM_TYPES: TableSchema = TableSchema::new(
    "program_types",
    1,
    &[
        int("id").required(),
        code("code").required(),
        line("singular"),
        line("plural"),
        code("gender"),
        extra(),
    ],
);

/// Programs.
pub static PROGRAMS: TableSchema = TableSchema::new(
    "programs",
    1,
    &[
        int("id").required(),
        line("code").required(),
        line("title").required(),
        text("description"),
        line("year_copyright").filled(),
        json("neustar").filled(),
        int("program_type").to(&PROGRAM_TYPES),
        code("service_display").to(&SERVICES),
        int("age_rating").to(&AGE_RATINGS),
        text("summary").detail(),
        line("copyright").detail(),
        int("sponsored").detail(),
        flag("is_catchup").detail(),
        flag("contains_freemium").detail(),
        line("advertising_pack").detail(),
        json("functionality_right").hidden(),
        enabled(),
        extra(),
        json("detail").hidden(),
    ],
);

/// The programs that a folder shows.
pub static FOLDER_PROGRAMS: TableSchema = TableSchema::new(
    "folder_programs",
    2,
    &[
        int("folder_id").required().to(&FOLDERS),
        program(),
        position(),
    ],
);

/// The services of a program, in order.
pub static PROGRAM_SERVICES: TableSchema =
    TableSchema::new("program_services", 2, &[program(), position(), service()]);

/// The products that open a program, in order.
pub static PROGRAM_PRODUCTS: TableSchema =
    TableSchema::new("program_products", 2, &[program(), position(), product()]);

/// The images of a program, in order.
pub static PROGRAM_IMAGES: TableSchema =
    TableSchema::new("program_images", 2, &[program(), position(), image()]);

/// The sub-categories of a program's videos: seasons, extras.
pub static SUB_CATEGORIES: TableSchema = TableSchema::new(
    "sub_categories",
    1,
    &[
        int("id").required(),
        program(),
        position(),
        line("title").required(),
        text("description"),
        int("sort_index"),
        code("visual_size"),
        int("extend_display"),
        extra(),
    ],
);

/// The links of a program.
pub static LINKS: TableSchema = TableSchema::new(
    "links",
    1,
    &[
        int("id").required(),
        program(),
        position(),
        line("title"),
        text("url"),
        code("role"),
        text("deeplink"),
        instant("date_start"),
        instant("date_end"),
        int("sort_index"),
        extra(),
    ],
);

/// The images of a link, in order.
pub static LINK_IMAGES: TableSchema = TableSchema::new(
    "link_images",
    2,
    &[int("link_id").required().to(&LINKS), position(), image()],
);

/// Broadcasts.
pub static DIFFUSIONS: TableSchema = TableSchema::new(
    "diffusions",
    2,
    &[
        code("channel").required().to(&CHANNELS),
        instant("start_date").required(),
        instant("end_date").hidden(),
        int("program_id").to(&PROGRAMS),
        line("title").hidden(),
        extra(),
    ],
);
