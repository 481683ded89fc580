//! One program: its page, sub-categories, folders, videos and a playlist.

use super::{
    DAY, Generator, MINUTE, cells,
    frame::{ServiceFrame, VideoType, service_at},
    next_id, words,
};
use crate::{
    paris::format_date,
    schema::tables::{
        DIFFUSIONS, FOLDER_PROGRAMS, LINKS, PROGRAM_IMAGES, PROGRAM_SERVICES, PROGRAMS,
        SUB_CATEGORIES,
    },
};

/// The real ids begin here.
const FIRST: i64 = 820;
/// How many episodes a season has.
pub(super) const EPISODES_A_SEASON: u64 = 5;
/// The first video of so many programs opens and closes all the time.
const RESTLESS: usize = 20;
const ROLES: [&str; 7] = [
    "vignette",
    "logo",
    "mea",
    "totem",
    "carousel",
    "background",
    "cover",
];
const RIGHTS: &str = concat!(
    r#"{"playlist_program":1,"playlist_used":1,"playlist_owner":0,"use_drm":1,"fingerprint":0,"#,
    r#""recommendation":1,"vi_require_auth":0,"start_over":1,"non_linear_ads":0,"#,
    r#""dynamic_ad_insertion":null,"pip":null,"extrait_vod":null}"#
);
const DETAIL: &str = concat!(
    r#"{"live_feed":null,"sponsors_buttons":false,"related_links_style":"normal","#,
    r#""related_links_position":"middle","instagram_link":null,"fan_page":null,"#,
    r#""pinterest_link":null,"facebook_id":null,"twitter_hashtag":null,"podcast_google":null,"#,
    r#""podcast_rss":null,"podcast_itunes":null,"advertising_share":"","trackings":[],"#
);

/// What the videos of a program share.
pub(super) struct ProgramDraft {
    pub id: i64,
    pub title: String,
    pub slug: String,
    pub service: &'static str,
    pub rating: i64,
    /// The sub-categories of its seasons.
    pub seasons: Vec<i64>,
    /// The sub-category of what is no episode.
    pub extras: i64,
    /// Its first video opens and closes all the time, in this turn.
    pub restless: Option<i64>,
    episodes: i64,
    enabled: bool,
}

impl Generator {
    /// Adds the program at `place`, with everything that belongs to it.
    pub(super) fn add_program(&mut self, place: usize) {
        let service = service_at(place);
        let title = words::program_title(place);
        let rating = if self.random.percent(80) {
            1
        } else {
            self.random.pick(&[2, 2, 3, 3, 4])
        };
        let mut program = ProgramDraft {
            id: FIRST + place as i64,
            slug: words::slug(&title),
            title,
            service: service.code,
            rating,
            seasons: Vec::new(),
            extras: 0,
            restless: (place < RESTLESS).then_some(place as i64),
            episodes: self.random.between(6, 14) as i64,
            enabled: !self.random.percent(1),
        };
        self.add_page(&program);
        let owner = [(&PROGRAM_IMAGES, program.id.into())];
        self.add_images(&owner, &program.slug, &ROLES);
        self.add_sub_categories(&mut program);
        self.list_program(&program, service, place);
        self.add_videos(&program);
    }

    /// Adds what the program's page says.
    fn add_page(&mut self, program: &ProgramDraft) {
        let (sentences, shorter) = (self.random.between(2, 4), self.random.between(1, 2));
        let description = words::text(&mut self.random, sentences);
        let summary = words::text(&mut self.random, shorter);
        let year = self.random.between(2009, 2018).to_string();
        let detail = self.detail();
        let page = cells! {
            "id": program.id, "code": program.slug.as_str(), "title": program.title.as_str(),
            "description": description, "year_copyright": year,
            "neustar": r#"{"category":"divertissement"}"#, "program_type": 1 + program.id % 3,
            "service_display": program.service, "age_rating": program.rating,
            "summary": summary, "copyright": "Sixplay Studio", "sponsored": 0i64,
            "is_catchup": 1i64, "contains_freemium": 0i64,
            "advertising_pack": "pack_divertissement,pack_25_49", "functionality_right": RIGHTS,
            "enabled": i64::from(program.enabled), "detail": detail,
        };
        self.batch.put(&PROGRAMS, page);
        if self.random.percent(20) {
            self.add_link(program);
        }
    }

    /// What the page says beyond its columns: when clips were and will be published among it.
    fn detail(&self) -> String {
        let date = |days| format_date(self.minute() + days * DAY).unwrap_or_default();
        let (begin, now, end) = (date(-120), date(0), date(365));
        format!(
            "{DETAIL}\"last_clip_publication\":{{\"date\":\"{now}\"}},\
             \"publication_date_vi\":{{\"date_start_min\":\"{begin}\",\
             \"date_start_max\":\"{now}\",\"date_end_max\":\"{end}\"}},\
             \"publication_date_vc\":null}}"
        )
    }

    /// Adds the link to a site of the program's own.
    fn add_link(&mut self, program: &ProgramDraft) {
        let url = format!("https://www.sixplay.test/{}-p_{}", program.slug, program.id);
        let link = cells! {
            "id": program.id, "program_id": program.id, "position": 0i64,
            "title": "Le site officiel", "url": url, "role": "officiel", "sort_index": 0i64,
        };
        self.batch.put(&LINKS, link);
    }

    /// Adds a sub-category for each season and one for the rest, and notes them in the draft.
    fn add_sub_categories(&mut self, program: &mut ProgramDraft) {
        let seasons = (program.episodes as u64).div_ceil(EPISODES_A_SEASON);
        for place in 0..=seasons {
            let id = next_id(&mut self.last.sub_category);
            let title = if place < seasons {
                program.seasons.push(id);
                format!("Saison {}", place + 1)
            } else {
                program.extras = id;
                "Bonus et extraits".to_owned()
            };
            let sub_category = cells! {
                "id": id, "program_id": program.id, "position": place as i64, "title": title,
                "sort_index": place as i64, "visual_size": "S", "extend_display": 0i64,
            };
            self.batch.put(&SUB_CATEGORIES, sub_category);
        }
    }

    /// Puts the program under its service, into folders, and on the air.
    fn list_program(&mut self, program: &ProgramDraft, service: ServiceFrame, place: usize) {
        let listed = cells! {
            "program_id": program.id, "position": 0i64, "service": service.code,
        };
        self.batch.put(&PROGRAM_SERVICES, listed);
        if program.enabled {
            self.list_in_folders(program, service);
        }
        let place = place as i64;
        let start = self.minute() + DAY * (1 + place % 6) + place * MINUTE;
        let broadcast = cells! {
            "channel": service.channel, "start_date": start, "end_date": start + 50 * MINUTE,
            "program_id": program.id, "title": program.title.as_str(),
        };
        self.batch.put(&DIFFUSIONS, broadcast);
    }

    /// Puts the program into one or two folders, each in turn, so that none is empty.
    fn list_in_folders(&mut self, program: &ProgramDraft, service: ServiceFrame) {
        let count = self.random.between(1, 2) as usize;
        let listed = self.folders.entry(service.code).or_default();
        let first = *listed;
        *listed += 1;
        for turn in 0..count.min(service.folders.len()) {
            let folder = self.add_folder(service, (first + turn) % service.folders.len());
            let listed = cells! {
                "folder_id": folder, "program_id": program.id, "position": first as i64,
            };
            self.batch.put(&FOLDER_PROGRAMS, listed);
        }
    }

    /// Adds episodes, extracts, and for every other program a playlist of the first extracts.
    fn add_videos(&mut self, program: &ProgramDraft) {
        let extracts = self.random.between(4, 12);
        for place in 0..program.episodes {
            self.add_video(program, VideoType::Episode, place);
        }
        let mut clips = Vec::new();
        for place in 0..extracts {
            clips.push(self.add_video(program, VideoType::Extract, place as i64));
        }
        if program.id % 2 == 0 {
            let chosen = self.random.between(3, 6) as usize;
            self.add_playlist(program, clips.get(..chosen).unwrap_or(&clips));
        }
    }
}
