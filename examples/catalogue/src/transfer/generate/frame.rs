//! What there is once: services, channels, folders, age ratings, packs.

use super::{DAY, Generator, cells, words};
use crate::schema::tables::{
    AGE_RATINGS, CHANNELS, CUSTOMERS, FOLDERS, FREEMIUM_PRODUCTS, PACK_PRODUCTS, PACKS, PLATFORMS,
    PROGRAM_TYPES, SERVICE_CHANNELS, SERVICE_IMAGES, SERVICE_PLATFORMS, SERVICE_ROOTS, SERVICES,
};

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

/// A customer and the root that lists its services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CustomerFrame {
    code: &'static str,
    root: &'static str,
    id: i64,
}

const FRANCE: CustomerFrame = CustomerFrame {
    code: "m6web",
    root: "6play",
    id: 45,
};
const BELGIUM: CustomerFrame = CustomerFrame {
    code: "rtlbe",
    root: "rtlbe_rtl_play",
    id: 200,
};
const HUNGARY: CustomerFrame = CustomerFrame {
    code: "rtlhu",
    root: "rtlhu_rtl_most",
    id: 300,
};
const CUSTOMERS_OF_ALL: [CustomerFrame; 3] = [FRANCE, BELGIUM, HUNGARY];

/// A service with a channel.
#[derive(Clone, Copy)]
pub(super) struct ServiceFrame {
    pub code: &'static str,
    id: i64,
    customer: CustomerFrame,
    pub channel: &'static str,
    /// As it stands in addresses.
    url: &'static str,
    /// Ids and names, no name twice under one root.
    pub folders: &'static [(i64, &'static str)],
}

impl ServiceFrame {
    const fn new(
        customer: CustomerFrame,
        (code, id): (&'static str, i64),
        (channel, url): (&'static str, &'static str),
        folders: &'static [(i64, &'static str)],
    ) -> Self {
        Self {
            code,
            id,
            customer,
            channel,
            url,
            folders,
        }
    }
}

const M6_FOLDERS: &[(i64, &str)] = &[
    (10, "Séries"),
    (8, "Divertissement"),
    (58, "Info et magazines"),
    (12, "Cuisine"),
    (907, "Documentaires"),
];
const W9_FOLDERS: &[(i64, &str)] = &[
    (232, "Fictions"),
    (70, "Musique"),
    (52, "Téléréalité"),
    (2996, "Cinéma"),
];
pub(super) const SERVICES_OF_ALL: [ServiceFrame; 9] = [
    ServiceFrame::new(FRANCE, ("m6replay", 1), ("M6", "m6"), M6_FOLDERS),
    ServiceFrame::new(FRANCE, ("w9replay", 2), ("W9", "w9"), W9_FOLDERS),
    ServiceFrame::new(
        FRANCE,
        ("6terreplay", 31),
        ("6T", "6ter"),
        &[(301, "En famille")],
    ),
    ServiceFrame::new(
        FRANCE,
        ("parispremierereplay", 3),
        ("PP", "pp"),
        &[(302, "Spectacles")],
    ),
    ServiceFrame::new(
        FRANCE,
        ("tevareplay", 4),
        ("TE", "teva"),
        &[(303, "Art de vivre")],
    ),
    ServiceFrame::new(
        BELGIUM,
        ("rtlbe_rtl_tvi", 201),
        ("rtlbe_rtl_tvi", "rtl-tvi"),
        &[(401, "Séries"), (402, "Magazines")],
    ),
    ServiceFrame::new(
        BELGIUM,
        ("rtlbe_club_rtl", 202),
        ("rtlbe_club_rtl", "club-rtl"),
        &[(403, "Sport")],
    ),
    ServiceFrame::new(
        HUNGARY,
        ("rtlhu_rtl_klub", 301),
        ("rtlhu_rtl_klub", "rtl-klub"),
        &[(501, "Sorozatok")],
    ),
    ServiceFrame::new(
        HUNGARY,
        ("rtlhu_cool", 302),
        ("rtlhu_cool", "cool"),
        &[(502, "Filmek")],
    ),
];

/// Of every twenty programs, whose they are: places in the list of services.
const TURNS: [usize; 20] = [0, 0, 1, 0, 1, 2, 5, 3, 7, 0, 1, 4, 6, 0, 8, 0, 1, 2, 5, 0];

/// The service of the program at `place`.
pub(super) fn service_at(place: usize) -> ServiceFrame {
    let turn = TURNS.get(place % TURNS.len()).copied().unwrap_or_default();
    let service = SERVICES_OF_ALL.get(turn).or(SERVICES_OF_ALL.first());
    service
        .copied()
        .unwrap_or_else(|| ServiceFrame::new(FRANCE, ("", 0), ("", ""), &[]))
}

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
        for code in PLATFORM_CODES {
            let platform = cells! {"code": code, "name": code};
            self.batch.put(&PLATFORMS, platform);
        }
        for customer in CUSTOMERS_OF_ALL {
            let row = cells! {"code": customer.code, "name": customer.root};
            self.batch.put(&CUSTOMERS, row);
            let root = ServiceFrame::new(
                customer,
                (customer.root, customer.id),
                ("", customer.root),
                &[],
            );
            self.add_service(root, "generic", 0);
        }
        for (priority, service) in (1..).zip(SERVICES_OF_ALL) {
            self.add_service(service, "broadcast", priority);
            self.add_channel(service);
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
    fn add_service(&mut self, service: ServiceFrame, template: &str, priority: i64) {
        let (code, url) = (service.code, service.url);
        let broadcast = i64::from(template == "broadcast");
        let row = cells! {
            "code": code, "id": service.id, "customer": service.customer.code,
            "title": url.to_uppercase(), "code_url": url, "template": template,
            "priority": priority, "has_replay": 1i64, "has_mea": 1i64, "has_live": broadcast,
            "has_lifefeed": 0i64, "has_emc": broadcast, "has_category": 1i64,
            "extra": SERVICE_EXTRA,
        };
        self.batch.put(&SERVICES, row);
        self.add_images(
            &[(&SERVICE_IMAGES, code.into())],
            code,
            &["logo", "background"],
        );
        for platform in PLATFORM_CODES {
            let offered = cells! {"service": code, "platform": platform};
            self.batch.put(&SERVICE_PLATFORMS, offered);
        }
    }

    /// Adds a service's channel, and lists the service under the root.
    fn add_channel(&mut self, service: ServiceFrame) {
        let (code, url) = (service.channel, service.url);
        let root = cells! {"service": service.code, "root": service.customer.root};
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

    /// Adds the folder of a service at `place`.
    pub(super) fn add_folder(&mut self, service: ServiceFrame, place: usize) -> i64 {
        let (id, name) = service.folders.get(place).copied().unwrap_or_default();
        let folder = cells! {
            "id": id, "service": service.code, "name": name, "code": words::slug(name),
            "sort_index": place as i64,
        };
        self.batch.put(&FOLDERS, folder);
        id
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
            "description": description, "type": "monthly", "date_start": self.minute() - 300 * DAY,
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
