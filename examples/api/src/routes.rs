//! The route table, and what its handlers answer.

use bytes::Bytes;
use http::{Method, Response};
use serde::Serialize;
use sixplay_catalogue::documents;
use sixplay_core::{Error, Result, Store};
use sixplay_http::{ErrorFormat, Flag, Param, Request, Route, Routes, json, with};

use crate::{
    edit::{change_program, change_video},
    pages::PageRequest,
    patch,
    read::{self, Program, Publication, Video, find_program, find_video},
    view::StoreView,
};

/// The API's table over `store`.
pub(crate) fn table(store: &Store) -> Result<Routes> {
    let routes = [
        programs_route(store),
        program_route(store),
        program_change_route(store),
        program_videos_route(store),
        video_route(store),
        video_change_route(store),
    ];
    Routes::new(ErrorFormat::Problem, routes)
}

fn programs_route(store: &Store) -> Route {
    Route::get("api_programs", "/v1/programs", with(store, list_programs))
        .resource("programs")
        .params(page_params())
}

fn program_route(store: &Store) -> Route {
    Route::get(
        "api_program",
        "/v1/programs/{id}",
        with(store, show_program),
    )
    .resource("programs")
}

fn program_change_route(store: &Store) -> Route {
    let (name, path) = ("api_program_change", "/v1/programs/{id}");
    Route::new(Method::PATCH, name, path, with(store, patch_program))
        .resource("programs")
        .consumes("application/json")
}

fn program_videos_route(store: &Store) -> Route {
    let (name, path) = ("api_program_videos", "/v1/programs/{id}/videos");
    Route::get(name, path, with(store, list_videos))
        .resource("videos")
        .params(page_params())
}

fn video_route(store: &Store) -> Route {
    Route::get("api_video", "/v1/videos/{id}", with(store, show_video)).resource("videos")
}

fn video_change_route(store: &Store) -> Route {
    let (name, path) = ("api_video_change", "/v1/videos/{id}");
    Route::new(Method::PATCH, name, path, with(store, patch_video))
        .resource("videos")
        .consumes("application/json")
}

fn page_params() -> [Param; 2] {
    [
        Param::int("limit", 1, 100, "Items to return.").default(20),
        Param::int("offset", 0, 1_000_000, "Items to skip.").default(0),
    ]
}

async fn list_programs(store: Store, request: Request) -> Result<Response<Bytes>> {
    let page = page_of(&request, documents::PROGRAM);
    let mut view = StoreView::open(&store).await?;
    answer_page(page, read::list_programs(&mut view, page).await?)
}

async fn show_program(store: Store, request: Request) -> Result<Response<Bytes>> {
    let program = find_program(&store, program_id(&request)?).await?;
    answer(&require_program(program, &request)?)
}

async fn patch_program(store: Store, request: Request) -> Result<Response<Bytes>> {
    let (id, patch) = (program_id(&request)?, patch::read(request.body())?);
    let changed = change_program(&store, id, patch).await;
    changed.map_err(patch::point_at_field)?;
    show_program(store, request).await
}

async fn list_videos(store: Store, request: Request) -> Result<Response<Bytes>> {
    let (id, page) = (program_id(&request)?, page_of(&request, documents::VIDEO));
    let mut view = StoreView::open(&store).await?;
    let program = read::read_program(&mut view, id).await?;
    require_program(program, &request)?;
    answer_page(page, read::list_videos(&mut view, id, page).await?)
}

async fn show_video(store: Store, request: Request) -> Result<Response<Bytes>> {
    let video = find_video(&store, request.segment("id")).await?;
    answer(&require_video(video, &request)?)
}

async fn patch_video(store: Store, request: Request) -> Result<Response<Bytes>> {
    let patch = patch::read(request.body())?;
    let changed = change_video(&store, request.segment("id"), patch).await;
    changed.map_err(patch::point_at_field)?;
    show_video(store, request).await
}

/// A program's id; what is no number names no program.
fn program_id(request: &Request) -> Result<i64> {
    request.segment("id").parse().map_err(|_| not_found())
}

fn page_of(request: &Request, kind: &str) -> PageRequest {
    PageRequest {
        limit: number_of(request, "limit"),
        offset: number_of(request, "offset"),
        published_only: sees_published_only(request, kind),
    }
}

fn number_of(request: &Request, name: &str) -> u64 {
    let number = request.params().int(name).unwrap_or_default();
    u64::try_from(number).unwrap_or_default()
}

fn require_program(program: Option<Program>, request: &Request) -> Result<Program> {
    let shown = |it: &Program| shows(request, documents::PROGRAM, &it.publication);
    program.filter(shown).ok_or_else(not_found)
}

fn require_video(video: Option<Video>, request: &Request) -> Result<Video> {
    let shown = |it: &Video| shows(request, documents::VIDEO, &it.publication);
    video.filter(shown).ok_or_else(not_found)
}

fn shows(request: &Request, kind: &str, publication: &Publication) -> bool {
    publication.published || !sees_published_only(request, kind)
}

/// Whether the client's file hides from it what viewers do not see; without the flag it sees
/// everything.
fn sees_published_only(request: &Request, kind: &str) -> bool {
    let user = request.user();
    let flag = user.and_then(|user| user.entity_flag(kind, "published"));
    flag.and_then(Flag::as_bool) == Some(true)
}

fn answer_page<T: Serialize>(page: PageRequest, items: Vec<T>) -> Result<Response<Bytes>> {
    #[derive(Serialize)]
    struct PageBody<T> {
        items: Vec<T>,
        limit: u64,
        offset: u64,
    }
    let PageRequest { limit, offset, .. } = page;
    answer(&PageBody {
        items,
        limit,
        offset,
    })
}

fn answer(value: &impl Serialize) -> Result<Response<Bytes>> {
    let written = serde_json::to_vec(value).map_err(|error| {
        Error::unexpected("api.write", "cannot write the answer").with_source(error)
    });
    Ok(json(written?))
}

fn not_found() -> Error {
    Error::not_found("api.find", "there is no such resource")
}
