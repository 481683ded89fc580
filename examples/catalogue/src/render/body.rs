//! The stored body, as [`StoredBody`](crate::StoredBody) takes it apart, and what bodies have in
//! common.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    documents::DocumentWindow,
    fields::body,
    json::{JsonObject, json_array},
    rows::{AgeRating, ServiceRows},
};

/// A body of everybody's members, parts to ask for, sections of platforms, and where what parts
/// list is shown.
pub(super) fn stored_body(
    base: JsonObject,
    with: JsonObject,
    platforms: JsonObject,
    shown: Option<JsonObject>,
    next_change: Option<Timestamp>,
) -> String {
    JsonObject::new()
        .int_if_some(
            body::NEXT_CHANGE,
            next_change.map(Timestamp::as_microsecond),
        )
        .raw(body::BASE, &base.end())
        .raw(body::WITH, &with.end())
        .raw(body::PLATFORMS, &platforms.end())
        .raw_if_some(body::SHOWN, shown.map(JsonObject::end))
        .end()
}

/// `{"key": json}`: what one part adds.
pub(super) fn part(key: &str, json: &str) -> String {
    JsonObject::new().raw(key, json).end()
}

/// `{"key": […]}`: what one part adds, when that is a list.
pub(super) fn list_part<T: AsRef<str>>(key: &str, items: impl IntoIterator<Item = T>) -> String {
    part(key, &json_array(items))
}

/// A reference with the images that a part asks for.
pub(super) fn reference_with_images(reference: &str, images: &[String]) -> String {
    JsonObject::of(reference).list("images", images).end()
}

/// What a body says of a service elsewhere than in its own.
pub(super) fn service_reference(service: &Arc<ServiceRows>) -> String {
    JsonObject::of(&service.reference).end()
}

/// The number that an age rating is filtered by; 0: for everybody.
pub(super) fn rating_level(rating: Option<&AgeRating>) -> i64 {
    rating.map_or(0, |rating| rating.level)
}

/// What a body says of an age rating.
pub(super) fn rating_json(rating: Option<&AgeRating>) -> Option<&str> {
    rating.map(|rating| rating.json.as_str())
}

/// What the index filters windows by.
pub(super) fn windows_json(windows: &[DocumentWindow<'_>]) -> String {
    serde_json::to_string(windows).unwrap_or_else(|_| json_array::<&str>([]))
}
