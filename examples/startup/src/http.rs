//! The server and the clients that it knows.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use sixplay_core::Result;
use sixplay_http::{Domains, ErrorFormat, HostLayer, HostService, Server, Users};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Process, users};

impl Process {
    /// The domain users of the configured folder; the folder `users` of the data folder is filled
    /// when it is new.
    ///
    /// # Errors
    /// `Config` naming file, key and value.
    pub fn users(&self) -> Result<Users> {
        let http = &self.settings.http;
        let dir = match &http.users_dir {
            Some(dir) => dir.clone(),
            None => users::write_defaults(self.settings.data.join("users"))?,
        };
        Users::load_with(&dir, http.default_user.as_deref(), http.default_cache)
    }

    /// `service` at the hosts in the configured domains alone; what is refused before it, is so in
    /// `format`. A program with one service has its name as `name`, and serves it below each
    /// domain, and below the name's own label there.
    pub fn at_own_hosts<S>(
        &self,
        name: Option<&str>,
        format: ErrorFormat,
        service: S,
    ) -> HostService<S> {
        let domains = &self.settings.http.domains;
        tracing::info!(%domains, "answers hosts in these domains");
        let named = |name| Domains::with_service(domains, name);
        let domains = name.map_or_else(|| domains.clone(), named);
        HostLayer::new(domains, format).layer(service)
    }

    /// Takes the address of the flags, else the configured one; connections wait until
    /// [`Process::serve`].
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub async fn bind(&self) -> Result<Server> {
        let http = &self.settings.http;
        let address = self.listen.unwrap_or(http.listen);
        Server::bind(address, http.server.clone()).await
    }

    /// Serves until the daemon stops.
    pub fn serve<S>(&mut self, server: Server, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let work = server.serve(service, self.daemon.token());
        self.daemon.spawn("server", work);
    }
}
