//! One program: its page, sub-categories, folders, videos and a playlist.

use super::{DAY, Maker, SERVICE_ROWS, cells, next, words};
use crate::catalogue::tables::{
    DIFFUSIONS, FOLDER_PROGRAMS, LINKS, PROGRAM_IMAGES, PROGRAM_SERVICES, PROGRAMS, SUB_CATEGORIES,
};

/// The real ids begin here.
const FIRST: i64 = 820;
const ROLES: [&str; 7] = [
    "vignette",
    "logo",
    "mea",
    "totem",
    "carousel",
    "background",
    "cover",
];
const RIGHTS: &str = r#"{"playlist_program":1,"playlist_used":1,"playlist_owner":0,"use_drm":1,"fingerprint":0,"recommendation":1,"vi_require_auth":0,"start_over":1,"non_linear_ads":0,"dynamic_ad_insertion":null,"pip":null,"extrait_vod":null}"#;
const DETAIL: &str = r#"{"live_feed":null,"sponsors_buttons":false,"related_links_style":"normal","related_links_position":"middle","instagram_link":null,"fan_page":null,"pinterest_link":null,"facebook_id":null,"twitter_hashtag":null,"podcast_google":null,"podcast_rss":null,"podcast_itunes":null,"advertising_share":"","trackings":[]}"#;

/// What the videos of a program share.
pub(super) struct Parent {
    pub id: i64,
    pub title: String,
    pub slug: String,
    pub service: &'static str,
    pub rating: i64,
    /// Sub-categories: the seasons, then the extras.
    pub seasons: Vec<i64>,
    pub extras: i64,
    /// Its first video opens and closes all the time.
    pub restless: Option<i64>,
}

impl Maker {
    pub(super) fn program(&mut self, place: usize) {
        let (service, _, channel, _, folders) = if place % 5 < 3 {
            SERVICE_ROWS[0]
        } else {
            SERVICE_ROWS[1]
        };
        let title = words::program(place);
        let rating = if self.random.percent(80) {
            1
        } else {
            self.random.pick(&[2, 2, 3, 3, 4])
        };
        let (id, slug) = (FIRST + place as i64, words::slug(&title));
        let restless = (place < 20).then_some(place as i64);
        let mut parent = Parent {
            id,
            title,
            slug,
            service,
            rating,
            seasons: Vec::new(),
            extras: 0,
            restless,
        };
        self.page(&parent);
        self.images(&[(&PROGRAM_IMAGES, id.into())], &parent.slug, &ROLES);
        self.batch.put(
            &PROGRAM_SERVICES,
            cells! {"program_id": id, "position": 0i64, "service": service},
        );
        self.sub_categories(&mut parent);
        for turn in 0..self.random.between(1, 2) {
            let (folder, _) = folders
                .get((place + turn as usize) % folders.len())
                .copied()
                .unwrap_or_default();
            self.batch.put(
                &FOLDER_PROGRAMS,
                cells! {"folder_id": folder, "program_id": id, "position": place as i64},
            );
        }
        let start = self.now + DAY * (1 + place as i64 % 6) + place as i64 * 60_000_000;
        self.batch.put(
            &DIFFUSIONS,
            cells! {"channel": channel, "start_date": start, "end_date": start + 3_000_000_000, "program_id": id, "title": parent.title.as_str()},
        );
        self.videos(&parent);
    }

    fn page(&mut self, parent: &Parent) {
        let (sentences, shorter) = (self.random.between(2, 4), self.random.between(1, 2));
        let (description, summary) = (
            words::text(&mut self.random, sentences),
            words::text(&mut self.random, shorter),
        );
        let year = self.random.between(2009, 2018).to_string();
        self.batch.put(
            &PROGRAMS,
            cells! {
                "id": parent.id, "code": parent.slug.as_str(), "title": parent.title.as_str(), "description": description,
                "year_copyright": year, "neustar": r#"{"category":"divertissement"}"#, "program_type": 1 + parent.id % 3,
                "service_display": parent.service, "age_rating": parent.rating, "summary": summary, "copyright": "Sixplay Studio", "sponsored": 0i64,
                "is_catchup": 1i64, "contains_freemium": 0i64, "advertising_pack": "pack_divertissement,pack_25_49",
                "functionality_right": RIGHTS, "enabled": i64::from(!self.random.percent(1)), "detail": DETAIL,
            },
        );
        if self.random.percent(20) {
            let url = format!("https://www.sixplay.test/{}-p_{}", parent.slug, parent.id);
            self.batch.put(
                &LINKS,
                cells! {"id": parent.id, "program_id": parent.id, "position": 0i64, "title": "Le site officiel", "url": url, "role": "officiel", "sort_index": 0i64},
            );
        }
    }

    fn sub_categories(&mut self, parent: &mut Parent) {
        let seasons = self.random.between(1, 3);
        for place in 0..=seasons {
            let id = next(&mut self.counters.sub_category);
            let title = if place < seasons {
                format!("Saison {}", place + 1)
            } else {
                "Bonus et extraits".to_owned()
            };
            self.batch.put(
                &SUB_CATEGORIES,
                cells! {
                    "id": id, "program_id": parent.id, "position": place as i64, "title": title, "sort_index": place as i64,
                    "visual_size": "S", "extend_display": 0i64,
                },
            );
            if place < seasons {
                parent.seasons.push(id);
            } else {
                parent.extras = id;
            }
        }
    }

    fn videos(&mut self, parent: &Parent) {
        let whole = self.random.between(6, 14);
        let extracts = self.random.between(4, 12);
        let mut clips = Vec::new();
        for episode in 0..whole {
            clips.push(self.video(parent, "vi", episode as i64));
        }
        for extract in 0..extracts {
            clips.push(self.video(parent, "vc", extract as i64));
        }
        if parent.id % 2 == 0 {
            let chosen = self.random.between(3, 6) as usize;
            self.playlist(parent, clips.get(..chosen).unwrap_or(&clips));
        }
    }
}
