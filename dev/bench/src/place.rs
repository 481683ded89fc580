//! Where a line has its tables, messages and documents.

use std::process::{Command, Output, Stdio};

use serde_json::value::RawValue;
use sixplay_catalogue::{Catalogue, GenerateOptions};
use sixplay_core::{Kind, Source, Store, conformance};
use sixplay_index::{Index, IndexConfig};
use sixplay_queue::{Queue, QueueConfig, Roots};

use crate::Failed;

/// A store, a queue and an index; removed when dropped, the services' part by [`Place::remove`].
pub(crate) struct Place {
    pub dir: tempfile::TempDir,
    pub database: Option<conformance::Scratch>,
    pub store: String,
    pub queue: String,
    pub index: String,
    pub prefix: String,
}

impl Place {
    pub(crate) fn embedded() -> Result<Self, Failed> {
        let dir = tempfile::tempdir()?;
        let file = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
        Ok(Self {
            store: file("store.sqlite"),
            queue: file("queue.sqlite"),
            index: file("index.sqlite"),
            dir,
            database: None,
            prefix: "sixplay".to_owned(),
        })
    }

    /// On MariaDB, RabbitMQ and Elasticsearch 9; `None` when one of them is skipped.
    pub(crate) async fn services() -> Result<Option<Self>, Failed> {
        let servers = ["mariadb", "rabbitmq", "elasticsearch9"].map(conformance::server);
        let [maria, queue, index] = servers;
        let (Some(maria), Some(queue), Some(index)) = (maria?, queue?, index?) else {
            return Ok(None);
        };
        let database = conformance::database(&maria).await?;
        let now = jiff::Timestamp::now().as_millisecond();
        Ok(Some(Self {
            dir: tempfile::tempdir()?,
            store: database.url().to_owned(),
            database: Some(database),
            queue,
            index,
            prefix: format!("bench-{}-{now}", std::process::id()),
        }))
    }

    /// The store, filled with an invented catalogue.
    pub(crate) async fn fill(&self, programs: usize) -> Result<Store, Failed> {
        let store = Store::connect(&self.store).await?;
        sixplay_catalogue::prepare(&store).await?;
        let mut options = GenerateOptions::default();
        options.programs = programs;
        let made = sixplay_catalogue::generate(&store, &options, &()).await?;
        eprintln!("{} programs, {} videos", made.programs, made.videos);
        // the rebuild that follows reads what the load wrote
        store.discard_changes(Catalogue::new().name()).await?;
        Ok(store)
    }

    pub(crate) async fn open_queue(&self) -> Result<Queue, Failed> {
        let mut config = QueueConfig::new(&self.queue);
        config.prefix = format!("{}-", self.prefix);
        Ok(Queue::open(&config).await?)
    }

    pub(crate) async fn open_index(&self) -> Result<Index, Failed> {
        open_index(&self.index, &self.prefix).await
    }

    pub(crate) async fn remove(self) -> Result<(), Failed> {
        if self.database.is_some() {
            let index = self.open_index().await?;
            for info in index.list(&format!("{}-", self.prefix)).await? {
                index.remove(&info.name).await?;
            }
            let queue = self.open_queue().await?;
            for name in [Roots::QUEUE, Roots::DEAD_QUEUE] {
                drop(queue.remove(name).await);
            }
        }
        Ok(())
    }
}

pub(crate) async fn open_index(url: &str, prefix: &str) -> Result<Index, Failed> {
    let mut config = IndexConfig::new(url);
    config.prefix = prefix.to_owned();
    Ok(Index::open(&config).await?)
}

/// What the index holds of a kind, with the ids.
pub(crate) async fn indexed_documents(
    store: &Store,
    index: &Index,
    kind: &Kind,
) -> Result<Vec<(String, Box<RawValue>)>, Failed> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let ids = store.roots(kind, after.as_deref(), 200).await?;
        let Some(last) = ids.last() else {
            return Ok(found);
        };
        after = Some(last.clone());
        let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
        let got = index.get(&index.alias(kind.name), &asked).await?;
        let present = ids.into_iter().zip(got);
        found.extend(present.filter_map(|(id, document)| Some((id, document?))));
    }
}

pub(crate) fn kind_named<'a>(source: &'a dyn Source, name: &str) -> &'a Kind {
    let mut kinds = source.kinds().iter();
    kinds
        .find(|kind| kind.name == name)
        .expect("a kind of the catalogue")
}

/// Runs a command to its end; what it says on standard error is shown.
pub(crate) fn run(command: &mut Command) -> Result<Output, Failed> {
    let out = command.stderr(Stdio::inherit()).output()?;
    if out.status.success() {
        Ok(out)
    } else {
        Err(format!("{command:?}: {}", out.status).into())
    }
}
