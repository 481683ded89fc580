//! Makes a catalogue of any size with the shapes of a real one: invented, and the same for the same
//! seed.

mod program;
mod random;
mod video;
mod words;

use jiff::Timestamp;
use sea_query::Value;

use self::random::Random;
use super::{
    bulk::Batch,
    tables::{
        AGE_RATINGS, CHANNELS, CUSTOMERS, FOLDERS, FREEMIUM_PRODUCTS, PACK_PRODUCTS, PACKS,
        PLATFORMS, PROGRAM_TYPES, SERVICE_CHANNELS, SERVICE_PLATFORMS, SERVICE_ROOTS, SERVICES,
    },
};
use crate::{
    Error, Result,
    progress::Progress,
    store::{Store, Transaction},
};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

const ROOT: &str = "6play";
const PLATFORM_CODES: [&str; 4] = [
    "m6group_web",
    "m6group_androidmob",
    "m6group_iphone",
    "chromecast",
];
/// Code, id, channel code, public name, folders.
type ServiceRow = (
    &'static str,
    i64,
    &'static str,
    &'static str,
    &'static [(i64, &'static str)],
);
const SERVICE_ROWS: [ServiceRow; 2] = [
    (
        "m6replay",
        1,
        "M6",
        "m6",
        &[
            (10, "Séries"),
            (8, "Divertissement"),
            (58, "Info et magazines"),
            (12, "Cuisine"),
            (907, "Documentaires"),
        ],
    ),
    (
        "w9replay",
        2,
        "W9",
        "w9",
        &[
            (232, "Séries"),
            (70, "Musique"),
            (52, "Téléréalité"),
            (2996, "Cinéma"),
        ],
    ),
];
const RATINGS: [(i64, &str, i64, i64); 6] = [
    (1, "Tous publics", 0, 0),
    (2, "-10", 10, 10),
    (3, "-12", 12, 12),
    (4, "-16", 16, 16),
    (5, "-18", 18, 18),
    (6, "Classé X", 22, 18),
];
/// Rows are written whenever so many wait.
const WAITING: usize = 8000;

/// The columns and values of a row.
macro_rules! cells {
    ($($column:literal: $value:expr),* $(,)?) => { vec![$(($column, sea_query::Value::from($value))),*] };
}
use cells;

/// What to generate.
#[derive(Clone, Debug)]
pub struct GenerateOptions {
    /// How many programs; each has about 18 videos.
    pub programs: usize,
    /// Equal seeds and instants give equal catalogues.
    pub seed: u64,
    /// The instant around which windows lie.
    pub now: Timestamp,
}

impl Default for GenerateOptions {
    /// 300 programs, seed 6, now.
    fn default() -> Self {
        Self {
            programs: 300,
            seed: 6,
            now: Timestamp::now(),
        }
    }
}

/// How much was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Programs.
    pub programs: u64,
    /// Videos of all types.
    pub videos: u64,
}

/// Fills an empty store that has been through [`migrate`](super::migrate()), in one transaction.
///
/// Most windows are open at `now`; about 3 % of the videos have expired and as many are to come;
/// the first video of each of the first twenty programs opens and closes all the time for half an
/// hour, so that something is seen to happen. `progress` counts programs.
///
/// # Errors
/// `Conflict` when there are programs, videos or services already; `Unavailable`, `Timeout`.
pub async fn generate(
    store: &Store,
    options: &GenerateOptions,
    progress: &Progress,
) -> Result<Generated> {
    if !super::is_empty(store).await? {
        return Err(Error::conflict(
            "catalogue.generate",
            "the store has a catalogue already; generate into an empty one",
        ));
    }
    let mut tx = store.begin().await?;
    let now = options.now.as_second() * SECOND;
    let mut maker = Maker {
        batch: Batch::default(),
        random: Random::new(options.seed),
        now,
        counters: Counters::default(),
    };
    maker.fixed();
    progress.set_total(options.programs as u64);
    for place in 0..options.programs {
        maker.program(place);
        maker.write(&mut tx, WAITING).await?;
        progress.add(1);
    }
    maker.write(&mut tx, 0).await?;
    tx.commit().await?;
    Ok(Generated {
        programs: options.programs as u64,
        videos: maker.counters.videos,
    })
}

struct Maker {
    batch: Batch,
    random: Random,
    now: i64,
    counters: Counters,
}

/// The last id of each sequence; they begin where the real ones are.
struct Counters {
    videos: u64,
    clip: i64,
    playlist: i64,
    product: i64,
    image: i64,
    asset: i64,
    chapter: i64,
    sub_category: i64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            videos: 0,
            clip: 11_340_000,
            playlist: 2_000,
            product: 48_000,
            image: 1_000_000,
            asset: 10_000_000,
            chapter: 700_000,
            sub_category: 5_284,
        }
    }
}

/// The next id of a sequence.
fn next(counter: &mut i64) -> i64 {
    *counter += 1;
    *counter
}

impl Maker {
    async fn write(&mut self, tx: &mut Transaction, above: usize) -> Result<()> {
        if self.batch.len() > above {
            self.batch.flush(tx).await
        } else {
            Ok(())
        }
    }

    /// What there is once: services, channels, folders, ratings, packs.
    fn fixed(&mut self) {
        self.batch
            .put(&CUSTOMERS, cells! {"code": "m6web", "name": "6play"});
        for code in PLATFORM_CODES {
            self.batch
                .put(&PLATFORMS, cells! {"code": code, "name": code});
        }
        self.service(ROOT, 45, ROOT, "generic", 0);
        for (priority, (code, id, channel, url, folders)) in (1..).zip(SERVICE_ROWS) {
            self.service(code, id, url, "broadcast", priority);
            self.batch
                .put(&SERVICE_ROOTS, cells! {"service": code, "root": ROOT});
            let identifier = (999 + id).to_string();
            self.batch.put(&CHANNELS, cells! {"code": channel, "id": id, "code_url": url, "title": channel, "code_civolution": identifier});
            self.batch.put(
                &SERVICE_CHANNELS,
                cells! {"service": code, "position": 0i64, "channel": channel, "main": 1i64},
            );
            for (place, (id, name)) in (0i64..).zip(folders) {
                let slug = words::slug(name);
                self.batch.put(&FOLDERS, cells! {"id": *id, "service": code, "name": *name, "code": slug, "sort_index": place});
            }
        }
        for (id, label, sort_index, age) in RATINGS {
            let code = id.to_string();
            self.batch.put(&AGE_RATINGS, cells! {"id": id, "code": code, "label": label, "sort_index": sort_index, "age": age});
        }
        self.offers();
    }

    fn service(&mut self, code: &str, id: i64, url: &str, template: &str, priority: i64) {
        let flags = i64::from(template == "broadcast");
        let extra = r#"{"url":"","url_promo":"","code_partner":"","facebook_id":"","twitter_hashtag":"","intersticiel_playlist":"","service_display_id":null,"loop_video_id":null}"#;
        self.batch.put(
            &SERVICES,
            cells! {
                "code": code, "id": id, "customer": "m6web", "title": url.to_uppercase(), "code_url": url, "template": template,
                "priority": priority, "has_replay": 1i64, "has_mea": 1i64, "has_live": flags, "has_lifefeed": 0i64, "has_emc": flags,
                "has_category": 1i64, "extra": extra,
            },
        );
        for platform in PLATFORM_CODES {
            self.batch.put(
                &SERVICE_PLATFORMS,
                cells! {"service": code, "platform": platform},
            );
        }
    }

    fn offers(&mut self) {
        let description = "Les programmes en avant-première et sans publicité.";
        self.batch.put(
            &FREEMIUM_PRODUCTS,
            cells! {"id": 1i64, "code": "acces-premium", "title": "Accès premium", "description": description, "type": "content"},
        );
        self.batch.put(
            &PACKS,
            cells! {
                "id": 1i64, "code": "pack-premium", "title": "Pack premium", "description": description, "type": "monthly",
                "date_start": self.now - 300 * DAY,
            },
        );
        self.batch.put(
            &PACK_PRODUCTS,
            cells! {"pack_id": 1i64, "position": 0i64, "product_id": 1i64},
        );
        let types = [
            ("episode", "épisode", "masculine"),
            ("emission", "émission", "feminine"),
            ("documentaire", "documentaire", "masculine"),
        ];
        for (id, (code, singular, gender)) in (1i64..).zip(types) {
            let plural = format!("{singular}s");
            self.batch.put(&PROGRAM_TYPES, cells! {"id": id, "code": code, "singular": singular, "plural": plural, "gender": gender});
        }
    }

    /// Pictures of an owner, one a role.
    fn images(
        &mut self,
        links: &[(&'static super::schema::Table, Value)],
        name: &str,
        roles: &[&str],
    ) -> i64 {
        let mut first = 0;
        for (place, role) in (0i64..).zip(roles) {
            let id = next(&mut self.counters.image);
            first = if place == 0 { id } else { first };
            let (key, title) = ((id + 274_000).to_string(), format!("{role} - {name}.jpg"));
            self.batch
                .put(&super::tables::IMAGES, cells! {"id": id, "role": *role, "external_key": key, "sort_index": place, "title": title});
            for (link, owner) in links {
                let column = link.key().first().map_or("id", |key| key.name);
                self.batch.put(
                    link,
                    vec![
                        (column, owner.clone()),
                        ("position", place.into()),
                        ("image_id", id.into()),
                    ],
                );
            }
        }
        first
    }
}
