//! Services, and what belongs to them.

use super::{image, pack, platform, product, service};
use crate::schema::{
    TableSchema,
    column::{code, enabled, extra, int, line, position},
};

/// Whose services these are.
pub static CUSTOMERS: TableSchema = TableSchema::new(
    "customers",
    1,
    &[code("code").required(), line("name").required()],
);

/// Where clients run: `m6group_web`, `chromecast`.
pub static PLATFORMS: TableSchema = TableSchema::new(
    "platforms",
    1,
    &[code("code").required(), line("name").required(), enabled()],
);

/// Services, the roots that list others among them.
pub static SERVICES: TableSchema = TableSchema::new(
    "services",
    1,
    &[
        code("code").required(),
        int("id"),
        code("customer").to(&CUSTOMERS),
        line("title"),
        code("code_url"),
        code("template").hidden(),
        int("priority").preset(0),
        int("has_replay").filled(),
        int("has_mea").filled(),
        int("has_live").filled(),
        int("has_lifefeed").filled(),
        int("has_emc").filled(),
        int("has_category").filled(),
        enabled(),
        extra(),
    ],
);

/// Under which root services a service is listed; the root itself needs no row.
pub static SERVICE_ROOTS: TableSchema = TableSchema::new(
    "service_roots",
    2,
    &[service(), code("root").required().to(&SERVICES)],
);

/// On which platforms a service is shown.
pub static SERVICE_PLATFORMS: TableSchema =
    TableSchema::new("service_platforms", 2, &[service(), platform()]);

/// Television channels.
pub static CHANNELS: TableSchema = TableSchema::new(
    "channels",
    1,
    &[
        code("code").required(),
        int("id"),
        code("code_url"),
        line("title"),
        code("code_civolution"),
        extra(),
    ],
);

/// The channels of a service, in order.
pub static SERVICE_CHANNELS: TableSchema = TableSchema::new(
    "service_channels",
    2,
    &[
        service(),
        position(),
        code("channel").required().to(&CHANNELS),
        int("main"),
    ],
);

/// The images of a service, in order.
pub static SERVICE_IMAGES: TableSchema =
    TableSchema::new("service_images", 2, &[service(), position(), image()]);

/// The packs that open a service, in order.
pub static SERVICE_PACKS: TableSchema =
    TableSchema::new("service_packs", 2, &[service(), position(), pack()]);

/// The products that open a service, in order.
pub static SERVICE_PRODUCTS: TableSchema =
    TableSchema::new("service_products", 2, &[service(), position(), product()]);

/// The folders of a service.
pub static FOLDERS: TableSchema = TableSchema::new(
    "folders",
    1,
    &[
        int("id").required(),
        code("service").required().to(&SERVICES),
        line("name").required(),
        line("code").filled(),
        int("sort_index").filled(),
        enabled(),
        extra(),
    ],
);
