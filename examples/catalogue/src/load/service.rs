//! Services and folders with what belongs to them.

use std::collections::HashMap;

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sixplay_core::{Result, Row, Snapshot};

use super::{
    group::{Grouped, attach_lists, enabled_rows, group_rows, index_rows, share_values},
    query::{
        Keys, OWNER, fetch_listed, fetch_matching, fetch_rows, load_listed_objects,
        qualified_columns,
    },
    reference::{Services, load_referred_services, service_of},
};
use crate::{
    columns::members_of,
    json::JsonObject,
    rows::{FolderRows, ServiceRows},
    schema::tables::{
        CHANNELS, FOLDERS, SERVICE_CHANNELS, SERVICE_PACKS, SERVICE_PLATFORMS, SERVICE_PRODUCTS,
    },
};

/// Services whole, for their own documents, by code.
pub(crate) async fn load_services(
    snapshot: &mut Snapshot,
    codes: &[String],
) -> Result<HashMap<String, ServiceRows>> {
    let keys = Keys::texts(codes);
    let mut services = load_services_on_platforms(snapshot, &keys).await?;
    let channels = load_channels(snapshot, &keys).await?;
    attach_lists(&mut services, channels, |service| &mut service.channels);
    let packs = load_listed_objects(snapshot, &SERVICE_PACKS, &keys).await?;
    attach_lists(&mut services, packs, |service| &mut service.packs);
    let products = load_listed_objects(snapshot, &SERVICE_PRODUCTS, &keys).await?;
    attach_lists(&mut services, products, |service| &mut service.products);
    Ok(services)
}

/// Services as others refer to them, with their enabled platforms.
async fn load_services_on_platforms(
    snapshot: &mut Snapshot,
    codes: &Keys,
) -> Result<HashMap<String, ServiceRows>> {
    let mut services = load_referred_services(snapshot, codes).await?;
    let platforms = enabled_rows(fetch_listed(snapshot, &SERVICE_PLATFORMS, codes).await?);
    let platforms = group_rows(&platforms, OWNER, |row| row.text("code"))?;
    attach_lists(&mut services, platforms, |service| &mut service.platforms);
    Ok(services)
}

/// The channels of each service; `main` is the list's, not the channel's.
async fn load_channels(snapshot: &mut Snapshot, services: &Keys) -> Result<Grouped<String>> {
    let query = channels_of_services();
    let rows = fetch_matching(snapshot, &query, &SERVICE_CHANNELS, "service", services).await?;
    group_rows(&rows, "service", |row| {
        let channel = JsonObject::of(&members_of(&CHANNELS, row)?);
        Ok(channel.int_or_null("main", row.opt_int("main")?).end())
    })
}

fn channels_of_services() -> SelectStatement {
    let (list, table) = (SERVICE_CHANNELS.name, CHANNELS.name);
    let refers = Expr::col((list, "channel")).equals((table, "code"));
    let mut query = Query::select();
    query.columns(["service", "main"].map(|column| (list, column)));
    query.columns(qualified_columns(&CHANNELS));
    query.from(list).inner_join(table, refers);
    query.order_by((list, "position"), Order::Asc);
    query
}

/// Folders by the text of their id.
pub(crate) async fn load_folders(
    snapshot: &mut Snapshot,
    ids: &[i64],
) -> Result<HashMap<String, FolderRows>> {
    let ids = Keys::ints(ids.iter().copied());
    let rows = fetch_rows(snapshot, &FOLDERS, "id", &ids).await?;
    let codes = Keys::texts_in(&rows, "service")?;
    let services = share_values(load_services_on_platforms(snapshot, &codes).await?);
    index_rows(&rows, "id", |row| read_folder(row, &services))
}

fn read_folder(row: &Row, services: &Services) -> Result<FolderRows> {
    Ok(FolderRows {
        id: row.int("id")?,
        name: row.text("name")?,
        enabled: row.flag("enabled")?,
        sort_index: row.opt_int("sort_index")?,
        service: service_of(services, row, "service")?,
        members: members_of(&FOLDERS, row)?,
    })
}
