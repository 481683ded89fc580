//! Whole catalogues into a store and out of it: real bodies or exported rows are imported, every
//! row is exported, an invented catalogue is generated.
//!
//! What comes in comes in one transaction: an import or a generation that fails, or whose process
//! dies, leaves the store as it was. What goes out is of one instant; an export that fails leaves
//! whole lines behind, and perhaps a torn last one.

mod batch;
mod export;
mod generate;
mod import;
mod upsert;

pub use export::{Exported, export};
pub use generate::{GenerateOptions, Generated, generate};
pub use import::{Difference, ImportOptions, Imported, Input, import};
