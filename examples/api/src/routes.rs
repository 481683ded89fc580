//! The route table, and what its handlers answer.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use serde::Serialize;
use sixplay_catalogue::documents;
use sixplay_core::{Error, Result, jiff::Timestamp};
use sixplay_http::{ErrorFormat, Param, Request, Route, Routes, ValidFor, json};

use crate::{
    edit::{ProgramPatch, VideoPatch},
    pages::{Page, PageRequest},
    patch,
    scope::PUBLISHED,
    scoped_store::{ClientStores, ScopedStore, not_found},
    view::Shown,
};

/// RFC 7396.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The API's table over the stores of its clients.
pub(crate) fn table(stores: &ClientStores) -> Result<Routes> {
    let routes = [
        programs_route(stores),
        program_route(stores),
        program_change_route(stores),
        program_videos_route(stores),
        video_route(stores),
        video_change_route(stores),
    ];
    // what one client sees another may not, and `published` is not for viewers at all
    let routes = routes.map(|route| {
        let route = route.private().strict_params();
        route
            .client_flag(documents::PROGRAM, PUBLISHED)
            .client_flag(documents::VIDEO, PUBLISHED)
    });
    Routes::new(ErrorFormat::Problem, routes)
}

fn programs_route(stores: &ClientStores) -> Route {
    Route::get("api_programs", "/v1/programs", stores.scoped(list_programs))
        .resource("programs")
        .params(page_params())
}

fn program_route(stores: &ClientStores) -> Route {
    Route::get(
        "api_program",
        "/v1/programs/{id}",
        stores.scoped(show_program),
    )
    .resource("programs")
}

fn program_change_route(stores: &ClientStores) -> Route {
    let (name, path) = ("api_program_change", "/v1/programs/{id}");
    Route::new(Method::PATCH, name, path, stores.scoped(patch_program))
        .resource("programs")
        .consumes(MERGE_PATCH)
        .consumes("application/json")
}

fn program_videos_route(stores: &ClientStores) -> Route {
    let (name, path) = ("api_program_videos", "/v1/programs/{id}/videos");
    Route::get(name, path, stores.scoped(list_videos))
        .resource("videos")
        .params(page_params())
}

fn video_route(stores: &ClientStores) -> Route {
    Route::get("api_video", "/v1/videos/{id}", stores.scoped(show_video)).resource("videos")
}

fn video_change_route(stores: &ClientStores) -> Route {
    let (name, path) = ("api_video_change", "/v1/videos/{id}");
    Route::new(Method::PATCH, name, path, stores.scoped(patch_video))
        .resource("videos")
        .consumes(MERGE_PATCH)
        .consumes("application/json")
}

fn page_params() -> [Param; 2] {
    [
        Param::int("limit", 1, 100, "Items to return.").default(20),
        Param::int("offset", 0, 1_000_000, "Items to skip.").default(0),
    ]
}

async fn list_programs(store: ScopedStore, request: Request) -> Result<Response<Bytes>> {
    let page = page_of(&request);
    answer_page(page, store.list_programs(page).await?)
}

async fn show_program(store: ScopedStore, request: Request) -> Result<Response<Bytes>> {
    answer_shown(&store.find_program(program_id(&request)?).await?)
}

async fn patch_program(store: ScopedStore, request: Request) -> Result<Response<Bytes>> {
    let id = program_id(&request)?;
    let changes = patch::read(request.body(), ProgramPatch::check)?;
    answer(&store.change_program(id, changes).await?)
}

async fn list_videos(store: ScopedStore, request: Request) -> Result<Response<Bytes>> {
    let (id, page) = (program_id(&request)?, page_of(&request));
    answer_page(page, store.list_videos(id, page).await?)
}

async fn show_video(store: ScopedStore, request: Request) -> Result<Response<Bytes>> {
    answer_shown(&store.find_video(request.segment("id")).await?)
}

async fn patch_video(store: ScopedStore, request: Request) -> Result<Response<Bytes>> {
    let changes = patch::read(request.body(), VideoPatch::check)?;
    answer(&store.change_video(request.segment("id"), changes).await?)
}

/// A program's id; what is no number, written as we write it, names no program.
fn program_id(request: &Request) -> Result<i64> {
    let text = request.segment("id");
    let id = text.parse().ok().filter(|id: &i64| id.to_string() == text);
    id.ok_or_else(not_found)
}

fn page_of(request: &Request) -> PageRequest {
    PageRequest {
        limit: number_of(request, "limit"),
        offset: number_of(request, "offset"),
    }
}

fn number_of(request: &Request, name: &str) -> u64 {
    let number = request.params().int(name).unwrap_or_default();
    u64::try_from(number).unwrap_or_default()
}

fn answer_page<T: Serialize>(
    request: PageRequest,
    page: Shown<Page<T>>,
) -> Result<Response<Bytes>> {
    #[derive(Serialize)]
    struct PageBody<T> {
        items: Vec<T>,
        limit: u64,
        offset: u64,
        #[serde(skip_serializing_if = "is_zero")]
        left_out: u64,
    }
    let PageRequest { limit, offset } = request;
    let Shown { value: page, until } = page;
    let value = PageBody {
        items: page.items,
        limit,
        offset,
        left_out: page.left_out,
    };
    answer_shown(&Shown { value, until })
}

/// The answer, which no cache keeps beyond the next change of what it shows.
fn answer_shown<T: Serialize>(shown: &Shown<T>) -> Result<Response<Bytes>> {
    let mut response = answer(&shown.value)?;
    if let Some(until) = shown.until {
        let rest = Duration::try_from(until.duration_since(Timestamp::now()));
        let rest = ValidFor(rest.unwrap_or_default());
        response.extensions_mut().insert(rest);
    }
    Ok(response)
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn answer(value: &impl Serialize) -> Result<Response<Bytes>> {
    let written = serde_json::to_vec(value).map_err(|error| {
        Error::unexpected("api.write", "cannot write the answer").with_source(error)
    });
    Ok(json(written?))
}
