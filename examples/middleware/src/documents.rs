//! What of an index document the middleware reads, and where the document is in time.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use sixplay_catalogue::{StoredBody, Viewer, documents::DocumentWindow, fields};
use sixplay_core::{Error, Result, Visible, jiff::Timestamp};
use sixplay_index::{RawValue, VISIBLE_FROM, VISIBLE_UNTIL};

use crate::scope::Scope;

/// The members of a document that the middleware reads; what the body holds stays bytes.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    body: Option<StoredBody<'a>>,
    visible: Visible,
    csa: Option<i64>,
    windows: Vec<DocumentWindow<'a>>,
    next_turn: Option<i64>,
}

/// Where a document is in time for one platform and service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Published, until that instant if an end is known.
    Open(Option<Timestamp>),
    /// Published before, and not to come.
    Ended,
    /// Not published, whatever was or will be.
    Closed,
}

impl<'a> Document<'a> {
    /// # Errors
    /// `Corrupt` when the document has not the shape that rendering gives.
    pub(crate) fn read(raw: &'a RawValue) -> Result<Self> {
        serde_json::from_str(raw.get()).map_err(|error| {
            Error::corrupt("middleware.read", "the document has another shape").with_source(error)
        })
    }

    /// Where the document is by its windows; `Closed` when it has none for the scope.
    pub(crate) fn standing(&self, scope: &Scope<'_>) -> Standing {
        match self.open_window(scope) {
            Some(open) if self.visible.is_open(scope.now) => {
                Standing::Open(earliest([open.until, self.visible.until]))
            }
            _ if self.has_ended(scope) => Standing::Ended,
            _ => Standing::Closed,
        }
    }

    /// When time alone changes what the body says.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.body.as_ref().and_then(StoredBody::next_change)
    }

    /// When a program next comes to a platform and service or leaves one.
    pub(crate) fn next_turn(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.next_turn?).ok()
    }

    /// Whether it is shown to anybody at `now`.
    pub(crate) fn is_visible(&self, now: Timestamp) -> bool {
        self.visible.is_open(now)
    }

    /// Whether one of the windows, timeless or not, is for the scope.
    pub(crate) fn is_for(&self, scope: &Scope<'_>) -> bool {
        self.windows_for(scope).next().is_some()
    }

    /// Whether the client wants documents of this age rating.
    pub(crate) fn is_fit_for(&self, scope: &Scope<'_>) -> bool {
        let highest = scope.csa.unwrap_or(i64::MAX);
        self.csa.is_none_or(|csa| csa <= highest)
    }

    /// What the client is shown of the document, as JSON.
    pub(crate) fn compose(&self, scope: &Scope<'_>) -> Result<Vec<u8>> {
        let missing = || Error::corrupt("middleware.compose", "the document has no body");
        let body = self.body.as_ref().ok_or_else(missing)?;
        let viewer = Viewer {
            platform: scope.platform,
            service: scope.service,
            at: scope.now,
        };
        body.compose(&viewer, &scope.parts)
    }

    /// Until when that holds as far as the document says; documents without windows end with their
    /// visibility.
    pub(crate) fn valid_until(&self, scope: &Scope<'_>) -> Option<Timestamp> {
        let end = match self.standing(scope) {
            Standing::Open(until) => until,
            Standing::Ended | Standing::Closed => self.visible.until,
        };
        earliest([end, self.next_change()])
    }

    /// The open window for the scope that closes last.
    fn open_window(&self, scope: &Scope<'_>) -> Option<Visible> {
        let windows = self.windows_for(scope);
        let open = windows.filter(|window| window.is_open(scope.now));
        open.max_by_key(|window| window.until.unwrap_or(Timestamp::MAX))
    }

    fn has_ended(&self, scope: &Scope<'_>) -> bool {
        let mut windows = self.windows_for(scope);
        self.is_for(scope) && windows.all(|window| window.is_over(scope.now))
    }

    fn windows_for(&self, scope: &Scope<'_>) -> impl Iterator<Item = Visible> {
        let (platform, service) = (scope.platform, scope.service);
        let windows = self.windows.iter();
        let windows = windows.filter(move |window| window.is_for(platform, service));
        windows.map(|window| window.visible.unwrap_or(Visible::ALWAYS))
    }
}

/// The earlier of two instants, of which `None` never comes.
pub(crate) fn earliest(instants: [Option<Timestamp>; 2]) -> Option<Timestamp> {
    instants.into_iter().flatten().min()
}

/// A document whose members have not all been read.
#[derive(Default)]
struct DocumentDraft<'a> {
    body: Option<StoredBody<'a>>,
    from: Option<i64>,
    until: Option<i64>,
    csa: Option<i64>,
    windows: Vec<DocumentWindow<'a>>,
    next_turn: Option<i64>,
}

impl<'de> DocumentDraft<'de> {
    fn take_member<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        members: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            fields::BODY => self.body = members.next_value()?,
            fields::CSA => self.csa = members.next_value()?,
            fields::NEXT_TURN => self.next_turn = members.next_value()?,
            fields::WINDOWS => self.windows = members.next_value()?,
            VISIBLE_FROM => self.from = members.next_value()?,
            VISIBLE_UNTIL => self.until = members.next_value()?,
            _ => drop(members.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'a> From<DocumentDraft<'a>> for Document<'a> {
    fn from(draft: DocumentDraft<'a>) -> Self {
        Self {
            body: draft.body,
            // without a beginning it has always been visible
            visible: Visible::from_micros(draft.from.unwrap_or(i64::MIN), draft.until),
            csa: draft.csa,
            windows: draft.windows,
            next_turn: draft.next_turn,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Document<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let draft = deserializer.deserialize_map(DocumentVisitor)?;
        Ok(Self::from(draft))
    }
}

/// Copied only when it has escapes.
#[derive(Deserialize)]
struct MemberName<'a>(#[serde(borrow)] Cow<'a, str>);

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = DocumentDraft<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut draft = DocumentDraft::default();
        while let Some(MemberName(name)) = members.next_key()? {
            draft.take_member(&name, &mut members)?;
        }
        Ok(draft)
    }
}
