//! Services and folders with what belongs to them.

use std::{collections::HashMap, sync::Arc};

use sea_query::{Expr, ExprTrait, Order, Query};

use super::{
    Grouped, Keys, by_key, grouped, images, listed, matching, objects, select, taken, texts,
};
use crate::{
    Result,
    catalogue::{
        rows::{Folder, Service},
        tables::{
            CHANNELS, FOLDERS, FREEMIUM_PRODUCTS, PACKS, PLATFORMS, SERVICE_CHANNELS,
            SERVICE_IMAGES, SERVICE_PACKS, SERVICE_PLATFORMS, SERVICE_PRODUCTS, SERVICE_ROOTS,
            SERVICES,
        },
        wire::{Object, members},
    },
    store::{Row, Transaction},
};

pub(super) type Services = HashMap<String, Arc<Service>>;

/// Services as other documents refer to them: switches, roots, images.
pub(super) async fn referenced(tx: &mut Transaction, keys: &Keys) -> Result<Services> {
    let found = basic(tx, keys).await?;
    Ok(found
        .into_iter()
        .map(|(code, service)| (code, Arc::new(service)))
        .collect())
}

async fn basic(tx: &mut Transaction, keys: &Keys) -> Result<HashMap<String, Service>> {
    let rows = select(tx, &SERVICES, "code", keys).await?;
    let roots = listed(tx, &SERVICE_ROOTS, "service", "root", &SERVICES, keys).await?;
    let enabled: Vec<Row> = roots
        .into_iter()
        .filter(|row| row.flag("enabled").unwrap_or_default())
        .collect();
    let mut roots = grouped(&enabled, "owner", |row| row.text("code"))?;
    let mut images = images(tx, &SERVICE_IMAGES, keys).await?;
    let mut services = by_key(&rows, "code", service)?;
    for (code, service) in &mut services {
        service.roots = taken(&mut roots, code);
        service.images = taken(&mut images, code);
    }
    Ok(services)
}

fn service(row: &Row) -> Result<Service> {
    let (code, priority) = (row.text("code")?, row.int("priority")?);
    let id = row.opt_int("id")?.map(|id| id.to_string());
    let reference = Object::new()
        .text("code", &code)
        .or_null("id", id.as_deref())
        .int("priority", priority)
        .inner();
    Ok(Service {
        enabled: row.flag("enabled")?,
        template: row.opt_text("template")?,
        members: members(&SERVICES, row)?,
        reference,
        code,
        priority,
        ..Service::default()
    })
}

/// Services whole, for their own documents.
pub(in crate::catalogue) async fn services(
    tx: &mut Transaction,
    codes: &[String],
) -> Result<HashMap<String, Service>> {
    let keys = Keys::texts(codes);
    let mut services = basic(tx, &keys).await?;
    let mut platforms = platforms(tx, &keys).await?;
    let mut channels = channels(tx, &keys).await?;
    let mut packs = objects(tx, &SERVICE_PACKS, "pack_id", &PACKS, &keys).await?;
    let mut products = objects(
        tx,
        &SERVICE_PRODUCTS,
        "product_id",
        &FREEMIUM_PRODUCTS,
        &keys,
    )
    .await?;
    for (code, service) in &mut services {
        service.platforms = taken(&mut platforms, code);
        service.channels = taken(&mut channels, code);
        service.packs = taken(&mut packs, code);
        service.products = taken(&mut products, code);
    }
    Ok(services)
}

/// The enabled platforms of each service.
async fn platforms(tx: &mut Transaction, keys: &Keys) -> Result<Grouped<String>> {
    let rows = listed(
        tx,
        &SERVICE_PLATFORMS,
        "service",
        "platform",
        &PLATFORMS,
        keys,
    )
    .await?;
    let enabled: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.flag("enabled").unwrap_or_default())
        .collect();
    grouped(&enabled, "owner", |row| row.text("code"))
}

async fn channels(tx: &mut Transaction, keys: &Keys) -> Result<Grouped<String>> {
    let (link, table) = (SERVICE_CHANNELS.name, CHANNELS.name);
    let mut query = Query::select();
    query
        .columns([(link, "service"), (link, "main")])
        .from(link);
    query.columns(CHANNELS.columns.iter().map(|column| (table, column.name)));
    query
        .inner_join(table, Expr::col((link, "channel")).equals((table, "code")))
        .order_by((link, "position"), Order::Asc);
    let rows = matching(tx, &query, &SERVICE_CHANNELS, "service", keys).await?;
    grouped(&rows, "service", |row| {
        let main = row.opt_int("main")?.map(|main| main.to_string());
        Ok(Object::of(&members(&CHANNELS, row)?)
            .or_null("main", main.as_deref())
            .end())
    })
}

/// Folders by the text of their id.
pub(in crate::catalogue) async fn folders(
    tx: &mut Transaction,
    ids: &[i64],
) -> Result<HashMap<String, Folder>> {
    let rows = select(tx, &FOLDERS, "id", &Keys::ints(ids.iter().copied())).await?;
    let keys = Keys::texts(texts(&rows, "service")?);
    let mut services = basic(tx, &keys).await?;
    let mut platforms = platforms(tx, &keys).await?;
    for (code, service) in &mut services {
        service.platforms = taken(&mut platforms, code);
    }
    let services: Services = services
        .into_iter()
        .map(|(code, service)| (code, Arc::new(service)))
        .collect();
    by_key(&rows, "id", |row| {
        Ok(Folder {
            id: row.int("id")?,
            name: row.text("name")?,
            enabled: row.flag("enabled")?,
            sort_index: row.opt_int("sort_index")?,
            service: services
                .get(&row.text("service")?)
                .cloned()
                .unwrap_or_default(),
            members: members(&FOLDERS, row)?,
        })
    })
}
