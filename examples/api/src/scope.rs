//! What a client sees of the store.

use sixplay_catalogue::{PublicationState, documents};
use sixplay_http::DomainUser;

/// The flag of a client's file that hides what viewers do not see, for each kind of document.
pub(crate) const PUBLISHED: &str = "published";

/// The filters of one client, by kind of document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    published_programs_only: bool,
    published_videos_only: bool,
}

impl Scope {
    /// Hides nothing.
    pub(crate) const EVERYTHING: Self = Self {
        published_programs_only: false,
        published_videos_only: false,
    };

    /// What the client's file lets it see; a table without clients hides nothing.
    pub(crate) fn of(user: Option<&DomainUser>) -> Self {
        Self {
            published_programs_only: has_filter(user, documents::PROGRAM),
            published_videos_only: has_filter(user, documents::VIDEO),
        }
    }

    /// Whether documents of `kind` are seen only while viewers see them.
    pub(crate) fn sees_published_only(self, kind: &str) -> bool {
        match kind {
            documents::PROGRAM => self.published_programs_only,
            _ => self.published_videos_only,
        }
    }

    pub(crate) fn shows(self, kind: &str, state: &PublicationState) -> bool {
        state.is_published() || !self.sees_published_only(kind)
    }
}

fn has_filter(user: Option<&DomainUser>, kind: &str) -> bool {
    user.and_then(|user| user.entity_flag(kind, PUBLISHED)) == Some(true)
}
