//! Installation, the check of the graph, and how the store reports and survives a failing database.

use std::time::Duration;

use super::{
    Collector, Scratch,
    tiny::{self, Tiny},
};
use crate::{
    CapturedTable, Detector, DetectorConfig, Dialect, ErrorKind, Hop, KeyColumn, Kind, Reading,
    Rendered, Result, Source, Store,
};

/// [`Tiny`] with its graph spoilt.
struct Spoilt {
    kinds: Vec<Kind>,
    tables: Vec<CapturedTable>,
}

impl Spoilt {
    fn new(spoil: impl FnOnce(&mut Self)) -> Self {
        let tiny = Tiny::new();
        let mut spoilt = Self {
            kinds: tiny.kinds().to_vec(),
            tables: tiny.tables().to_vec(),
        };
        spoil(&mut spoilt);
        spoilt
    }
}

#[async_trait::async_trait]
impl Source for Spoilt {
    fn name(&self) -> &'static str {
        "tiny"
    }

    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn tables(&self) -> &[CapturedTable] {
        &self.tables
    }

    async fn render(&self, _: &mut Reading, _: &str, _: &[String]) -> Result<Vec<Rendered>> {
        Ok(Vec::new())
    }
}

async fn logged(store: &Store) -> Result<i64> {
    store
        .read_once()
        .await?
        .fetch_sql("SELECT COUNT(*) AS n FROM sixplay_change", Vec::new())
        .await?[0]
        .int("n")
}

/// Installing again, and by several processes at once, changes nothing: a change is logged once,
/// tickets go on, pending changes stay.
///
/// # Errors
/// As the store.
pub(super) async fn installing_again_and_at_once_is_harmless(scratch: &Scratch) -> Result<()> {
    tiny::migrate(scratch.store()).await?;
    let mut installers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = Store::connect(scratch.url()).await?;
        installers.spawn(async move { store.install(Tiny::new().as_ref()).await });
    }
    installers
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    let store = scratch.store();
    tiny::put_author(&mut *store.autocommit().await?, 1, "Ada").await?;
    assert_eq!(logged(store).await?, 1);
    let ticket = store.reading().await?.ticket();
    // an open writer would block any change of the schema
    let mut writer = store.write().await?;
    tiny::put_author(&mut writer, 2, "Ben").await?;
    if store.dialect() == Dialect::Sqlite {
        writer.commit().await?;
        store.install(Tiny::new().as_ref()).await?;
    } else {
        store.install(Tiny::new().as_ref()).await?;
        writer.commit().await?;
    }
    assert_eq!(logged(store).await?, 2);
    assert!(store.reading().await?.ticket() > ticket);
    Ok(())
}

/// A graph that grew replaces its triggers: what it logs anew is followed.
///
/// # Errors
/// As the store.
pub(super) async fn a_changed_graph_replaces_its_triggers(scratch: &Scratch) -> Result<()> {
    let store = scratch.store();
    tiny::migrate(store).await?;
    let author = |column| matches!(column, KeyColumn::Int(_));
    store
        .install(&Spoilt::new(|it| {
            it.tables[1].reaches.retain(|reach| !author(reach.key))
        }))
        .await?;
    store
        .install(&Spoilt::new(|it| {
            it.tables[1].keys.push(KeyColumn::Text("title"))
        }))
        .await?;
    let tiny = Tiny::new();
    store.install(tiny.as_ref()).await?;
    tiny::put_books(
        &mut *store.autocommit().await?,
        &[tiny::Book::new("b1", 1, "One")],
    )
    .await?;
    let (detector, sink) = (
        Detector::new(store.clone(), tiny, DetectorConfig::default()),
        Collector::default(),
    );
    assert_eq!(detector.step(&sink).await?, 1);
    assert_eq!(
        sink.roots().into_iter().collect::<Vec<_>>(),
        ["author:1", "book:b1"]
    );
    Ok(())
}

/// A graph that does not fit is refused with the name of what is wrong.
///
/// # Errors
/// As the store.
pub(super) async fn a_graph_that_does_not_fit_is_refused_by_name(scratch: &Scratch) -> Result<()> {
    type Spoil = fn(&mut Spoilt);
    let spoils: [(&str, Spoil); 11] = [
        ("tiny_missing", |it| it.tables[1].name = "tiny_missing"),
        ("no_column", |it| {
            it.tables[1].keys.push(KeyColumn::Int("no_column"))
        }),
        ("no_kind", |it| it.tables[0].reaches[0].kind = "no_kind"),
        ("no_hop", |it| {
            it.tables[0].reaches[1].hops[0].table = "no_hop"
        }),
        ("no_end", |it| it.tables[0].reaches[1].hops[0].to = "no_end"),
        ("title", |it| it.tables[0].reaches[1].hops[0].from = "title"),
        ("kind=author", |it| it.tables[1].reaches[0].kind = "author"),
        ("column=id", |it| {
            it.tables[1]
                .keys
                .retain(|key| *key != KeyColumn::Text("id"))
        }),
        ("Author", |it| it.kinds[0].name = "Author"),
        ("own table is not captured (kind=book", |it| {
            it.tables.remove(1);
        }),
        ("no reach from its key to the kind (kind=author", |it| {
            it.tables[0].reaches.remove(0);
        }),
    ];
    tiny::migrate(scratch.store()).await?;
    for (named, spoil) in spoils {
        let Err(error) = scratch.store().install(&Spoilt::new(spoil)).await else {
            panic!("{named} was accepted")
        };
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    let two_hops = Hop {
        table: "tiny_author",
        from: "id",
        to: "name",
    };
    let error = scratch
        .store()
        .install(&Spoilt::new(|it| {
            it.tables[1].reaches[1].hops.push(two_hops)
        }))
        .await;
    assert!(error.is_err_and(|error| error.to_string().contains("type=Text")));
    Ok(())
}

/// MySQL and MariaDB fire no triggers for cascades, so captured tables must have none; the others
/// log what a cascade does.
///
/// # Errors
/// As the store.
pub(super) async fn cascades_are_refused_or_logged(scratch: &Scratch) -> Result<()> {
    let store = scratch.store();
    let exact = match store.dialect() {
        Dialect::Mysql => "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        _ => "",
    };
    let tables = format!(
        "CREATE TABLE tiny_author (id INT NOT NULL PRIMARY KEY, name VARCHAR(100) {exact}); \
         CREATE TABLE tiny_book (id VARCHAR(100) {exact} NOT NULL PRIMARY KEY, \
         title VARCHAR(200) {exact} NOT NULL, author_id INT NOT NULL, \
         open_from_us BIGINT NOT NULL, open_until_us BIGINT, \
         CONSTRAINT tiny_written_by FOREIGN KEY (author_id) REFERENCES tiny_author (id) \
         ON DELETE CASCADE)"
    );
    scratch.run(&tables).await?;
    let installed = store.install(Tiny::new().as_ref()).await;
    if store.dialect() == Dialect::Mysql {
        assert!(
            installed.is_err_and(|error| error.kind() == ErrorKind::Config
                && error.to_string().contains("tiny_written_by"))
        );
        return Ok(());
    }
    installed?;
    let mut session = store.autocommit().await?;
    tiny::put_author(&mut session, 1, "Ada").await?;
    tiny::put_books(&mut session, &[tiny::Book::new("b1", 1, "One")]).await?;
    tiny::remove_author(&mut session, 1).await?;
    drop(session);
    assert_eq!(logged(store).await?, 4);
    Ok(())
}

/// Installs [`Tiny`] after each of the statements and expects a refusal that names the rest.
async fn refuses_each(scratch: &Scratch, changes: &[(&str, &[&str])]) -> Result<()> {
    let store = scratch.store();
    for (change, named) in changes {
        tiny::migrate(store).await?;
        scratch.run(change).await?;
        let error = store.install(Tiny::new().as_ref()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        for named in *named {
            assert!(error.to_string().contains(named), "{change}: {error}");
        }
        scratch.run("DROP TABLE tiny_book").await?;
        scratch.run("DROP TABLE tiny_author").await?;
    }
    Ok(())
}

/// A column of a captured table that cannot hold every character would lose some, in silence on a
/// server that is not strict.
///
/// # Errors
/// As the store.
pub(super) async fn text_that_the_database_would_change_is_refused_by_name(
    scratch: &Scratch,
) -> Result<()> {
    if scratch.store().dialect() != Dialect::Mysql {
        return Ok(());
    }
    let changes: [(&str, &[&str]); 3] = [
        (
            "ALTER TABLE tiny_book MODIFY title varchar(200) CHARACTER SET utf8mb3 NOT NULL",
            &["table=tiny_book", "column=title", "utf8mb3"],
        ),
        (
            "ALTER TABLE tiny_author MODIFY name text CHARACTER SET latin1 NOT NULL",
            &["table=tiny_author", "column=name", "latin1"],
        ),
        (
            "ALTER TABLE tiny_book MODIFY id varchar(100) CHARACTER SET latin1 COLLATE latin1_bin",
            &["table=tiny_book", "column=id", "latin1"],
        ),
    ];
    refuses_each(scratch, &changes).await?;
    tiny::migrate(scratch.store()).await?;
    let code = "ALTER TABLE tiny_book MODIFY id varchar(100) CHARACTER SET ascii COLLATE ascii_bin";
    scratch.run(code).await?;
    scratch.store().install(Tiny::new().as_ref()).await?;
    let too_wide = "INSERT INTO tiny_book (id, author_id, title, open_from_us) \
                    VALUES ('\u{1f469}', 1, 'x', 0)";
    let mode = "SELECT @@sql_mode AS mode";
    let rows = scratch
        .store()
        .read()
        .await?
        .fetch_sql(mode, Vec::new())
        .await?;
    assert!(rows[0].text("mode")?.contains("STRICT_ALL_TABLES"));
    let error = scratch.run(too_wide).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    Ok(())
}

/// Where the database takes for equal what is not the same text, a change would reach a root of
/// another spelling, or none.
///
/// # Errors
/// As the store.
pub(super) async fn text_keys_that_differ_only_for_us_are_refused_by_name(
    scratch: &Scratch,
) -> Result<()> {
    let changes: &[(&str, &[&str])] = match scratch.store().dialect() {
        Dialect::Sqlite => &[
            (
                "DROP TABLE tiny_book; CREATE TABLE tiny_book (author_id INTEGER, title TEXT, \
                 id TEXT COLLATE NOCASE PRIMARY KEY, open_from_us INTEGER, open_until_us INTEGER)",
                &["table=tiny_book", "column=id"],
            ),
            (
                "DROP TABLE tiny_book; CREATE TABLE tiny_book (author_id INTEGER, title TEXT, \
                 id TEXT COLLATE RTRIM PRIMARY KEY, open_from_us INTEGER, open_until_us INTEGER)",
                &["table=tiny_book", "column=id"],
            ),
        ],
        Dialect::Mysql => &[
            (
                "ALTER TABLE tiny_book MODIFY id varchar(100) CHARACTER SET utf8mb4 \
                 COLLATE utf8mb4_unicode_ci",
                &["table=tiny_book", "column=id", "utf8mb4_unicode_ci"],
            ),
            (
                "ALTER TABLE tiny_book MODIFY id char(100) CHARACTER SET ascii",
                &["table=tiny_book", "column=id", "ascii_general_ci"],
            ),
        ],
        Dialect::Postgres => &[
            (
                "ALTER TABLE tiny_book ALTER id TYPE char(100)",
                &["table=tiny_book", "column=id", "char(n)"],
            ),
            (
                "CREATE COLLATION IF NOT EXISTS loose (provider = icu, locale = 'und-u-ks-level2', \
                 deterministic = false); ALTER TABLE tiny_book ALTER id TYPE text COLLATE loose",
                &["table=tiny_book", "column=id", "loose"],
            ),
        ],
    };
    refuses_each(scratch, changes).await
}

/// Such a table keeps what a transaction rolled back, and its log row does not.
///
/// # Errors
/// As the store.
pub(super) async fn tables_without_transactions_are_refused_by_name(
    scratch: &Scratch,
) -> Result<()> {
    if scratch.store().dialect() != Dialect::Mysql {
        return Ok(());
    }
    let changes: [(&str, &[&str]); 2] = [
        (
            "ALTER TABLE tiny_book ENGINE = MyISAM",
            &["table=tiny_book", "MyISAM"],
        ),
        (
            "ALTER TABLE tiny_author ENGINE = MEMORY",
            &["table=tiny_author", "MEMORY"],
        ),
    ];
    refuses_each(scratch, &changes).await
}

/// A broken constraint is a conflict; it is not tried again.
///
/// # Errors
/// As the store.
pub(super) async fn a_broken_constraint_is_a_conflict(scratch: &Scratch) -> Result<()> {
    tiny::migrate(scratch.store()).await?;
    let mut session = scratch.store().autocommit().await?;
    let insert = "INSERT INTO tiny_author (id, name) VALUES (1, 'Ada')";
    session.batch(insert).await?;
    let twice = session.batch(insert).await;
    assert!(twice.is_err_and(|error| error.kind() == ErrorKind::Conflict && !error.is_transient()));
    let nonsense = session.batch("SELECT nonsense FROM nowhere").await;
    assert!(
        nonsense.is_err_and(|error| error.kind() == ErrorKind::Unexpected && !error.is_transient())
    );
    Ok(())
}

/// Of two transactions that wait for one another, one fails with an error that says to try again;
/// SQLite has one writer at a time.
///
/// # Errors
/// As the store.
pub(super) async fn a_deadlock_is_transient(scratch: &Scratch) -> Result<()> {
    tiny::migrate(scratch.store()).await?;
    if scratch.store().dialect() == Dialect::Sqlite {
        return Ok(());
    }
    tiny::put_author(&mut *scratch.store().autocommit().await?, 1, "Ada").await?;
    tiny::put_author(&mut *scratch.store().autocommit().await?, 2, "Ben").await?;
    let (mut one, mut two) = (
        scratch.store().write().await?,
        scratch.store().write().await?,
    );
    tiny::remove_author(&mut one, 1).await?;
    tiny::remove_author(&mut two, 2).await?;
    let (first, second) = tokio::join!(tiny::remove_author(&mut one, 2), async {
        let second = tiny::remove_author(&mut two, 1).await;
        drop(two);
        second
    });
    let failed = first.err().or(second.err());
    assert!(
        failed
            .as_ref()
            .is_some_and(|error| error.kind() == ErrorKind::Unavailable),
        "{failed:?}"
    );
    Ok(())
}

/// When the server ends the connections, work in hand fails with an error that says to try again,
/// and the pool opens new ones.
///
/// # Errors
/// As the store.
pub(super) async fn a_pool_recovers_from_lost_connections(scratch: &Scratch) -> Result<()> {
    tiny::install(scratch.store()).await?;
    let store = scratch.store();
    let admin = Store::connect(scratch.url()).await?;
    let (own, kill) = match store.dialect() {
        Dialect::Sqlite => return Ok(()),
        Dialect::Mysql => ("SELECT CONNECTION_ID() AS id", "KILL "),
        Dialect::Postgres => (
            "SELECT pg_backend_pid() AS id",
            "SELECT pg_terminate_backend",
        ),
    };
    let (mut one, mut two) = (store.write().await?, store.autocommit().await?);
    for connection in [&mut one, &mut two] {
        let id = connection.fetch_sql(own, Vec::new()).await?[0].int("id")?;
        admin
            .autocommit()
            .await?
            .batch(&format!("{kill}({id})"))
            .await?;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let failed = one.fetch_sql(own, Vec::new()).await.err();
    assert!(
        failed
            .as_ref()
            .is_some_and(|error| error.kind() == ErrorKind::Unavailable),
        "{failed:?}"
    );
    drop((one, two));
    for _ in 0..3 {
        store.reading().await?.ticket();
    }
    Ok(())
}

/// A URL that leads nowhere is refused within the deadline, saying whether waiting may help, and
/// without the password.
///
/// # Errors
/// As the store.
pub(super) async fn a_url_that_leads_nowhere_is_refused(scratch: &Scratch) -> Result<()> {
    let url = match scratch.store().dialect() {
        Dialect::Sqlite => "sqlite:/nonexistent/folder/store.db".to_owned(),
        _ => format!("{}_missing", scratch.url()),
    };
    assert_eq!(
        Store::connect(&url).await.err().map(|error| error.kind()),
        Some(ErrorKind::Config)
    );
    let dead = match scratch.store().dialect() {
        Dialect::Sqlite => return Ok(()),
        Dialect::Mysql => "mysql://u:hunter2@127.0.0.1:1/x",
        Dialect::Postgres => "postgres://u:hunter2@127.0.0.1:1/x",
    };
    let error = Store::connect(dead).await.err();
    assert_eq!(
        error.as_ref().map(|error| error.kind()),
        Some(ErrorKind::Unavailable)
    );
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(
        text.contains("refused") && !text.contains("hunter2"),
        "{text}"
    );
    let server = dead.trim_end_matches("/x");
    for without_database in ["", "/", "?statement-cache-capacity=9"] {
        let url = format!("{server}{without_database}");
        let error = Store::connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let text = error.to_string();
        assert!(text.contains("names no database"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    Ok(())
}
