//! What every `main` does: read the configuration, start the runtime and the daemon, run, and say
//! why it ends.

use std::{
    convert::Infallible,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use sixplay_core::{
    Error, ErrorKind, Result,
    catalogue::{self, Catalogue},
    daemon::Daemon,
    detector::Detector,
    progress::Progress,
    source::Source,
    store::Store,
    telemetry,
};
use sixplay_http::{
    DomainUserService, Routes, Server, Users, api,
    middleware::{self, MiddlewareConfig},
};
use sixplay_index::{
    Index,
    sync::{Indexer, Rebuild},
};
use sixplay_queue::Queue;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::{QueueSink, ServerArgs, Settings, WorkerArgs, index_changes, users};

/// How long a starting program waits for a server that is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// The settings of a program and the handles opened from them.
pub struct Shell {
    /// The configuration, flags applied.
    pub settings: Settings,
    /// The tasks of the process.
    pub daemon: Daemon,
    store: OnceCell<Store>,
    queue: OnceCell<Queue>,
    index: OnceCell<Index>,
}

/// Runs `work` with the settings of `args` until it returns; an error ends the process with status
/// 1, a wrong configuration with 2.
pub fn run<W>(
    name: &'static str,
    args: impl Into<ServerArgs>,
    work: impl FnOnce(Shell) -> W,
) -> ExitCode
where
    W: Future<Output = Result<()>>,
{
    if let Err(error) = telemetry::init() {
        eprintln!("{name}: {error}");
        return ExitCode::from(2);
    }
    let result = open(name, args.into()).and_then(|(runtime, settings)| {
        runtime.block_on(async {
            let drain = settings.drain;
            let daemon = Daemon::new(name, drain);
            let token = daemon.token();
            let (store, queue, index) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
            tokio::select! {
                result = work(Shell { settings, daemon, store, queue, index }) => result,
                error = overdue(token, drain) => Err(error),
            }
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "{name} ends");
            ExitCode::from(if error.kind() == ErrorKind::Config {
                2
            } else {
                1
            })
        }
    }
}

/// Ends work that is no task of the daemon (an import, a first load) when it outlives the drain
/// time after a signal.
async fn overdue(token: CancellationToken, drain: Duration) -> Error {
    token.cancelled().await;
    tokio::time::sleep(drain + Duration::from_secs(1)).await;
    Error::timeout("shell.run", "the work did not end in time and was given up")
        .with("seconds", drain.as_secs())
}

fn open(name: &'static str, args: ServerArgs) -> Result<(tokio::runtime::Runtime, Settings)> {
    let mut settings = Settings::load(args.worker.config.as_deref())?;
    if let Some(data) = args.worker.data {
        settings.data = data;
    }
    if let Some(listen) = args.listen {
        settings.http.listen = listen;
    }
    settings.embed();
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        Error::config("shell.open", "cannot create the data folder")
            .with("data", settings.data.display())
            .with_source(error)
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(name)
        .build();
    let runtime = runtime.map_err(|error| {
        Error::unexpected("shell.open", "cannot start the runtime").with_source(error)
    })?;
    Ok((runtime, settings))
}

/// Names the key that an error is about, the value being secret.
fn keyed(key: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with("key", key)
}

impl From<WorkerArgs> for ServerArgs {
    fn from(worker: WorkerArgs) -> Self {
        Self {
            worker,
            listen: None,
        }
    }
}

impl Shell {
    /// The middleware over the index.
    ///
    /// # Errors
    /// As [`Shell::index`] and [`Shell::users`].
    pub async fn middleware(&self) -> Result<DomainUserService<Routes>> {
        let config = MiddlewareConfig {
            prefix: self.settings.index.prefix.clone(),
            ..self.settings.middleware.clone()
        };
        middleware::service(self.index().await?, self.users()?, config)
    }

    /// The API over the store.
    ///
    /// # Errors
    /// As [`Shell::store`] and [`Shell::users`].
    pub async fn api(&self) -> Result<DomainUserService<Routes>> {
        api::service(self.store().await?, self.users()?)
    }

    /// The database, with the catalogue's schema, change log and triggers in place.
    ///
    /// # Errors
    /// As [`Store::connect`] and [`Store::install`].
    pub async fn store(&self) -> Result<Store> {
        let open = async || {
            let store = Store::connect(self.settings.store.url.expose())
                .await
                .map_err(keyed("store.url"))?;
            catalogue::migrate(&store).await?;
            store.install(self.source().as_ref()).await?;
            Ok(store)
        };
        self.store
            .get_or_try_init(|| self.patiently("database", open))
            .await
            .cloned()
    }

    /// The queue between detector and indexer.
    ///
    /// # Errors
    /// As [`Queue::connect`].
    pub async fn queue(&self) -> Result<Queue> {
        let open = async || {
            Queue::open(&self.settings.queue)
                .await
                .map_err(keyed("queue.url"))
        };
        self.queue
            .get_or_try_init(|| self.patiently("queue", open))
            .await
            .cloned()
    }

    /// The index.
    ///
    /// # Errors
    /// As [`Index::connect`].
    pub async fn index(&self) -> Result<Index> {
        self.index
            .get_or_try_init(|| async {
                Index::open(&self.settings.index)
                    .await
                    .map_err(keyed("index.url"))
            })
            .await
            .cloned()
    }

    /// The domain users of the configured folder; the folder `users` of the data folder is filled
    /// when it is new.
    ///
    /// # Errors
    /// `Config` naming file, key and value.
    pub fn users(&self) -> Result<Users> {
        let http = &self.settings.http;
        let dir = match &http.users_dir {
            Some(dir) => dir.clone(),
            None => users::provide(self.settings.data.join("users"))?,
        };
        Users::load_with(&dir, http.default_user.as_deref(), http.default_cache)
    }

    /// Takes the configured address; connections wait until [`Shell::serve`].
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub async fn bind(&self) -> Result<Server> {
        Server::bind(self.settings.http.listen, self.settings.http.server.clone()).await
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
        self.daemon
            .spawn("server", server.serve(service, self.daemon.token()));
    }

    /// Publishes changes until the daemon stops.
    ///
    /// # Errors
    /// As [`Shell::store`] and [`Shell::queue`].
    pub async fn detect(&mut self) -> Result<()> {
        let detector = Detector::new(
            self.store().await?,
            self.source(),
            self.settings.detector.clone(),
        );
        let (sink, token) = (QueueSink(self.queue().await?), self.daemon.token());
        self.daemon
            .spawn("detector", async move { detector.run(&sink, token).await });
        Ok(())
    }

    /// Applies changes until the daemon stops.
    ///
    /// # Errors
    /// As [`Shell::store`], [`Shell::queue`] and [`Shell::index`].
    pub async fn index_changes(&mut self) -> Result<()> {
        let (queue, indexer) = (self.queue().await?, self.indexer().await?);
        let work = index_changes(
            queue,
            indexer,
            self.settings.indexer.clone(),
            self.settings.drain / 2,
            self.daemon.token(),
        );
        self.daemon.spawn("indexer", work);
        Ok(())
    }

    /// Rebuilds the index once, then stops the daemon; SIGTERM ends it before the swap.
    ///
    /// # Errors
    /// As [`Shell::store`] and [`Shell::index`].
    pub async fn rebuild(&mut self) -> Result<()> {
        let (rebuild, token) = (
            Rebuild::new(self.indexer().await?, self.settings.rebuild.clone()),
            self.daemon.token(),
        );
        self.daemon.spawn("rebuild", async move {
            let report = rebuild.run(&Progress::new("rebuild", None), &token).await?;
            tracing::info!(
                indexed = report.indexed,
                absent = report.absent,
                rejected = report.rejected.len(),
                "rebuilt"
            );
            token.cancel();
            Ok(())
        });
        Ok(())
    }

    /// Rebuilds the index unless every kind has one.
    ///
    /// # Errors
    /// As [`Rebuild::run`].
    pub async fn rebuild_when_new(&self) -> Result<()> {
        let (index, mut live) = (self.index().await?, true);
        for kind in self.source().kinds() {
            live &= index
                .resolve(&self.settings.index.alias(kind.name))
                .await?
                .is_some();
        }
        if live {
            return Ok(());
        }
        let (progress, token) = (Progress::new("rebuild", None), self.daemon.token());
        let rebuild = Rebuild::new(self.indexer().await?, self.settings.rebuild.clone());
        match rebuild.run(&progress, &token).await {
            Err(_) if token.is_cancelled() => Ok(()),
            result => result.map(drop),
        }
    }

    /// Opens a handle, again and again while its server is away: servers and programs may start in
    /// any order.
    async fn patiently<T>(&self, what: &str, open: impl AsyncFn() -> Result<T>) -> Result<T> {
        let (token, end) = (self.daemon.token(), Instant::now() + PATIENCE);
        loop {
            match open().await {
                Err(error)
                    if error.is_transient() && Instant::now() < end && !token.is_cancelled() =>
                {
                    tracing::warn!(%error, "waits for the {what}");
                    token
                        .run_until_cancelled(tokio::time::sleep(Duration::from_millis(500)))
                        .await;
                }
                result => return result,
            }
        }
    }

    async fn indexer(&self) -> Result<Indexer> {
        Ok(Indexer::new(
            self.store().await?,
            self.source(),
            self.index().await?,
            self.settings.index.prefix.clone(),
        ))
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Catalogue::new())
    }
}
