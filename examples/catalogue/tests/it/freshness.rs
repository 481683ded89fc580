//! The dependency graph misses nothing: whatever a change in whatever column changes, the detector
//! names.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sixplay_catalogue::Catalogue;
use sixplay_core::{
    CapturedTable, Detector, DetectorConfig, Dialect, ErrorKind, Kind, Reading, Rendered, Result,
    Source, Store,
    conformance::{Backend, Collector, Scratch},
};

use super::{empty, generated, generator::rendered, schema::tables};

sixplay_core::on_every_database! {
    every_root_that_a_random_change_alters_is_reported
    a_playlist_and_its_program_follow_the_videos_of_its_clips
}

/// A seed of its own for each run, unless one is given to repeat a run.
fn seed() -> u64 {
    let given = std::env::var("SIXPLAY_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .subsec_nanos()
            .into()
    })
}

async fn every_root_that_a_random_change_alters_is_reported(backend: Backend) -> Result<()> {
    let seed = seed();
    eprintln!("seed {seed}");
    let Some(found) = changes(backend, Arc::new(Catalogue::new()), seed, None).await? else {
        return Ok(());
    };
    assert!(found.missed.is_empty(), "seed {seed}: {:#?}", found.missed);
    eprintln!("{} changes altered something", found.altering);
    assert!(
        found.altering > 70,
        "seed {seed}: only {} changes altered anything",
        found.altering
    );
    Ok(())
}

async fn a_playlist_and_its_program_follow_the_videos_of_its_clips(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    generated(scratch.store(), 2, 11).await?;
    for table in ["videos", "programs", "clips"] {
        scratch
            .run(&format!("UPDATE {table} SET enabled = 1"))
            .await?;
    }
    // the playlist of the first program shows clips of the second, on another service, alone
    let playlist = "playlist_2001";
    for sql in [
        "UPDATE video_clips SET clip_id = \
         (SELECT MAX(id) FROM clips WHERE program_id = 821) - position \
         WHERE video_id = 'playlist_2001'",
        "DELETE FROM publications WHERE video_id <> 'playlist_2001'",
        "INSERT INTO publications (video_id, platform, service, opens_at) \
         SELECT video_id, 'm6group_web', 'w9replay', 0 FROM clips",
        "UPDATE publications SET opens_at = 0, closes_at = NULL WHERE video_id = 'playlist_2001'",
    ] {
        scratch.run(sql).await?;
    }
    let mut watch = Watch::over(&scratch, Arc::new(Catalogue::new())).await?;
    assert!(watch.shows("video", playlist), "{:?}", watch.before);
    let clips = "(SELECT clip_id FROM video_clips WHERE video_id = 'playlist_2001')";
    let own = format!(
        "(SELECT id FROM videos WHERE id <> 'playlist_2001' AND id IN (SELECT video_id \
                       FROM clips WHERE id IN {clips}))"
    );
    let own = format!("(SELECT * FROM {own} AS own)");
    for (hide, show) in [
        (
            format!("UPDATE videos SET enabled = 0 WHERE id IN {own}"),
            "UPDATE videos SET enabled = 1".to_owned(),
        ),
        (
            format!("UPDATE publications SET closes_at = 1 WHERE video_id IN {own}"),
            "UPDATE publications SET closes_at = NULL".to_owned(),
        ),
        (
            "UPDATE programs SET enabled = 0 WHERE id = 821".to_owned(),
            "UPDATE programs SET enabled = 1".to_owned(),
        ),
        (
            "UPDATE services SET enabled = 0 WHERE code = 'w9replay'".to_owned(),
            "UPDATE services SET enabled = 1".to_owned(),
        ),
        (
            "DELETE FROM service_roots WHERE service = 'w9replay'".to_owned(),
            "INSERT INTO service_roots (service, root) VALUES ('w9replay', '6play')".to_owned(),
        ),
        (
            format!("DELETE FROM video_clips WHERE video_id IN {own}"),
            format!(
                "INSERT INTO video_clips (video_id, position, clip_id) \
                     SELECT video_id, 0, id FROM clips WHERE id IN {clips}"
            ),
        ),
    ] {
        scratch.run(&hide).await?;
        watch.look(&hide).await?;
        assert!(!watch.shows("video", playlist), "{hide}");
        scratch.run(&show).await?;
        watch.look(&show).await?;
        assert!(watch.shows("video", playlist), "{show}");
    }
    assert!(watch.found.missed.is_empty(), "{:#?}", watch.found.missed);
    Ok(())
}

/// The test above would see it if the graph lacked a path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_path_is_noticed() -> Result<()> {
    for lost in ["clips", "age_ratings"] {
        let whole = Catalogue::new();
        let mut tables = whole.tables().to_vec();
        tables
            .iter_mut()
            .filter(|table| table.name == lost)
            .for_each(|table| table.reaches.retain(|reach| reach.kind == "service"));
        let Some(found) = changes(
            Backend::Sqlite,
            Arc::new(Lossy { whole, tables }),
            1,
            Some(lost),
        )
        .await?
        else {
            return Ok(());
        };
        assert!(
            found
                .missed
                .iter()
                .all(|missed| missed.starts_with(&format!("{lost}.")))
                && !found.missed.is_empty(),
            "{:?}",
            found.missed
        );
    }
    Ok(())
}

struct Lossy {
    whole: Catalogue,
    tables: Vec<CapturedTable>,
}

#[async_trait::async_trait]
impl Source for Lossy {
    fn name(&self) -> &'static str {
        self.whole.name()
    }

    fn kinds(&self) -> &[Kind] {
        self.whole.kinds()
    }

    fn tables(&self) -> &[CapturedTable] {
        &self.tables
    }

    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>> {
        self.whole.render(reading, kind, ids).await
    }
}

/// What random changes did.
struct Found {
    /// How many altered a document.
    altering: usize,
    /// `table.column: roots` that were altered and not reported.
    missed: Vec<String>,
}

/// Changes each column of each table, or of `only` one.
async fn changes(
    backend: Backend,
    source: Arc<dyn Source>,
    seed: u64,
    only: Option<&str>,
) -> Result<Option<Found>> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(None);
    };
    let store = scratch.store();
    generated(store, 1, seed).await?;
    super::bodies::samples(store).await?;
    let mut watch = Watch::over(&scratch, source).await?;
    let mut random = seed;
    for table in tables(store)
        .await?
        .into_iter()
        .filter(|table| only.is_none_or(|only| only == table))
    {
        for column in columns(store, &table).await? {
            if change(&scratch, &table, &column, &mut random).await? {
                watch.look(&format!("{table}.{column}")).await?;
            }
            // what is hidden alters nothing later
            if column == "enabled" {
                scratch
                    .run(&format!("UPDATE {table} SET enabled = 1"))
                    .await?;
                watch.look(&format!("{table}.{column}")).await?;
            }
        }
    }
    Ok(Some(watch.found))
}

struct Watch<'a> {
    store: &'a Store,
    detector: Detector,
    sink: Collector,
    before: BTreeMap<String, String>,
    found: Found,
}

impl<'a> Watch<'a> {
    async fn over(scratch: &'a Scratch, source: Arc<dyn Source>) -> Result<Self> {
        let store = scratch.store();
        store.install(&*source).await?;
        let detector = Detector::new(store.clone(), source, DetectorConfig::default());
        Ok(Self {
            store,
            detector,
            sink: Collector::default(),
            before: documents(store).await?,
            found: Found {
                altering: 0,
                missed: Vec::new(),
            },
        })
    }

    /// Whether a root had a document at the last look.
    fn shows(&self, kind: &str, id: &str) -> bool {
        let document = self.before.get(&format!("{kind}:{id}"));
        document.is_some_and(|document| document.starts_with('{'))
    }

    /// Compares what was altered since the last look with what the detector reports.
    async fn look(&mut self, place: &str) -> Result<()> {
        while self.detector.step(&self.sink).await? > 0 {}
        let (reported, after) = (self.sink.roots(), documents(self.store).await?);
        let roots = self.before.keys().chain(after.keys());
        let changed: BTreeSet<&String> = roots
            .filter(|root| self.before.get(*root) != after.get(*root))
            .collect();
        self.found.altering += usize::from(!changed.is_empty());
        let missed: Vec<&&String> = changed
            .iter()
            .filter(|root| !reported.contains(**root))
            .collect();
        if !missed.is_empty() {
            self.found.missed.push(format!("{place}: {missed:?}"));
        }
        self.before = after;
        Ok(())
    }
}

/// Every root's rendering as text.
async fn documents(store: &Store) -> Result<BTreeMap<String, String>> {
    let mut documents = BTreeMap::new();
    for kind in Catalogue::new().kinds() {
        for (id, rendered) in rendered(store, kind.name).await? {
            let text = match rendered {
                Rendered::Publishable(it) => {
                    format!("{} {:?} {:?}", it.document, it.visible, it.next_change_at)
                }
                absent => format!("{absent:?}"),
            };
            documents.insert(format!("{}:{id}", kind.name), text);
        }
    }
    Ok(documents)
}

async fn columns(store: &Store, table: &str) -> Result<Vec<String>> {
    let sql = match store.dialect() {
        Dialect::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
        Dialect::Mysql => format!(
            "SELECT CAST(COLUMN_NAME AS CHAR) AS name FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}'"
        ),
        _ => format!(
            "SELECT CAST(column_name AS text) AS name FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
    };
    let rows = store.read().await?.fetch_sql(&sql, Vec::new()).await?;
    rows.iter().map(|row| row.text("name")).collect()
}

/// A linear congruential generator: the number below `choices` that follows `random`.
fn pick(random: &mut u64, choices: usize) -> usize {
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) as usize % choices.max(1)
}

/// Sets a column of a random row (sometimes of all rows) to a random value: another row's, null,
/// zero or rubbish. False when the database refuses every try, as it must for keys.
async fn change(scratch: &Scratch, table: &str, column: &str, random: &mut u64) -> Result<bool> {
    let store = scratch.store();
    let quote = |name: &str| match store.dialect() {
        Dialect::Mysql => format!("`{name}`"),
        _ => format!("\"{name}\""),
    };
    let (target, name) = (quote(table), quote(column));
    let distinct = format!("SELECT DISTINCT {name} AS value FROM {target}");
    let rows = store.read().await?.fetch_sql(&distinct, Vec::new()).await?;
    let values: Vec<String> = rows
        .iter()
        .filter_map(|row| row.key("value").ok())
        .map(|value| value.replace('\'', "''").replace('\\', ""))
        .collect();
    for _ in 0..6 {
        let new = match pick(random, 5) {
            0 => "NULL".to_owned(),
            1 => "'0'".to_owned(),
            2 => format!("'{}'", pick(random, 1000)),
            _ => values
                .get(pick(random, values.len()))
                .map_or("NULL".to_owned(), |value| format!("'{value}'")),
        };
        let one = values
            .get(pick(random, values.len()))
            .map_or("1 = 1".to_owned(), |value| format!("{name} = '{value}'"));
        let sql = format!("UPDATE {target} SET {name} = {new} WHERE {one}");
        match scratch.run(&sql).await {
            Ok(()) => return Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::Unexpected
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
