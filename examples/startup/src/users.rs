//! The domain users that a program starts with when its folder of users does not exist yet.

use std::path::PathBuf;

use sixplay_core::{Error, Result, retry};

const USERS: [(&str, &str); 5] = [
    ("pc", include_str!("../users/pc.yml")),
    ("ios", include_str!("../users/ios.yml")),
    ("android", include_str!("../users/android.yml")),
    ("chromecast", include_str!("../users/chromecast.yml")),
    ("bo", include_str!("../users/bo.yml")),
];

/// Writes the default users into `dir` unless it exists, and returns it; several processes may do
/// so at once.
pub(crate) fn write_defaults(dir: PathBuf) -> Result<PathBuf> {
    if dir.exists() {
        return Ok(dir);
    }
    let failed = |error: std::io::Error| {
        Error::config("startup.users", "cannot write the default users")
            .with("dir", dir.display())
            .with_source(error)
    };
    // containers that share the folder may share the number of the process, too
    let fresh = dir.with_extension(format!("new-{:016x}", retry::random()));
    std::fs::create_dir_all(&fresh).map_err(failed)?;
    for (name, text) in USERS {
        std::fs::write(fresh.join(format!("{name}.yml")), text).map_err(failed)?;
    }
    // whoever renames first wins; the loser's copy is the same
    match std::fs::rename(&fresh, &dir) {
        Err(_) if dir.exists() => std::fs::remove_dir_all(&fresh).map_err(failed)?,
        result => result.map_err(failed)?,
    }
    Ok(dir)
}
