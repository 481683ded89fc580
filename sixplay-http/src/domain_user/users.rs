//! All domain users, from a folder of files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use sixplay_core::{Error, Result, config};

use super::{
    DomainUser,
    file::UserFile,
    names::{ClientName, require_known_names},
};
use crate::DEFAULT_CACHE;

type UsersByName = BTreeMap<String, DomainUser>;

/// All clients, loaded and checked at start; looking one up reads nothing. Cheap to clone.
///
/// Every client has one file, `<name>.yml` or `<name>.yaml`; its name is one lower-case
/// alphanumeric label of at most 63 characters. All keys are optional, and an empty file is a
/// client that may do nothing:
///
/// ```yaml
/// # android.yml
/// cache:
///     default: 300                    # seconds; 0: nothing but what `routes` names
///     routes: { book: 60 }
/// firewall:
///     user_access:                    # not enforced: whatever would filter is refused
///         default_state: true
///         lists: {}
///     allow:                          # each line overrules those above it
///         default: false
///         methods: { get: true }
///         resources: { drafts: false }
///         routes: { book_change: true }
///         allow_debug_route: false    # routes whose name begins with `_`
/// entities:
///     article: { published: true }    # flags for handlers: true or false
/// parameters:
///     languages: [en, fr]             # anything, for handlers
/// ```
///
/// ```
/// use sixplay_core::ErrorKind;
/// use sixplay_http::Users;
///
/// # fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// let dir = folder.path();
/// std::fs::write(dir.join("android.yml"), "").unwrap();
/// std::fs::write(dir.join("web.yml"), "cache: { default: 60 }").unwrap();
/// let users = Users::load_with(dir, Some("web"), 300)?;
/// assert_eq!(users.iter().map(|user| user.name()).collect::<Vec<_>>(), ["android", "web"]);
/// assert_eq!(users.default_user().unwrap().cache_seconds("book", None), 60);
/// assert!(users.get("ios").is_none());
///
/// std::fs::write(dir.join("ios.yml"), "cache: { default: soon }").unwrap();
/// let error = Users::load(dir).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert!(error.to_string().contains("key=cache.default"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Users {
    users: Arc<UsersByName>,
    default_user: Option<DomainUser>,
}

impl Users {
    /// Loads every `<name>.yml` and `<name>.yaml` of `dir`; sub-folders and other files are left
    /// alone. Without a default user, and with [`DEFAULT_CACHE`] for files that set no cache time.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read, a name is not one lower-case alphanumeric label or
    /// has two files, or a file is wrong: unknown key, wrong type, no HTTP method, a filter by
    /// address. The error names file, key and value.
    pub fn load(dir: &Path) -> Result<Self> {
        Self::load_with(dir, None, DEFAULT_CACHE)
    }

    /// As [`Users::load`]; `default_user` answers requests that name no client: to an IP
    /// address, to a host of one label (`example.com` names the client `example`), or through
    /// [`crate::Dispatch`] to a service's own host; an empty name is none. `default_cache`, in
    /// seconds, holds where a file sets no cache time.
    ///
    /// # Errors
    /// As [`Users::load`]; `Config` when there is no file of the default user.
    pub fn load_with(dir: &Path, default_user: Option<&str>, default_cache: u32) -> Result<Self> {
        let users = read_users(dir, default_cache)?;
        let default_user = match default_user {
            Some(name) if !name.is_empty() => Some(require_user(&users, name, dir)?),
            _ => None,
        };
        let users = Arc::new(users);
        Ok(Self {
            users,
            default_user,
        })
    }

    /// The client of that name, in any case.
    pub fn get(&self, name: &str) -> Option<&DomainUser> {
        self.users.get(&name.to_ascii_lowercase())
    }

    /// The client that answers for requests that name none.
    pub fn default_user(&self) -> Option<&DomainUser> {
        self.default_user.as_ref()
    }

    /// Refuses files that name what nothing has, so that a misspelt rule is not taken for one that
    /// holds: give it the names of every table whose clients these are, see
    /// [`crate::Routes::client_names`].
    ///
    /// # Errors
    /// `Config` for a route, resource, entity flag or parameter that is not among `known`, naming
    /// file, key and what there is.
    pub fn require_known(&self, known: impl IntoIterator<Item = ClientName>) -> Result<()> {
        let known: BTreeSet<ClientName> = known.into_iter().collect();
        let require =
            |user: &DomainUser| require_known_names(user.file(), user.used_names(), &known);
        self.iter().try_for_each(require)
    }

    /// All clients, by name.
    pub fn iter(&self) -> impl Iterator<Item = &DomainUser> {
        self.users.values()
    }
}

fn read_users(dir: &Path, default_cache: u32) -> Result<UsersByName> {
    let mut users = UsersByName::new();
    for path in list_files(dir)? {
        let user = read_user(&path, default_cache)?;
        if let Some(twice) = users.insert(user.name().to_owned(), user) {
            let error = refuse_path("the user has two files", &path);
            return Err(error.with("user", twice.name()));
        }
    }
    Ok(users)
}

/// The YAML files of the folder, sorted, so that an error is the same on every start.
fn list_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        refuse_path("cannot read the folder of users", dir).with_source(error)
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_yaml_file(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_yaml_file(path: &Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|end| end == "yml" || end == "yaml") && path.is_file()
}

fn read_user(path: &Path, default_cache: u32) -> Result<DomainUser> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let Some(name) = stem.filter(|name| is_user_name(name)) else {
        let message = "a user's name is one label of lower case letters and digits";
        return Err(refuse_path(message, path));
    };
    let rules: UserFile = config::load(Some(path), [])?;
    Ok(DomainUser::new(name, path, rules, default_cache))
}

fn is_user_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    (1..=63).contains(&name.len())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn require_user(users: &UsersByName, name: &str, dir: &Path) -> Result<DomainUser> {
    let missing = || refuse_path("the default user has no file", dir).with("default_user", name);
    users.get(name).cloned().ok_or_else(missing)
}

fn refuse_path(message: &'static str, path: &Path) -> Error {
    Error::config("users.load", message).with("file", path.display())
}
