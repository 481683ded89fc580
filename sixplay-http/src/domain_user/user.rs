//! One domain user: permissions, cache times, flags and parameters.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use http::Method;

use super::{
    file::{AllowSection, UserFile},
    names::{ClientName, UsedName},
};

/// One client, with all that its file says; cheap to clone. Handlers get it with the request, other
/// services below a [`crate::DomainUserLayer`] among the request's extensions.
///
/// ```
/// use http::Method;
/// use sixplay_http::Users;
///
/// # fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// let rules = "
/// cache:
///     default: 60
///     routes: { book: 5 }
/// firewall:
///     allow:
///         default: false
///         methods: { get: true }
///         resources: { drafts: false }
/// entities:
///     article: { published: true }
/// parameters:
///     languages: [en, fr]
/// ";
/// std::fs::write(folder.path().join("shop.yml"), rules).unwrap();
/// let users = Users::load(folder.path())?;
/// let shop = users.get("shop").unwrap();
///
/// assert!(shop.allows(&Method::GET, "books", "book"));
/// assert!(!shop.allows(&Method::PUT, "books", "book_change"));
/// assert!(!shop.allows(&Method::GET, "drafts", "draft"));
/// assert_eq!(shop.cache_seconds("book", None), 5);
/// assert_eq!(shop.entity_flag("article", "published"), Some(true));
/// assert_eq!(shop.parameter("languages"), Some(&serde_json::json!(["en", "fr"])));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DomainUser(Arc<LoadedUser>);

struct LoadedUser {
    name: String,
    path: PathBuf,
    rules: UserFile,
    default_cache: u32,
}

impl DomainUser {
    /// The user whose file at `path` says `rules`, with `default_cache` if it sets no cache time.
    pub(super) fn new(name: &str, path: &Path, rules: UserFile, default_cache: u32) -> Self {
        Self(Arc::new(LoadedUser {
            name: name.to_owned(),
            path: path.to_owned(),
            default_cache: rules.cache.default.unwrap_or(default_cache),
            rules,
        }))
    }

    /// The name: the sub-domain, in lower case.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The file that the user was read from: the place to name when one of its parameters is wrong.
    pub fn file(&self) -> &Path {
        &self.0.path
    }

    /// Whether the client may use a route: `firewall.allow`'s default, overruled by its rule for
    /// the method, that by its rule for the resource, that by its rule for the route. `HEAD`
    /// follows `get` unless it has a rule of its own. A route whose name begins with `_` is a debug
    /// route, which `allow_debug_route` grants too.
    pub fn allows(&self, method: &Method, resource: &str, route: &str) -> bool {
        let allow = &self.0.rules.firewall.allow;
        let by_route = allow.routes.get(route).copied();
        let granted = by_route
            .or_else(|| allow.resources.get(resource).copied())
            .or_else(|| allow.rule_for_method(method))
            .unwrap_or(allow.default);
        granted || (allow.allow_debug_route && route.starts_with('_'))
    }

    /// Seconds that an answer of `route` may be cached: the client's time for the route; else
    /// `own`, the route table's; else the client's default. A client whose default is 0 caches only
    /// what its file names.
    pub fn cache_seconds(&self, route: &str, own: Option<u32>) -> u32 {
        let default = self.0.default_cache;
        match self.0.rules.cache.routes.get(route) {
            Some(named) => *named,
            None if default == 0 => 0,
            None => own.unwrap_or(default),
        }
    }

    /// The flag `entities.<entity>.<flag>`; `None` when the file declares no such filter. What a
    /// flag means is the handler's business.
    pub fn entity_flag(&self, entity: &str, flag: &str) -> Option<bool> {
        let flags = self.0.rules.entities.get(entity)?;
        flags.get(flag).map(|flag| flag.0)
    }

    /// The value of `parameters.<name>`, any YAML. Whoever reads a parameter checks it for all
    /// [`crate::Users`] at start and names [`DomainUser::file`] when it is wrong.
    pub fn parameter(&self, name: &str) -> Option<&serde_json::Value> {
        self.0.rules.parameters.get(name)
    }
}

impl DomainUser {
    /// What the file names of route tables.
    pub(super) fn used_names(&self) -> Vec<UsedName> {
        let rules = &self.0.rules;
        let allow = &rules.firewall.allow;
        let cached = name_all("cache.routes", &rules.cache.routes, ClientName::Route);
        let routes = name_all("firewall.allow.routes", &allow.routes, ClientName::Route);
        let resources = "firewall.allow.resources";
        let resources = name_all(resources, &allow.resources, ClientName::Resource);
        let parameters = name_all("parameters", &rules.parameters, ClientName::Parameter);
        let flags = rules.entities.iter().flat_map(|(entity, flags)| {
            let name = |flag| ClientName::EntityFlag(entity.clone(), flag);
            name_all("entities", flags, name)
        });
        let names = cached.chain(routes).chain(resources).chain(parameters);
        names.chain(flags).collect()
    }
}

/// The keys of one section.
fn name_all<V>(
    section: &'static str,
    values: &BTreeMap<String, V>,
    name: impl Fn(String) -> ClientName,
) -> impl Iterator<Item = UsedName> {
    let names = values.keys().map(move |key| name(key.clone()));
    names.map(move |name| UsedName { section, name })
}

impl AllowSection {
    fn rule_for_method(&self, method: &Method) -> Option<bool> {
        let named = self.rule_named(method.as_str());
        named.or_else(|| {
            let is_head = method == Method::HEAD;
            is_head.then(|| self.rule_named("GET")).flatten()
        })
    }

    fn rule_named(&self, name: &str) -> Option<bool> {
        let mut rules = self.methods.iter();
        rules
            .find(|(method, _)| method.0 == name)
            .map(|(_, granted)| *granted)
    }
}

impl fmt::Debug for DomainUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DomainUser({})", self.0.name)
    }
}
