//! One clip: its product, chapters and files.

use super::{
    Generator, HOUR, cells, frame::VideoType, next_id, program::EPISODES_A_SEASON,
    video::VideoDraft, words,
};
use crate::schema::tables::{AREAS, ASSETS, CHAPTERS, CLIPS, PRODUCTS};

const HOST: &str = "https://assets.sixplay.test";

/// What a file is, and how its path ends.
#[derive(Clone, Copy)]
struct FileForm {
    of_type: &'static str,
    protocol: &'static str,
    container: &'static str,
    quality: &'static str,
    folder: &'static str,
    end: &'static str,
}

const MP4: FileForm = FileForm {
    of_type: "http_h264",
    protocol: "http",
    container: "mp4",
    quality: "sd",
    folder: "mp4",
    end: "_sd.mp4",
};
const MP4_HQ: FileForm = FileForm {
    quality: "hq",
    end: "_hq.mp4",
    ..MP4
};
const MP4_HD: FileForm = FileForm {
    quality: "hd",
    end: "_hd.mp4",
    ..MP4
};
const SUBTITLES: FileForm = FileForm {
    of_type: "http_subtitle_vtt_sm",
    protocol: "http_subtitle",
    container: "vtt",
    quality: "vtt",
    folder: "subtitles",
    end: "_sm.vtt",
};
const HLS: FileForm = FileForm {
    of_type: "usp_hls_h264",
    protocol: "usp",
    container: "m3u8",
    quality: "sd3-ism",
    folder: "hls",
    end: "_unpnp.ism/Manifest.m3u8",
};
const HLS_WIDEVINE: FileForm = FileForm {
    of_type: "usp_wvhls_h264",
    container: "ism",
    quality: "sd1-ism",
    ..HLS
};
const DASH: FileForm = FileForm {
    of_type: "usp_dashcenc_h264",
    protocol: "usp",
    container: "ism",
    quality: "sd3-ism",
    folder: "dash",
    end: "_drmnp.ism/Manifest.mpd",
};
// the television and Android clients know these two qualities only
const DASH_SD: FileForm = FileForm {
    quality: "sd",
    end: "_sd_drmnp.ism/Manifest.mpd",
    ..DASH
};
const DASH_HD: FileForm = FileForm {
    quality: "hd",
    end: "_hd_drmnp.ism/Manifest.mpd",
    ..DASH
};

impl Generator {
    /// Adds the clip of an episode or extract, the one at `place` among its like; one in thirty has
    /// no file.
    pub(super) fn add_clip(&mut self, draft: &VideoDraft<'_>, clip: i64, place: i64) {
        let is_episode = draft.of_type == VideoType::Episode;
        let product = self.add_product(draft, is_episode.then_some(place));
        self.add_clip_row(draft, clip, product);
        let area = cells! {
            "clip_id": clip, "position": 0i64, "zone_id": "10", "countries": "[]",
        };
        self.batch.put(&AREAS, area);
        if is_episode {
            self.add_chapters(clip, draft.duration);
        }
        if !self.random.percent(3) {
            self.add_assets(draft, clip);
        }
    }

    /// Adds what was broadcast; an episode has a place in the series.
    fn add_product(&mut self, draft: &VideoDraft<'_>, place: Option<i64>) -> i64 {
        let id = next_id(&mut self.last.product);
        // a whole programme has the key of what was broadcast, and not every series has seasons
        let prid = match place {
            Some(_) => format!(
                "{:016x}{:016x}{id:08x}",
                self.random.next(),
                self.random.next()
            ),
            None => id.to_string(),
        };
        let season = place.filter(|_| draft.program.id % 4 != 1);
        let season = season.map(|place| 1 + place / EPISODES_A_SEASON as i64);
        let product = cells! {
            "id": id, "title": draft.title.as_str(), "summary": draft.description.as_str(),
            "prid": prid, "copyright": "", "year_copyright": "2018",
            "season": season, "episode": place.map(|place| 1 + place),
            "last_diffusion": draft.opens - HOUR,
        };
        self.batch.put(&PRODUCTS, product);
        id
    }

    fn add_clip_row(&mut self, draft: &VideoDraft<'_>, clip: i64, product: i64) {
        let program = draft.program;
        let freewheel = format!(
            "{{\"customerId\":\"0demo\",\"nw\":900001,\"prof\":\"900001:html5\",\
             \"csid\":\"{}_longform\",\"caid\":\"clip_{clip}\",\"afid\":900000002}}",
            program.service
        );
        let row = cells! {
            "id": clip, "video_id": draft.id.as_str(), "code": draft.slug.as_str(),
            "type": draft.of_type.code(), "title": draft.title.as_str(),
            "description": draft.description.as_str(), "duration": draft.duration,
            "program_id": program.id, "product_id": product, "age_rating": program.rating,
            "advertising": 1i64, "exportable": 0i64, "freewheel": freewheel,
        };
        self.batch.put(&CLIPS, row);
    }

    /// Divides a clip into chapters of equal length.
    fn add_chapters(&mut self, clip: i64, duration: i64) {
        let chapters = self.random.between(2, 4) as i64;
        let start_of = |place: i64| (duration * place) as f64 / chapters as f64;
        for place in 0..chapters {
            let id = next_id(&mut self.last.chapter);
            let title = words::event(&mut self.random).to_uppercase();
            let chapter = cells! {
                "id": id, "clip_id": clip, "position": place, "title": title,
                "chapter_type": "chapter", "tc_in": start_of(place),
                "tc_out": start_of(place + 1), "imported": 1i64,
            };
            self.batch.put(&CHAPTERS, chapter);
        }
    }

    /// Adds the files of every platform.
    fn add_assets(&mut self, draft: &VideoDraft<'_>, clip: i64) {
        let web: &[FileForm] = if draft.of_type == VideoType::Episode {
            &[HLS, HLS_WIDEVINE, DASH, MP4, MP4_HD, SUBTITLES]
        } else {
            &[MP4, MP4_HQ, MP4_HD]
        };
        let chromecast: &[FileForm] = if clip % 3 == 0 {
            &[DASH_HD]
        } else {
            &[DASH_SD, DASH_HD]
        };
        let files: [(&str, &[FileForm]); 4] = [
            ("m6group_web", web),
            ("m6group_androidmob", &[DASH_SD, DASH_HD, SUBTITLES]),
            ("m6group_iphone", &[HLS]),
            ("chromecast", chromecast),
        ];
        for (platform, forms) in files {
            for (place, form) in (0i64..).zip(forms) {
                self.add_asset(draft, clip, platform, place, *form);
            }
        }
    }

    fn add_asset(
        &mut self,
        draft: &VideoDraft<'_>,
        clip: i64,
        platform: &str,
        place: i64,
        form: FileForm,
    ) {
        let id = next_id(&mut self.last.asset);
        let (service, folder) = (draft.program.service, form.folder);
        let path = format!("{folder}/{}/c{clip}{}", draft.program.slug, form.end);
        let token = self.random.next();
        let url = if form.protocol != "usp" {
            format!("{HOST}/{path}")
        } else {
            format!("{HOST}/{path}?expiration=4102444800&token={token:016x}")
        };
        let asset = cells! {
            "clip_id": clip, "platform": platform, "position": place, "id": id,
            "type": form.of_type, "protocol": form.protocol, "video_container": form.container,
            "video_quality": form.quality, "video_format": "16:9", "audio_quality": "2.0",
            "video_duration": draft.duration, "physical": path, "full_physical_path": url,
            "service_code": service, "ooyala": advertising_labels(draft, clip, platform),
            "estat": statistics_labels(draft, clip, id, platform),
        };
        self.batch.put(&ASSETS, asset);
    }
}

/// What the advertising server is told of a file.
fn advertising_labels(draft: &VideoDraft<'_>, clip: i64, platform: &str) -> String {
    let (service, program) = (draft.program.service, &draft.program.slug);
    let form = match draft.of_type {
        VideoType::Episode => "longform",
        _ => "shortform",
    };
    format!(
        "{{\"category\":\"replay/{program}\",\"content_form\":\"{form}\",\
         \"tags\":\"{service},{platform},catchup,{form},{program},pack_25_49,\
         pack_entertainment,clip_{clip}\"}}"
    )
}

/// What the audience measurement is told of a file.
fn statistics_labels(draft: &VideoDraft<'_>, clip: i64, asset: i64, platform: &str) -> String {
    let service = draft.program.service;
    let program = draft.program.slug.replace('-', "_");
    let title = draft.slug.replace('-', "_");
    let genre = match draft.of_type {
        VideoType::Episode => "integral",
        _ => "bonus",
    };
    format!(
        "{{\"diffusion\":\"replay\",\"domaine\":\"www.sixplay.test|{platform}\",\
         \"gnr\":\"{genre}|catchup\",\"flux\":\"{program}_c{clip}_vf\",\"nv1\":\"{service}\",\
         \"nv2\":\"series_fictions\",\"nv3\":\"{program}\",\"nv4\":\"{title}\",\
         \"nv5\":\"{clip}|{asset}\",\"nv6\":\"\",\"nv7\":\"\",\"nv8\":\"\",\"nv9\":\"web\",\
         \"nv10\":\"\",\"nv11\":\"unitaire\",\"nv12\":\"j_7\",\"nv13\":\"noon\",\"nv14\":\"\",\
         \"nv15\":\"\",\"nv16\":\"j_0\",\"msDm\":\"TVOD\",\"msCid\":\"{clip}\",\"msCh\":857}}"
    )
}
