//! What services, programs and videos refer to.

use super::{pack, product};
use crate::schema::{
    TableSchema,
    column::{code, extra, instant, int, line, position, text},
};

/// Age ratings, their codes being levels.
pub static AGE_RATINGS: TableSchema = TableSchema::new(
    "age_ratings",
    1,
    &[
        int("id").required(),
        code("code").required(),
        line("label"),
        int("sort_index"),
        int("age").filled(),
        code("icon_name").filled(),
        extra(),
    ],
);

/// Images, each with a role.
pub static IMAGES: TableSchema = TableSchema::new(
    "images",
    1,
    &[
        int("id").required(),
        code("role").required(),
        line("external_key").required(),
        int("sort_index").filled(),
        line("title").filled(),
        extra(),
    ],
);

/// What a client can buy.
pub static FREEMIUM_PRODUCTS: TableSchema = TableSchema::new(
    "freemium_products",
    1,
    &[
        int("id").required(),
        code("code").required(),
        line("title").filled(),
        text("description").filled(),
        code("type").filled(),
        extra(),
    ],
);

/// Packs of products that a client can buy.
pub static PACKS: TableSchema = TableSchema::new(
    "packs",
    1,
    &[
        int("id").required(),
        code("code").required(),
        line("title").filled(),
        text("description").filled(),
        code("type").filled(),
        instant("date_start").filled(),
        extra(),
    ],
);

/// The products of a pack, in order.
pub static PACK_PRODUCTS: TableSchema =
    TableSchema::new("pack_products", 2, &[pack(), position(), product()]);
