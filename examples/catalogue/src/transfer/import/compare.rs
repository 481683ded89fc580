//! Compares a body with what the same request would now be answered.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::value::RawValue;
use sixplay_core::{Error, Result, Snapshot};

use super::{
    Difference, ImportOptions, Imported,
    input::{Body, BodyKind},
    json::JsonValue,
    program::DETAIL,
};
use crate::{
    StoredBody, Viewer,
    fields::parts,
    load::{load_folders, load_programs, load_rating_json, load_services, load_videos},
    render::{folder_body, program_body, service_body, shown_windows, video_body},
    rows::VideoRows,
};

/// Where a part that a request asks for stands in a video, program or service body.
const ASKED: [(&str, &str); 10] = [
    ("clips", parts::CLIPS),
    ("freemium_packs", parts::FREEMIUMPACKS),
    ("expiration", parts::EXPIRATION),
    ("tags", parts::TAGS),
    ("extra_datas", parts::EXTRA_DATA),
    ("program/images", parts::PROGRAM_IMAGES),
    ("service_display/images", parts::SERVICE_DISPLAY_IMAGES),
    ("links", parts::LINKS),
    ("functionality_right", parts::RIGHTS),
    ("channels", parts::CHANNELS),
];

/// Adds to `imported` where `body` and what would be served differ.
pub(super) async fn compare_body(
    snapshot: &mut Snapshot,
    body: &Body,
    options: &ImportOptions,
    imported: &mut Imported,
) -> Result<()> {
    let served = served_json(snapshot, body, options, &mut imported.hidden).await?;
    let mut comparison = Comparison {
        file: &body.file,
        differences: &mut imported.differences,
    };
    comparison.compare(&body.path, Some(&body.value), served.as_ref());
    Ok(())
}

/// What the middleware would answer; `None`: nothing.
async fn served_json(
    snapshot: &mut Snapshot,
    body: &Body,
    options: &ImportOptions,
    hidden: &mut Vec<String>,
) -> Result<Option<JsonValue>> {
    if body.kind == BodyKind::Rating {
        let rating = load_rating_json(snapshot, number_in(body, "id")).await?;
        return rating
            .map(|json| parse_rendered(json.as_bytes()))
            .transpose();
    }
    let Some((stored, at)) = stored_body(snapshot, body, options, hidden).await? else {
        return Ok(None);
    };
    let stored = RawValue::from_string(stored).map_err(no_json)?;
    let with = asked_with(body);
    let viewer = Viewer {
        platform: &options.platform,
        service: &options.service,
        at,
    };
    let served = StoredBody::read(&stored)?.compose(&viewer, &with)?;
    parse_rendered(&served).map(Some)
}

/// The body as rendering stores it, of the row that the imported one names, and as of when.
async fn stored_body(
    snapshot: &mut Snapshot,
    body: &Body,
    options: &ImportOptions,
    hidden: &mut Vec<String>,
) -> Result<Option<(String, Timestamp)>> {
    let mut at = options.at;
    let stored = match body.kind {
        BodyKind::Rating => None,
        BodyKind::Service => {
            let found = load_services(snapshot, &[text_in(body, "code")]).await?;
            found.values().next().map(service_body)
        }
        BodyKind::Folder => {
            let found = load_folders(snapshot, &[number_in(body, "id")]).await?;
            found.values().next().map(folder_body)
        }
        BodyKind::Program => {
            let found = load_programs(snapshot, &[number_in(body, "id")]).await?;
            let program = found.values().next();
            program.map(|program| program_body(program, options.at))
        }
        BodyKind::Video => {
            let found = load_videos(snapshot, &[text_in(body, "id")]).await?;
            found.values().next().map(|video| {
                at = visible_instant(video, options);
                hidden.extend((at != options.at).then(|| video.id.clone()));
                video_body(video, at)
            })
        }
    };
    Ok(stored.map(|stored| (stored, at)))
}

fn text_in(body: &Body, key: &str) -> String {
    let text = body.value.get(key).and_then(JsonValue::as_text);
    text.unwrap_or_default().to_owned()
}

fn number_in(body: &Body, key: &str) -> i64 {
    let number = body.value.get(key).and_then(JsonValue::as_integer);
    number.unwrap_or_default()
}

fn parse_rendered(json: &[u8]) -> Result<JsonValue> {
    JsonValue::parse(json).map_err(no_json)
}

fn no_json(error: serde_json::Error) -> Error {
    Error::unexpected("catalogue.compare", "the rendered body is no JSON").with_source(error)
}

/// An instant at which the body could be served: the request's, unless the video was not visible
/// then.
fn visible_instant(video: &VideoRows, options: &ImportOptions) -> Timestamp {
    let windows = shown_windows(video);
    let mut windows = windows.iter();
    let window = windows.find(|window| *window.platform == *options.platform);
    match window.map(|window| window.visible) {
        Some(visible) if !visible.is_open(options.at) => visible.from,
        _ => options.at,
    }
}

/// The parts that the request of a body asked for, as its keys tell.
fn asked_with(body: &Body) -> Vec<&'static str> {
    let has = |path: &str| {
        let mut keys = path.split('/');
        let found = keys.try_fold(&body.value, |value, key| value.get(key));
        found.is_some()
    };
    let asked = ASKED.iter().filter(|(path, _)| has(path));
    let mut with: Vec<&str> = asked.map(|(_, part)| *part).collect();
    if has("program_subcats") {
        with.push(if body.kind == BodyKind::Video {
            parts::PROGRAM_SUBCATS
        } else {
            parts::SUBCATS
        });
    }
    if body.kind == BodyKind::Program && DETAIL.iter().any(|key| has(key)) {
        with.push(parts::DETAIL);
    }
    with
}

/// Goes through two values at once and notes where they differ.
struct Comparison<'a> {
    file: &'a str,
    differences: &'a mut Vec<Difference>,
}

impl Comparison<'_> {
    fn compare(&mut self, path: &str, expected: Option<&JsonValue>, found: Option<&JsonValue>) {
        match (expected, found) {
            (Some(one @ JsonValue::Object(expected)), Some(other @ JsonValue::Object(found))) => {
                let keys = expected.iter().chain(found).map(|(key, _)| key);
                for key in keys.collect::<BTreeSet<&String>>() {
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{key}");
                    self.compare(&path, one.get(key), other.get(key));
                }
            }
            (Some(JsonValue::List(expected)), Some(JsonValue::List(found))) => {
                for place in 0..expected.len().max(found.len()) {
                    let path = format!("{path}[{place}]");
                    self.compare(&path, expected.get(place), found.get(place));
                }
            }
            (expected, found) if expected == found => {}
            _ => self.differences.push(Difference {
                file: self.file.to_owned(),
                path: path.to_owned(),
                expected: expected.map(JsonValue::to_string),
                found: found.map(JsonValue::to_string),
            }),
        }
    }
}
