//! The publication rules, case by case.

mod expired;
mod playlist;
mod program;
mod video;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sixplay_core::{Rendered, Visible};

use super::*;
use crate::{
    StoredBody, Viewer,
    paris::parse_date,
    rows::{
        Broadcast, ClipRows, CountedVideo, FolderRows, PlatformAsset, ProgramRows,
        PublicationWindow, ServiceRows, VideoRows,
    },
};

const NOW: i64 = 1_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("an instant of the calendar")
}

fn service() -> Arc<ServiceRows> {
    Arc::new(ServiceRows {
        code: "m6replay".into(),
        enabled: true,
        roots: vec!["6play".into()],
        ..ServiceRows::default()
    })
}

fn window(opens: i64, closes: Option<i64>) -> PublicationWindow {
    PublicationWindow {
        platform: "web".into(),
        platform_enabled: true,
        service: service(),
        visible: Visible::from_micros(opens, closes),
        closes,
    }
}

fn video_with(windows: Vec<PublicationWindow>) -> VideoRows {
    let clip = Arc::new(ClipRows {
        enabled: true,
        ..ClipRows::default()
    });
    let program = Arc::new(ProgramRows {
        id: 7,
        enabled: true,
        ..ProgramRows::default()
    });
    VideoRows {
        id: "clip_1".into(),
        enabled: true,
        video_type: "vi".into(),
        program: Some(program),
        clips: vec![clip],
        windows,
        ..VideoRows::default()
    }
}

fn video_at(video: &VideoRows, now: i64) -> Rendered {
    render_video(video, at(now))
}

fn program_at(program: &ProgramRows, now: i64) -> Rendered {
    render_program(program, at(now))
}

fn expired_at(video: &VideoRows, now: i64) -> Rendered {
    render_expired(video, at(now))
}

/// What matters of a rendering: the reason or the visible range, and the next change.
#[derive(Debug, PartialEq)]
enum Seen {
    No(&'static str, Option<i64>),
    Yes(i64, Option<i64>, Option<i64>),
}
use Seen::{No, Yes};

fn seen(rendered: &Rendered) -> Seen {
    let micros = |instant: Option<Timestamp>| instant.map(Timestamp::as_microsecond);
    match rendered {
        Rendered::Absent {
            reason,
            next_change_at,
        } => No(reason, micros(*next_change_at)),
        Rendered::Publishable(it) => Yes(
            it.visible.from_us(),
            it.visible.until_us(),
            micros(it.next_change_at),
        ),
    }
}

fn document(rendered: &Rendered) -> Value {
    match rendered {
        Rendered::Publishable(it) => serde_json::from_str(it.document.get()).unwrap_or_default(),
        Rendered::Absent { .. } => Value::Null,
    }
}

fn viewer<'a>(platform: &'a str, service: &'a str, at_us: i64) -> Viewer<'a> {
    let at = at(at_us);
    Viewer {
        platform,
        service,
        at,
    }
}

#[test]
fn a_row_that_is_not_there_has_no_document() {
    let rendered = [
        render_row(None, render_service),
        render_row(None, render_folder),
        render_row(None, |program| program_at(program, NOW)),
        render_row(None, |video| video_at(video, NOW)),
        render_row(None, |video| expired_at(video, NOW)),
    ];
    assert!(
        rendered
            .iter()
            .all(|rendered| seen(rendered) == No("no_row", None))
    );
}

#[test]
fn services_and_folders_are_visible_while_enabled() {
    let enabled = service();
    assert_eq!(seen(&render_service(&enabled)), Yes(0, None, None));
    assert_eq!(
        seen(&render_service(&ServiceRows::default())),
        No("disabled", None)
    );
    let folder = |enabled, service| FolderRows {
        enabled,
        service,
        ..FolderRows::default()
    };
    assert_eq!(
        seen(&render_folder(&folder(true, enabled.clone()))),
        Yes(0, None, None)
    );
    assert_eq!(
        seen(&render_folder(&folder(false, enabled))),
        No("disabled", None)
    );
    assert_eq!(
        seen(&render_folder(&folder(true, Arc::default()))),
        No("service_disabled", None)
    );
}
