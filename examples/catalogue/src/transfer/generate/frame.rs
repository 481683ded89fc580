//! What there is once: services, channels, folders, age ratings, packs.

use super::{DAY, Generator, cells, words};
use crate::schema::tables::{
    AGE_RATINGS, CHANNELS, CUSTOMERS, FOLDERS, FREEMIUM_PRODUCTS, PACK_PRODUCTS, PACKS, PLATFORMS,
    PROGRAM_TYPES, SERVICE_CHANNELS, SERVICE_PLATFORMS, SERVICE_ROOTS, SERVICES,
};

const ROOT: &str = "6play";
/// Everything is offered on all of them.
pub(super) const PLATFORM_CODES: [&str; 4] = [
    "m6group_web",
    "m6group_androidmob",
    "m6group_iphone",
    "chromecast",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VideoType {
    Episode,
    Extract,
    Playlist,
}

impl VideoType {
    /// As the columns name it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Episode => "vi",
            Self::Extract => "vc",
            Self::Playlist => "playlist",
        }
    }
}

/// A service with a channel.
#[derive(Clone, Copy)]
pub(super) struct ServiceFrame {
    pub code: &'static str,
    id: i64,
    pub channel: &'static str,
    /// As it stands in addresses.
    url: &'static str,
    /// Ids and names.
    pub folders: &'static [(i64, &'static str)],
}

pub(super) const M6: ServiceFrame = ServiceFrame {
    code: "m6replay",
    id: 1,
    channel: "M6",
    url: "m6",
    folders: &[
        (10, "Séries"),
        (8, "Divertissement"),
        (58, "Info et magazines"),
        (12, "Cuisine"),
        (907, "Documentaires"),
    ],
};
pub(super) const W9: ServiceFrame = ServiceFrame {
    code: "w9replay",
    id: 2,
    channel: "W9",
    url: "w9",
    folders: &[
        (232, "Séries"),
        (70, "Musique"),
        (52, "Téléréalité"),
        (2996, "Cinéma"),
    ],
};

/// Id, label, sort index, age.
const RATINGS: [(i64, &str, i64, i64); 6] = [
    (1, "Tous publics", 0, 0),
    (2, "-10", 10, 10),
    (3, "-12", 12, 12),
    (4, "-16", 16, 16),
    (5, "-18", 18, 18),
    (6, "Classé X", 22, 18),
];
/// Code, singular, gender.
const TYPES: [(&str, &str, &str); 3] = [
    ("episode", "épisode", "masculine"),
    ("emission", "émission", "feminine"),
    ("documentaire", "documentaire", "masculine"),
];
/// What a service's body holds beyond its columns.
const SERVICE_EXTRA: &str = concat!(
    r#"{"url":"","url_promo":"","code_partner":"","facebook_id":"","twitter_hashtag":"","#,
    r#""intersticiel_playlist":"","service_display_id":null,"loop_video_id":null}"#
);

impl Generator {
    /// Adds everything that does not depend on the number of programs.
    pub(super) fn add_frame(&mut self) {
        let customer = cells! {"code": "m6web", "name": "6play"};
        self.batch.put(&CUSTOMERS, customer);
        for code in PLATFORM_CODES {
            let platform = cells! {"code": code, "name": code};
            self.batch.put(&PLATFORMS, platform);
        }
        self.add_service(ROOT, 45, ROOT, "generic", 0);
        for (priority, service) in (1..).zip([M6, W9]) {
            self.add_service(service.code, service.id, service.url, "broadcast", priority);
            self.add_channel(service);
            self.add_folders(service);
        }
        for (id, label, sort_index, age) in RATINGS {
            let code = id.to_string();
            let rating = cells! {
                "id": id, "code": code, "label": label, "sort_index": sort_index, "age": age,
            };
            self.batch.put(&AGE_RATINGS, rating);
        }
        self.add_offers();
        self.add_program_types();
    }

    /// Adds a service on every platform.
    fn add_service(&mut self, code: &str, id: i64, url: &str, template: &str, priority: i64) {
        let broadcast = i64::from(template == "broadcast");
        let service = cells! {
            "code": code, "id": id, "customer": "m6web", "title": url.to_uppercase(),
            "code_url": url, "template": template, "priority": priority, "has_replay": 1i64,
            "has_mea": 1i64, "has_live": broadcast, "has_lifefeed": 0i64, "has_emc": broadcast,
            "has_category": 1i64, "extra": SERVICE_EXTRA,
        };
        self.batch.put(&SERVICES, service);
        for platform in PLATFORM_CODES {
            let offered = cells! {"service": code, "platform": platform};
            self.batch.put(&SERVICE_PLATFORMS, offered);
        }
    }

    /// Adds a service's channel, and lists the service under the root.
    fn add_channel(&mut self, service: ServiceFrame) {
        let (code, url) = (service.channel, service.url);
        let root = cells! {"service": service.code, "root": ROOT};
        self.batch.put(&SERVICE_ROOTS, root);
        let identifier = (999 + service.id).to_string();
        let channel = cells! {
            "code": code, "id": service.id, "code_url": url, "title": code,
            "code_civolution": identifier,
        };
        self.batch.put(&CHANNELS, channel);
        let listed = cells! {
            "service": service.code, "position": 0i64, "channel": code, "main": 1i64,
        };
        self.batch.put(&SERVICE_CHANNELS, listed);
    }

    fn add_folders(&mut self, service: ServiceFrame) {
        for (place, (id, name)) in (0i64..).zip(service.folders) {
            let slug = words::slug(name);
            let folder = cells! {
                "id": *id, "service": service.code, "name": *name, "code": slug,
                "sort_index": place,
            };
            self.batch.put(&FOLDERS, folder);
        }
    }

    /// Adds a pack and the product in it.
    fn add_offers(&mut self) {
        let description = "Les programmes en avant-première et sans publicité.";
        let product = cells! {
            "id": 1i64, "code": "acces-premium", "title": "Accès premium",
            "description": description, "type": "content",
        };
        self.batch.put(&FREEMIUM_PRODUCTS, product);
        let pack = cells! {
            "id": 1i64, "code": "pack-premium", "title": "Pack premium",
            "description": description, "type": "monthly", "date_start": self.now - 300 * DAY,
        };
        self.batch.put(&PACKS, pack);
        let holds = cells! {"pack_id": 1i64, "position": 0i64, "product_id": 1i64};
        self.batch.put(&PACK_PRODUCTS, holds);
    }

    fn add_program_types(&mut self) {
        for (id, (code, singular, gender)) in (1i64..).zip(TYPES) {
            let plural = format!("{singular}s");
            let wording = cells! {
                "id": id, "code": code, "singular": singular, "plural": plural, "gender": gender,
            };
            self.batch.put(&PROGRAM_TYPES, wording);
        }
    }
}
