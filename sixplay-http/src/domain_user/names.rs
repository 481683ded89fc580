//! The names that clients' files use of what is declared elsewhere.

use std::{collections::BTreeSet, path::Path};

use sixplay_core::{Error, Result};

/// A name that a client's file may use because a route table has it; see
/// [`crate::Users::require_known`].
///
/// ```
/// use sixplay_core::ErrorKind;
/// use sixplay_http::{ClientName, ErrorFormat, Route, Routes, Users, json};
///
/// # fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// let book = Route::get("book", "/books/{isbn}", async |_| Ok(json("{}")));
/// let book = book.resource("books").client_flag("book", "published");
/// let routes = Routes::new(ErrorFormat::Problem, [book])?;
/// let flag = ClientName::EntityFlag("book".into(), "published".into());
/// assert!(routes.client_names().any(|name| name == flag));
///
/// let file = folder.path().join("pc.yml");
/// std::fs::write(&file, "entities: { book: { published: true } }").unwrap();
/// Users::load(folder.path())?.require_known(routes.client_names())?;
///
/// std::fs::write(&file, "entities: { book: { publisehd: true } }").unwrap();
/// let users = Users::load(folder.path())?;
/// let error = users.require_known(routes.client_names()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert!(error.to_string().contains("key=entities.book.publisehd, known=book.published"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ClientName {
    /// Of a route: `cache.routes.NAME`, `firewall.allow.routes.NAME`.
    Route(String),
    /// Of a resource: `firewall.allow.resources.NAME`.
    Resource(String),
    /// Of an entity and its flag: `entities.ENTITY.FLAG`.
    EntityFlag(String, String),
    /// Of a parameter: `parameters.NAME`.
    Parameter(String),
}

impl ClientName {
    fn refusal(&self) -> &'static str {
        match self {
            Self::Route(_) => "no route has this name",
            Self::Resource(_) => "no route is of this resource",
            Self::EntityFlag(..) => "no route reads this flag",
            Self::Parameter(_) => "no route reads this parameter",
        }
    }

    /// The name as it is below its section of the file.
    fn text(&self) -> String {
        match self {
            Self::Route(name) | Self::Resource(name) | Self::Parameter(name) => name.clone(),
            Self::EntityFlag(entity, flag) => format!("{entity}.{flag}"),
        }
    }
}

/// A name in a client's file, and the section that it stands in.
pub(super) struct UsedName {
    pub(super) section: &'static str,
    pub(super) name: ClientName,
}

/// Refuses names of the client's file at `path` that are not among `known`.
pub(super) fn require_known_names(
    path: &Path,
    used: Vec<UsedName>,
    known: &BTreeSet<ClientName>,
) -> Result<()> {
    let mut used = used.into_iter();
    match used.find(|used| !known.contains(&used.name)) {
        Some(unknown) => Err(refuse_name(path, &unknown, known)),
        None => Ok(()),
    }
}

fn refuse_name(path: &Path, unknown: &UsedName, known: &BTreeSet<ClientName>) -> Error {
    let kind = std::mem::discriminant(&unknown.name);
    let same_kind = known
        .iter()
        .filter(|name| std::mem::discriminant(*name) == kind);
    let same_kind: Vec<String> = same_kind.map(ClientName::text).collect();
    Error::config("users.names", unknown.name.refusal())
        .with("file", path.display())
        .with(
            "key",
            format!("{}.{}", unknown.section, unknown.name.text()),
        )
        .with("known", same_kind.join(", "))
}
