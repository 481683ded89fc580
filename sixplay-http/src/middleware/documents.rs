//! Index documents on their way to the client: what of them is read, and the bytes they become.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::value::RawValue;
use sixplay_core::{Error, Result, catalogue::StoredBody};

use super::Scope;
use crate::{cache::ValidFor, json};

/// The members of a document that the middleware reads; what the body holds stays bytes.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub body: Option<StoredBody<'a>>,
    pub visible_from: Option<i64>,
    pub visible_until: Option<i64>,
    pub csa: Option<i64>,
    #[serde(borrow, default)]
    pub windows: Vec<Window<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Window<'a> {
    #[serde(borrow)]
    platform: Word<'a>,
    #[serde(borrow)]
    services: Vec<Word<'a>>,
    from: Option<i64>,
    until: Option<i64>,
}

/// A string that is copied only when it has escapes.
#[derive(Deserialize, PartialEq)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

/// Where a document stands in time for one platform and service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Published, until that instant if an end is known.
    Open(Option<i64>),
    /// Published before, and not to come.
    Ended,
    /// Not published, whatever was or will be.
    Closed,
}

impl<'a> Document<'a> {
    pub(super) fn read(raw: &'a RawValue) -> Result<Self> {
        serde_json::from_str(raw.get()).map_err(|error| {
            Error::corrupt("middleware.read", "the document has another shape").with_source(error)
        })
    }

    pub(super) fn compose(&self, scope: &Scope<'_>) -> Result<Vec<u8>> {
        let body = self
            .body
            .as_ref()
            .ok_or_else(|| Error::corrupt("middleware.compose", "the document has no body"))?;
        body.compose(scope.platform, &scope.parts)
    }

    /// Whether the document's own time, whatever the platform, has come and not gone.
    fn visible(&self, now: i64) -> bool {
        self.visible_from.is_none_or(|from| from <= now)
            && self.visible_until.is_none_or(|until| now < until)
    }

    /// Where the document stands by its windows; `Closed` when it has none there.
    pub(super) fn stand(&self, scope: &Scope<'_>) -> Stand {
        let now = scope.now.as_microsecond();
        let here: Vec<&Window<'_>> = self
            .windows
            .iter()
            .filter(|window| window.is_for(scope))
            .collect();
        let open = || {
            here.iter().filter(|window| {
                window.from.is_none_or(|from| from <= now)
                    && window.until.is_none_or(|until| now < until)
            })
        };
        if self.visible(now) && open().next().is_some() {
            let unending = open().any(|window| window.until.is_none());
            let end = if unending {
                None
            } else {
                open().filter_map(|window| window.until).max()
            };
            return Stand::Open([end, self.visible_until].into_iter().flatten().min());
        }
        let over = |window: &&Window<'_>| window.until.is_some_and(|until| until <= now);
        if !here.is_empty() && here.iter().all(over) {
            Stand::Ended
        } else {
            Stand::Closed
        }
    }

    /// Whether one of the windows, timeless or not, is for the scope.
    pub(super) fn is_for(&self, scope: &Scope<'_>) -> bool {
        self.windows.iter().any(|window| window.is_for(scope))
    }

    /// Until when the answer holds as far as the document says; documents without windows end with
    /// their visibility.
    fn until(&self, scope: &Scope<'_>) -> Option<i64> {
        let end = match self.stand(scope) {
            Stand::Open(until) => until,
            Stand::Ended | Stand::Closed => self.visible_until,
        };
        [end, self.body.as_ref().and_then(StoredBody::next_change)]
            .into_iter()
            .flatten()
            .min()
    }
}

impl Window<'_> {
    fn is_for(&self, scope: &Scope<'_>) -> bool {
        self.platform.0 == scope.platform
            && self
                .services
                .iter()
                .any(|service| service.0 == scope.service)
    }
}

/// The answer with one composed document.
pub(super) fn one(document: &Document<'_>, scope: &Scope<'_>) -> Result<Response<Bytes>> {
    Ok(valid(
        json(document.compose(scope)?),
        document.until(scope),
        scope,
    ))
}

/// The answer with composed documents, in an array.
pub(super) fn many(documents: &[Box<RawValue>], scope: &Scope<'_>) -> Result<Response<Bytes>> {
    let mut body =
        Vec::with_capacity(2 + documents.iter().map(|raw| raw.get().len()).sum::<usize>());
    let mut until = None;
    body.push(b'[');
    for (place, raw) in documents.iter().enumerate() {
        let document = Document::read(raw)?;
        if place > 0 {
            body.push(b',');
        }
        body.extend(document.compose(scope)?);
        until = [until, document.until(scope)].into_iter().flatten().min();
    }
    body.push(b']');
    Ok(valid(json(body), until, scope))
}

fn valid(mut response: Response<Bytes>, until: Option<i64>, scope: &Scope<'_>) -> Response<Bytes> {
    if let Some(until) = until {
        let rest = u64::try_from(until - scope.now.as_microsecond()).unwrap_or(0);
        response
            .extensions_mut()
            .insert(ValidFor(Duration::from_micros(rest)));
    }
    response
}
