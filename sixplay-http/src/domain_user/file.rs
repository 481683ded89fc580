//! The file of one domain user, `<name>.yml`, with the keys of Symfony's DomainUserBundle.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// What a client's file may say; whatever it leaves out has a default, an empty file is a client
/// that may do nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UserFile {
    #[serde(deserialize_with = "null_as_default")]
    pub(super) cache: CacheSection,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) firewall: FirewallSection,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) entities: BTreeMap<String, BTreeMap<String, Flag>>,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) parameters: BTreeMap<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CacheSection {
    pub(super) default: Option<u32>,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) routes: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FirewallSection {
    #[serde(deserialize_with = "null_as_default")]
    pub(super) user_access: UserAccess,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) allow: AllowSection,
}

/// Which named IP lists may use the client. Read and checked for shape; **requests are not filtered
/// by it**: whoever needs the rule enforces it in front of the server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UserAccess {
    /// What holds for an address in no list; default true.
    pub default_state: bool,
    /// Lists by name: allowed or refused.
    #[serde(deserialize_with = "null_as_default")]
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
pub(super) struct AllowSection {
    pub(super) default: bool,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) methods: BTreeMap<RuleMethod, bool>,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) resources: BTreeMap<String, bool>,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) routes: BTreeMap<String, bool>,
    pub(super) allow_debug_route: bool,
}

/// A method as a rule names it, in any case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RuleMethod(pub(super) String);

impl<'de> Deserialize<'de> for RuleMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let name = String::deserialize(deserializer)?;
        match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
            Some(known) => Ok(Self((*known).to_owned())),
            None => {
                let message = format!("{name:?} is no HTTP method");
                Err(serde::de::Error::custom(message))
            }
        }
    }
}

/// The value of an entity flag, as the file has it.
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
    /// The flag as yes or no, with 1 and 0 for them; `None` when it is neither.
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
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
