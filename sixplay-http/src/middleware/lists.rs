//! Routes that answer an array.

use bytes::Bytes;
use http::Response;
use sixplay_core::{Error, Result};
use sixplay_index::{Filter, Query};

use super::{App, Scope, documents::many, not_built, not_found};
use crate::{Request, json};

/// The kinds of videos that `type` may name.
const TYPES: [&str; 4] = ["vi", "vc", "playlist", "ci"];

/// The page that the request asks for; it ends where the index's window ends.
fn page(request: &Request, scope: &Scope<'_>, filters: impl IntoIterator<Item = Filter>) -> Query {
    let of = |name: &str| {
        request
            .params()
            .int(name)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or(0)
    };
    let (limit, offset) = (of("limit"), of("offset"));
    let query = Query::new(limit.min(sixplay_index::MAX_WINDOW.saturating_sub(offset)))
        .offset(offset)
        .at(scope.now);
    filters.into_iter().fold(query, Query::filter)
}

pub(super) async fn services(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let filters = [
        Filter::term("roots", scope.service),
        Filter::term("platforms", scope.platform),
    ];
    let query = page(&request, &scope, filters).ascending("priority");
    many(&app.search("service", &query).await?.documents, &scope)
}

pub(super) async fn folders(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let filters = [
        Filter::term("services", scope.service),
        Filter::term("platforms", scope.platform),
    ];
    let query = page(&request, &scope, filters).ascending("sort_index");
    many(&app.search("folder", &query).await?.documents, &scope)
}

pub(super) async fn folder_programs(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let folder = request.segment("folder");
    let query = page(&request, &scope, scope.published())
        .filter(Filter::term("folders", folder))
        .ascending("title_sort");
    let found = app.search("program", &query).await?;
    if found.total == 0 && app.document("folder", folder).await?.is_none() {
        return Err(not_found("there is no such folder"));
    }
    many(&found.documents, &scope)
}

pub(super) async fn programs(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let mut query = page(&request, &scope, scope.published());
    if let Some(letter) = request.params().text("firstLetter") {
        query = query.filter(Filter::term("initial", letter.to_lowercase()));
    }
    query = match request.params().text("sort") {
        Some("last_video_publication") => query.descending("last_publication"),
        _ => query.ascending("title_sort"),
    };
    many(&app.search("program", &query).await?.documents, &scope)
}

pub(super) async fn first_letters(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let filters = page(&request, &scope, scope.published()).conditions();
    let initials = app
        .index
        .values(&app.alias("program"), "initial", &filters, 100)
        .await
        .map_err(not_built)?;
    let body = serde_json::to_vec(&initials).map_err(|error| {
        Error::unexpected("middleware.letters", "cannot write the initials").with_source(error)
    })?;
    Ok(json(body))
}

pub(super) async fn program_videos(app: App, request: Request) -> Result<Response<Bytes>> {
    let scope = Scope::new(&request)?;
    let program = request.segment("program");
    let mut query =
        page(&request, &scope, scope.published()).filter(Filter::term("program", program));
    let types: Vec<&str> = request
        .params()
        .list("type")
        .iter()
        .map(String::as_str)
        .filter(|kind| TYPES.contains(kind))
        .collect();
    if !types.is_empty() {
        query = query.filter(Filter::terms("type", types));
    }
    if let Some(subcat) = request.params().text("subcat") {
        query = query.filter(Filter::term("subcats", subcat));
    }
    query = match request.params().text("sort") {
        Some("subcat") => query.ascending("subcat_sort").descending("publication"),
        Some("episode_asc") => query.ascending("season").ascending("episode"),
        _ => query.descending("publication"),
    };
    let found = app.search("video", &query).await?;
    if found.total == 0 && app.document("program", program).await?.is_none() {
        return Err(not_found("there is no such program"));
    }
    many(&found.documents, &scope)
}
