//! Services and folders: visible while enabled; time changes nothing about them.

use super::{absent, body as assemble, part, publishable};
use crate::{
    catalogue::{
        rows::{Folder, Service},
        wire::{Object, array},
    },
    source::Rendered,
};

pub(in crate::catalogue) fn service(service: Option<&Service>) -> Rendered {
    let Some(service) = service else {
        return absent("no_row", None);
    };
    if !service.enabled {
        return absent("disabled", None);
    }
    let document = Object::new()
        .text("id", &service.code)
        .text("code", &service.code)
        .texts("roots", &service.roots)
        .int("priority", service.priority)
        .texts("platforms", &service.platforms)
        .raw("body", &service_body(service));
    publishable(document.end(), 0, None, None)
}

pub(in crate::catalogue) fn service_body(service: &Service) -> String {
    let template = service
        .template
        .as_ref()
        .map(|code| Object::new().text("code", code).end());
    let base = Object::of(&service.members)
        .or_null("service_template", template.as_deref())
        .list("images", &service.images)
        .list("freemium_products", &service.products);
    let with = Object::new()
        .raw("channels", &part("channels", &array(&service.channels)))
        .raw(
            "freemiumpacks",
            &part("freemium_packs", &array(&service.packs)),
        );
    assemble(&base.end(), with, Object::new(), None)
}

pub(in crate::catalogue) fn folder(folder: Option<&Folder>) -> Rendered {
    let Some(folder) = folder else {
        return absent("no_row", None);
    };
    if !folder.enabled {
        return absent("disabled", None);
    }
    if !folder.service.enabled {
        return absent("service_disabled", None);
    }
    let services = std::iter::once(&folder.service.code).chain(&folder.service.roots);
    let document = Object::new()
        .text("id", &folder.id.to_string())
        .texts("services", services)
        .int("sort_index", folder.sort_index.unwrap_or_default())
        .text("name", &folder.name)
        .texts("platforms", &folder.service.platforms)
        .raw("body", &folder_body(folder));
    publishable(document.end(), 0, None, None)
}

pub(in crate::catalogue) fn folder_body(folder: &Folder) -> String {
    assemble(
        &Object::of(&folder.members).end(),
        Object::new(),
        Object::new(),
        None,
    )
}
