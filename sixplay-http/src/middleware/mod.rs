//! The middleware: answers from the index alone what players ask, on the paths and in the shapes of
//! the 6play v2 middleware.
//!
//! Base path `/6play/v2/platforms/{platform}/services/{service}`; every answer is a bare JSON array
//! or object.
//!
//! | route | path | answers |
//! |---|---|---|
//! | `middleware_service` | | the service |
//! | `middleware_services` | `/services` | the services listed under a root service |
//! | `middleware_folders` | `/folders` | the folders of a service |
//! | `middleware_folder_programs` | `/folders/{folder}/programs` | the programs of a folder |
//! | `middleware_programs` | `/programs` | the programs of a service |
//! | `middleware_first_letters` | `/programs/first-letters` | the initials that programs have |
//! | `middleware_program` | `/programs/{program}` | a program |
//! | `middleware_program_videos` | `/programs/{program}/videos` | the videos of a program |
//! | `middleware_video` | `/videos/{video}` | a video; 410 once its rights have ended |

mod documents;
mod lists;
mod single;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde::Deserialize;
use sixplay_core::{Error, ErrorKind, Result, config};
use sixplay_index::{Filter, Index, Page, Query};
use tower_layer::Layer;

use crate::{
    DomainUserLayer, DomainUserService, ErrorFormat, Param, Request, Route, Routes, Users,
};

/// How the middleware asks the index.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct MiddlewareConfig {
    /// How long a request may wait for the index; default `2s`. Then 503.
    #[serde(with = "config::duration")]
    pub deadline: Duration,
    /// What the aliases begin with, `sixplay` by default. No key of this section: the index's own
    /// configuration has it.
    #[serde(skip)]
    pub prefix: String,
}

impl Default for MiddlewareConfig {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(2),
            prefix: "sixplay".to_owned(),
        }
    }
}

/// The middleware as a tower service; errors have the historic format.
///
/// All routes are of the resource `middleware`. Document bytes go from the index to the client
/// unread but for the places where [`sixplay_core::catalogue::StoredBody`] takes them apart.
/// `max-age` never reaches beyond the next instant at which time changes what is shown.
///
/// # Errors
/// `Config` when the route table is defective.
pub fn service(
    index: Index,
    users: Users,
    config: MiddlewareConfig,
) -> Result<DomainUserService<Routes>> {
    let app = App {
        index,
        config: Arc::new(config),
    };
    let routes = Routes::new(
        ErrorFormat::Historic,
        routes(&app)
            .into_iter()
            .map(|route| route.resource("middleware")),
    )?;
    Ok(DomainUserLayer::new(users, ErrorFormat::Historic).layer(routes))
}

fn routes(app: &App) -> [Route; 9] {
    let page = || [limit(20), offset(), csa(), parts()];
    let all = || [limit(100), offset(), parts()];
    [
        app.get("middleware_service", "", single::service)
            .params([parts()]),
        app.get("middleware_services", "/services", lists::services)
            .params(all())
            .params([sort(&["priority"])]),
        app.get("middleware_folders", "/folders", lists::folders)
            .params(all()),
        app.get(
            "middleware_folder_programs",
            "/folders/{folder}/programs",
            lists::folder_programs,
        )
        .params(page()),
        app.get("middleware_programs", "/programs", lists::programs)
            .params(page())
            .params([
                sort(&["last_video_publication"]),
                Param::text(
                    "firstLetter",
                    "Only titles that begin with it; `@`: with no letter.",
                ),
            ]),
        app.get(
            "middleware_first_letters",
            "/programs/first-letters",
            lists::first_letters,
        )
        .params([csa()]),
        app.get("middleware_program", "/programs/{program}", single::program)
            .params([parts()]),
        app.get(
            "middleware_program_videos",
            "/programs/{program}/videos",
            lists::program_videos,
        )
        .params(page())
        .params([
            sort(&["subcat", "episode_asc"]),
            Param::list(
                "type",
                "Only these kinds of videos; unknown kinds are ignored.",
            ),
            Param::text("subcat", "Only videos of this sub-category."),
        ]),
        app.get("middleware_video", "/videos/{video}", single::video)
            .params([csa(), parts()]),
    ]
}

fn limit(default: i64) -> Param {
    Param::int(
        "limit",
        1,
        999,
        "Items to return; more than 999 counts as 999.",
    )
    .default(default)
    .lenient()
}

fn offset() -> Param {
    Param::int(
        "offset",
        0,
        9_999,
        "Items to skip; a list ends at item 10,000.",
    )
    .default(0)
}

fn csa() -> Param {
    Param::text(
        "csa",
        "The highest age rating wanted, 1 to 6; anything else restricts nothing.",
    )
}

fn parts() -> Param {
    Param::list(
        "with",
        "Optional parts of the body; unknown ones are ignored.",
    )
}

fn sort(values: &'static [&'static str]) -> Param {
    Param::choice("sort", values, "The order, in place of the list's own.").lenient()
}

#[derive(Clone)]
struct App {
    index: Index,
    config: Arc<MiddlewareConfig>,
}

impl App {
    /// A route below the base path whose handler is given the app and ends within the deadline.
    fn get<F, A>(&self, name: &'static str, path: &str, handler: F) -> Route
    where
        F: Fn(Self, Request) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response<Bytes>>> + Send + 'static,
    {
        let app = self.clone();
        let deadline = self.config.deadline;
        let template = format!("/6play/v2/platforms/{{platform}}/services/{{service}}{path}");
        Route::get(name, template, move |request| {
            let answer = handler(app.clone(), request);
            async move {
                let late =
                    |_| Error::timeout("middleware.answer", "the index did not answer in time");
                tokio::time::timeout(deadline, answer).await.map_err(late)?
            }
        })
    }

    fn alias(&self, kind: &str) -> String {
        format!("{}-{kind}", self.config.prefix)
    }

    async fn search(&self, kind: &str, query: &Query) -> Result<Page> {
        self.index
            .search(&self.alias(kind), query)
            .await
            .map_err(not_built)
    }

    async fn document(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<Box<serde_json::value::RawValue>>> {
        if id.is_empty() || id.len() > sixplay_index::MAX_ID_BYTES {
            return Ok(None);
        }
        let found = self
            .index
            .get(&self.alias(kind), &[id])
            .await
            .map_err(not_built)?;
        Ok(found.into_iter().next().flatten())
    }
}

/// What a request asks about: a platform and a service at one instant.
struct Scope<'a> {
    platform: &'a str,
    service: &'a str,
    now: Timestamp,
    csa: Option<i64>,
    parts: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    fn new(request: &'a Request) -> Result<Self> {
        let platform = request.segment("platform");
        if !request.user().is_none_or(|user| user.may_ask(platform)) {
            return Err(Error::forbidden(
                "middleware.scope",
                "the client may not ask for this platform",
            ));
        }
        let csa = request
            .params()
            .text("csa")
            .and_then(|csa| csa.parse().ok())
            .filter(|csa| (1..=6).contains(csa));
        let parts = request
            .params()
            .list("with")
            .iter()
            .map(String::as_str)
            .collect();
        Ok(Self {
            platform,
            service: request.segment("service"),
            now: Timestamp::now(),
            csa,
            parts,
        })
    }

    /// The documents published for platform and service now, and fit for the age rating.
    fn published(&self) -> Vec<Filter> {
        let now = self.now.as_microsecond();
        let window = Filter::nested(
            "windows",
            [
                Filter::term("platform", self.platform),
                Filter::term("services", self.service),
                Filter::at_most("from", now),
                Filter::missing_or(Filter::above("until", now)),
            ],
        );
        let rating = self
            .csa
            .map(|csa| Filter::missing_or(Filter::at_most("csa", csa)));
        [window].into_iter().chain(rating).collect()
    }
}

/// An alias that is missing is an index that nobody has built yet, no answer to the client's
/// question.
fn not_built(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => {
            Error::unavailable("middleware.search", "the index is not built").with_source(error)
        }
        _ => error,
    }
}

fn not_found(what: &'static str) -> Error {
    Error::not_found("middleware.find", what)
}
