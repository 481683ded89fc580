//! One video: its row, lists and windows.

use super::{
    DAY, Generator, HOUR, SECOND, cells,
    frame::{PLATFORM_CODES, VideoType},
    next_id,
    program::{EPISODES_A_SEASON, ProgramDraft},
    words,
};
use crate::schema::tables::{
    CLIP_IMAGES, PUBLICATIONS, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_PACKS, VIDEO_PRODUCTS,
    VIDEO_SERVICES, VIDEO_SUB_CATEGORIES, VIDEOS,
};

const KRUX: &str =
    r#"{"_kpa_IPTVGenre":"divers|principal","_kpa_IPTVSousGenre":"series|divertissement"}"#;

/// Ten windows of so many seconds, as long apart.
const RESTLESS: i64 = 90;

/// A clip as a playlist takes it.
#[derive(Clone, Copy)]
pub(super) struct ListedClip {
    id: i64,
    /// Seconds.
    duration: i64,
}

/// A video under construction.
pub(super) struct VideoDraft<'a> {
    pub program: &'a ProgramDraft,
    pub of_type: VideoType,
    pub id: String,
    pub title: String,
    pub slug: String,
    pub description: String,
    /// Seconds.
    pub duration: i64,
    pub image: i64,
    pub opens: i64,
    pub closes: Option<i64>,
}

impl Generator {
    /// Adds the episode or extract at `place` among its like, with its one clip.
    pub(super) fn add_video(
        &mut self,
        program: &ProgramDraft,
        of_type: VideoType,
        place: i64,
    ) -> ListedClip {
        let clip = next_id(&mut self.last.clip);
        let draft = self.draft_video(program, of_type, place, clip);
        self.add_clip(&draft, clip, place);
        let listed = ListedClip {
            id: clip,
            duration: draft.duration,
        };
        self.add_video_row(&draft, &[listed]);
        let is_episode = of_type == VideoType::Episode;
        let category = if is_episode {
            let season = program
                .seasons
                .get(place as usize / EPISODES_A_SEASON as usize);
            season.or(program.seasons.last()).copied()
        } else {
            Some(program.extras)
        };
        self.list_in_category(&draft, category.unwrap_or(program.extras));
        match program.restless.filter(|_| is_episode && place == 0) {
            Some(turn) => self.add_restless_windows(&draft, turn),
            None => self.add_windows(&draft, draft.opens, draft.closes),
        }
        listed
    }

    fn list_in_category(&mut self, draft: &VideoDraft<'_>, category: i64) {
        let listed = cells! {
            "video_id": draft.id.as_str(), "position": 0i64, "sub_category_id": category,
        };
        self.batch.put(&VIDEO_SUB_CATEGORIES, listed);
    }

    /// Draws what an episode or extract is about, and when it may be seen.
    fn draft_video<'a>(
        &mut self,
        program: &'a ProgramDraft,
        of_type: VideoType,
        place: i64,
        clip: i64,
    ) -> VideoDraft<'a> {
        let event = words::event(&mut self.random);
        let (title, sentences, seconds) = if of_type == VideoType::Episode {
            let title = format!("Épisode {} - {event}", place + 1);
            (title, (4, 8), (1200, 5400))
        } else {
            (format!("Extrait : {event}"), (1, 3), (60, 420))
        };
        let sentences = self.random.between(sentences.0, sentences.1);
        let duration = self.random.between(seconds.0, seconds.1) as i64;
        let id = format!("clip_{clip}");
        let owners = [
            (&VIDEO_IMAGES, id.as_str().into()),
            (&CLIP_IMAGES, clip.into()),
        ];
        let vignettes = self.random.between(1, 5) as usize;
        let mut roles = vec!["vignette"; vignettes];
        roles.push("storyboard");
        let image = self.add_images(&owners, &clip.to_string(), &roles);
        let (opens, closes) = self.draw_window();
        VideoDraft {
            program,
            of_type,
            id,
            slug: words::slug(&title),
            title,
            description: words::text(&mut self.random, sentences),
            duration,
            image,
            opens,
            closes,
        }
    }

    /// Adds a playlist of a program's clips.
    pub(super) fn add_playlist(&mut self, program: &ProgramDraft, clips: &[ListedClip]) {
        let id = format!("playlist_{}", next_id(&mut self.last.playlist));
        let title = format!("Le meilleur de {}", program.title);
        let owner = [(&VIDEO_IMAGES, id.as_str().into())];
        let image = self.add_images(&owner, &id, &["vignette", "mea"]);
        let (opens, closes) = self.draw_window();
        let draft = VideoDraft {
            program,
            of_type: VideoType::Playlist,
            id,
            slug: words::slug(&title),
            title,
            // every other one says nothing, as real ones
            description: words::text(&mut self.random, 3 * (self.last.playlist as u64 % 2)),
            duration: clips.iter().map(|clip| clip.duration).sum(),
            image,
            opens,
            closes,
        };
        self.add_video_row(&draft, clips);
        self.list_in_category(&draft, program.extras);
        self.add_windows(&draft, opens, closes);
    }

    /// When a video opens and closes: mostly open now, 3 % over, 3 % to come.
    fn draw_window(&mut self) -> (i64, Option<i64>) {
        let past = self.minute() - self.draw_hours(1, 24 * 120);
        match self.random.between(0, 99) {
            0..3 => (
                past - 60 * DAY,
                Some(self.minute() - self.draw_hours(1, 24 * 40)),
            ),
            3..6 => (self.minute() + self.draw_hours(1, 24 * 30), None),
            6..40 => (past, None),
            _ => (past, Some(self.minute() + self.draw_hours(24, 24 * 365))),
        }
    }

    fn draw_hours(&mut self, least: u64, most: u64) -> i64 {
        HOUR * self.random.between(least, most) as i64
    }

    /// Adds a window on every platform.
    fn add_windows(&mut self, draft: &VideoDraft<'_>, opens: i64, closes: Option<i64>) {
        for platform in PLATFORM_CODES {
            let window = cells! {
                "video_id": draft.id.as_str(), "platform": platform,
                "service": draft.program.service, "opens_at": opens, "closes_at": closes,
            };
            self.batch.put(&PUBLICATIONS, window);
        }
    }

    /// Opens and closes by turns, each video at its own time; open for good after half an hour.
    fn add_restless_windows(&mut self, draft: &VideoDraft<'_>, turn: i64) {
        for round in 0..10 {
            let opens = self.now + (round * 2 * RESTLESS + turn * 9 / 2 + 5) * SECOND;
            self.add_windows(draft, opens, Some(opens + RESTLESS * SECOND));
        }
        self.add_windows(draft, self.now + 1900 * SECOND, None);
    }

    /// Adds the video and what hangs on it but its windows.
    fn add_video_row(&mut self, draft: &VideoDraft<'_>, clips: &[ListedClip]) {
        let (id, program) = (draft.id.as_str(), draft.program);
        self.videos += 1;
        let row = cells! {
            "id": id, "program_id": program.id, "type": draft.of_type.code(),
            "code": draft.slug.as_str(), "title": draft.title.as_str(),
            "description": draft.description.as_str(), "duration": draft.duration,
            "publication_date": draft.opens, "krux": KRUX, "display_image": draft.image,
            "service_display": program.service, "age_rating": program.rating,
            "enabled": i64::from(self.random.between(0, 199) != 0),
        };
        self.batch.put(&VIDEOS, row);
        self.list_video(draft, clips);
        if draft.of_type == VideoType::Episode && self.random.percent(4) {
            self.add_to_pack(id);
        }
    }

    /// Puts clips into the video, and the video under its service.
    fn list_video(&mut self, draft: &VideoDraft<'_>, clips: &[ListedClip]) {
        let (id, service) = (draft.id.as_str(), draft.program.service);
        for (place, clip) in (0i64..).zip(clips) {
            let listed = cells! {"video_id": id, "position": place, "clip_id": clip.id};
            self.batch.put(&VIDEO_CLIPS, listed);
        }
        let listed = cells! {"video_id": id, "position": 0i64, "service": service};
        self.batch.put(&VIDEO_SERVICES, listed);
    }

    /// Sells the video in the pack that there is.
    fn add_to_pack(&mut self, id: &str) {
        let pack = cells! {"video_id": id, "position": 0i64, "pack_id": 1i64};
        self.batch.put(&VIDEO_PACKS, pack);
        let product = cells! {"video_id": id, "position": 0i64, "product_id": 1i64};
        self.batch.put(&VIDEO_PRODUCTS, product);
    }
}
