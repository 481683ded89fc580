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
    pub(super) entities: BTreeMap<String, BTreeMap<String, EntityFlag>>,
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

/// Which named IP lists may use the client. Requests are not filtered by address, so only what
/// filters nothing is taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UserAccess {
    #[serde(rename = "default_state", deserialize_with = "require_open")]
    _default_state: (),
    #[serde(rename = "lists", deserialize_with = "require_no_list")]
    _lists: (),
}

fn require_open<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match bool::deserialize(deserializer)? {
        true => Ok(()),
        false => Err(refuse_address_filter("false")),
    }
}

fn require_no_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let lists: Option<BTreeMap<String, bool>> = Option::deserialize(deserializer)?;
    match lists.and_then(|mut lists| lists.pop_first()) {
        None => Ok(()),
        Some((list, _)) => Err(refuse_address_filter(&list)),
    }
}

fn refuse_address_filter<E: serde::de::Error>(value: &str) -> E {
    E::custom(format!(
        "{value}: requests are not filtered by address; filter in front of the server, and remove \
         the key"
    ))
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

/// The value of an entity flag: yes or no, also as 1 or 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntityFlag(pub(super) bool);

impl<'de> Deserialize<'de> for EntityFlag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match (value.as_bool(), value.as_u64()) {
            (Some(flag), _) => Ok(Self(flag)),
            (_, Some(0)) => Ok(Self(false)),
            (_, Some(1)) => Ok(Self(true)),
            _ => {
                let message = format!("{value}: expected true or false");
                Err(serde::de::Error::custom(message))
            }
        }
    }
}

/// A key without a value, as YAML allows, counts as left out.
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
