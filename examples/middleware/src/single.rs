//! Routes that answer one object.

use bytes::Bytes;
use http::Response;
use sixplay_catalogue::{
    documents::{EXPIRED, PROGRAM, SERVICE, VIDEO},
    fields::{self, parts},
};
use sixplay_core::{Error, Result};
use sixplay_http::Request;
use sixplay_index::{Filter, Query};

use crate::{
    answers::answer_one,
    documents::{Document, Standing},
    scope::Scope,
    search::Documents,
};

/// The service, where it is on the platform.
pub(crate) async fn show_service(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let code = Filter::term(fields::CODE, scope.service);
    let query = scope.on_platform(Query::new(1)).filter(code);
    let found = documents.search(SERVICE, &query).await?;
    match found.documents.first() {
        Some(raw) => answer_one(&Document::read(raw)?, &scope),
        None => Err(not_found("there is no such service")),
    }
}

/// The program with its detail, where it is published.
pub(crate) async fn show_program(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let mut scope = Scope::of(&request)?;
    scope.parts.insert(0, parts::DETAIL);
    let missing = || not_found("there is no such program");
    let raw = documents.get(PROGRAM, request.segment("program")).await?;
    let raw = raw.ok_or_else(missing)?;
    let document = Document::read(&raw)?;
    match document.standing(&scope) {
        Standing::Open(_) => answer_one(&document, &scope),
        Standing::Ended | Standing::Closed => Err(missing()),
    }
}

/// The video, where it is published and fit for the age rating; 410 once its rights have ended.
pub(crate) async fn show_video(documents: Documents, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let id = request.segment("video");
    let Some(raw) = documents.get(VIDEO, id).await? else {
        return refuse_unpublished(&documents, &scope, id).await;
    };
    let document = Document::read(&raw)?;
    match document.standing(&scope) {
        Standing::Open(_) if document.is_fit_for(&scope) => answer_one(&document, &scope),
        Standing::Open(_) => Err(no_video()),
        Standing::Ended => Err(gone()),
        Standing::Closed => refuse_unpublished(&documents, &scope, id).await,
    }
}

/// Says whether the video's rights for platform and service have ended, and none are to come, or
/// there never were any.
async fn refuse_unpublished(
    documents: &Documents,
    scope: &Scope<'_>,
    id: &str,
) -> Result<Response<Bytes>> {
    match documents.get(EXPIRED, id).await? {
        Some(raw) if Document::read(&raw)?.is_for(scope) => Err(gone()),
        _ => Err(no_video()),
    }
}

fn gone() -> Error {
    Error::gone("middleware.find", "the video's rights have ended")
}

fn no_video() -> Error {
    not_found("there is no such video")
}

fn not_found(message: &'static str) -> Error {
    Error::not_found("middleware.find", message)
}
