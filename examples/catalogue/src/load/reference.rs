//! Services, programs and age ratings as other documents refer to them.

use std::{collections::HashMap, sync::Arc};

use sixplay_core::{Result, Row, Snapshot};

use super::{
    group::{attach_lists, enabled_rows, find_by_code, group_rows, index_rows, share_values},
    query::{Keys, OWNER, fetch_listed, fetch_rows, load_listed_objects},
};
use crate::{
    columns::{members_of, object_of},
    json::JsonObject,
    rows::{AgeRating, ProgramRows, ServiceRows, VideoRows},
    schema::tables::{
        AGE_RATINGS, PROGRAM_IMAGES, PROGRAMS, SERVICE_IMAGES, SERVICE_ROOTS, SERVICES,
    },
};

/// What several videos of a chunk, and their clips, refer to.
pub(super) struct VideoReferences {
    pub programs: Programs,
    pub services: Services,
    pub ratings: HashMap<String, AgeRating>,
    pub images: HashMap<String, String>,
    pub videos: OwnVideos,
}

/// The videos that clips are by themselves, by id.
pub(super) type OwnVideos = HashMap<String, Arc<VideoRows>>;

/// Services by code.
pub(super) type Services = HashMap<String, Arc<ServiceRows>>;
/// Programs by the text of their id.
pub(super) type Programs = HashMap<String, Arc<ProgramRows>>;

/// Services as other documents refer to them, by code: switches, roots, images.
pub(super) async fn load_service_references(
    snapshot: &mut Snapshot,
    codes: &Keys,
) -> Result<Services> {
    Ok(share_values(load_referred_services(snapshot, codes).await?))
}

/// As [`load_service_references`], for those who add to them.
pub(super) async fn load_referred_services(
    snapshot: &mut Snapshot,
    codes: &Keys,
) -> Result<HashMap<String, ServiceRows>> {
    let mut services = load_service_switches(snapshot, codes).await?;
    let images = load_listed_objects(snapshot, &SERVICE_IMAGES, codes).await?;
    attach_lists(&mut services, images, |service| &mut service.images);
    Ok(services)
}

/// Services with nothing but their own row and their roots, by code.
pub(super) async fn load_service_switches(
    snapshot: &mut Snapshot,
    codes: &Keys,
) -> Result<HashMap<String, ServiceRows>> {
    let rows = fetch_rows(snapshot, &SERVICES, "code", codes).await?;
    let mut services = index_rows(&rows, "code", read_service)?;
    let roots = enabled_rows(fetch_listed(snapshot, &SERVICE_ROOTS, codes).await?);
    let roots = group_rows(&roots, OWNER, |row| row.text("code"))?;
    attach_lists(&mut services, roots, |service| &mut service.roots);
    Ok(services)
}

fn read_service(row: &Row) -> Result<ServiceRows> {
    let (code, priority) = (row.text("code")?, row.int("priority")?);
    let reference = JsonObject::new()
        .text("code", &code)
        .int_or_null("id", row.opt_int("id")?)
        .int("priority", priority)
        .members();
    Ok(ServiceRows {
        enabled: row.flag("enabled")?,
        template: row.opt_text("template")?,
        members: members_of(&SERVICES, row)?,
        reference,
        code,
        priority,
        ..ServiceRows::default()
    })
}

/// The service whose code is in `column`; a disabled one when there is none.
pub(super) fn service_of(services: &Services, row: &Row, column: &str) -> Result<Arc<ServiceRows>> {
    Ok(find_by_code(services, row, column)?.unwrap_or_default())
}

/// Programs as videos refer to them, by the text of their id: switch and images.
pub(super) async fn load_program_references(
    snapshot: &mut Snapshot,
    ids: &Keys,
) -> Result<Programs> {
    let mut programs = load_program_rows(snapshot, ids).await?;
    let images = load_listed_objects(snapshot, &PROGRAM_IMAGES, ids).await?;
    attach_lists(&mut programs, images, |program| &mut program.images);
    Ok(share_values(programs))
}

/// Programs with nothing but their own row, by the text of their id.
pub(super) async fn load_program_rows(
    snapshot: &mut Snapshot,
    ids: &Keys,
) -> Result<HashMap<String, ProgramRows>> {
    let rows = fetch_rows(snapshot, &PROGRAMS, "id", ids).await?;
    index_rows(&rows, "id", read_program_reference)
}

/// What others say of a program.
pub(super) fn read_program_reference(row: &Row) -> Result<ProgramRows> {
    let (id, code, title) = (row.int("id")?, row.text("code")?, row.text("title")?);
    let reference = JsonObject::new()
        .text("code", &code)
        .int("id", id)
        .text("title", &title)
        .members();
    Ok(ProgramRows {
        id,
        enabled: row.flag("enabled")?,
        reference,
        code,
        title,
        ..ProgramRows::default()
    })
}

/// Age ratings by the text of their id.
pub(super) async fn load_ratings(
    snapshot: &mut Snapshot,
    ids: &Keys,
) -> Result<HashMap<String, AgeRating>> {
    let rows = fetch_rows(snapshot, &AGE_RATINGS, "id", ids).await?;
    index_rows(&rows, "id", |row| {
        let code = row.text("code")?;
        // a customer's codes may be words
        Ok(AgeRating {
            level: code.parse().unwrap_or(row.int("id")?),
            json: object_of(&AGE_RATINGS, row)?,
        })
    })
}

/// The wire object of one age rating.
pub(crate) async fn load_rating_json(snapshot: &mut Snapshot, id: i64) -> Result<Option<String>> {
    let mut ratings = load_ratings(snapshot, &Keys::ints([id])).await?;
    Ok(ratings.remove(&id.to_string()).map(|rating| rating.json))
}
