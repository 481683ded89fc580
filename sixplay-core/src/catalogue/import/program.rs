//! Bodies of programs, services, folders and age ratings: rows.

use sea_query::Value as Cell;

use super::{
    loader::{Loader, key},
    node::{Node, json},
};
use crate::{
    Result,
    catalogue::{
        bulk::Cells,
        tables::{
            CHANNELS, DIFFUSIONS, FOLDER_PROGRAMS, FOLDERS, LINK_IMAGES, LINKS, PROGRAM_IMAGES,
            PROGRAM_PRODUCTS, PROGRAM_SERVICES, PROGRAM_TYPES, PROGRAMS, SERVICE_CHANNELS,
            SERVICE_IMAGES, SERVICE_PACKS, SERVICE_PRODUCTS, SERVICES, SUB_CATEGORIES,
            VIDEO_SUB_CATEGORIES,
        },
    },
};

/// Keys that only a program's detail has.
pub(super) const DETAIL: [&str; 6] = [
    "services",
    "csa",
    "summary",
    "freemium_products",
    "next_diffusions",
    "is_catchup",
];

impl Loader<'_> {
    pub(super) fn whole_program(&mut self, mut node: Node, place: usize) -> Result<()> {
        let detailed = DETAIL.iter().any(|key| node.has(key));
        let mut cells = node.cells(&PROGRAMS)?;
        let id = key(&PROGRAMS, &cells);
        // counted from the videos
        node.take("count");
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
            "program_type_wording",
            "program_type",
            &mut cells,
            |loader, node| loader.whole(&PROGRAM_TYPES, node, Cells::new()),
        )?;
        if let Some(rights) = node.take("functionality_right") {
            cells.push((
                "functionality_right",
                json(rights, &node.at("functionality_right"))?,
            ));
        }
        let (images, services, products) = (
            node.children("images")?,
            node.children("services")?,
            node.children("freemium_products")?,
        );
        self.images(&PROGRAM_IMAGES, &id, images)?;
        self.services(&PROGRAM_SERVICES, &id, services)?;
        self.products(&PROGRAM_PRODUCTS, &id, products)?;
        self.sub_categories(&mut node, &id)?;
        self.links(&mut node, &id)?;
        self.diffusions(&mut node, &id)?;
        cells.push((if detailed { "detail" } else { "extra" }, node.rest()?));
        self.batch.put(&PROGRAMS, cells);
        if let Some(folder) = self.options.folder {
            let position = (place as i64).into();
            self.batch.put(
                &FOLDER_PROGRAMS,
                vec![
                    ("folder_id", folder.into()),
                    ("program_id", id),
                    ("position", position),
                ],
            );
        }
        Ok(())
    }

    fn sub_categories(&mut self, node: &mut Node, program: &Cell) -> Result<()> {
        let Some(categories) = node.children("program_subcats")? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for (place, category) in categories.into_iter().enumerate() {
            let owner = vec![
                ("program_id", program.clone()),
                ("position", (place as i64).into()),
            ];
            kept.push(self.whole(&SUB_CATEGORIES, category, owner)?);
        }
        self.prune(
            &SUB_CATEGORIES,
            ("program_id", program),
            &kept,
            &[(VIDEO_SUB_CATEGORIES.name, "sub_category_id")],
        );
        Ok(())
    }

    fn links(&mut self, node: &mut Node, program: &Cell) -> Result<()> {
        let Some(links) = node.children("links")? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for (place, link) in links.into_iter().enumerate() {
            let owner = vec![
                ("program_id", program.clone()),
                ("position", (place as i64).into()),
            ];
            kept.push(self.pictured(&LINKS, &LINK_IMAGES, link, owner)?);
        }
        self.prune(
            &LINKS,
            ("program_id", program),
            &kept,
            &[(LINK_IMAGES.name, "link_id")],
        );
        Ok(())
    }

    /// Broadcasts to come; earlier ones stay.
    fn diffusions(&mut self, node: &mut Node, program: &Cell) -> Result<()> {
        for mut diffusion in node.children("next_diffusions")?.unwrap_or_default() {
            let mut cells = diffusion.cells(&DIFFUSIONS)?;
            let channel = diffusion.code("channel")?;
            self.batch
                .ensure(&CHANNELS, vec![("code", channel.clone())]);
            cells.push(("channel", channel));
            cells.push(("program_id", program.clone()));
            cells.push(("extra", diffusion.rest()?));
            self.batch.put(&DIFFUSIONS, cells);
        }
        Ok(())
    }

    pub(super) fn whole_service(&mut self, mut node: Node) -> Result<()> {
        let mut more = Cells::new();
        if let Some(mut template) = node.child("service_template")? {
            more.push(("template", template.code("code")?));
        }
        let (channels, images) = (node.children("channels")?, node.children("images")?);
        let (packs, products) = (
            node.children("freemium_packs")?,
            node.children("freemium_products")?,
        );
        more.push(("customer", self.options.customer.as_str().into()));
        let code = self.whole(&SERVICES, node, more)?;
        if let Cell::String(Some(code)) = &code {
            self.placed(code);
        }
        self.images(&SERVICE_IMAGES, &code, images)?;
        self.packs(&SERVICE_PACKS, &code, packs)?;
        self.products(&SERVICE_PRODUCTS, &code, products)?;
        self.channels(&code, channels)
    }

    fn channels(&mut self, service: &Cell, channels: Option<Vec<Node>>) -> Result<()> {
        let Some(channels) = channels else {
            return Ok(());
        };
        self.list(&SERVICE_CHANNELS, service, &[]);
        for (place, mut channel) in channels.into_iter().enumerate() {
            let main = channel.take("main").and_then(|main| main.as_i64());
            let channel = self.whole(&CHANNELS, channel, Cells::new())?;
            let place = [
                ("service", service.clone()),
                ("position", (place as i64).into()),
            ];
            let cells = place
                .into_iter()
                .chain([("channel", channel), ("main", Cell::BigInt(main))]);
            self.batch.put(&SERVICE_CHANNELS, cells.collect());
        }
        Ok(())
    }

    pub(super) fn folder(&mut self, node: Node) -> Result<()> {
        let service = self.options.service.as_str().into();
        self.whole(&FOLDERS, node, vec![("service", service)])
            .map(drop)
    }
}
