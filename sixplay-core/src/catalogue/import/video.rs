//! A video body with its clips: rows, and the windows that its dates stand for.

use sea_query::{Expr, ExprTrait, Query, Value as Cell};
use serde_json::Value;

use super::{
    loader::{Loader, key, one_of},
    node::{Node, bad, json},
};
use crate::{
    Result,
    catalogue::{
        bulk::Cells,
        tables::{
            AREAS, ASSETS, CHAPTER_IMAGES, CHAPTERS, CLIP_IMAGES, CLIPS, PRODUCTS, PUBLICATIONS,
            SUB_CATEGORIES, VIDEO_CLIPS, VIDEO_IMAGES, VIDEO_PACKS, VIDEO_PRODUCTS, VIDEO_SERVICES,
            VIDEO_SUB_CATEGORIES, VIDEOS,
        },
        wire::date,
    },
};

const TYPES: [&str; 4] = ["vi", "vc", "playlist", "ci"];

impl Loader<'_> {
    pub(super) fn video(&mut self, mut node: Node) -> Result<()> {
        let mut cells = node.cells(&VIDEOS)?;
        one_of(&cells, "type", &TYPES, &node.at("type"))?;
        let id = key(&VIDEOS, &cells);
        let program = node
            .child("program")?
            .map(|program| self.program(program))
            .transpose()?;
        self.reference(
            &mut node,
            "service_display",
            "service_display",
            &mut cells,
            Self::service,
        )?;
        self.reference(&mut node, "csa", "age_rating", &mut cells, Self::rating)?;
        self.reference(
            &mut node,
            "display_image",
            "display_image",
            &mut cells,
            Self::image,
        )?;
        for part in ["extra_datas", "tags"] {
            if let Some(value) = node.take(part) {
                let value = if value.is_null() {
                    Cell::String(None)
                } else {
                    json(value, &node.at(part))?
                };
                cells.push((part, value));
            }
        }
        let services = node.children("services")?;
        let services = self.services(&VIDEO_SERVICES, &id, services)?;
        let (images, packs, products) = (
            node.children("images")?,
            node.children("freemium_packs")?,
            node.children("freemium_products")?,
        );
        self.images(&VIDEO_IMAGES, &id, images)?;
        self.packs(&VIDEO_PACKS, &id, packs)?;
        self.products(&VIDEO_PRODUCTS, &id, products)?;
        self.categories(&mut node, &id, program.as_ref())?;
        let clips = node.children("clips")?;
        self.listed(&VIDEO_CLIPS, &id, clips, Self::clip)?;
        self.windows(&mut node, &id, &cells, services)?;
        cells.extend(program.map(|program| ("program_id", program)));
        cells.push(("extra", node.rest()?));
        self.batch.put(&VIDEOS, cells);
        Ok(())
    }

    fn categories(&mut self, node: &mut Node, video: &Cell, program: Option<&Cell>) -> Result<()> {
        let categories = node.children("program_subcats")?;
        let Some(program) = program else {
            return Ok(());
        };
        let mut place = -1;
        self.listed(&VIDEO_SUB_CATEGORIES, video, categories, |loader, node| {
            place += 1;
            loader.whole(
                &SUB_CATEGORIES,
                node,
                vec![("program_id", program.clone()), ("position", place.into())],
            )
        })
        .map(drop)
    }

    /// From its publication date (or ever) to its expiration (or for ever), on the request's
    /// platform and the body's services.
    fn windows(
        &mut self,
        node: &mut Node,
        video: &Cell,
        cells: &Cells,
        services: Vec<Cell>,
    ) -> Result<()> {
        let opens = match cells
            .iter()
            .find(|(column, _)| *column == "publication_date")
        {
            Some((_, Cell::BigInt(Some(opens)))) => *opens,
            _ => 0,
        };
        let closes = node
            .child("expiration")?
            .map(|mut expiration| expiration.date("expiration_date"))
            .transpose()?
            .flatten();
        if let Some(closes) = closes.filter(|closes| *closes <= opens) {
            return Err(bad(
                &node.at("expiration.expiration_date"),
                &Value::from(date(closes)),
                "the video expires before it is published",
            ));
        }
        let platform = Cell::from(self.options.platform.as_str());
        let here = Expr::col("video_id")
            .eq(video.clone())
            .and(Expr::col("platform").eq(platform.clone()));
        let display = cells
            .iter()
            .find(|(column, _)| *column == "service_display")
            .map(|(_, service)| service.clone());
        let fallback = display.unwrap_or_else(|| self.options.service.as_str().into());
        self.batch.delete(
            Query::delete()
                .from_table(PUBLICATIONS.name)
                .and_where(here)
                .take(),
        );
        for service in if services.is_empty() {
            vec![fallback]
        } else {
            services
        } {
            let place = [
                ("video_id", video.clone()),
                ("platform", platform.clone()),
                ("service", service),
            ];
            let time = [
                ("opens_at", opens.into()),
                ("closes_at", Cell::BigInt(closes)),
            ];
            self.batch
                .put(&PUBLICATIONS, place.into_iter().chain(time).collect());
        }
        Ok(())
    }

    fn clip(&mut self, mut node: Node) -> Result<Cell> {
        let mut cells = node.cells(&CLIPS)?;
        one_of(&cells, "type", &TYPES, &node.at("type"))?;
        let id = key(&CLIPS, &cells);
        self.reference(
            &mut node,
            "program",
            "program_id",
            &mut cells,
            Self::program,
        )?;
        self.reference(&mut node, "csa", "age_rating", &mut cells, Self::rating)?;
        self.reference(
            &mut node,
            "product",
            "product_id",
            &mut cells,
            |loader, node| loader.whole(&PRODUCTS, node, Cells::new()),
        )?;
        let images = node.children("images")?;
        self.images(&CLIP_IMAGES, &id, images)?;
        self.chapters(&mut node, &id)?;
        self.areas(&mut node, &id)?;
        self.assets(&mut node, &id)?;
        cells.push(("extra", node.rest()?));
        self.batch.put(&CLIPS, cells);
        Ok(id)
    }

    fn chapters(&mut self, node: &mut Node, clip: &Cell) -> Result<()> {
        let Some(chapters) = node.children("chapters")? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for (place, chapter) in chapters.into_iter().enumerate() {
            let owner = vec![
                ("clip_id", clip.clone()),
                ("position", (place as i64).into()),
            ];
            kept.push(self.pictured(&CHAPTERS, &CHAPTER_IMAGES, chapter, owner)?);
        }
        self.prune(
            &CHAPTERS,
            ("clip_id", clip),
            &kept,
            &[(CHAPTER_IMAGES.name, "chapter_id")],
        );
        Ok(())
    }

    fn areas(&mut self, node: &mut Node, clip: &Cell) -> Result<()> {
        let Some(areas) = node.children("areas")? else {
            return Ok(());
        };
        self.batch.delete(
            Query::delete()
                .from_table(AREAS.name)
                .and_where(Expr::col("clip_id").eq(clip.clone()))
                .take(),
        );
        for (place, area) in areas.into_iter().enumerate() {
            self.whole(
                &AREAS,
                area,
                vec![
                    ("clip_id", clip.clone()),
                    ("position", (place as i64).into()),
                ],
            )?;
        }
        Ok(())
    }

    fn assets(&mut self, node: &mut Node, clip: &Cell) -> Result<()> {
        let Some(assets) = node.children("assets")? else {
            return Ok(());
        };
        let platform = Cell::from(self.options.platform.as_str());
        let here = Expr::col("clip_id")
            .eq(clip.clone())
            .and(Expr::col("platform").eq(platform.clone()));
        self.batch.delete(
            Query::delete()
                .from_table(ASSETS.name)
                .and_where(here)
                .take(),
        );
        for (place, asset) in assets.into_iter().enumerate() {
            let owner = vec![
                ("clip_id", clip.clone()),
                ("platform", platform.clone()),
                ("position", (place as i64).into()),
            ];
            self.whole(&ASSETS, asset, owner)?;
        }
        Ok(())
    }
}
