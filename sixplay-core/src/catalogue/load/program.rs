//! Programs with their videos' windows and everything their body shows.

use std::{collections::HashMap, sync::Arc};

use sea_query::{Expr, ExprTrait, Query};

use super::{
    Grouped, Keys, by_key, grouped, images, ints, listed, matching, objects, ratings, referred,
    select, service, taken, texts, video,
};
use crate::{
    Result,
    catalogue::{
        rows::{Diffusion, Member, Program},
        tables::{
            CLIPS, DIFFUSIONS, FOLDER_PROGRAMS, FOLDERS, FREEMIUM_PRODUCTS, LINK_IMAGES, LINKS,
            PROGRAM_IMAGES, PROGRAM_PRODUCTS, PROGRAM_SERVICES, PROGRAM_TYPES, PROGRAMS, SERVICES,
            SUB_CATEGORIES, VIDEO_CLIPS, VIDEOS,
        },
        wire::{Object, date, detail, json, members, object, quoted},
    },
    store::{Row, Transaction},
};

/// Programs as videos refer to them: switch and images.
pub(super) async fn referenced(
    tx: &mut Transaction,
    keys: &Keys,
) -> Result<HashMap<String, Arc<Program>>> {
    let rows = select(tx, &PROGRAMS, "id", keys).await?;
    let mut images = images(tx, &PROGRAM_IMAGES, keys).await?;
    let mut programs = by_key(&rows, "id", program)?;
    programs
        .iter_mut()
        .for_each(|(id, program)| program.images = taken(&mut images, id));
    Ok(programs
        .into_iter()
        .map(|(id, program)| (id, Arc::new(program)))
        .collect())
}

fn program(row: &Row) -> Result<Program> {
    let (id, code, title) = (row.int("id")?, row.text("code")?, row.text("title")?);
    let reference = Object::new()
        .text("code", &code)
        .int("id", id)
        .text("title", &title)
        .inner();
    Ok(Program {
        id,
        enabled: row.flag("enabled")?,
        reference,
        code,
        title,
        ..Program::default()
    })
}

/// Programs whole, by the text of their id.
pub(in crate::catalogue) async fn programs(
    tx: &mut Transaction,
    ids: &[i64],
) -> Result<HashMap<String, Program>> {
    let keys = Keys::ints(ids.iter().copied());
    let rows = select(tx, &PROGRAMS, "id", &keys).await?;
    let mut programs = described(tx, &rows).await?;
    let mut images = images(tx, &PROGRAM_IMAGES, &keys).await?;
    let mut products = objects(
        tx,
        &PROGRAM_PRODUCTS,
        "product_id",
        &FREEMIUM_PRODUCTS,
        &keys,
    )
    .await?;
    let mut links = links(tx, &keys).await?;
    let mut categories = sub_categories(tx, &keys).await?;
    let mut diffusions = grouped(
        &select(tx, &DIFFUSIONS, "program_id", &keys).await?,
        "program_id",
        diffusion,
    )?;
    let mut folders = folders(tx, &keys).await?;
    let mut videos = videos(tx, &keys).await?;
    for (id, program) in &mut programs {
        program.images = taken(&mut images, id);
        program.products = taken(&mut products, id);
        program.links = taken(&mut links, id);
        program.sub_categories = taken(&mut categories, id);
        program.diffusions = taken(&mut diffusions, id);
        program.diffusions.sort_by_key(|diffusion| diffusion.start);
        program.folders = taken(&mut folders, id);
        program.videos = taken(&mut videos, id);
    }
    Ok(programs)
}

/// Programs with what their own row refers to, and their services.
async fn described(tx: &mut Transaction, rows: &[Row]) -> Result<HashMap<String, Program>> {
    let keys = Keys::ints(ints(rows, "id")?);
    let service_rows = listed(
        tx,
        &PROGRAM_SERVICES,
        "program_id",
        "service",
        &SERVICES,
        &keys,
    )
    .await?;
    let codes = [
        texts(rows, "service_display")?,
        texts(&service_rows, "code")?,
    ]
    .concat();
    let services = service::referenced(tx, &Keys::texts(codes)).await?;
    let mut listed = grouped(&service_rows, "owner", |row| {
        Ok(services
            .get(&row.text("code")?)
            .cloned()
            .unwrap_or_default())
    })?;
    let kinds = select(
        tx,
        &PROGRAM_TYPES,
        "id",
        &Keys::ints(ints(rows, "program_type")?),
    )
    .await?;
    let kinds = by_key(&kinds, "id", |row| object(&PROGRAM_TYPES, row))?;
    let ratings = ratings(tx, &Keys::ints(ints(rows, "age_rating")?)).await?;
    let mut programs = by_key(rows, "id", |row| {
        Ok(Program {
            members: members(&PROGRAMS, row)?,
            detail: detail(&PROGRAMS, row)?,
            rights: json(&PROGRAMS, "functionality_right", row)?,
            rating: referred(&ratings, row, "age_rating")?,
            kind: referred(&kinds, row, "program_type")?,
            service_display: row
                .opt_text("service_display")?
                .and_then(|code| services.get(&code).cloned()),
            ..program(row)?
        })
    })?;
    programs
        .iter_mut()
        .for_each(|(id, program)| program.services = taken(&mut listed, id));
    Ok(programs)
}

async fn links(tx: &mut Transaction, programs: &Keys) -> Result<Grouped<String>> {
    let mut rows = select(tx, &LINKS, "program_id", programs).await?;
    let images = images(tx, &LINK_IMAGES, &Keys::ints(ints(&rows, "id")?)).await?;
    rows.sort_by_key(|row| row.int("position").unwrap_or_default());
    grouped(&rows, "program_id", |row| {
        let images = images
            .get(&row.key("id")?)
            .map(Vec::as_slice)
            .unwrap_or_default();
        Ok(Object::of(&members(&LINKS, row)?)
            .list("images", images)
            .end())
    })
}

async fn sub_categories(tx: &mut Transaction, programs: &Keys) -> Result<Grouped<String>> {
    let mut rows = select(tx, &SUB_CATEGORIES, "program_id", programs).await?;
    rows.sort_by_key(|row| row.int("position").unwrap_or_default());
    grouped(&rows, "program_id", |row| object(&SUB_CATEGORIES, row))
}

fn diffusion(row: &Row) -> Result<Diffusion> {
    let start = row.int("start_date")?;
    let date = date(start).map(|date| quoted(&date));
    Ok(Diffusion {
        start,
        json: Object::new()
            .text("channel", &row.text("channel")?)
            .or_null("start_date", date.as_deref())
            .end(),
    })
}

/// The folders that show each program.
async fn folders(tx: &mut Transaction, programs: &Keys) -> Result<Grouped<i64>> {
    let (link, folder, service) = (FOLDER_PROGRAMS.name, FOLDERS.name, SERVICES.name);
    let mut query = Query::select();
    query
        .columns([(link, "program_id"), (link, "folder_id")])
        .from(link);
    query.inner_join(
        folder,
        Expr::col((link, "folder_id")).equals((folder, "id")),
    );
    query.inner_join(
        service,
        Expr::col((folder, "service")).equals((service, "code")),
    );
    query
        .and_where(Expr::col((folder, "enabled")).ne(0))
        .and_where(Expr::col((service, "enabled")).ne(0));
    query.order_by((link, "folder_id"), sea_query::Order::Asc);
    grouped(
        &matching(tx, &query, &FOLDER_PROGRAMS, "program_id", programs).await?,
        "program_id",
        |row| row.int("folder_id"),
    )
}

/// The enabled videos of each program that have an enabled clip.
async fn videos(tx: &mut Transaction, programs: &Keys) -> Result<Grouped<Member>> {
    let (video, link, clip) = (VIDEOS.name, VIDEO_CLIPS.name, CLIPS.name);
    let mut playable = Query::select();
    playable
        .expr(Expr::val(1))
        .from(link)
        .inner_join(clip, Expr::col((link, "clip_id")).equals((clip, "id")));
    playable
        .and_where(Expr::col((link, "video_id")).equals((video, "id")))
        .and_where(Expr::col((clip, "enabled")).ne(0));
    let mut query = Query::select();
    query
        .columns(["id", "program_id", "type", "publication_date"].map(|column| (video, column)))
        .from(video);
    query
        .and_where(Expr::col((video, "enabled")).ne(0))
        .and_where(Expr::exists(playable))
        .order_by((video, "id"), sea_query::Order::Asc);
    let rows = matching(tx, &query, &VIDEOS, "program_id", programs).await?;
    let mut windows = video::windows(tx, &Keys::texts(texts(&rows, "id")?)).await?;
    let mut members: Grouped<Member> = HashMap::new();
    for row in &rows {
        let windows = taken(&mut windows, &row.text("id")?);
        let member = Member {
            kind: row.text("type")?,
            publication: row.opt_int("publication_date")?,
            windows,
        };
        members
            .entry(row.key("program_id")?)
            .or_default()
            .push(member);
    }
    Ok(members)
}
