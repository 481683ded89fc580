//! What is known of indices and aliases, and how aliases move.

use std::collections::BTreeMap;

use sixplay_core::Result;

use crate::names::require_name;

/// Where an alias is to move; see [`swap_all`](crate::Index::swap_all).
///
/// ```
/// use sixplay_core::{ErrorKind, Mapping};
/// use sixplay_index::{Index, Swap};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let index = Index::connect(&format!("sqlite:{}/index.db", folder.path().display())).await?;
/// for name in ["books-1", "authors-1"] {
///     index.create(name, &Mapping { fields: Vec::new() }, &Default::default()).await?;
/// }
/// let swap = |alias: &str, from: Option<&str>, to: &str| Swap {
///     alias: alias.to_owned(),
///     from: from.map(str::to_owned),
///     to: to.to_owned(),
/// };
/// let new = [swap("books", None, "books-1"), swap("authors", None, "authors-1")];
/// index.swap_all(&new).await?;
///
/// let late = [swap("books", Some("books-0"), "authors-1"), swap("writers", None, "authors-1")];
/// assert_eq!(index.swap_all(&late).await.unwrap_err().kind(), ErrorKind::Conflict);
/// assert_eq!(index.resolve("writers").await?, None, "all or none");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The alias.
    pub alias: String,
    /// The index it is on; `None`: the alias is new.
    pub from: Option<String>,
    /// The index it shall be on.
    pub to: String,
}

/// An index and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexInfo {
    /// The index's name.
    pub name: String,
    /// The aliases that point to it, sorted.
    pub aliases: Vec<String>,
    /// What [`create`](crate::Index::create) was told of its owner; empty for an index that
    /// somebody else made.
    pub meta: BTreeMap<String, String>,
}

impl Swap {
    /// A pattern in any place would move aliases that nobody named.
    pub(crate) fn require_names(&self) -> Result<()> {
        let names = [Some(&self.alias), self.from.as_ref(), Some(&self.to)];
        let mut names = names.into_iter().flatten();
        names.try_for_each(|name| require_name(name))
    }
}
