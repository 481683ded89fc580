//! The platforms that a client may ask for: `parameters.platforms` of its file.

use serde::Deserialize;
use serde_json::Value;
use sixplay_core::{Error, Result};
use sixplay_http::{DomainUser, Users};

/// The parameter's name.
pub(crate) const PARAMETER: &str = "platforms";

/// Checks the parameter of all users, so that no request meets a wrong one.
///
/// # Errors
/// `Config` naming file, key and value.
pub(crate) fn require_valid(users: &Users) -> Result<()> {
    users.iter().try_for_each(require_codes)
}

fn require_codes(user: &DomainUser) -> Result<()> {
    let Some(value) = user.parameter(PARAMETER) else {
        return Ok(());
    };
    let codes = Vec::<String>::deserialize(value);
    codes.map(drop).map_err(|error| {
        Error::config("middleware.users", "expected a list of words")
            .with("file", user.file().display())
            .with("key", "parameters.platforms")
            .with("value", value)
            .with_source(error)
    })
}

/// Whether `user` may ask for `platform`.
pub(crate) fn may_ask(user: &DomainUser, platform: &str) -> bool {
    match user.parameter(PARAMETER) {
        None => true,
        Some(Value::Array(codes)) => codes.is_empty() || codes.iter().any(|code| code == platform),
        Some(_) => false,
    }
}
