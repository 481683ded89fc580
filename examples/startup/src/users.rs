//! The domain users that a program starts with when its folder of users does not exist yet, and
//! what their files may name.

use std::path::PathBuf;

use sixplay_core::{Error, Result, retry};
use sixplay_http::{ClientName, Users};

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

const ROUTES: [&str; 15] = [
    "api_programs",
    "api_program",
    "api_program_change",
    "api_program_videos",
    "api_video",
    "api_video_change",
    "middleware_service",
    "middleware_services",
    "middleware_folders",
    "middleware_folder_programs",
    "middleware_programs",
    "middleware_first_letters",
    "middleware_program",
    "middleware_program_videos",
    "middleware_video",
];
const RESOURCES: [&str; 3] = ["programs", "videos", "middleware"];
const FLAGS: [(&str, &str); 2] = [("program", "published"), ("video", "published")];
const PARAMETERS: [&str; 1] = ["platforms"];

/// What clients' files may name of the API's and the middleware's tables: one folder of users
/// serves both programs, and each knows only its own table.
pub fn product_names() -> impl Iterator<Item = ClientName> {
    let routes = ROUTES.map(|name| ClientName::Route(name.to_owned()));
    let resources = RESOURCES.map(|name| ClientName::Resource(name.to_owned()));
    let flags = FLAGS.map(|(entity, flag)| ClientName::EntityFlag(entity.into(), flag.into()));
    let parameters = PARAMETERS.map(|name| ClientName::Parameter(name.to_owned()));
    let names = routes.into_iter().chain(resources);
    names.chain(flags).chain(parameters)
}

/// Refuses files of `users` that name what neither the tables served, whose names are `served`, nor
/// the product's other table has.
///
/// # Errors
/// As [`Users::require_known`].
pub fn require_known_names(
    users: &Users,
    served: impl IntoIterator<Item = ClientName>,
) -> Result<()> {
    users.require_known(product_names().chain(served))
}
