//! Videos with their clips, windows and everything their body shows.

use std::{collections::HashMap, sync::Arc};

use super::{
    Grouped, Keys, by_key, grouped, images, ints, listed, objects, program, ratings, referred,
    select, service, service::Services, taken, texts,
};
use crate::{
    Result,
    catalogue::{
        rows::{Asset, Clip, Program, Rating, Service, SubCategory, Video, Window},
        tables::{
            AREAS, ASSETS, CHAPTER_IMAGES, CHAPTERS, CLIP_IMAGES, CLIPS, FREEMIUM_PRODUCTS, IMAGES,
            PACKS, PLATFORMS, PRODUCTS, PUBLICATIONS, SERVICES, SUB_CATEGORIES, VIDEO_CLIPS,
            VIDEO_IMAGES, VIDEO_PACKS, VIDEO_PRODUCTS, VIDEO_SERVICES, VIDEO_SUB_CATEGORIES,
            VIDEOS,
        },
        wire::{Object, json, members, object},
    },
    store::{Row, Transaction},
};

/// What several videos of a chunk refer to.
struct Shared {
    programs: HashMap<String, Arc<Program>>,
    services: Services,
    ratings: HashMap<String, Rating>,
    images: HashMap<String, String>,
}

/// Videos by id.
pub(in crate::catalogue) async fn videos(
    tx: &mut Transaction,
    ids: &[String],
) -> Result<HashMap<String, Video>> {
    let keys = Keys::texts(ids);
    let rows = select(tx, &VIDEOS, "id", &keys).await?;
    let clip_rows = listed(tx, &VIDEO_CLIPS, "video_id", "clip_id", &CLIPS, &keys).await?;
    let service_rows = listed(tx, &VIDEO_SERVICES, "video_id", "service", &SERVICES, &keys).await?;
    let shared = shared(tx, &rows, &clip_rows, &service_rows).await?;
    let mut videos = by_key(&rows, "id", |row| video(row, &shared))?;
    let mut clips = clips(tx, &clip_rows, &shared).await?;
    let mut services = grouped(&service_rows, "owner", |row| {
        Ok(shared
            .services
            .get(&row.text("code")?)
            .cloned()
            .unwrap_or_default())
    })?;
    let mut windows = windows(tx, &keys).await?;
    let mut images = images(tx, &VIDEO_IMAGES, &keys).await?;
    let mut packs = objects(tx, &VIDEO_PACKS, "pack_id", &PACKS, &keys).await?;
    let mut products =
        objects(tx, &VIDEO_PRODUCTS, "product_id", &FREEMIUM_PRODUCTS, &keys).await?;
    let categories = listed(
        tx,
        &VIDEO_SUB_CATEGORIES,
        "video_id",
        "sub_category_id",
        &SUB_CATEGORIES,
        &keys,
    )
    .await?;
    let mut categories = grouped(&categories, "owner", sub_category)?;
    for (id, video) in &mut videos {
        video.clips = taken(&mut clips, id);
        video.services = taken(&mut services, id);
        video.windows = taken(&mut windows, id);
        video.images = taken(&mut images, id);
        video.packs = taken(&mut packs, id);
        video.products = taken(&mut products, id);
        video.sub_categories = taken(&mut categories, id);
    }
    Ok(videos)
}

async fn shared(
    tx: &mut Transaction,
    videos: &[Row],
    clips: &[Row],
    services: &[Row],
) -> Result<Shared> {
    let programs = [ints(videos, "program_id")?, ints(clips, "program_id")?].concat();
    let codes = [texts(videos, "service_display")?, texts(services, "code")?].concat();
    let rated = [ints(videos, "age_rating")?, ints(clips, "age_rating")?].concat();
    let images = select(
        tx,
        &IMAGES,
        "id",
        &Keys::ints(ints(videos, "display_image")?),
    )
    .await?;
    Ok(Shared {
        programs: program::referenced(tx, &Keys::ints(programs)).await?,
        services: service::referenced(tx, &Keys::texts(codes)).await?,
        ratings: ratings(tx, &Keys::ints(rated)).await?,
        images: by_key(&images, "id", |row| object(&IMAGES, row))?,
    })
}

fn video(row: &Row, shared: &Shared) -> Result<Video> {
    let display = row.opt_text("service_display")?;
    Ok(Video {
        id: row.text("id")?,
        enabled: row.flag("enabled")?,
        kind: row.text("type")?,
        title: row.text("title")?,
        publication: row.opt_int("publication_date")?,
        program: referred(&shared.programs, row, "program_id")?,
        rating: referred(&shared.ratings, row, "age_rating")?,
        members: members(&VIDEOS, row)?,
        extra_datas: json(&VIDEOS, "extra_datas", row)?,
        tags: json(&VIDEOS, "tags", row)?,
        display_image: referred(&shared.images, row, "display_image")?,
        service_display: display.and_then(|code| shared.services.get(&code).cloned()),
        ..Video::default()
    })
}

fn sub_category(row: &Row) -> Result<SubCategory> {
    Ok(SubCategory {
        id: row.int("id")?,
        sort_index: row.opt_int("sort_index")?,
        json: object(&SUB_CATEGORIES, row)?,
    })
}

/// The clips of each video, in its order; a clip in two videos is read once.
async fn clips(tx: &mut Transaction, rows: &[Row], shared: &Shared) -> Result<Grouped<Arc<Clip>>> {
    let keys = Keys::ints(ints(rows, "id")?);
    let products = select(tx, &PRODUCTS, "id", &Keys::ints(ints(rows, "product_id")?)).await?;
    let products = by_key(&products, "id", |row| {
        Ok((
            row.opt_int("season")?,
            row.opt_int("episode")?,
            object(&PRODUCTS, row)?,
        ))
    })?;
    let mut images = images(tx, &CLIP_IMAGES, &keys).await?;
    let mut chapters = chapters(tx, &keys).await?;
    let mut areas = grouped(
        &select(tx, &AREAS, "clip_id", &keys).await?,
        "clip_id",
        |row| object(&AREAS, row),
    )?;
    let mut assets = grouped(
        &select(tx, &ASSETS, "clip_id", &keys).await?,
        "clip_id",
        asset,
    )?;
    let mut clips: HashMap<String, Arc<Clip>> = HashMap::new();
    for row in rows {
        let id = row.key("id")?;
        if clips.contains_key(&id) {
            continue;
        }
        let product = referred(&products, row, "product_id")?;
        let program = referred(&shared.programs, row, "program_id")?;
        let clip = Clip {
            enabled: row.flag("enabled")?,
            season: product.as_ref().and_then(|product| product.0),
            episode: product.as_ref().and_then(|product| product.1),
            members: members(&CLIPS, row)?,
            program: program.map(|program| Object::of(&program.reference).end()),
            rating: referred(&shared.ratings, row, "age_rating")?.map(|rating| rating.json),
            product: product.map(|product| product.2),
            images: taken(&mut images, &id),
            chapters: taken(&mut chapters, &id),
            areas: taken(&mut areas, &id),
            assets: taken(&mut assets, &id),
        };
        clips.insert(id, Arc::new(clip));
    }
    grouped(rows, "owner", |row| {
        Ok(clips.get(&row.key("id")?).cloned().unwrap_or_default())
    })
}

fn asset(row: &Row) -> Result<Asset> {
    Ok(Asset {
        platform: row.text("platform")?,
        json: object(&ASSETS, row)?,
    })
}

async fn chapters(tx: &mut Transaction, clips: &Keys) -> Result<Grouped<String>> {
    let mut rows = select(tx, &CHAPTERS, "clip_id", clips).await?;
    let images = images(tx, &CHAPTER_IMAGES, &Keys::ints(ints(&rows, "id")?)).await?;
    rows.sort_by_key(|row| row.int("position").unwrap_or_default());
    grouped(&rows, "clip_id", |row| {
        let images = images
            .get(&row.key("id")?)
            .map(Vec::as_slice)
            .unwrap_or_default();
        Ok(Object::of(&members(&CHAPTERS, row)?)
            .list("images", images)
            .end())
    })
}

/// The windows of each video, with the switches of their platforms and services.
pub(super) async fn windows(tx: &mut Transaction, videos: &Keys) -> Result<Grouped<Window>> {
    let rows = select(tx, &PUBLICATIONS, "video_id", videos).await?;
    let services: HashMap<String, Arc<Service>> =
        service::referenced(tx, &Keys::texts(texts(&rows, "service")?)).await?;
    let platforms = select(
        tx,
        &PLATFORMS,
        "code",
        &Keys::texts(texts(&rows, "platform")?),
    )
    .await?;
    let platforms = by_key(&platforms, "code", |row| {
        Ok((Arc::<str>::from(row.text("code")?), row.flag("enabled")?))
    })?;
    grouped(&rows, "video_id", |row| {
        let (platform, platform_enabled) = platforms
            .get(&row.text("platform")?)
            .cloned()
            .unwrap_or_default();
        Ok(Window {
            platform,
            platform_enabled,
            service: services
                .get(&row.text("service")?)
                .cloned()
                .unwrap_or_default(),
            opens: row.int("opens_at")?,
            closes: row.opt_int("closes_at")?,
        })
    })
}

/// Videos with nothing but their windows, by id.
pub(in crate::catalogue) async fn expired(
    tx: &mut Transaction,
    ids: &[String],
) -> Result<HashMap<String, Video>> {
    let keys = Keys::texts(ids);
    let rows = select(tx, &VIDEOS, "id", &keys).await?;
    let mut windows = windows(tx, &keys).await?;
    let mut videos = by_key(&rows, "id", |row| {
        Ok(Video {
            id: row.text("id")?,
            enabled: row.flag("enabled")?,
            ..Video::default()
        })
    })?;
    videos
        .iter_mut()
        .for_each(|(id, video)| video.windows = taken(&mut windows, id));
    Ok(videos)
}
