//! The section `http` of a configuration file.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::Deserialize;

use crate::{domain_user::DEFAULT_CACHE, server::ServerConfig};

/// Address, domain users and limits of a server; key names as DomainUserBundle has them where they
/// map.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Where to listen; default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// The folder of the domain users' files; with the next two keys it is what
    /// [`crate::Users::load_with`] takes.
    pub users_dir: Option<PathBuf>,
    /// The user of requests whose host names none; default: none, they are refused.
    pub default_user: Option<String>,
    /// Seconds that answers may be cached for users whose file sets no time; default 300.
    pub default_cache: u32,
    /// The server's limits.
    pub server: ServerConfig,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            users_dir: None,
            default_user: None,
            default_cache: DEFAULT_CACHE,
            server: ServerConfig::default(),
        }
    }
}
