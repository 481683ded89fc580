//! The handle on a database, and the two ways to hold a connection of it: a snapshot that reads, a
//! transaction that may write.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sea_query::{QueryStatementWriter, SchemaStatementBuilder, Value, Values};

use super::{
    config::StoreConfig,
    dialect::Dialect,
    driver::{Database, Session, SessionMode},
    drivers::{mysql, postgres, sqlite},
    rows::Row,
};
use crate::{Error, Result, retry::deadline};

/// A handle on a relational database; cheap to clone.
///
/// A connection that the server drops is replaced by itself; only the work in hand fails. Every
/// statement and every wait for a connection ends within the configured deadline. SQLite has one
/// writer per process: a [`Store::write`] that is held makes the next one wait, at last in vain.
///
/// ```
/// use sea_query::{Expr, ExprTrait, Query};
/// use sixplay_core::Store;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("sixplay-doc-store-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let file = folder.join("store.db");
/// let store = Store::connect(&format!("sqlite:{}", file.display())).await?;
/// let mut transaction = store.write().await?;
/// transaction.batch("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").await?;
/// let mut ada = Query::insert();
/// ada.into_table("author").columns(["id", "name"]).values_panic([1.into(), "Ada".into()]);
/// assert_eq!(transaction.execute(&ada).await?, 1);
/// transaction.commit().await?;
///
/// let mut query = Query::select();
/// query.column("name").from("author").and_where(Expr::col("id").eq(1));
/// let rows = store.read().await?.fetch(&query).await?;
/// assert_eq!(rows[0].text("name")?, "Ada");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Store {
    database: Arc<dyn Database>,
    deadline: Duration,
}

impl Store {
    /// Connects to `sqlite:PATH` (the file is created, not its folder; the path is taken as it is
    /// written, and a database in memory is refused), `mysql://…` or `postgres://…` with the
    /// defaults of [`StoreConfig`].
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::open(&StoreConfig::new(url)).await
    }

    /// Connects as a configuration says.
    ///
    /// # Errors
    /// `Config` for another scheme, a bad URL, or one that names no database; `Unsupported` when
    /// the build lacks the driver; `Unavailable` when the server does not answer. The URL's
    /// password is never part of an error.
    pub async fn open(config: &StoreConfig) -> Result<Self> {
        let (url, deadline) = (config.url.expose(), config.deadline);
        // a wait for a connection ends first, so that its error says what was waited for
        let acquire = deadline / 2;
        let database = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite::connect(url, acquire).await?,
            Some("mysql" | "mariadb") => mysql::connect(url, acquire).await?,
            Some("postgres" | "postgresql") => postgres::connect(url, acquire).await?,
            _ => {
                let expected = "expected sqlite:PATH, mysql://… or postgres://…";
                return Err(Error::config("store.connect", expected).with("key", "url"));
            }
        };
        Ok(Self { database, deadline })
    }

    /// The dialect behind the handle.
    pub fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// Opens a consistent snapshot: all its reads see the same instant, and none waits for a
    /// writer.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn read(&self) -> Result<Snapshot> {
        self.session(SessionMode::Snapshot).await
    }

    /// Opens a transaction that may write; nothing stays unless [`Transaction::commit`] is called.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn write(&self) -> Result<Transaction> {
        self.session(SessionMode::Write).await.map(Transaction)
    }

    /// Takes a connection for one read: cheaper than a snapshot, and without its instant.
    pub(crate) async fn read_once(&self) -> Result<Snapshot> {
        self.session(SessionMode::Read).await
    }

    /// Takes a connection whose statements commit one by one.
    pub(crate) async fn autocommit(&self) -> Result<Autocommit> {
        let session = self.session(SessionMode::Auto).await?;
        Ok(Autocommit(Transaction(session)))
    }

    async fn session(&self, mode: SessionMode) -> Result<Snapshot> {
        let session = deadline("store.begin", self.deadline, self.database.open(mode)).await?;
        Ok(Snapshot {
            dialect: self.dialect(),
            session,
            deadline: self.deadline,
        })
    }

    /// Closes all connections; later calls fail with `Unavailable`.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("dialect", &self.dialect())
            .finish_non_exhaustive()
    }
}

/// A connection that reads; of [`Store::read`], one instant of the database.
///
/// It has no way to write, and the database refuses a query that tries:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// # scratch.run("CREATE TABLE author (id INTEGER PRIMARY KEY)").await?;
/// let mut snapshot = store.read().await?;
/// let hidden_write = "INSERT INTO author (id) VALUES (1) RETURNING id";
/// assert!(snapshot.fetch_sql(hidden_write, Vec::new()).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct Snapshot {
    dialect: Dialect,
    session: Box<dyn Session>,
    deadline: Duration,
}

impl Snapshot {
    /// The dialect of the database.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a query and returns all its rows; bound it with `LIMIT`.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`; `Unexpected` for a statement that the database refuses. A cell
    /// that cannot be read fails nothing here: reading it from its [`Row`] does.
    pub async fn fetch(&mut self, statement: &impl QueryStatementWriter) -> Result<Vec<Row>> {
        let (sql, Values(values)) = self.dialect.query(statement);
        self.fetch_sql(&sql, values).await
    }

    /// Runs a query written for this dialect (`?` in SQLite and MySQL, `$1` in PostgreSQL) and
    /// returns all its rows.
    ///
    /// # Errors
    /// As [`Snapshot::fetch`].
    pub async fn fetch_sql(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
        let work = self.session.fetch(sql.to_owned(), Values(values));
        deadline("store.fetch", self.deadline, work).await
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

/// A running transaction, which reads as a [`Snapshot`] and may write; rolled back when dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// # scratch.run("CREATE TABLE author (id INTEGER PRIMARY KEY)").await?;
/// let mut transaction = store.write().await?;
/// let insert = "INSERT INTO author (id) VALUES (?)";
/// assert_eq!(transaction.execute_sql(insert, vec![7.into()]).await?, 1);
/// drop(transaction); // without `commit` nothing stays
///
/// let count = "SELECT COUNT(*) AS authors FROM author";
/// let rows = store.read().await?.fetch_sql(count, Vec::new()).await?;
/// assert_eq!(rows[0].int("authors")?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Transaction(Snapshot);

impl Transaction {
    /// Runs a statement and returns the number of rows it changed.
    ///
    /// # Errors
    /// `Conflict` for a broken unique, foreign key or check constraint; `Invalid` for a value that
    /// its column cannot hold; `Unavailable`, also for a full disk and a server that takes no
    /// changes; `Timeout`; `Corrupt` when the database's files are damaged; `Unexpected` otherwise.
    /// After an error that passes with time, the transaction cannot be committed any more.
    pub async fn execute(&mut self, statement: &impl QueryStatementWriter) -> Result<u64> {
        let (sql, Values(values)) = self.dialect.query(statement);
        self.execute_sql(&sql, values).await
    }

    /// Runs text written for this dialect (`?` in SQLite and MySQL, `$1` in PostgreSQL) and returns
    /// the number of rows it changed.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn execute_sql(&mut self, sql: &str, values: Vec<Value>) -> Result<u64> {
        let limit = self.deadline;
        let work = self.session.execute(sql.to_owned(), Values(values));
        deadline("store.execute", limit, work).await
    }

    /// Runs a schema statement written once for the three databases.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn define(&mut self, statement: &impl SchemaStatementBuilder) -> Result<()> {
        let sql = self.dialect.definition(statement);
        self.batch(&sql).await
    }

    /// Runs statements that cannot be prepared (schema, triggers), written for this dialect;
    /// without values.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        let limit = self.deadline;
        deadline("store.batch", limit, self.session.batch(sql.to_owned())).await
    }

    /// Makes the changes durable.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: the outcome is then unknown. `Conflict` when the database refuses
    /// the transaction.
    pub async fn commit(self) -> Result<()> {
        deadline("store.commit", self.0.deadline, self.0.session.commit()).await
    }
}

impl Deref for Transaction {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Snapshot {
        &mut self.0
    }
}

/// A connection whose statements commit one by one: it has no commit of its own.
#[derive(Debug)]
pub(crate) struct Autocommit(Transaction);

impl Deref for Autocommit {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.0
    }
}

impl DerefMut for Autocommit {
    fn deref_mut(&mut self) -> &mut Transaction {
        &mut self.0
    }
}
