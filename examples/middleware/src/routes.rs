//! The route table.

use std::future::Future;

use bytes::Bytes;
use http::Response;
use sixplay_core::Result;
use sixplay_http::{ErrorFormat, Param, Request, Route, Routes, with};

use crate::{lists, platforms, search::Documents, single};

const BASE: &str = "/6play/v2/platforms/{platform}/services/{service}";

/// The middleware's table over `documents`.
pub(crate) fn table(documents: &Documents) -> Result<Routes> {
    let routes = [
        service_route(documents),
        services_route(documents),
        folders_route(documents),
        folder_programs_route(documents),
        programs_route(documents),
        first_letters_route(documents),
        program_route(documents),
        program_videos_route(documents),
        video_route(documents),
    ];
    let routes = routes.map(|route| {
        route
            .resource("middleware")
            .client_parameter(platforms::PARAMETER)
    });
    Routes::new(ErrorFormat::Historic, routes)
}

fn service_route(documents: &Documents) -> Route {
    get("middleware_service", "", documents, single::show_service).params([with_param()])
}

fn services_route(documents: &Documents) -> Route {
    get(
        "middleware_services",
        "/services",
        documents,
        lists::list_services,
    )
    .params(long_page())
    .params([sort_param(&["priority"])])
}

fn folders_route(documents: &Documents) -> Route {
    get(
        "middleware_folders",
        "/folders",
        documents,
        lists::list_folders,
    )
    .params(long_page())
}

fn folder_programs_route(documents: &Documents) -> Route {
    let path = "/folders/{folder}/programs";
    get(
        "middleware_folder_programs",
        path,
        documents,
        lists::list_folder_programs,
    )
    .params(rated_page())
}

fn programs_route(documents: &Documents) -> Route {
    let about = "Only titles that begin with it, É like e; `@`: with no letter.";
    let first_letter = Param::text("firstLetter", about);
    get(
        "middleware_programs",
        "/programs",
        documents,
        lists::list_programs,
    )
    .params(rated_page())
    .params([sort_param(&["last_video_publication"]), first_letter])
}

fn first_letters_route(documents: &Documents) -> Route {
    let path = "/programs/first-letters";
    get(
        "middleware_first_letters",
        path,
        documents,
        lists::list_first_letters,
    )
    .params([csa_param()])
}

fn program_route(documents: &Documents) -> Route {
    let path = "/programs/{program}";
    get("middleware_program", path, documents, single::show_program).params([with_param()])
}

fn program_videos_route(documents: &Documents) -> Route {
    let path = "/programs/{program}/videos";
    let about = "Only these kinds of videos; unknown kinds are ignored.";
    let kinds = Param::list("type", about);
    let subcat = Param::text("subcat", "Only videos of this sub-category.");
    get(
        "middleware_program_videos",
        path,
        documents,
        lists::list_program_videos,
    )
    .params(rated_page())
    .params([sort_param(&["subcat", "episode_asc"]), kinds, subcat])
}

fn video_route(documents: &Documents) -> Route {
    let path = "/videos/{video}";
    get("middleware_video", path, documents, single::show_video).params([csa_param(), with_param()])
}

/// A route below the base path whose handler is given the documents.
fn get<F, A>(name: &'static str, path: &str, documents: &Documents, handler: F) -> Route
where
    F: Fn(Documents, Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response<Bytes>>> + Send + 'static,
{
    Route::get(name, format!("{BASE}{path}"), with(documents, handler))
}

/// A page of what has an age rating.
fn rated_page() -> [Param; 4] {
    [limit_param(20), offset_param(), csa_param(), with_param()]
}

/// A page that holds most lists whole.
fn long_page() -> [Param; 3] {
    [limit_param(100), offset_param(), with_param()]
}

fn limit_param(default: i64) -> Param {
    let about = "Items to return; more than 999 counts as 999.";
    let limit = Param::int("limit", 1, 999, about);
    limit.default(default).lenient()
}

fn offset_param() -> Param {
    let about = "Items to skip; `[]` from 10,000 on.";
    let offset = Param::int("offset", 0, 10_000, about);
    offset.default(0).lenient()
}

fn csa_param() -> Param {
    let about = "The highest age rating wanted, 1 to 6; anything else restricts nothing.";
    Param::text("csa", about)
}

fn with_param() -> Param {
    let about = "Optional parts of the body; unknown ones are ignored.";
    Param::list("with", about)
}

fn sort_param(words: &'static [&'static str]) -> Param {
    let about = "The order, in place of the list's own; others are ignored.";
    Param::choice("sort", words, about).lenient()
}
