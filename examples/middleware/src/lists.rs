//! Routes that answer an array.

use bytes::Bytes;
use http::Response;
use sixplay_catalogue::{
    documents::{FOLDER, PROGRAM, SERVICE, VIDEO},
    fields, initial_of,
};
use sixplay_core::{Error, Result};
use sixplay_http::Request;
use sixplay_index::{Filter, MAX_WINDOW, Query};

use crate::{
    answers::{answer_all, answer_texts},
    documents::Document,
    scope::Scope,
    search::Documents,
};

/// The kinds of videos that `type` may name.
const VIDEO_TYPES: [&str; 4] = ["vi", "vc", "playlist", "ci"];

/// More initials than there are.
const MAX_INITIALS: u64 = 100;

/// The services listed under a root service, by priority.
pub(crate) async fn list_services(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let listed_under = Filter::term(fields::ROOTS, scope.service);
    let query = scope.on_platform(page_of(&request)).filter(listed_under);
    let query = query.ascending(fields::PRIORITY);
    answer_search(&documents, SERVICE, &query, &scope).await
}

/// The folders of a service, in their order.
pub(crate) async fn list_folders(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let of_service = Filter::term(fields::SERVICES, scope.service);
    let query = scope.on_platform(page_of(&request)).filter(of_service);
    let query = query.ascending(fields::SORT_INDEX);
    answer_search(&documents, FOLDER, &query, &scope).await
}

/// The published programs of a folder, by title; 404 for an unknown folder.
pub(crate) async fn list_folder_programs(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let folder = request.segment("folder");
    let in_folder = Filter::term(fields::FOLDERS, folder);
    let query = scope.published(page_of(&request)).filter(in_folder);
    let query = query.ascending(fields::TITLE_SORT);
    let turn = documents.next_turn().await?;
    let found = documents.search(PROGRAM, &query).await?;
    if found.total == 0 {
        require_document(&documents, FOLDER, folder, &scope).await?;
    }
    answer_all(&found.documents, turn, &scope)
}

/// The published programs of a service, by title unless asked otherwise.
pub(crate) async fn list_programs(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let query = scope.published(page_of(&request));
    let query = sort_programs(filter_initial(query, &request), &request);
    let turn = documents.next_turn().await?;
    let found = documents.search(PROGRAM, &query).await?;
    answer_all(&found.documents, turn, &scope)
}

/// The initials of the published programs of a service.
pub(crate) async fn list_first_letters(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let query = scope.published(Query::new(0));
    let turn = documents.next_turn().await?;
    let initials = documents.values(PROGRAM, fields::INITIAL, &query, MAX_INITIALS);
    answer_texts(&initials.await?, turn, &scope)
}

/// The published videos of a program, the newest first unless asked otherwise; 404 for an unknown
/// program.
pub(crate) async fn list_program_videos(
    documents: Documents,
    request: Request,
) -> Result<Response<Bytes>> {
    let scope = Scope::of(&request)?;
    let program = request.segment("program");
    let of_program = Filter::term(fields::PROGRAM, program);
    let query = scope.published(page_of(&request)).filter(of_program);
    let query = filter_subcat(filter_types(query, &request), &request);
    // its next change is that of any of its videos, and comes no later than the list is made
    let change = documents.get(PROGRAM, program).await?;
    let change = change.as_deref().map(Document::read).transpose()?;
    let change = change.and_then(|program| program.next_change());
    let found = documents
        .search(VIDEO, &sort_videos(query, &request))
        .await?;
    if found.total == 0 {
        require_document(&documents, PROGRAM, program, &scope).await?;
    }
    answer_all(&found.documents, change, &scope)
}

/// A list of what no time opens or closes.
async fn answer_search(
    documents: &Documents,
    kind: &str,
    query: &Query,
    scope: &Scope<'_>,
) -> Result<Response<Bytes>> {
    let found = documents.search(kind, query).await?;
    answer_all(&found.documents, None, scope)
}

/// The page that the request asks for; it ends where the index's window ends.
fn page_of(request: &Request) -> Query {
    let (limit, offset) = (number_of(request, "limit"), number_of(request, "offset"));
    let offset = offset.min(MAX_WINDOW);
    Query::new(limit.min(MAX_WINDOW - offset)).offset(offset)
}

fn number_of(request: &Request, name: &str) -> u64 {
    let number = request.params().int(name).unwrap_or_default();
    u64::try_from(number).unwrap_or_default()
}

/// Keeps what `firstLetter` asks for.
fn filter_initial(query: Query, request: &Request) -> Query {
    match request.params().text("firstLetter") {
        Some(letter) => query.filter(Filter::term(
            fields::INITIAL,
            initial_of(letter).to_string(),
        )),
        None => query,
    }
}

/// Orders as `sort` asks.
fn sort_programs(query: Query, request: &Request) -> Query {
    match request.params().text("sort") {
        Some("last_video_publication") => query.descending(fields::LAST_PUBLICATION),
        _ => query.ascending(fields::TITLE_SORT),
    }
}

/// Keeps what `type` asks for; unknown types are ignored.
fn filter_types(query: Query, request: &Request) -> Query {
    let asked = request.params().list("type").iter().map(String::as_str);
    let known: Vec<&str> = asked.filter(|kind| VIDEO_TYPES.contains(kind)).collect();
    match known.is_empty() {
        true => query,
        false => query.filter(Filter::terms(fields::TYPE, known)),
    }
}

/// Keeps what `subcat` asks for.
fn filter_subcat(query: Query, request: &Request) -> Query {
    match request.params().text("subcat") {
        Some(subcat) => query.filter(Filter::term(fields::SUBCATS, subcat)),
        None => query,
    }
}

/// Orders as `sort` asks.
fn sort_videos(query: Query, request: &Request) -> Query {
    match request.params().text("sort") {
        Some("subcat") => query
            .ascending(fields::SUBCAT_SORT)
            .descending(fields::PUBLICATION),
        Some("episode_asc") => query.ascending(fields::SEASON).ascending(fields::EPISODE),
        _ => query.descending(fields::PUBLICATION),
    }
}

/// Tells an empty list from one of a thing that is not there, or not yet.
async fn require_document(
    documents: &Documents,
    kind: &str,
    id: &str,
    scope: &Scope<'_>,
) -> Result<()> {
    let found = documents.get(kind, id).await?;
    let missing = || Error::not_found("middleware.find", format!("there is no such {kind}"));
    let found = found.ok_or_else(missing)?;
    match Document::read(&found)?.is_visible(scope.now) {
        true => Ok(()),
        false => Err(missing()),
    }
}
