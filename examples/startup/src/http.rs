//! The server and the clients that it knows.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use sixplay_core::Result;
use sixplay_http::{ErrorFormat, HostLayer, HostService, Server, Users};
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

    /// `service` at the hosts in the configured domains alone. `services` are the labels that it
    /// has there, and the formats of their errors; the label of a single one may be left out of a
    /// host.
    pub fn at_own_hosts<S>(&self, services: &[(&str, ErrorFormat)], service: S) -> HostService<S> {
        let domains = &self.settings.http.domains;
        tracing::info!(%domains, "answers hosts in these domains");
        let layer = match services {
            [(name, format)] => HostLayer::new(domains.with_service(name), *format),
            _ => HostLayer::new(domains.clone(), ErrorFormat::Problem),
        };
        let named =
            |layer: HostLayer, (name, format): &(&str, ErrorFormat)| layer.errors_at(name, *format);
        services.iter().fold(layer, named).layer(service)
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
