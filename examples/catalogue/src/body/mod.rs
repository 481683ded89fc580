//! One wire object from a stored body: its base, what the platform adds, and what the request asks
//! for.

mod members;

use std::{borrow::Cow, collections::BTreeMap};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess},
};
use serde_json::value::RawValue;
use sixplay_core::{Result, jiff::Timestamp};

use self::members::{Members, ShownObjects, parse};
use crate::{
    documents::DocumentWindow,
    fields::body,
    object::{FromMembers, read_object, require},
};

/// The `body` of a document: what every platform shows, what only some show, and what only some
/// requests ask for.
///
/// `{"next_change", "base", "with": {part}, "platforms": {platform: {"base", "with": {part},
/// "each": {part}}}, "shown": {part}}`, where a part is an object whose members join the wire
/// object; those of `each` are arrays, whose objects' members join the objects of the part's array
/// in turn; those of `shown` are arrays, too, which say of each object of the part's array by which
/// [windows](crate::documents::DocumentWindow) it is shown. All but the outermost `base` may be
/// missing.
///
/// It deserializes as a borrowed field of a document, too.
///
/// ```
/// use serde_json::value::RawValue;
/// use sixplay_catalogue::{StoredBody, Viewer};
/// use sixplay_core::jiff::Timestamp;
///
/// # fn main() -> sixplay_core::Result<()> {
/// let stored = r#"{
///     "base": {"id": "clip_1", "images": []},
///     "with": {"tags": {"tags": ["cuisine"]}},
///     "platforms": {"web": {"with": {"expiration": {"expiration": null}}}}
/// }"#;
/// let stored = RawValue::from_string(stored.to_owned()).unwrap();
/// let body = StoredBody::read(&stored)?;
///
/// let web = Viewer { platform: "web", service: "6play", at: Timestamp::UNIX_EPOCH };
/// let wire = body.compose(&web, &["tags", "expiration"])?;
/// let expected = r#"{"id":"clip_1","images":[],"tags":["cuisine"],"expiration":null}"#;
/// assert_eq!(wire, expected.as_bytes());
/// let tv = Viewer { platform: "tv", ..web };
/// assert_eq!(body.compose(&tv, &[])?, br#"{"id":"clip_1","images":[]}"#);
/// assert_eq!(body.next_change(), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StoredBody<'a> {
    next_change: Option<i64>,
    base: Members<'a>,
    with: Members<'a>,
    platforms: Members<'a>,
    shown: Members<'a>,
}

/// Who looks at a body.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// The code of the platform.
    pub platform: &'a str,
    /// The code of the service in the path, a root service for most requests.
    pub service: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Viewer<'_> {
    /// Whether one of the windows is the viewer's, and open.
    fn may_see(&self, windows: &[DocumentWindow<'_>]) -> bool {
        let is_open = |window: &DocumentWindow<'_>| {
            window.is_for(self.platform, self.service)
                && window
                    .visible
                    .is_none_or(|visible| visible.is_open(self.at))
        };
        windows.iter().any(is_open)
    }
}

impl<'a> StoredBody<'a> {
    /// Reads a stored body.
    ///
    /// # Errors
    /// `Corrupt` when it has not the shape that rendering gives.
    pub fn read(body: &'a RawValue) -> Result<Self> {
        parse(body)
    }

    /// When time alone changes what the body says; from then on it is stale until it is rendered
    /// again.
    pub fn next_change(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.next_change?).ok()
    }

    /// The wire object, as JSON, that `viewer` gets when it asks for the parts named in `with`
    /// ([`fields::parts`](crate::fields::parts)).
    ///
    /// The members of `base`, of the platform's base and of each asked part in turn; a later one
    /// replaces an earlier one of the same key. Unknown platforms and parts add nothing. Objects
    /// that are not shown to the viewer are left out. Values are copied byte by byte.
    ///
    /// # Errors
    /// `Corrupt` when the body has not the shape that rendering gives.
    pub fn compose(&self, viewer: &Viewer<'_>, with: &[&str]) -> Result<Vec<u8>> {
        let own = self
            .platforms
            .get(viewer.platform)
            .map(parse::<PlatformBody>);
        let own = own.transpose()?.unwrap_or_default();
        let (mut merged, mut each) = (Members::default(), Members::default());
        let mut shown = ShownObjects::new();
        merged.merge(&self.base);
        merged.merge(&own.base);
        for name in with {
            let parts = [self.with.get(name), own.with.get(name)];
            for part in parts.into_iter().flatten() {
                merged.merge(&parse(part)?);
            }
            if let Some(part) = own.each.get(name) {
                each.merge(&parse(part)?);
            }
            if let Some(part) = self.shown.get(name) {
                shown.extend(shown_objects(part, viewer)?);
            }
        }
        merged.write(&each, &shown)
    }
}

/// Which objects of the arrays of a part the viewer is shown.
fn shown_objects(part: &RawValue, viewer: &Viewer<'_>) -> Result<ShownObjects> {
    let arrays: BTreeMap<String, Vec<Vec<DocumentWindow<'_>>>> = parse(part)?;
    let may_see = |windows: Vec<DocumentWindow<'_>>| viewer.may_see(&windows);
    let shown = arrays.into_iter().map(|(key, objects)| {
        let objects = objects.into_iter().map(may_see);
        (key, objects.collect())
    });
    Ok(shown.collect())
}

/// What a body says to one platform alone.
#[derive(Default)]
struct PlatformBody<'a> {
    base: Members<'a>,
    with: Members<'a>,
    each: Members<'a>,
}

impl<'de> FromMembers<'de> for PlatformBody<'de> {
    fn take_member<A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
    ) -> Result<(), A::Error> {
        match &*key {
            body::BASE => self.base = members.next_value()?,
            body::WITH => self.with = members.next_value()?,
            body::EACH => self.each = members.next_value()?,
            _ => drop(members.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for PlatformBody<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer)
    }
}

/// A body whose base may be missing yet.
#[derive(Default)]
struct BodyDraft<'a> {
    next_change: Option<i64>,
    base: Option<Members<'a>>,
    with: Members<'a>,
    platforms: Members<'a>,
    shown: Members<'a>,
}

impl<'de> FromMembers<'de> for BodyDraft<'de> {
    fn take_member<A: MapAccess<'de>>(
        &mut self,
        key: Cow<'de, str>,
        members: &mut A,
    ) -> Result<(), A::Error> {
        match &*key {
            body::NEXT_CHANGE => self.next_change = members.next_value()?,
            body::BASE => self.base = Some(members.next_value()?),
            body::WITH => self.with = members.next_value()?,
            body::PLATFORMS => self.platforms = members.next_value()?,
            body::SHOWN => self.shown = members.next_value()?,
            _ => drop(members.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for StoredBody<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let draft: BodyDraft<'de> = read_object(deserializer)?;
        Ok(Self {
            next_change: draft.next_change,
            base: require(draft.base, body::BASE)?,
            with: draft.with,
            platforms: draft.platforms,
            shown: draft.shown,
        })
    }
}

#[cfg(test)]
mod tests {
    use sixplay_core::ErrorKind;

    use super::*;

    const BODY: &str = r#"{"base":{"id":1,"program":{"id":7}},
        "with":{"tags":{"tags":[]},"program_images":{"program":{"id":7,"images":[]}},
            "clips":{"clips":[{"id":8},{ }]}},
        "platforms":{"web":{"base":{"count":2},"with":{"end":{"end":3}},
            "each":{"clips":{"clips":[{"assets":[4]},{"assets":[]}]}}},
        "odd":{"each":{"clips":{"clips":[5,{}]}}}}}"#;

    fn compose(json: &str, platform: &str, with: &[&str]) -> Result<String> {
        let body = RawValue::from_string(json.to_owned()).unwrap();
        let viewer = Viewer {
            platform,
            service: "6play",
            at: Timestamp::UNIX_EPOCH,
        };
        let wire = StoredBody::read(&body)?.compose(&viewer, with)?;
        Ok(String::from_utf8(wire).unwrap())
    }

    #[test]
    fn base_platform_and_asked_parts_come_together_and_unknown_ones_add_nothing() {
        assert_eq!(
            compose(BODY, "web", &["end", "other"]).unwrap(),
            r#"{"id":1,"program":{"id":7},"count":2,"end":3}"#
        );
        assert_eq!(
            compose(BODY, "tv", &["tags"]).unwrap(),
            r#"{"id":1,"program":{"id":7},"tags":[]}"#
        );
    }

    #[test]
    fn a_part_replaces_the_base_member_of_its_name() {
        assert_eq!(
            compose(BODY, "tv", &["program_images"]).unwrap(),
            r#"{"id":1,"program":{"id":7,"images":[]}}"#
        );
    }

    #[test]
    fn a_platforms_members_join_each_object_of_a_shared_array() {
        assert_eq!(
            compose(BODY, "web", &["clips"]).unwrap(),
            r#"{"id":1,"program":{"id":7},"count":2,"clips":[{"id":8,"assets":[4]},{"assets":[]}]}"#
        );
        assert_eq!(
            compose(BODY, "tv", &["clips"]).unwrap(),
            r#"{"id":1,"program":{"id":7},"clips":[{"id":8},{ }]}"#
        );
    }

    #[test]
    fn an_object_is_shown_where_and_while_a_window_of_it_is_open() {
        let open = r#"{"platform":"web","services":["6play"],"from":-5,"until":1}"#;
        let over = open.replace(r#""until":1"#, r#""until":0"#);
        let elsewhere = open.replace("6play", "w9replay");
        let shown = format!(r#"[[{over}],[{over},{open}],[{elsewhere}],[]]"#);
        let body = r#"{"base":{},"with":{"clips":{"clips":[{"id":1},{"id":2},{"id":3},{}]}},"#;
        let each = r#""platforms":{"web":{"each":{"clips":{"clips":[{},{"a":[2]},{},{}]}}}},"#;
        let body = format!(r#"{body}{each}"shown":{{"clips":{{"clips":{shown}}}}}}}"#);
        let composed = |platform| compose(&body, platform, &["clips"]).unwrap();
        assert_eq!(composed("web"), r#"{"clips":[{"id":2,"a":[2]}]}"#);
        assert_eq!(composed("tv"), r#"{"clips":[]}"#);
    }

    #[test]
    fn another_shape_is_corrupt() {
        for (json, platform) in [("[1]", "web"), (r#"{"with":{}}"#, "web"), (BODY, "odd")] {
            let composed = compose(json, platform, &["clips"]);
            assert_eq!(
                composed.map_err(|error| error.kind()),
                Err(ErrorKind::Corrupt),
                "{json}"
            );
        }
    }

    #[test]
    fn the_next_change_is_an_instant_of_the_calendar() {
        for (micros, expected) in [("1000000", Timestamp::from_second(1).ok()), ("null", None)] {
            let json = format!(r#"{{"next_change":{micros},"base":{{}}}}"#);
            let body = RawValue::from_string(json).unwrap();
            assert_eq!(StoredBody::read(&body).unwrap().next_change(), expected);
        }
    }
}
