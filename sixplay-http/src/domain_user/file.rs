//! The file of one domain user, `<name>.yml`, exactly as M6Web's DomainUserBundle reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// What a client's file may say; whatever it leaves out has a default, an empty file is a client
/// that may do nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UserFile {
    #[serde(deserialize_with = "or_default")]
    pub cache: CacheFile,
    #[serde(deserialize_with = "or_default")]
    pub firewall: FirewallFile,
    #[serde(deserialize_with = "or_default")]
    pub entities: BTreeMap<String, BTreeMap<String, Flag>>,
    #[serde(deserialize_with = "or_default")]
    pub parameters: BTreeMap<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CacheFile {
    pub default: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub routes: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FirewallFile {
    #[serde(deserialize_with = "or_default")]
    pub user_access: UserAccess,
    #[serde(deserialize_with = "or_default")]
    pub allow: AllowFile,
}

/// Which named IP lists may use the client. Read and checked for shape; requests are not filtered
/// by it yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct UserAccess {
    /// What holds for an address in no list; default true.
    pub default_state: bool,
    /// Lists by name: allowed or refused.
    #[serde(deserialize_with = "or_default")]
    pub lists: BTreeMap<String, bool>,
}

impl Default for UserAccess {
    fn default() -> Self {
        Self {
            default_state: true,
            lists: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AllowFile {
    pub default: bool,
    #[serde(deserialize_with = "or_default")]
    pub methods: BTreeMap<HttpMethod, bool>,
    #[serde(deserialize_with = "or_default")]
    pub resources: BTreeMap<String, bool>,
    #[serde(deserialize_with = "or_default")]
    pub routes: BTreeMap<String, bool>,
    pub allow_debug_route: bool,
}

/// A method as a rule names it, in any case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HttpMethod(pub String);

impl<'de> Deserialize<'de> for HttpMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let name = String::deserialize(deserializer)?;
        match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
            Some(known) => Ok(Self((*known).to_owned())),
            None => Err(serde::de::Error::custom(format!(
                "{name:?} is no HTTP method"
            ))),
        }
    }
}

/// The value of an entity flag.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Flag {
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Anything else that is one value.
    Text(String),
}

impl Flag {
    /// The flag as yes or no; `None` when it is neither.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Int(0) => Some(false),
            Self::Int(1) => Some(true),
            _ => None,
        }
    }
}

/// A key without a value, as YAML allows, counts as left out.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
