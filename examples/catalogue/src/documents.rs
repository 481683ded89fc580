//! The five kinds of documents: their names, how the index maps them, and the window that writer
//! and reader share.
//!
//! | kind | one a | shown while |
//! |---|---|---|
//! | [`SERVICE`] | service | it is enabled |
//! | [`FOLDER`] | folder | it and its service are enabled |
//! | [`PROGRAM`] | program | it is enabled and one of its videos is in a window |
//! | [`VIDEO`] | video | it, its program and a clip are enabled and it is in a window |
//! | [`EXPIRED`] | video | its rights have ended on some platform and service |
//!
//! A playlist is in a window where one of its clips' own videos is, too.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess},
    ser::SerializeMap,
};
use sixplay_core::{Field, Mapping, Visible};

use crate::{
    fields::{self, windows},
    object::{FromMembers, Text, read_object, require},
};

/// The kind of services.
pub const SERVICE: &str = "service";
/// The kind of folders.
pub const FOLDER: &str = "folder";
/// The kind of programs.
pub const PROGRAM: &str = "program";
/// The kind of videos.
pub const VIDEO: &str = "video";
/// The kind that says where the rights of a video have ended, so that a reader can tell "gone" from
/// "unknown".
pub const EXPIRED: &str = "expired";

/// What the index knows of a service.
pub fn service_mapping() -> Mapping {
    mapping([
        keywords(&[fields::ID, fields::CODE, fields::ROOTS, fields::PLATFORMS]),
        longs(&[fields::PRIORITY]),
        vec![Field::stored(fields::BODY)],
    ])
}

/// What the index knows of a folder.
pub fn folder_mapping() -> Mapping {
    mapping([
        keywords(&[
            fields::ID,
            fields::SERVICES,
            fields::NAME,
            fields::PLATFORMS,
        ]),
        longs(&[fields::SORT_INDEX]),
        vec![Field::stored(fields::BODY)],
    ])
}

/// What the index knows of a program.
pub fn program_mapping() -> Mapping {
    mapping([
        keywords(&[fields::ID, fields::CODE, fields::FOLDERS]),
        keywords(&[fields::TITLE_SORT, fields::INITIAL]),
        longs(&[fields::CSA, fields::LAST_PUBLICATION, fields::NEXT_TURN]),
        vec![Field::french(fields::TITLE), timed_windows()],
        vec![Field::stored(fields::BODY)],
    ])
}

/// What the index knows of a video.
pub fn video_mapping() -> Mapping {
    mapping([
        keywords(&[fields::ID, fields::PROGRAM, fields::TYPE, fields::SUBCATS]),
        keywords(&[fields::TITLE_SORT]),
        longs(&[fields::SUBCAT_SORT, fields::SEASON, fields::EPISODE]),
        longs(&[fields::PUBLICATION, fields::CSA]),
        vec![Field::french(fields::TITLE), timed_windows()],
        vec![Field::stored(fields::BODY)],
    ])
}

/// What the index knows of a video whose rights have ended: where, and nothing else.
pub fn expired_mapping() -> Mapping {
    let places = Field::nested(fields::WINDOWS, window_places());
    mapping([keywords(&[fields::ID]), vec![places]])
}

fn mapping<const N: usize>(fields: [Vec<Field>; N]) -> Mapping {
    Mapping {
        fields: fields.concat(),
    }
}

fn timed_windows() -> Field {
    let times = longs(&[windows::FROM, windows::UNTIL]);
    Field::nested(fields::WINDOWS, [window_places(), times].concat())
}

fn window_places() -> Vec<Field> {
    keywords(&[windows::PLATFORM, windows::SERVICES])
}

fn keywords(names: &[&'static str]) -> Vec<Field> {
    names.iter().map(|name| Field::keyword(name)).collect()
}

fn longs(names: &[&'static str]) -> Vec<Field> {
    names.iter().map(|name| Field::long(name)).collect()
}

/// One of a document's [`WINDOWS`](fields::WINDOWS): where it is shown, and when.
///
/// ```
/// use sixplay_catalogue::documents::DocumentWindow;
///
/// let stored = r#"{"platform":"web","services":["m6replay","6play"],"from":0,"until":2000}"#;
/// let window: DocumentWindow = serde_json::from_str(stored).unwrap();
/// assert!(window.is_for("web", "6play") && !window.is_for("tv", "6play"));
/// assert_eq!(window.visible.and_then(|visible| visible.until_us()), Some(2_000));
/// assert_eq!(serde_json::to_string(&window).unwrap(), stored);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentWindow<'a> {
    /// The platform's code.
    pub platform: Cow<'a, str>,
    /// The codes of the service and of the root services that list it.
    pub services: Vec<Cow<'a, str>>,
    /// When the document is shown there; `None` in documents that say where alone.
    pub visible: Option<Visible>,
}

impl DocumentWindow<'_> {
    /// Whether the window is one of `platform` and `service`.
    pub fn is_for(&self, platform: &str, service: &str) -> bool {
        self.platform == platform && self.services.iter().any(|code| code == service)
    }
}

impl Serialize for DocumentWindow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry(windows::PLATFORM, &self.platform)?;
        members.serialize_entry(windows::SERVICES, &self.services)?;
        if let Some(visible) = &self.visible {
            members.serialize_entry(windows::FROM, &visible.from_us())?;
            if let Some(until) = visible.until_us() {
                members.serialize_entry(windows::UNTIL, &until)?;
            }
        }
        members.end()
    }
}

/// A window whose members have not all been read.
#[derive(Default)]
struct WindowDraft<'a> {
    platform: Option<Text<'a>>,
    services: Option<Vec<Text<'a>>>,
    from: Option<i64>,
    until: Option<i64>,
}

impl WindowDraft<'_> {
    /// Without a beginning it has always been open.
    fn visible(&self) -> Option<Visible> {
        match (self.from, self.until) {
            (None, None) => None,
            (from, until) => Some(Visible::from_micros(from.unwrap_or(i64::MIN), until)),
        }
    }
}

impl<'de> FromMembers<'de> for WindowDraft<'de> {
    fn take_member<A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
    ) -> Result<(), A::Error> {
        match &*key {
            windows::PLATFORM => self.platform = Some(members.next_value()?),
            windows::SERVICES => self.services = Some(members.next_value()?),
            windows::FROM => self.from = members.next_value()?,
            windows::UNTIL => self.until = members.next_value()?,
            _ => drop(members.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for DocumentWindow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let draft: WindowDraft<'de> = read_object(deserializer)?;
        let visible = draft.visible();
        let services = require(draft.services, windows::SERVICES)?;
        Ok(Self {
            platform: require(draft.platform, windows::PLATFORM)?.0,
            services: services.into_iter().map(|Text(code)| code).collect(),
            visible,
        })
    }
}
