//! The API: reads and changes programs and videos of the store, published or not.
//!
//! | route | request | answers |
//! |---|---|---|
//! | `api_programs` | `GET /v1/programs?limit&offset` | `{"items":[…],"limit":…,"offset":…}`, by id |
//! | `api_program`, `api_program_change` | `GET`, `PATCH /v1/programs/{id}` | the program |
//! | `api_program_videos` | `GET /v1/programs/{id}/videos?limit&offset` | as `api_programs` |
//! | `api_video`, `api_video_change` | `GET`, `PATCH /v1/videos/{id}` | the video |
//!
//! A `PATCH` takes `application/json` with the fields to change, [`edit::ProgramPatch`] or
//! [`edit::VideoPatch`], and answers the new representation. The routes of the resources `programs`
//! and `videos` are open to clients whose files allow them. `entities.program.published: true` and
//! `entities.video.published: true` in a client's file hide from it what viewers do not see.

mod ids;
mod patch;

use bytes::Bytes;
use http::{Method, Response};
use serde::Serialize;
use sixplay_core::{
    Error, Result,
    catalogue::{edit, read},
    store::Store,
};
use tower_layer::Layer;

use crate::{
    DomainUserLayer, DomainUserService, ErrorFormat, Param, Request, Route, Routes, Users,
    domain_user::Flag, json, route::with,
};

/// The API as a tower service; errors are problems of RFC 9457, those of a `PATCH` with a pointer
/// to the member.
///
/// # Errors
/// `Config` when the route table is defective.
pub fn service(store: Store, users: Users) -> Result<DomainUserService<Routes>> {
    let page = || {
        [
            Param::int("limit", 1, 100, "Items to return.").default(20),
            Param::int("offset", 0, 1_000_000, "Items to skip.").default(0),
        ]
    };
    let routes = [
        Route::get("api_programs", "/v1/programs", with(&store, programs))
            .resource("programs")
            .params(page()),
        Route::get("api_program", "/v1/programs/{id}", with(&store, program)).resource("programs"),
        Route::get(
            "api_program_videos",
            "/v1/programs/{id}/videos",
            with(&store, program_videos),
        )
        .resource("videos")
        .params(page()),
        Route::get("api_video", "/v1/videos/{id}", with(&store, video)).resource("videos"),
        Route::new(
            Method::PATCH,
            "api_program_change",
            "/v1/programs/{id}",
            with(&store, change_program),
        )
        .resource("programs")
        .consumes("application/json"),
        Route::new(
            Method::PATCH,
            "api_video_change",
            "/v1/videos/{id}",
            with(&store, change_video),
        )
        .resource("videos")
        .consumes("application/json"),
    ];
    Ok(DomainUserLayer::new(users, ErrorFormat::Problem)
        .layer(Routes::new(ErrorFormat::Problem, routes)?))
}

async fn programs(store: Store, request: Request) -> Result<Response<Bytes>> {
    let mut items = Vec::new();
    for id in ids::programs(&store, page(&request)).await? {
        let found = read::program(&store, id).await?;
        items.extend(found.filter(|program| shows(&request, "program", &program.publication)));
    }
    listed(&request, items)
}

async fn program(store: Store, request: Request) -> Result<Response<Bytes>> {
    let found = read::program(&store, number(&request)?).await?;
    body(
        &found
            .filter(|program| shows(&request, "program", &program.publication))
            .ok_or_else(not_found)?,
    )
}

async fn change_program(store: Store, request: Request) -> Result<Response<Bytes>> {
    let id = number(&request)?;
    edit::program(&store, id, patch::read(request.body())?)
        .await
        .map_err(patch::pointed)?;
    program(store, request).await
}

async fn program_videos(store: Store, request: Request) -> Result<Response<Bytes>> {
    let id = number(&request)?;
    let program = read::program(&store, id).await?;
    program
        .filter(|program| shows(&request, "program", &program.publication))
        .ok_or_else(not_found)?;
    let mut items = Vec::new();
    for id in ids::videos(&store, id, page(&request)).await? {
        let found = read::video(&store, &id).await?;
        items.extend(found.filter(|video| shows(&request, "video", &video.publication)));
    }
    listed(&request, items)
}

async fn video(store: Store, request: Request) -> Result<Response<Bytes>> {
    let found = read::video(&store, request.segment("id")).await?;
    body(
        &found
            .filter(|video| shows(&request, "video", &video.publication))
            .ok_or_else(not_found)?,
    )
}

async fn change_video(store: Store, request: Request) -> Result<Response<Bytes>> {
    edit::video(&store, request.segment("id"), patch::read(request.body())?)
        .await
        .map_err(patch::pointed)?;
    video(store, request).await
}

/// Whether the client sees the thing: all clients what is published, those without the filter
/// everything.
fn shows(request: &Request, entity: &str, publication: &read::Publication) -> bool {
    let filter = request
        .user()
        .and_then(|user| user.entity_flag(entity, "published"));
    publication.published || filter.and_then(Flag::as_bool) != Some(true)
}

fn page(request: &Request) -> ids::Page {
    let of = |name: &str| request.params().int(name).unwrap_or_default();
    ids::Page {
        limit: of("limit"),
        offset: of("offset"),
    }
}

fn listed<T: Serialize>(request: &Request, items: Vec<T>) -> Result<Response<Bytes>> {
    #[derive(Serialize)]
    struct List<T> {
        items: Vec<T>,
        limit: i64,
        offset: i64,
    }
    let ids::Page { limit, offset } = page(request);
    body(&List {
        items,
        limit,
        offset,
    })
}

fn body(value: &impl Serialize) -> Result<Response<Bytes>> {
    let written = serde_json::to_vec(value).map_err(|error| {
        Error::unexpected("api.write", "cannot write the answer").with_source(error)
    });
    Ok(json(written?))
}

/// A program's id; what is no number names no program.
fn number(request: &Request) -> Result<i64> {
    request.segment("id").parse().map_err(|_| not_found())
}

fn not_found() -> Error {
    Error::not_found("api.find", "there is no such resource")
}
