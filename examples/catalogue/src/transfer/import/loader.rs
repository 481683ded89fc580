//! What the bodies have in common: references, images, packs, lists.

use sea_query::{Expr, ExprTrait, Query, Value as SqlValue};
use serde_json::Value;
use sixplay_core::Result;

use super::{
    ImportOptions,
    object::{ObjectReader, invalid_value},
};
use crate::{
    schema::{
        TableSchema,
        tables::{
            AGE_RATINGS, CUSTOMERS, FREEMIUM_PRODUCTS, IMAGES, PACKS, PLATFORMS, PROGRAM_IMAGES,
            PROGRAMS, SERVICE_IMAGES, SERVICE_PLATFORMS, SERVICE_ROOTS, SERVICES,
        },
    },
    transfer::batch::{Batch, Cells},
};

/// Turns bodies into rows, which wait in its batch.
///
/// A list that a body has not is left as it is; one that it has is replaced.
pub(super) struct Loader<'a> {
    pub batch: Batch,
    pub options: &'a ImportOptions,
}

impl<'a> Loader<'a> {
    /// A loader that makes sure of the customer, platform and service of the request.
    pub(super) fn new(options: &'a ImportOptions) -> Self {
        let mut loader = Self {
            batch: Batch::sparing(),
            options,
        };
        let named = |code: &str| vec![("code", code.into()), ("name", code.into())];
        loader.batch.ensure(&CUSTOMERS, named(&options.customer));
        loader.batch.ensure(&PLATFORMS, named(&options.platform));
        let service = vec![
            ("code", options.service.as_str().into()),
            ("customer", options.customer.as_str().into()),
        ];
        loader.batch.ensure(&SERVICES, service);
        loader.offer_service(&options.service);
        loader
    }

    /// Puts a service under the root and on the platform of the request.
    pub(super) fn offer_service(&mut self, code: &str) {
        let options = self.options;
        let platform = vec![
            ("service", code.into()),
            ("platform", options.platform.as_str().into()),
        ];
        self.batch.ensure(&SERVICE_PLATFORMS, platform);
        if code != options.service {
            let root = vec![
                ("service", code.into()),
                ("root", options.service.as_str().into()),
            ];
            self.batch.ensure(&SERVICE_ROOTS, root);
        }
    }

    /// Stores an object that belongs to nobody else, with the cells that it does not hold itself,
    /// and returns its key: its columns, and whatever else it holds.
    pub(super) fn store_object(
        &mut self,
        table: &'static TableSchema,
        mut object: ObjectReader,
        more: Cells,
    ) -> Result<SqlValue> {
        let mut cells = object.take_cells(table)?;
        let key = key_in(table, &cells);
        cells.extend(more);
        if table.column("extra").is_some() {
            cells.push(("extra", object.into_rest()?));
        }
        self.batch.put(table, cells);
        Ok(key)
    }

    /// As [`Self::store_object`] for an object with images, which `link` lists.
    pub(super) fn store_object_with_images(
        &mut self,
        table: &'static TableSchema,
        link: &'static TableSchema,
        mut object: ObjectReader,
        more: Cells,
    ) -> Result<SqlValue> {
        let images = object.take_objects("images")?;
        let key = self.store_object(table, object, more)?;
        self.replace_images(link, &key, images)?;
        Ok(key)
    }

    /// Replaces the list that `link` keeps of an owner by rows for `targets`.
    pub(super) fn replace_links(
        &mut self,
        link: &'static TableSchema,
        owner: &SqlValue,
        targets: &[SqlValue],
    ) {
        let column = |place: usize| {
            let column = link.columns.get(place);
            column.map_or("position", |column| column.name)
        };
        self.delete_where(link, Expr::col(column(0)).eq(owner.clone()));
        for (place, target) in targets.iter().enumerate() {
            let cells = vec![
                (column(0), owner.clone()),
                ("position", (place as i64).into()),
                (column(2), target.clone()),
            ];
            self.batch.put(link, cells);
        }
    }

    /// Replaces an owner's list by the objects of a body, which `store` stores, and returns their
    /// keys.
    pub(super) fn replace_list(
        &mut self,
        link: &'static TableSchema,
        owner: &SqlValue,
        objects: Option<Vec<ObjectReader>>,
        mut store: impl FnMut(&mut Self, ObjectReader) -> Result<SqlValue>,
    ) -> Result<Vec<SqlValue>> {
        let Some(objects) = objects else {
            return Ok(Vec::new());
        };
        let targets = objects.into_iter().map(|object| store(self, object));
        let targets = targets.collect::<Result<Vec<_>>>()?;
        self.replace_links(link, owner, &targets);
        Ok(targets)
    }

    pub(super) fn replace_images(
        &mut self,
        link: &'static TableSchema,
        owner: &SqlValue,
        images: Option<Vec<ObjectReader>>,
    ) -> Result<()> {
        self.replace_list(link, owner, images, Self::store_image)
            .map(drop)
    }

    pub(super) fn replace_packs(
        &mut self,
        link: &'static TableSchema,
        owner: &SqlValue,
        packs: Option<Vec<ObjectReader>>,
    ) -> Result<()> {
        let store = |loader: &mut Self, pack| loader.store_object(&PACKS, pack, Cells::new());
        self.replace_list(link, owner, packs, store).map(drop)
    }

    pub(super) fn replace_products(
        &mut self,
        link: &'static TableSchema,
        owner: &SqlValue,
        products: Option<Vec<ObjectReader>>,
    ) -> Result<()> {
        let store = |loader: &mut Self, product| {
            loader.store_object(&FREEMIUM_PRODUCTS, product, Cells::new())
        };
        self.replace_list(link, owner, products, store).map(drop)
    }

    pub(super) fn replace_services(
        &mut self,
        link: &'static TableSchema,
        owner: &SqlValue,
        services: Option<Vec<ObjectReader>>,
    ) -> Result<Vec<SqlValue>> {
        self.replace_list(link, owner, services, Self::store_service_reference)
    }

    /// Deletes the rows of `table` that belong to `owner` and are not in `kept`, after the rows
    /// whose column of `dependents` refers to them.
    pub(super) fn delete_others(
        &mut self,
        table: &'static TableSchema,
        owner: (&'static str, &SqlValue),
        kept: &[SqlValue],
        dependents: (&'static TableSchema, &'static str),
    ) {
        let others = Expr::col(owner.0)
            .eq(owner.1.clone())
            .and(Expr::col("id").is_not_in(kept.iter().cloned()));
        let ids = Query::select()
            .column("id")
            .from(table.name)
            .and_where(others.clone())
            .take();
        let (dependents, column) = dependents;
        self.delete_where(dependents, Expr::col(column).in_subquery(ids));
        self.delete_where(table, others);
    }

    /// Deletes rows before any is written.
    pub(super) fn delete_where(&mut self, table: &TableSchema, condition: Expr) {
        let mut delete = Query::delete();
        delete.from_table(table.name).and_where(condition);
        self.batch.delete(delete);
    }

    /// Stores a service as others refer to it.
    pub(super) fn store_service_reference(
        &mut self,
        mut service: ObjectReader,
    ) -> Result<SqlValue> {
        let images = service.take_objects("images")?;
        let mut cells = service.take_cells(&SERVICES)?;
        cells.push(("customer", self.options.customer.as_str().into()));
        let code = key_in(&SERVICES, &cells);
        self.batch.put(&SERVICES, cells);
        if let SqlValue::String(Some(code)) = &code {
            self.offer_service(code);
        }
        self.replace_images(&SERVICE_IMAGES, &code, images)?;
        Ok(code)
    }

    /// Stores a program as others refer to it.
    pub(super) fn store_program_reference(
        &mut self,
        mut program: ObjectReader,
    ) -> Result<SqlValue> {
        let images = program.take_objects("images")?;
        let cells = program.take_cells(&PROGRAMS)?;
        let id = key_in(&PROGRAMS, &cells);
        self.batch.put(&PROGRAMS, cells);
        self.replace_images(&PROGRAM_IMAGES, &id, images)?;
        Ok(id)
    }

    /// Stores the object in `key`, when there is one, and adds the reference to it to `cells` under
    /// the name of its column.
    pub(super) fn add_reference(
        &mut self,
        object: &mut ObjectReader,
        key: &str,
        column: &'static str,
        cells: &mut Cells,
        store: impl FnOnce(&mut Self, ObjectReader) -> Result<SqlValue>,
    ) -> Result<()> {
        if let Some(referred) = object.take_object(key)? {
            let cell = store(self, referred)?;
            cells.push((column, cell));
        }
        Ok(())
    }

    pub(super) fn store_rating(&mut self, rating: ObjectReader) -> Result<SqlValue> {
        self.store_object(&AGE_RATINGS, rating, Cells::new())
    }

    pub(super) fn store_image(&mut self, image: ObjectReader) -> Result<SqlValue> {
        self.store_object(&IMAGES, image, Cells::new())
    }
}

/// The value of the first key column.
pub(super) fn key_in(table: &TableSchema, cells: &Cells) -> SqlValue {
    let key = cell_in(cells, table.key_name());
    key.cloned().unwrap_or(SqlValue::BigInt(None))
}

/// The cell of a column, if it is among these.
pub(super) fn cell_in<'a>(cells: &'a Cells, column: &str) -> Option<&'a SqlValue> {
    let mut cells = cells.iter();
    let found = cells.find(|(name, _)| *name == column);
    found.map(|(_, cell)| cell)
}

/// Refuses a word that is not one of those a column takes.
pub(super) fn require_one_of(
    words: &[&str],
    cells: &Cells,
    column: &str,
    path: &str,
) -> Result<()> {
    match cell_in(cells, column) {
        Some(SqlValue::String(Some(word))) if !words.contains(&word.as_str()) => {
            let word = Value::from(word.as_str());
            let unknown = "the word is not one of those known here";
            Err(invalid_value(path, &word, unknown))
        }
        _ => Ok(()),
    }
}
