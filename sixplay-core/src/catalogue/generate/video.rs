//! One video: its clip, windows and files.

use super::{DAY, HOUR, Maker, PLATFORM_CODES, SECOND, cells, next, program::Parent, words};
use crate::catalogue::tables::{
    AREAS, ASSETS, CHAPTERS, CLIP_IMAGES, CLIPS, PRODUCTS, PUBLICATIONS, VIDEO_CLIPS, VIDEO_IMAGES,
    VIDEO_PACKS, VIDEO_PRODUCTS, VIDEO_SERVICES, VIDEO_SUB_CATEGORIES, VIDEOS,
};

const HOST: &str = "https://assets.sixplay.test";
const KRUX: &str =
    r#"{"_kpa_IPTVGenre":"divers|principal","_kpa_IPTVSousGenre":"series|divertissement"}"#;

/// Type, protocol, container, quality, and the end of the path.
type File = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);
const MP4: File = ("http_h264", "http", "mp4", "sd", "_sd.mp4");
const MP4_HQ: File = ("http_h264", "http", "mp4", "hq", "_hq.mp4");
const HLS: File = (
    "usp_hls_h264",
    "usp",
    "m3u8",
    "sd3-ism",
    "_unpnp.ism/Manifest.m3u8",
);
const DASH: File = (
    "usp_dashcenc_h264",
    "usp",
    "ism",
    "sd3-ism",
    "_drmnp.ism/Manifest.mpd",
);
// the television and Android clients know these two qualities only
const DASH_SD: File = (
    "usp_dashcenc_h264",
    "usp",
    "ism",
    "sd",
    "_sd_drmnp.ism/Manifest.mpd",
);
const DASH_HD: File = (
    "usp_dashcenc_h264",
    "usp",
    "ism",
    "hd",
    "_hd_drmnp.ism/Manifest.mpd",
);

/// A video under construction.
struct Draft<'a> {
    parent: &'a Parent,
    kind: &'static str,
    id: String,
    title: String,
    slug: String,
    description: String,
    duration: i64,
    published: i64,
    image: i64,
}

impl Maker {
    /// A video of one clip; returns the clip.
    pub(super) fn video(&mut self, parent: &Parent, kind: &'static str, place: i64) -> i64 {
        let clip = next(&mut self.counters.clip);
        let event = words::event(&mut self.random);
        let whole = kind == "vi";
        let title = if whole {
            format!("Épisode {} - {event}", place + 1)
        } else {
            format!("Extrait : {event}")
        };
        let sentences = if whole {
            self.random.between(4, 8)
        } else {
            self.random.between(1, 3)
        };
        let duration = if whole {
            self.random.between(1200, 5400)
        } else {
            self.random.between(60, 420)
        };
        let id = format!("clip_{clip}");
        let links = [
            (&VIDEO_IMAGES, id.as_str().into()),
            (&CLIP_IMAGES, clip.into()),
        ];
        let image = self.images(&links, &clip.to_string(), &["vignette", "storyboard"]);
        let (opens, closes) = self.time();
        let description = words::text(&mut self.random, sentences);
        let slug = words::slug(&title);
        let draft = Draft {
            parent,
            kind,
            id,
            title,
            slug,
            description,
            duration: duration as i64,
            published: opens,
            image,
        };
        self.clip(&draft, clip, place);
        self.row(&draft, &[clip]);
        let category = if whole {
            parent
                .seasons
                .get(place as usize / 5)
                .or(parent.seasons.last())
                .copied()
        } else {
            Some(parent.extras)
        };
        if let Some(category) = category {
            self.batch.put(&VIDEO_SUB_CATEGORIES, cells! {"video_id": draft.id.as_str(), "position": 0i64, "sub_category_id": category});
        }
        match parent.restless.filter(|_| whole && place == 0) {
            Some(turn) => self.restless(&draft, turn),
            None => self.windows(&draft, opens, closes),
        }
        clip
    }

    pub(super) fn playlist(&mut self, parent: &Parent, clips: &[i64]) {
        let id = format!("playlist_{}", next(&mut self.counters.playlist));
        let title = format!("Le meilleur de {}", parent.title);
        let image = self.images(
            &[(&VIDEO_IMAGES, id.as_str().into())],
            &id,
            &["vignette", "mea"],
        );
        let (opens, closes) = self.time();
        let (slug, description) = (words::slug(&title), words::text(&mut self.random, 3));
        let duration = 300 * clips.len() as i64;
        let draft = Draft {
            parent,
            kind: "playlist",
            id,
            title,
            slug,
            description,
            duration,
            published: opens,
            image,
        };
        self.row(&draft, clips);
        self.windows(&draft, opens, closes);
    }

    /// When a video opens and closes: mostly open now, 3 % over, 3 % to come.
    fn time(&mut self) -> (i64, Option<i64>) {
        let past = self.now - HOUR * self.random.between(1, 24 * 120) as i64;
        match self.random.between(0, 99) {
            0..3 => (
                past - 60 * DAY,
                Some(self.now - HOUR * self.random.between(1, 24 * 40) as i64),
            ),
            3..6 => (
                self.now + HOUR * self.random.between(1, 24 * 30) as i64,
                None,
            ),
            6..40 => (past, None),
            _ => (
                past,
                Some(self.now + HOUR * self.random.between(24, 24 * 365) as i64),
            ),
        }
    }

    fn windows(&mut self, draft: &Draft<'_>, opens: i64, closes: Option<i64>) {
        for platform in PLATFORM_CODES {
            self.batch.put(
                &PUBLICATIONS,
                cells! {"video_id": draft.id.as_str(), "platform": platform, "service": draft.parent.service, "opens_at": opens, "closes_at": closes},
            );
        }
    }

    /// Ninety seconds open, ninety closed, each video at its own time; for good after half an hour.
    fn restless(&mut self, draft: &Draft<'_>, turn: i64) {
        for round in 0..10 {
            let opens = self.now + (round * 180 + turn * 9 / 2 + 5) * SECOND;
            self.windows(draft, opens, Some(opens + 90 * SECOND));
        }
        self.windows(draft, self.now + 1900 * SECOND, None);
    }

    fn row(&mut self, draft: &Draft<'_>, clips: &[i64]) {
        let id = draft.id.as_str();
        self.counters.videos += 1;
        self.batch.put(
            &VIDEOS,
            cells! {
                "id": id, "program_id": draft.parent.id, "type": draft.kind, "code": draft.slug.as_str(), "title": draft.title.as_str(),
                "description": draft.description.as_str(), "duration": draft.duration, "publication_date": draft.published, "krux": KRUX,
                "display_image": draft.image, "service_display": draft.parent.service, "age_rating": draft.parent.rating,
                "enabled": i64::from(self.random.between(0, 199) != 0),
            },
        );
        for (place, clip) in (0i64..).zip(clips) {
            self.batch.put(
                &VIDEO_CLIPS,
                cells! {"video_id": id, "position": place, "clip_id": *clip},
            );
        }
        self.batch.put(
            &VIDEO_SERVICES,
            cells! {"video_id": id, "position": 0i64, "service": draft.parent.service},
        );
        if draft.kind == "vi" && self.random.percent(4) {
            self.batch.put(
                &VIDEO_PACKS,
                cells! {"video_id": id, "position": 0i64, "pack_id": 1i64},
            );
            self.batch.put(
                &VIDEO_PRODUCTS,
                cells! {"video_id": id, "position": 0i64, "product_id": 1i64},
            );
        }
    }

    fn clip(&mut self, draft: &Draft<'_>, clip: i64, place: i64) {
        let product = next(&mut self.counters.product);
        let (whole, parent) = (draft.kind == "vi", draft.parent);
        let season = whole.then_some(1 + place / 5);
        self.batch.put(
            &PRODUCTS,
            cells! {
                "id": product, "title": draft.title.as_str(), "summary": draft.description.as_str(), "prid": product.to_string(), "copyright": "",
                "year_copyright": "2018", "season": season, "episode": whole.then_some(1 + place), "last_diffusion": draft.published - HOUR,
            },
        );
        let freewheel = format!(
            r#"{{"customerId":"6cbf2","nw":510962,"prof":"510962:html5","csid":"{}_longform","caid":"clip_{clip}","afid":126332903}}"#,
            parent.service
        );
        self.batch.put(
            &CLIPS,
            cells! {
                "id": clip, "video_id": draft.id.as_str(), "code": draft.slug.as_str(), "type": draft.kind, "title": draft.title.as_str(),
                "description": draft.description.as_str(), "duration": draft.duration, "program_id": parent.id, "product_id": product,
                "age_rating": parent.rating, "advertising": 1i64, "exportable": 0i64, "freewheel": freewheel,
            },
        );
        self.batch.put(
            &AREAS,
            cells! {"clip_id": clip, "position": 0i64, "zone_id": "10", "countries": "[]"},
        );
        if whole {
            self.chapters(clip, draft.duration);
        }
        if !self.random.percent(3) {
            self.assets(draft, clip);
        }
    }

    fn chapters(&mut self, clip: i64, duration: i64) {
        let chapters = self.random.between(2, 4) as i64;
        for place in 0..chapters {
            let (id, title) = (
                next(&mut self.counters.chapter),
                words::event(&mut self.random).to_uppercase(),
            );
            let (start, end) = (
                (duration * place) as f64 / chapters as f64,
                (duration * (place + 1)) as f64 / chapters as f64,
            );
            self.batch.put(
                &CHAPTERS,
                cells! {
                    "id": id, "clip_id": clip, "position": place, "title": title, "chapter_type": "chapter", "tc_in": start, "tc_out": end,
                    "imported": 1i64,
                },
            );
        }
    }

    fn assets(&mut self, draft: &Draft<'_>, clip: i64) {
        let whole = draft.kind == "vi";
        let web: &[File] = if whole {
            &[HLS, DASH, MP4]
        } else {
            &[MP4, MP4_HQ]
        };
        let files: [(&str, &[File]); 4] = [
            ("m6group_web", web),
            ("m6group_androidmob", &[DASH_SD]),
            ("m6group_iphone", &[HLS]),
            ("chromecast", &[DASH_HD]),
        ];
        for (platform, files) in files {
            for (place, file) in (0i64..).zip(files) {
                self.asset(draft, clip, platform, place, *file);
            }
        }
    }

    fn asset(&mut self, draft: &Draft<'_>, clip: i64, platform: &str, place: i64, file: File) {
        let (kind, protocol, container, quality, end) = file;
        let (id, service, parent) = (
            next(&mut self.counters.asset),
            draft.parent.service,
            &draft.parent.slug,
        );
        let folder = match file.3 {
            _ if container == "mp4" => "mp4",
            _ if end.ends_with("m3u8") => "hls",
            _ => "dash",
        };
        let physical = format!("{folder}/{parent}/c{clip}{end}");
        let token = self.random.next();
        let full = if container == "mp4" {
            format!("{HOST}/{physical}")
        } else {
            format!("{HOST}/{physical}?expiration=4102444800&token={token:016x}")
        };
        let form = if draft.kind == "vi" {
            "longform"
        } else {
            "shortform"
        };
        let ooyala = format!(
            r#"{{"category":"replay/{parent}","content_form":"{form}","tags":"{service},{platform},catchup,{form},{parent},pack_25_49,pack_entertainment,clip_{clip}"}}"#
        );
        self.batch.put(
            &ASSETS,
            cells! {
                "clip_id": clip, "platform": platform, "position": place, "id": id, "type": kind, "protocol": protocol, "video_container": container,
                "video_quality": quality, "video_format": "16:9", "audio_quality": "2.0", "video_duration": draft.duration, "physical": physical,
                "full_physical_path": full, "service_code": service, "ooyala": ooyala, "estat": estat(draft, clip, id, platform),
            },
        );
    }
}

/// The statistics labels of a file.
fn estat(draft: &Draft<'_>, clip: i64, asset: i64, platform: &str) -> String {
    let (service, program, title) = (
        draft.parent.service,
        draft.parent.slug.replace('-', "_"),
        draft.slug.replace('-', "_"),
    );
    format!(
        r#"{{"diffusion":"replay","domaine":"www.sixplay.test|{platform}","gnr":"{}|catchup","flux":"{program}_c{clip}_vf","nv1":"{service}","nv2":"series_fictions","nv3":"{program}","nv4":"{title}","nv5":"{clip}|{asset}","nv6":"","nv7":"","nv8":"","nv9":"web","nv10":"","nv11":"unitaire","nv12":"j_7","nv13":"noon","nv14":"","nv15":"","nv16":"j_0","msDm":"TVOD","msCid":"{clip}","msCh":857}}"#,
        if draft.kind == "vi" {
            "integral"
        } else {
            "bonus"
        }
    )
}
