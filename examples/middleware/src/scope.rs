//! What a request asks about.

use sixplay_catalogue::fields::{self, windows};
use sixplay_core::{Error, Result, jiff::Timestamp};
use sixplay_http::Request;
use sixplay_index::{Filter, Query};

use crate::platforms;

/// A platform and a service at one instant, and what of a document the client wants.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) platform: &'a str,
    pub(crate) service: &'a str,
    pub(crate) now: Timestamp,
    /// The highest age rating wanted, 1 to 6.
    pub(crate) csa: Option<i64>,
    /// The optional parts of a body, in the order in which they join it.
    pub(crate) parts: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    /// What `request` asks about, as of now.
    ///
    /// # Errors
    /// `Forbidden` for a platform that is not the client's.
    pub(crate) fn of(request: &'a Request) -> Result<Self> {
        let platform = request.segment("platform");
        require_platform(request, platform)?;
        let parts = request.params().list("with");
        Ok(Self {
            platform,
            service: request.segment("service"),
            now: Timestamp::now(),
            csa: request.params().text("csa").and_then(parse_rating),
            parts: parts.iter().map(String::as_str).collect(),
        })
    }

    /// Narrows `query` to what is visible on the platform now, for documents that name their
    /// platforms.
    pub(crate) fn on_platform(&self, query: Query) -> Query {
        let platform = Filter::term(fields::PLATFORMS, self.platform);
        query.at(self.now).filter(platform)
    }

    /// Narrows `query` to what is published for platform and service now and fit for the age
    /// rating, for documents that have windows.
    pub(crate) fn published(&self, query: Query) -> Query {
        let query = query.at(self.now).filter(self.open_window());
        match self.csa {
            Some(csa) => query.filter(Filter::missing_or(Filter::at_most(fields::CSA, csa))),
            None => query,
        }
    }

    fn open_window(&self) -> Filter {
        let place = [
            Filter::term(windows::PLATFORM, self.platform),
            Filter::term(windows::SERVICES, self.service),
        ];
        let time = Filter::open_at(windows::FROM, windows::UNTIL, self.now);
        Filter::nested(fields::WINDOWS, place.into_iter().chain(time))
    }
}

fn require_platform(request: &Request, platform: &str) -> Result<()> {
    let may_ask = |user| platforms::may_ask(user, platform);
    if request.user().is_none_or(may_ask) {
        return Ok(());
    }
    let message = "the client may not ask for this platform";
    Err(Error::forbidden("middleware.scope", message))
}

fn parse_rating(csa: &str) -> Option<i64> {
    let rating = csa.parse().ok()?;
    (1..=6).contains(&rating).then_some(rating)
}
