//! Compares a body with what the same request would now be answered.

use std::collections::BTreeSet;

use serde_json::{Value, value::RawValue};

use super::{Body, Difference, ImportOptions, Imported, Kind, program::DETAIL};
use crate::{
    Error, Result,
    catalogue::{StoredBody, load, render, rows::Video},
    store::Transaction,
};

/// A key of a video, program or service body, and the `with` that asks for it.
const ASKED: [(&str, &str); 10] = [
    ("clips", "clips"),
    ("freemium_packs", "freemiumpacks"),
    ("expiration", "expiration"),
    ("tags", "tags"),
    ("extra_datas", "extra_data"),
    ("program/images", "program_images"),
    ("service_display/images", "service_display_images"),
    ("links", "links"),
    ("functionality_right", "rights"),
    ("channels", "channels"),
];

pub(super) async fn body(
    tx: &mut Transaction,
    body: &Body,
    options: &ImportOptions,
    done: &mut Imported,
) -> Result<()> {
    let served = served(tx, body, options, &mut done.hidden).await?;
    let mut report = |path: String, expected: Option<&Value>, served: Option<&Value>| {
        done.differences.push(Difference {
            file: body.file.clone(),
            path,
            expected: expected.cloned(),
            found: served.cloned(),
        });
    };
    differ(&body.path, Some(&body.value), served.as_ref(), &mut report);
    Ok(())
}

async fn served(
    tx: &mut Transaction,
    body: &Body,
    options: &ImportOptions,
    hidden: &mut Vec<String>,
) -> Result<Option<Value>> {
    let at = options.at.as_microsecond();
    let text = |key: &str| {
        body.value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let number = body
        .value
        .get("id")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let defect = |error| {
        Error::unexpected("catalogue.compare", "the rendered body is no JSON").with_source(error)
    };
    let stored = match body.kind {
        Kind::Rating => {
            return load::rating(tx, number)
                .await?
                .map(|json| serde_json::from_str(&json).map_err(defect))
                .transpose();
        }
        Kind::Service => load::services(tx, &[text("code")])
            .await?
            .values()
            .next()
            .map(render::service_body),
        Kind::Folder => load::folders(tx, &[number])
            .await?
            .values()
            .next()
            .map(render::folder_body),
        Kind::Program => load::programs(tx, &[number])
            .await?
            .values()
            .next()
            .map(|program| render::program_body(program, at)),
        Kind::Video => load::videos(tx, &[text("id")])
            .await?
            .values()
            .next()
            .map(|video| {
                let visible = shown(video, options);
                hidden.extend((visible != at).then(|| video.id.clone()));
                render::video_body(video, visible)
            }),
    };
    let Some(stored) = stored else {
        return Ok(None);
    };
    let stored = RawValue::from_string(stored).map_err(defect)?;
    let bytes =
        StoredBody::read(&stored)?.compose(&options.platform, &asked(&body.value, body.kind))?;
    serde_json::from_slice(&bytes).map(Some).map_err(defect)
}

/// An instant at which the body could be served: the request's, unless the video was not visible
/// then.
fn shown(video: &Video, options: &ImportOptions) -> i64 {
    let at = options.at.as_microsecond();
    let mut here = video
        .windows
        .iter()
        .filter(|window| *window.platform == *options.platform);
    let window = here.next();
    window.map_or(at, |window| {
        if window.opens <= at && window.closes.is_none_or(|closes| closes > at) {
            at
        } else {
            window.opens
        }
    })
}

/// The `with` names behind the keys of a body.
fn asked(body: &Value, kind: Kind) -> Vec<&'static str> {
    let has = |key: &str| body.pointer(&format!("/{key}")).is_some();
    let mut asked: Vec<&str> = ASKED
        .iter()
        .filter(|(key, _)| has(key))
        .map(|(_, with)| *with)
        .collect();
    if has("program_subcats") {
        asked.push(if kind == Kind::Video {
            "program_subcats"
        } else {
            "subcats"
        });
    }
    if kind == Kind::Program && DETAIL.iter().any(|key| has(key)) {
        asked.push("detail");
    }
    asked
}

fn differ<'a>(
    path: &str,
    expected: Option<&'a Value>,
    found: Option<&'a Value>,
    report: &mut impl FnMut(String, Option<&'a Value>, Option<&'a Value>),
) {
    match (expected, found) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                differ(&path, one.get(key), other.get(key), report);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for place in 0..one.len().max(other.len()) {
                differ(
                    &format!("{path}[{place}]"),
                    one.get(place),
                    other.get(place),
                    report,
                );
            }
        }
        (Some(Value::Number(one)), Some(Value::Number(other)))
            if one.as_f64() == other.as_f64() => {}
        (one, other) if one == other => {}
        _ => report(path.to_owned(), expected, found),
    }
}
