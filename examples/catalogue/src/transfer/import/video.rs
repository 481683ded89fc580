//! Bodies of videos with their clips: rows, and the windows that their dates stand for.

use sea_query::{Expr, ExprTrait, Value as SqlValue};
use serde_json::Value;
use sixplay_core::Result;

use super::{
    loader::{Loader, cell_in, key_in, require_one_of},
    object::{ObjectReader, invalid_value},
    program::place_in,
};
use crate::{
    paris::format_date,
    schema::{
        TableSchema,
        tables::{
            AREAS, ASSETS, CHAPTER_IMAGES, CHAPTERS, CLIP_IMAGES, CLIPS, PRODUCTS, PUBLICATIONS,
            SUB_CATEGORIES, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_PACKS, VIDEO_PRODUCTS, VIDEO_SERVICES,
            VIDEO_SUB_CATEGORIES, VIDEOS,
        },
    },
    transfer::batch::Cells,
};

const TYPES: [&str; 4] = ["vi", "vc", "playlist", "ci"];

impl Loader<'_> {
    /// Stores a video's body.
    pub(super) fn store_video(&mut self, mut object: ObjectReader) -> Result<()> {
        let mut cells = object.take_cells(&VIDEOS)?;
        require_one_of(&TYPES, &cells, "type", &object.path_of("type"))?;
        let id = key_in(&VIDEOS, &cells);
        let program = object.take_object("program")?;
        let program = program.map(|program| self.store_program_reference(program));
        let program = program.transpose()?;
        self.add_video_references(&mut object, &mut cells)?;
        let services = object.take_objects("services")?;
        let services = self.replace_services(&VIDEO_SERVICES, &id, services)?;
        self.replace_video_lists(&mut object, &id)?;
        self.replace_video_categories(&mut object, &id, program.as_ref())?;
        self.replace_windows(&mut object, &id, &cells, services)?;
        cells.extend(program.map(|program| ("program_id", program)));
        cells.push(("extra", object.into_rest()?));
        self.batch.put(&VIDEOS, cells);
        Ok(())
    }

    fn add_video_references(&mut self, object: &mut ObjectReader, cells: &mut Cells) -> Result<()> {
        let (service, rating) = (Self::store_service_reference, Self::store_rating);
        self.add_reference(object, "service_display", "service_display", cells, service)?;
        self.add_reference(object, "csa", "age_rating", cells, rating)?;
        self.add_reference(
            object,
            "display_image",
            "display_image",
            cells,
            Self::store_image,
        )?;
        for key in ["extra_datas", "tags"] {
            let is_null = object.has_null(key);
            if let Some(json) = object.take_json(key)? {
                let cell = if is_null {
                    SqlValue::String(None)
                } else {
                    json
                };
                cells.push((key, cell));
            }
        }
        Ok(())
    }

    fn replace_video_lists(&mut self, object: &mut ObjectReader, video: &SqlValue) -> Result<()> {
        let images = object.take_objects("images")?;
        self.replace_images(&VIDEO_IMAGES, video, images)?;
        let packs = object.take_objects("freemium_packs")?;
        self.replace_packs(&VIDEO_PACKS, video, packs)?;
        let products = object.take_objects("freemium_products")?;
        self.replace_products(&VIDEO_PRODUCTS, video, products)?;
        let clips = object.take_objects("clips")?;
        self.replace_list(&VIDEO_CLIPS, video, clips, Self::store_clip)
            .map(drop)
    }

    /// The sub-categories are those of the video's program; without one they are left out.
    fn replace_video_categories(
        &mut self,
        object: &mut ObjectReader,
        video: &SqlValue,
        program: Option<&SqlValue>,
    ) -> Result<()> {
        let categories = object.take_objects("program_subcats")?;
        let Some(program) = program else {
            return Ok(());
        };
        let mut places = 0..;
        let store = |loader: &mut Self, category| {
            let owner = place_in("program_id", program, places.next().unwrap_or_default());
            loader.store_object(&SUB_CATEGORIES, category, owner)
        };
        self.replace_list(&VIDEO_SUB_CATEGORIES, video, categories, store)
            .map(drop)
    }

    /// From its publication date (or ever) to its expiration (or for ever), on the request's
    /// platform and the body's services.
    fn replace_windows(
        &mut self,
        object: &mut ObjectReader,
        video: &SqlValue,
        cells: &Cells,
        mut services: Vec<SqlValue>,
    ) -> Result<()> {
        let published = match cell_in(cells, "publication_date") {
            Some(SqlValue::BigInt(published)) => *published,
            _ => None,
        };
        let closes = take_expiration(object, published)?;
        let ever = closes.filter(|closes| *closes <= 0);
        let ever = ever.map_or(0, |closes| closes - 1);
        let opens = published.unwrap_or(ever);
        if services.is_empty() {
            let display = cell_in(cells, "service_display").cloned();
            services.push(display.unwrap_or_else(|| self.options.service.as_str().into()));
        }
        self.delete_on_platform(&PUBLICATIONS, "video_id", video);
        for service in services {
            let window = vec![
                ("video_id", video.clone()),
                ("platform", self.options.platform.as_str().into()),
                ("service", service),
                ("opens_at", opens.into()),
                ("closes_at", SqlValue::BigInt(closes)),
            ];
            self.batch.put(&PUBLICATIONS, window);
        }
        Ok(())
    }

    /// Deletes what `owner` has on the platform of the request.
    fn delete_on_platform(&mut self, table: &TableSchema, column: &'static str, owner: &SqlValue) {
        let owned = Expr::col(column).eq(owner.clone());
        let here = Expr::col("platform").eq(self.options.platform.as_str());
        self.delete_where(table, owned.and(here));
    }

    /// Stores a clip, whose key is its id.
    fn store_clip(&mut self, mut object: ObjectReader) -> Result<SqlValue> {
        let mut cells = object.take_cells(&CLIPS)?;
        require_one_of(&TYPES, &cells, "type", &object.path_of("type"))?;
        let id = key_in(&CLIPS, &cells);
        let program = Self::store_program_reference;
        self.add_reference(&mut object, "program", "program_id", &mut cells, program)?;
        self.add_reference(
            &mut object,
            "csa",
            "age_rating",
            &mut cells,
            Self::store_rating,
        )?;
        let product =
            |loader: &mut Self, product| loader.store_object(&PRODUCTS, product, Cells::new());
        self.add_reference(&mut object, "product", "product_id", &mut cells, product)?;
        let images = object.take_objects("images")?;
        self.replace_images(&CLIP_IMAGES, &id, images)?;
        self.replace_chapters(&mut object, &id)?;
        self.replace_areas(&mut object, &id)?;
        self.replace_assets(&mut object, &id)?;
        cells.push(("extra", object.into_rest()?));
        self.batch.put(&CLIPS, cells);
        Ok(id)
    }

    fn replace_chapters(&mut self, object: &mut ObjectReader, clip: &SqlValue) -> Result<()> {
        let Some(chapters) = object.take_objects("chapters")? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for (place, chapter) in chapters.into_iter().enumerate() {
            let owner = place_in("clip_id", clip, place);
            kept.push(self.store_object_with_images(&CHAPTERS, &CHAPTER_IMAGES, chapter, owner)?);
        }
        let (owner, dependents) = (("clip_id", clip), (&CHAPTER_IMAGES, "chapter_id"));
        self.delete_others(&CHAPTERS, owner, &kept, dependents);
        Ok(())
    }

    /// Where the clip may be seen.
    fn replace_areas(&mut self, object: &mut ObjectReader, clip: &SqlValue) -> Result<()> {
        let Some(areas) = object.take_objects("areas")? else {
            return Ok(());
        };
        self.delete_where(&AREAS, Expr::col("clip_id").eq(clip.clone()));
        for (place, area) in areas.into_iter().enumerate() {
            self.store_object(&AREAS, area, place_in("clip_id", clip, place))?;
        }
        Ok(())
    }

    /// The files on the request's platform.
    fn replace_assets(&mut self, object: &mut ObjectReader, clip: &SqlValue) -> Result<()> {
        let Some(assets) = object.take_objects("assets")? else {
            return Ok(());
        };
        self.delete_on_platform(&ASSETS, "clip_id", clip);
        for (place, asset) in assets.into_iter().enumerate() {
            let mut owner = place_in("clip_id", clip, place);
            owner.push(("platform", self.options.platform.as_str().into()));
            self.store_object(&ASSETS, asset, owner)?;
        }
        Ok(())
    }
}

/// The end of a video's window, which must come after it is published; `None`: never.
fn take_expiration(object: &mut ObjectReader, published: Option<i64>) -> Result<Option<i64>> {
    let Some(mut expiration) = object.take_object("expiration")? else {
        return Ok(None);
    };
    let closes = expiration.take_date("expiration_date")?;
    if let Some(closes) = closes.filter(|closes| Some(*closes) <= published) {
        let path = object.path_of("expiration.expiration_date");
        let early = "the video expires before it is published";
        return Err(invalid_value(
            &path,
            &Value::from(format_date(closes)),
            early,
        ));
    }
    Ok(closes)
}
