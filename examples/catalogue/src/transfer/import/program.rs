//! Bodies of programs: rows.

use sea_query::Value as SqlValue;
use sixplay_core::Result;

use super::{
    loader::{Loader, key_in},
    object::ObjectReader,
};
use crate::{
    schema::tables::{
        CHANNELS, DIFFUSIONS, FOLDER_PROGRAMS, LINK_IMAGES, LINKS, PROGRAM_IMAGES,
        PROGRAM_PRODUCTS, PROGRAM_SERVICES, PROGRAM_TYPES, PROGRAMS, SUB_CATEGORIES,
        VIDEO_SUB_CATEGORIES,
    },
    transfer::batch::Cells,
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
    /// Stores a program's body, the one at `place` of a list.
    pub(super) fn store_program(&mut self, mut object: ObjectReader, place: usize) -> Result<()> {
        let detailed = DETAIL.iter().any(|key| object.has(key));
        let mut cells = object.take_cells(&PROGRAMS)?;
        let id = key_in(&PROGRAMS, &cells);
        // counted from the videos
        object.take("count");
        self.add_program_references(&mut object, &mut cells)?;
        let rights = object.take_json("functionality_right")?;
        cells.extend(rights.map(|rights| ("functionality_right", rights)));
        let images = object.take_objects("images")?;
        self.replace_images(&PROGRAM_IMAGES, &id, images)?;
        let services = object.take_objects("services")?;
        self.replace_services(&PROGRAM_SERVICES, &id, services)?;
        let products = object.take_objects("freemium_products")?;
        self.replace_products(&PROGRAM_PRODUCTS, &id, products)?;
        self.replace_sub_categories(&mut object, &id)?;
        self.replace_program_links(&mut object, &id)?;
        self.store_diffusions(&mut object, &id)?;
        let rest = if detailed { "detail" } else { "extra" };
        cells.push((rest, object.into_rest()?));
        self.batch.put(&PROGRAMS, cells);
        self.put_into_folder(id, place);
        Ok(())
    }

    fn add_program_references(
        &mut self,
        object: &mut ObjectReader,
        cells: &mut Cells,
    ) -> Result<()> {
        let (service, rating) = (Self::store_service_reference, Self::store_rating);
        self.add_reference(object, "service_display", "service_display", cells, service)?;
        self.add_reference(object, "csa", "age_rating", cells, rating)?;
        let wording =
            |loader: &mut Self, wording| loader.store_object(&PROGRAM_TYPES, wording, Cells::new());
        self.add_reference(
            object,
            "program_type_wording",
            "program_type",
            cells,
            wording,
        )
    }

    fn put_into_folder(&mut self, program: SqlValue, place: usize) {
        if let Some(folder) = self.options.folder {
            let cells = vec![
                ("folder_id", folder.into()),
                ("program_id", program),
                ("position", (place as i64).into()),
            ];
            self.batch.put(&FOLDER_PROGRAMS, cells);
        }
    }

    fn replace_sub_categories(
        &mut self,
        object: &mut ObjectReader,
        program: &SqlValue,
    ) -> Result<()> {
        let Some(categories) = object.take_objects("program_subcats")? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for (place, category) in categories.into_iter().enumerate() {
            let owner = place_in("program_id", program, place);
            kept.push(self.store_object(&SUB_CATEGORIES, category, owner)?);
        }
        let (owner, dependents) = (
            ("program_id", program),
            (&VIDEO_SUB_CATEGORIES, "sub_category_id"),
        );
        self.delete_others(&SUB_CATEGORIES, owner, &kept, dependents);
        Ok(())
    }

    fn replace_program_links(
        &mut self,
        object: &mut ObjectReader,
        program: &SqlValue,
    ) -> Result<()> {
        let Some(links) = object.take_objects("links")? else {
            return Ok(());
        };
        let mut kept = Vec::new();
        for (place, link) in links.into_iter().enumerate() {
            let owner = place_in("program_id", program, place);
            kept.push(self.store_object_with_images(&LINKS, &LINK_IMAGES, link, owner)?);
        }
        let (owner, dependents) = (("program_id", program), (&LINK_IMAGES, "link_id"));
        self.delete_others(&LINKS, owner, &kept, dependents);
        Ok(())
    }

    /// Broadcasts to come; earlier ones stay.
    fn store_diffusions(&mut self, object: &mut ObjectReader, program: &SqlValue) -> Result<()> {
        let diffusions = object.take_objects("next_diffusions")?;
        for mut diffusion in diffusions.unwrap_or_default() {
            let mut cells = diffusion.take_cells(&DIFFUSIONS)?;
            let channel = diffusion.take_code("channel")?;
            let known = vec![("code", channel.clone())];
            self.batch.ensure(&CHANNELS, known);
            cells.push(("channel", channel));
            cells.push(("program_id", program.clone()));
            cells.push(("extra", diffusion.into_rest()?));
            self.batch.put(&DIFFUSIONS, cells);
        }
        Ok(())
    }
}

/// The cells that say whose an object is and where in its list.
pub(super) fn place_in(column: &'static str, owner: &SqlValue, place: usize) -> Cells {
    vec![(column, owner.clone()), ("position", (place as i64).into())]
}
