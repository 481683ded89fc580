//! Services and folders: visible while enabled; time changes nothing about them.

use sixplay_core::{Rendered, Visible};

use super::{
    body::{list_part, stored_body},
    outcome::{DISABLED, SERVICE_DISABLED, absent, publishable},
};
use crate::{
    fields::{self, parts},
    json::JsonObject,
    rows::{FolderRows, ServiceRows},
};

/// The document of a service, or why there is none.
pub(crate) fn render_service(service: &ServiceRows) -> Rendered {
    if !service.enabled {
        return absent(DISABLED);
    }
    let document = JsonObject::new()
        .text(fields::ID, &service.code)
        .text(fields::CODE, &service.code)
        .texts(fields::ROOTS, &service.roots)
        .int(fields::PRIORITY, service.priority)
        .texts(fields::PLATFORMS, &service.platforms)
        .raw(fields::BODY, &service_body(service));
    publishable(document, Visible::ALWAYS, None)
}

/// The stored body of a service.
pub(crate) fn service_body(service: &ServiceRows) -> String {
    let template = service.template.as_ref();
    let template = template.map(|code| JsonObject::new().text("code", code).end());
    let base = JsonObject::of(&service.members)
        .raw_or_null("service_template", template)
        .list("images", &service.images)
        .list("freemium_products", &service.products);
    let with = JsonObject::new()
        .raw(parts::CHANNELS, &list_part("channels", &service.channels))
        .raw(
            parts::FREEMIUMPACKS,
            &list_part("freemium_packs", &service.packs),
        );
    stored_body(base, with, JsonObject::new(), None, None)
}

/// The document of a folder, or why there is none.
pub(crate) fn render_folder(folder: &FolderRows) -> Rendered {
    if !folder.enabled {
        return absent(DISABLED);
    }
    if !folder.service.enabled {
        return absent(SERVICE_DISABLED);
    }
    let services = std::iter::once(&folder.service.code).chain(&folder.service.roots);
    let document = JsonObject::new()
        .text(fields::ID, &folder.id.to_string())
        .texts(fields::SERVICES, services)
        .int(fields::SORT_INDEX, folder.sort_index.unwrap_or_default())
        .text(fields::NAME, &folder.name)
        .texts(fields::PLATFORMS, &folder.service.platforms)
        .raw(fields::BODY, &folder_body(folder));
    publishable(document, Visible::ALWAYS, None)
}

/// The stored body of a folder.
pub(crate) fn folder_body(folder: &FolderRows) -> String {
    let base = JsonObject::of(&folder.members);
    stored_body(base, JsonObject::new(), JsonObject::new(), None, None)
}
