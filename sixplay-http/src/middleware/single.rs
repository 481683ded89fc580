//! Routes that answer one object.

use bytes::Bytes;
use http::Response;
use sixplay_core::{Error, Result};
use sixplay_index::{Filter, Query};

use super::{
    App, Scope,
    documents::{Document, Stand, one},
    not_found,
};
use crate::Request;

/// The part of a program's body that lists leave out.
const DETAIL: &str = "detail";

pub(super) async fn service(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let query = Query::new(1)
        .at(scope.now)
        .filter(Filter::term("code", scope.service))
        .filter(Filter::term("platforms", scope.platform));
    let page = app.search("service", &query).await?;
    match page.documents.first() {
        Some(raw) => one(&Document::read(raw)?, &scope),
        None => Err(not_found("there is no such service")),
    }
}

pub(super) async fn program(app: App, request: Request) -> Result<Response<Bytes>> {
    let mut scope = Scope::new(&request)?;
    scope.parts.insert(0, DETAIL);
    let raw = app.document("program", request.segment("program")).await?;
    let document = raw.as_deref().map(Document::read).transpose()?;
    match document.filter(|document| matches!(document.stand(&scope), Stand::Open(_))) {
        Some(document) => one(&document, &scope),
        None => Err(not_found("there is no such program")),
    }
}

pub(super) async fn video(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let id = request.segment("video");
    let raw = app.document("video", id).await?;
    let document = raw.as_deref().map(Document::read).transpose()?;
    let missing = not_found("there is no such video");
    let Some(document) = document else {
        return Err(if expired(&app, &scope, id).await? {
            gone()
        } else {
            missing
        });
    };
    match document.stand(&scope) {
        Stand::Open(_)
            if scope
                .csa
                .is_some_and(|csa| document.csa.is_some_and(|own| own > csa)) =>
        {
            Err(missing)
        }
        Stand::Open(_) => one(&document, &scope),
        Stand::Ended => Err(gone()),
        Stand::Closed if expired(&app, &scope, id).await? => Err(gone()),
        Stand::Closed => Err(missing),
    }
}

/// Whether the video's rights for platform and service have ended, and none are to come.
async fn expired(app: &App, scope: &Scope<'_>, id: &str) -> Result<bool> {
    match app.document("expired", id).await? {
        Some(raw) => Ok(Document::read(&raw)?.is_for(scope)),
        None => Ok(false),
    }
}

fn gone() -> Error {
    Error::gone("middleware.find", "the video's rights have ended")
}
