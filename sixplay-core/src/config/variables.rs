//! Which variables of the process are configuration, and which are of others.

use std::ffi::{OsStr, OsString};

use super::services::{is_passed_on, linked_service, tells_of_a_service};
use crate::{Error, Result};

const PREFIX: &str = "SIXPLAY_";
/// The log filter, and the test servers' URLs, are read elsewhere.
const LOG_FILTER: &str = "SIXPLAY_LOG";
const TEST_PREFIX: &str = "SIXPLAY_TEST_";

/// A variable that sets a key.
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) text: String,
}

impl Variable {
    /// The keys that it goes down.
    pub(super) fn path(&self) -> Vec<String> {
        let key = self.name.strip_prefix(PREFIX).unwrap_or_default();
        key.to_lowercase().split("__").map(str::to_owned).collect()
    }
}

/// Those of `env` that set keys; the others of our names, which a container platform sets, are told
/// in one warning.
pub(super) fn own_variables(
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Variable>> {
    let named: Vec<_> = env.into_iter().filter(|(name, _)| is_named(name)).collect();
    let links: Vec<&str> = named
        .iter()
        .filter_map(|(name, value)| link(name, value))
        .collect();
    let foreign = |(name, value): &&(OsString, OsString)| is_foreign(name, value, &links);
    let (foreign, own): (Vec<_>, Vec<_>) = named.iter().partition(foreign);
    warn_of(&foreign);
    own.into_iter()
        .map(|(name, value)| decode(name, value))
        .collect()
}

/// Whether the name is one of ours; one that goes on with what is no UTF-8 is.
fn is_named(name: &OsStr) -> bool {
    let begins_with = |start: &str| name.as_encoded_bytes().starts_with(start.as_bytes());
    begins_with(PREFIX) && !begins_with(TEST_PREFIX) && name != LOG_FILTER
}

fn link<'a>(name: &'a OsStr, value: &OsStr) -> Option<&'a str> {
    linked_service(name.to_str()?, value.to_str()?)
}

fn is_foreign(name: &OsStr, value: &OsStr, links: &[&str]) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    links.iter().any(|link| is_passed_on(name, link))
        || value
            .to_str()
            .is_some_and(|value| tells_of_a_service(name, value))
}

fn warn_of(foreign: &[&(OsString, OsString)]) {
    let mut names: Vec<_> = foreign
        .iter()
        .map(|(name, _)| name.to_string_lossy())
        .collect();
    names.sort_unstable();
    if !names.is_empty() {
        let variables = names.join(", ");
        tracing::warn!(variables, "ignored: these tell of services, and set no key");
    }
}

fn decode(name: &OsStr, value: &OsStr) -> Result<Variable> {
    match (name.to_str(), value.to_str()) {
        (Some(name), Some(text)) => Ok(Variable {
            name: name.to_owned(),
            text: text.to_owned(),
        }),
        _ => {
            let error = Error::config("config.load", "the variable is not valid UTF-8");
            Err(error.with("variable", name.to_string_lossy()))
        }
    }
}
