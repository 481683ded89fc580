//! What the bodies have in common: references, images, packs, lists.

use sea_query::{Expr, ExprTrait, Query, Value as Cell};
use serde_json::Value;

use super::{
    ImportOptions,
    node::{Node, bad},
};
use crate::{
    Result,
    catalogue::{
        bulk::{Batch, Cells},
        schema::Table,
        tables::{
            AGE_RATINGS, CUSTOMERS, FREEMIUM_PRODUCTS, IMAGES, PACKS, PLATFORMS, PROGRAM_IMAGES,
            PROGRAMS, SERVICE_IMAGES, SERVICE_PLATFORMS, SERVICE_ROOTS, SERVICES,
        },
    },
};

/// Turns bodies into rows.
pub(super) struct Loader<'a> {
    pub batch: Batch,
    pub options: &'a ImportOptions,
}

impl<'a> Loader<'a> {
    pub fn new(options: &'a ImportOptions) -> Self {
        let mut loader = Self {
            batch: Batch::sparing(),
            options,
        };
        let named = |code: &str| vec![("code", code.into()), ("name", code.into())];
        loader.batch.ensure(&CUSTOMERS, named(&options.customer));
        loader.batch.ensure(&PLATFORMS, named(&options.platform));
        loader.batch.ensure(
            &SERVICES,
            vec![
                ("code", options.service.as_str().into()),
                ("customer", options.customer.as_str().into()),
            ],
        );
        loader.placed(&options.service);
        loader
    }

    /// Puts a service under the root and on the platform of the request.
    pub fn placed(&mut self, code: &str) {
        let options = self.options;
        self.batch.ensure(
            &SERVICE_PLATFORMS,
            vec![
                ("service", code.into()),
                ("platform", options.platform.as_str().into()),
            ],
        );
        if code != options.service {
            self.batch.ensure(
                &SERVICE_ROOTS,
                vec![
                    ("service", code.into()),
                    ("root", options.service.as_str().into()),
                ],
            );
        }
    }

    /// A row of an object that belongs to nobody else: its columns, and whatever else it holds.
    pub fn whole(&mut self, table: &'static Table, mut node: Node, more: Cells) -> Result<Cell> {
        let cells = node.cells(table)?;
        self.write(table, node, cells, more)
    }

    fn write(
        &mut self,
        table: &'static Table,
        node: Node,
        mut cells: Cells,
        more: Cells,
    ) -> Result<Cell> {
        let key = key(table, &cells);
        cells.extend(more);
        if table.column("extra").is_some() {
            cells.push(("extra", node.rest()?));
        }
        self.batch.put(table, cells);
        Ok(key)
    }

    /// As [`Self::whole`] for an object with images.
    pub fn pictured(
        &mut self,
        table: &'static Table,
        link: &'static Table,
        mut node: Node,
        more: Cells,
    ) -> Result<Cell> {
        let images = node.children("images")?;
        let key = self.whole(table, node, more)?;
        self.images(link, &key, images)?;
        Ok(key)
    }

    /// Replaces an owner's list by `targets`.
    pub fn list(&mut self, link: &'static Table, owner: &Cell, targets: &[Cell]) {
        let column = |place: usize| {
            link.columns
                .get(place)
                .map_or("position", |column| column.name)
        };
        self.batch.delete(
            Query::delete()
                .from_table(link.name)
                .and_where(Expr::col(column(0)).eq(owner.clone()))
                .take(),
        );
        for (place, target) in targets.iter().enumerate() {
            self.batch.put(
                link,
                vec![
                    (column(0), owner.clone()),
                    ("position", (place as i64).into()),
                    (column(2), target.clone()),
                ],
            );
        }
    }

    pub fn images(
        &mut self,
        link: &'static Table,
        owner: &Cell,
        nodes: Option<Vec<Node>>,
    ) -> Result<Vec<Cell>> {
        self.listed(link, owner, nodes, |loader, node| {
            loader.whole(&IMAGES, node, Cells::new())
        })
    }

    pub fn packs(
        &mut self,
        link: &'static Table,
        owner: &Cell,
        nodes: Option<Vec<Node>>,
    ) -> Result<Vec<Cell>> {
        self.listed(link, owner, nodes, |loader, node| {
            loader.whole(&PACKS, node, Cells::new())
        })
    }

    pub fn products(
        &mut self,
        link: &'static Table,
        owner: &Cell,
        nodes: Option<Vec<Node>>,
    ) -> Result<Vec<Cell>> {
        self.listed(link, owner, nodes, |loader, node| {
            loader.whole(&FREEMIUM_PRODUCTS, node, Cells::new())
        })
    }

    pub fn services(
        &mut self,
        link: &'static Table,
        owner: &Cell,
        nodes: Option<Vec<Node>>,
    ) -> Result<Vec<Cell>> {
        self.listed(link, owner, nodes, Self::service)
    }

    /// Replaces an owner's list by the objects of a body and returns their keys; leaves it when the
    /// body has no such list.
    pub fn listed(
        &mut self,
        link: &'static Table,
        owner: &Cell,
        nodes: Option<Vec<Node>>,
        mut load: impl FnMut(&mut Self, Node) -> Result<Cell>,
    ) -> Result<Vec<Cell>> {
        let Some(nodes) = nodes else {
            return Ok(Vec::new());
        };
        let targets = nodes
            .into_iter()
            .map(|node| load(self, node))
            .collect::<Result<Vec<_>>>()?;
        self.list(link, owner, &targets);
        Ok(targets)
    }

    /// Forgets the rows of `table` that belong to `owner` and are not in `kept`, after what refers
    /// to them.
    pub fn prune(
        &mut self,
        table: &'static Table,
        owner: (&'static str, &Cell),
        kept: &[Cell],
        dependents: &[(&'static str, &'static str)],
    ) {
        let gone = || {
            Expr::col(owner.0)
                .eq(owner.1.clone())
                .and(Expr::col("id").is_not_in(kept.iter().cloned()))
        };
        for (dependent, column) in dependents {
            let ids = Query::select()
                .column("id")
                .from(table.name)
                .and_where(gone())
                .take();
            self.batch.delete(
                Query::delete()
                    .from_table(*dependent)
                    .and_where(Expr::col(*column).in_subquery(ids))
                    .take(),
            );
        }
        self.batch.delete(
            Query::delete()
                .from_table(table.name)
                .and_where(gone())
                .take(),
        );
    }

    /// A service as others refer to it.
    pub fn service(&mut self, mut node: Node) -> Result<Cell> {
        let images = node.children("images")?;
        let mut cells = node.cells(&SERVICES)?;
        cells.push(("customer", self.options.customer.as_str().into()));
        let code = key(&SERVICES, &cells);
        self.batch.put(&SERVICES, cells);
        if let Cell::String(Some(code)) = &code {
            self.placed(code);
        }
        self.images(&SERVICE_IMAGES, &code, images)?;
        Ok(code)
    }

    /// A program as others refer to it.
    pub fn program(&mut self, mut node: Node) -> Result<Cell> {
        let images = node.children("images")?;
        let cells = node.cells(&PROGRAMS)?;
        let id = key(&PROGRAMS, &cells);
        self.batch.put(&PROGRAMS, cells);
        self.images(&PROGRAM_IMAGES, &id, images)?;
        Ok(id)
    }

    /// Adds the reference in `key`, when the body has it, under the name of its column.
    pub fn reference(
        &mut self,
        node: &mut Node,
        key: &str,
        column: &'static str,
        cells: &mut Cells,
        load: impl FnOnce(&mut Self, Node) -> Result<Cell>,
    ) -> Result<()> {
        if let Some(child) = node.child(key)? {
            let cell = load(self, child)?;
            cells.push((column, cell));
        }
        Ok(())
    }

    pub fn rating(&mut self, node: Node) -> Result<Cell> {
        self.whole(&AGE_RATINGS, node, Cells::new())
    }

    pub fn image(&mut self, node: Node) -> Result<Cell> {
        self.whole(&IMAGES, node, Cells::new())
    }
}

/// The value of the first key column.
pub(super) fn key(table: &Table, cells: &Cells) -> Cell {
    let name = table.key().first().map_or("id", |key| key.name);
    cells
        .iter()
        .find(|(column, _)| *column == name)
        .map_or(Cell::BigInt(None), |(_, cell)| cell.clone())
}

/// One of the words a column takes.
pub(super) fn one_of(cells: &Cells, column: &str, words: &[&str], path: &str) -> Result<()> {
    match cells.iter().find(|(name, _)| *name == column) {
        Some((_, Cell::String(Some(word)))) if !words.contains(&word.as_str()) => Err(bad(
            path,
            &Value::String(word.clone()),
            "the word is not one of those known here",
        )),
        _ => Ok(()),
    }
}
