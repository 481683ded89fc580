//! Domain users: each client of the servers has a sub-domain and a file that says what it may do,
//! how long it may cache, and what it sees.
//!
//! ```yaml
//! # android.yml
//! cache:
//!     default: 300
//!     routes: { middleware_video: 60 }
//! firewall:
//!     allow:
//!         default: false
//!         methods: { get: true }
//! parameters:
//!     platforms: [m6group_androidmob]
//! ```

mod file;
mod layer;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use http::Method;
use sixplay_core::{Error, Result, config};

use file::UserFile;
pub use file::{Flag, UserAccess};
pub use layer::{DomainUserLayer, DomainUserService};

/// Seconds that answers may be cached when neither the client's file nor the server's configuration
/// says otherwise.
pub const DEFAULT_CACHE: u32 = 300;

/// One client, with all that its file says; cheap to clone. Handlers get it with the request.
#[derive(Clone)]
pub struct DomainUser(Arc<Inner>);

struct Inner {
    name: String,
    file: UserFile,
    platforms: Vec<String>,
    cache: u32,
}

impl DomainUser {
    /// The name: the sub-domain, in lower case.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the client may use a route: `firewall.allow`'s default, overruled by its rule for
    /// the method, that by its rule for the resource, that by its rule for the route. `HEAD`
    /// follows `get` unless it has a rule of its own. A route whose name begins with `_` is a debug
    /// route, which `allow_debug_route` grants too.
    pub fn allows(&self, method: &Method, resource: &str, route: &str) -> bool {
        let allow = &self.0.file.firewall.allow;
        let of = |method: &str| {
            allow
                .methods
                .iter()
                .find(|(name, _)| name.0 == method)
                .map(|(_, granted)| *granted)
        };
        let by_method = of(method.as_str()).or_else(|| {
            if method == Method::HEAD {
                of("GET")
            } else {
                None
            }
        });
        let by_resource = allow.resources.get(resource).copied();
        let granted = allow
            .routes
            .get(route)
            .copied()
            .or(by_resource)
            .or(by_method)
            .unwrap_or(allow.default);
        granted || (allow.allow_debug_route && route.starts_with('_'))
    }

    /// Seconds that an answer of `route` may be cached: the client's time for the route; else
    /// `own`, the route table's; else the client's default. A client whose default is 0 caches only
    /// what its file names.
    pub fn cache_seconds(&self, route: &str, own: Option<u32>) -> u32 {
        let named = self.0.file.cache.routes.get(route).copied();
        named.unwrap_or(if self.0.cache == 0 {
            0
        } else {
            own.unwrap_or(self.0.cache)
        })
    }

    /// Whether the client may ask for `platform`: one of `parameters.platforms`, or any when there
    /// are none.
    pub fn may_ask(&self, platform: &str) -> bool {
        self.0.platforms.is_empty() || self.0.platforms.iter().any(|allowed| allowed == platform)
    }

    /// The platforms that the client may ask for; empty: any.
    pub fn platforms(&self) -> &[String] {
        &self.0.platforms
    }

    /// The flag `entities.<entity>.<flag>`; `None` when the file declares no such filter.
    pub fn entity_flag(&self, entity: &str, flag: &str) -> Option<&Flag> {
        self.0.file.entities.get(entity)?.get(flag)
    }

    /// The value of `parameters.<name>`, any YAML.
    pub fn parameter(&self, name: &str) -> Option<&serde_json::Value> {
        self.0.file.parameters.get(name)
    }

    /// The rules on IP lists, as the file has them; nothing enforces them yet.
    pub fn user_access(&self) -> &UserAccess {
        &self.0.file.firewall.user_access
    }
}

impl fmt::Debug for DomainUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DomainUser({})", self.0.name)
    }
}

/// All clients, loaded and checked at start; looking one up reads nothing. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Users {
    users: Arc<BTreeMap<String, DomainUser>>,
    default_user: Option<DomainUser>,
}

impl Users {
    /// Loads every `<name>.yml` and `<name>.yaml` of `dir`; sub-folders and other files are left
    /// alone. Without a default user, and with [`DEFAULT_CACHE`] for files that set no cache time.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read, a name is not one lower-case alphanumeric label or
    /// has two files, or a file is wrong: unknown key, wrong type, no HTTP method,
    /// `parameters.platforms` no list of words. The error names file, key and value.
    pub fn load(dir: &Path) -> Result<Self> {
        Self::load_with(dir, None, DEFAULT_CACHE)
    }

    /// As [`Users::load`]; `default_user` answers requests without a sub-domain, `default_cache`
    /// holds where a file sets no cache time.
    ///
    /// # Errors
    /// As [`Users::load`]; `Config` when there is no file of the default user.
    pub fn load_with(dir: &Path, default_user: Option<&str>, default_cache: u32) -> Result<Self> {
        let mut users = BTreeMap::new();
        for path in files(dir)? {
            let user = read(&path, default_cache)?;
            if let Some(twice) = users.insert(user.name().to_owned(), user) {
                return Err(wrong("the user has two files", &path).with("user", twice.name()));
            }
        }
        let named = |name: &str| {
            users.get(name).cloned().ok_or_else(|| {
                wrong("the default user has no file", dir).with("default_user", name)
            })
        };
        let default_user = default_user
            .filter(|name| !name.is_empty())
            .map(named)
            .transpose()?;
        Ok(Self {
            users: Arc::new(users),
            default_user,
        })
    }

    /// The client of that name, in any case.
    pub fn get(&self, name: &str) -> Option<&DomainUser> {
        self.users.get(&name.to_ascii_lowercase())
    }

    /// The client that answers for requests without a sub-domain.
    pub fn default_user(&self) -> Option<&DomainUser> {
        self.default_user.as_ref()
    }

    /// All clients, by name.
    pub fn iter(&self) -> impl Iterator<Item = &DomainUser> {
        self.users.values()
    }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let unreadable =
        |error: std::io::Error| wrong("cannot read the folder of users", dir).with_source(error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let yaml = path
            .extension()
            .is_some_and(|extension| extension == "yml" || extension == "yaml");
        paths.extend((yaml && path.is_file()).then_some(path));
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path, default_cache: u32) -> Result<DomainUser> {
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    if name.is_empty()
        || name.len() > 63
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return Err(wrong(
            "a user's name is one label of lower case letters and digits",
            path,
        ));
    }
    let file: UserFile = config::load(Some(path), [])?;
    let platforms = match file.parameters.get("platforms") {
        None => Vec::new(),
        Some(value) => serde_json::from_value(value.clone()).map_err(|error| {
            wrong("expected a list of words", path)
                .with("key", "parameters.platforms")
                .with("value", value)
                .with_source(error)
        })?,
    };
    let cache = file.cache.default.unwrap_or(default_cache);
    Ok(DomainUser(Arc::new(Inner {
        name: name.to_owned(),
        file,
        platforms,
        cache,
    })))
}

fn wrong(message: &'static str, path: &Path) -> Error {
    Error::config("users.load", message).with("file", path.display())
}
