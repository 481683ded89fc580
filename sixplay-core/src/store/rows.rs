//! A row of any database, its values reduced to integers, reals and text.

use std::sync::Arc;

use crate::{Error, Result};

/// One row of an answer; columns are read by name, and a value that does not fit is an error that
/// names the column and what is there, never another value.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// let query = "SELECT 7 AS id, 'Ada' AS name, NULL AS died";
/// let rows = store.read().await?.fetch_sql(query, Vec::new()).await?;
/// assert_eq!((rows[0].int("id")?, rows[0].key("id")?), (7, "7".to_owned()));
/// assert_eq!(rows[0].opt_text("died")?, None);
/// let error = rows[0].int("name").unwrap_err();
/// assert_eq!(error.to_string(), "row.read: expected an integer (column=name, found=text)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Row {
    columns: Arc<[String]>,
    cells: Vec<Cell>,
    origin: Option<Arc<RowOrigin>>,
}

/// Where rows come from, as their errors name it.
#[derive(Debug)]
struct RowOrigin {
    table: &'static str,
    key: Vec<&'static str>,
}

/// One value; integers of all widths and booleans are `Int`.
#[derive(Clone, Debug, PartialEq)]
#[allow(dead_code)] // only drivers make rows
pub(super) enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    /// Also text that is not UTF-8.
    Bytes(Vec<u8>),
    /// What no type of ours holds, in the driver's words: the error of whoever asks for it.
    Unreadable(String),
}

impl Cell {
    /// What an error says of a value that does not fit: its type, and of bytes how they begin.
    fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Int(_) => "an integer".to_owned(),
            Self::Real(_) => "a fraction".to_owned(),
            Self::Text(_) => "text".to_owned(),
            Self::Bytes(bytes) => describe_bytes(bytes),
            Self::Unreadable(reason) => reason.clone(),
        }
    }
}

/// How many bytes of a value an error shows.
const SHOWN_BYTES: usize = 16;

/// How much of a key an error shows, in characters.
const SHOWN_KEY: usize = 100;

fn describe_bytes(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(SHOWN_BYTES);
    let shown: String = shown.map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > SHOWN_BYTES { "…" } else { "" };
    format!("{} bytes {shown}{more}", bytes.len())
}

impl Row {
    #[allow(dead_code)]
    pub(super) fn new(columns: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self {
            columns,
            cells,
            origin: None,
        }
    }

    /// The rows, whose errors from now on name `table`, and each row by its columns `key`.
    ///
    /// ```
    /// # use sixplay_core::Row;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> sixplay_core::Result<()> {
    /// # let scratch = sixplay_core::conformance::scratch_file().await?;
    /// # let store = scratch.store().clone();
    /// let query = "SELECT 7 AS id, 'x' AS pages";
    /// let rows = store.read().await?.fetch_sql(query, Vec::new()).await?;
    /// let rows = Row::all_of(rows, "book", ["id"]);
    /// let error = rows[0].int("pages").unwrap_err().to_string();
    /// assert!(error.ends_with("(column=pages, found=text, table=book, row=7)"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn all_of(
        mut rows: Vec<Self>,
        table: &'static str,
        key: impl IntoIterator<Item = &'static str>,
    ) -> Vec<Self> {
        let key = key.into_iter().collect();
        let origin = Arc::new(RowOrigin { table, key });
        for row in &mut rows {
            row.origin = Some(origin.clone());
        }
        rows
    }

    /// The integer in `column`.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column, it is null, or it is no integer.
    pub fn int(&self, column: &str) -> Result<i64> {
        self.opt_int(column)?
            .ok_or_else(|| self.unexpected_null(column))
    }

    /// The integer in `column`, `None` for null.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column or it is no integer.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(*value)),
            cell => Err(self.unexpected_type(column, "an integer", cell)),
        }
    }

    /// The integer in `column` as a flag: 0 is false.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// The number in `column`, `None` for null.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column or it is no number.
    pub fn opt_real(&self, column: &str) -> Result<Option<f64>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Real(value) => Ok(Some(*value)),
            Cell::Int(value) => Ok(Some(*value as f64)),
            cell => Err(self.unexpected_type(column, "a number", cell)),
        }
    }

    /// The text in `column`.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column, it is null, or it is no text.
    pub fn text(&self, column: &str) -> Result<String> {
        self.opt_text(column)?
            .ok_or_else(|| self.unexpected_null(column))
    }

    /// The text in `column`, `None` for null.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column or it is no text.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(value) => Ok(Some(value.clone())),
            cell => Err(self.unexpected_type(column, "text", cell)),
        }
    }

    /// The bytes in `column`; text gives its UTF-8, or in SQLite, which takes any, what is there.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column, it is null, or a number.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        self.opt_bytes(column)?
            .ok_or_else(|| self.unexpected_null(column))
    }

    /// The bytes in `column`, `None` for null; text gives its UTF-8.
    ///
    /// # Errors
    /// `Corrupt` when there is no such column or it is a number.
    pub fn opt_bytes(&self, column: &str) -> Result<Option<Vec<u8>>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Bytes(value) => Ok(Some(value.clone())),
            Cell::Text(value) => Ok(Some(value.clone().into_bytes())),
            cell => Err(self.unexpected_type(column, "bytes", cell)),
        }
    }

    /// The integer or text in `column` as text: how ids travel.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn key(&self, column: &str) -> Result<String> {
        match self.cell(column)? {
            Cell::Int(value) => Ok(value.to_string()),
            _ => self.text(column),
        }
    }

    fn cell(&self, column: &str) -> Result<&Cell> {
        let position = self.columns.iter().position(|name| name == column);
        position
            .and_then(|position| self.cells.get(position))
            .ok_or_else(|| {
                Error::corrupt("row.read", "the answer has no such column").with("column", column)
            })
    }

    fn unexpected_null(&self, column: &str) -> Error {
        let error = Error::corrupt("row.read", "unexpected null");
        self.name_origin(error.with("column", column))
    }

    fn unexpected_type(&self, column: &str, expected: &str, cell: &Cell) -> Error {
        let error = Error::corrupt("row.read", format!("expected {expected}"));
        let error = error.with("column", column).with("found", cell.describe());
        self.name_origin(error)
    }

    /// Adds the table and the row's key, if they are known.
    fn name_origin(&self, error: Error) -> Error {
        let Some(origin) = &self.origin else {
            return error;
        };
        let key = origin.key.iter().map(|column| match self.cell(column) {
            Ok(Cell::Int(value)) => value.to_string(),
            Ok(Cell::Text(text)) => text.chars().take(SHOWN_KEY).collect(),
            Ok(cell) => cell.describe(),
            Err(_) => "unknown".to_owned(),
        });
        let key: Vec<String> = key.collect();
        error.with("table", origin.table).with("row", key.join("/"))
    }
}
