//! Makes a catalogue of any size with the shapes of a real one: invented, and the same for the same
//! seed.
//!
//! One transaction holds it all. Rows are written into it as they are made, so that memory stays
//! small; until the commit at the end nobody sees any, and if it does not come, none is there.

mod clip;
mod frame;
mod program;
mod random;
mod video;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use sea_query::Value as SqlValue;
use sixplay_core::{Error, Progress, Result, Store, Transaction};

use self::random::Random;
use super::batch::Batch;
use crate::{
    prepare::is_empty_in,
    schema::{TableSchema, lock_schema, tables::IMAGES},
};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Beyond every key of the real image server.
const IMAGE_KEYS: i64 = 900_000_000;

/// Rows are written whenever so many wait.
const WAITING: usize = 8000;

/// The columns and values of a row.
macro_rules! cells {
    ($($column:literal: $value:expr),* $(,)?) => {
        vec![$(($column, sea_query::Value::from($value))),*]
    };
}
use cells;

/// What to generate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GenerateOptions {
    /// How many programs; each has about 18 videos.
    pub programs: usize,
    /// Equal seeds and instants give equal catalogues.
    pub seed: u64,
    /// The instant around which windows lie.
    pub now: Timestamp,
}

impl GenerateOptions {
    /// So many programs, the windows of their videos around the present.
    pub fn new(programs: usize, seed: u64) -> Self {
        Self {
            programs,
            seed,
            now: Timestamp::now(),
        }
    }
}

impl Default for GenerateOptions {
    /// 300 programs, seed 6.
    fn default() -> Self {
        Self::new(300, 6)
    }
}

/// How much was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generated {
    /// Programs.
    pub programs: u64,
    /// Videos of all types.
    pub videos: u64,
}

/// Fills an empty store that has been through [`migrate`](crate::migrate), in one transaction.
///
/// Most windows are open at `now`; about 3 % of the videos have expired and as many are to come;
/// the first video of each of the first twenty programs opens and closes all the time for half an
/// hour, so that something is seen to happen. `progress` counts programs.
///
/// # Errors
/// `Conflict` when there are programs, videos or services already; `Unavailable`, `Timeout`, also
/// while another process generates.
///
/// ```
/// use sixplay_catalogue::{GenerateOptions, export, generate, migrate};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store();
/// migrate(store).await?;
/// let generated = generate(store, &GenerateOptions::new(2, 7), &()).await?;
/// assert_eq!(generated.programs, 2);
///
/// let mut lines = Vec::new();
/// let rows = export(store, &mut lines, &()).await?;
/// let lines = String::from_utf8(lines).unwrap();
/// assert_eq!(lines.lines().count() as u64, rows.rows);
/// assert!(lines.starts_with(r#"{"table":"customers","row":{"code":"m6web","#));
/// # Ok(())
/// # }
/// ```
pub async fn generate(
    store: &Store,
    options: &GenerateOptions,
    progress: &dyn Progress,
) -> Result<Generated> {
    let mut transaction = store.write().await?;
    // two that found the store empty would write over each other, and over edits made in between
    lock_schema(&mut transaction).await?;
    if !is_empty_in(&mut transaction).await? {
        let full = "the store has a catalogue already; generate into an empty one";
        return Err(Error::conflict("catalogue.generate", full));
    }
    let mut generator = Generator {
        folders: BTreeMap::new(),
        batch: Batch::default(),
        random: Random::new(options.seed),
        now: options.now.as_second() * SECOND,
        last: Sequences::default(),
        videos: 0,
    };
    generator.add_frame();
    progress.total(options.programs as u64);
    for place in 0..options.programs {
        generator.add_program(place);
        generator.flush_above(WAITING, &mut transaction).await?;
        progress.add(1);
    }
    generator.flush_above(0, &mut transaction).await?;
    transaction.commit().await?;
    Ok(Generated {
        programs: options.programs as u64,
        videos: generator.videos,
    })
}

/// A catalogue in the making. Its methods draw random numbers: their order is part of the result.
struct Generator {
    batch: Batch,
    random: Random,
    /// Unix microseconds of a whole second.
    now: i64,
    last: Sequences,
    videos: u64,
    /// How many programs each service has put into folders so far.
    folders: BTreeMap<&'static str, usize>,
}

/// The last id of each sequence; they begin where the real ones are.
struct Sequences {
    clip: i64,
    playlist: i64,
    product: i64,
    image: i64,
    asset: i64,
    chapter: i64,
    sub_category: i64,
}

impl Default for Sequences {
    fn default() -> Self {
        Self {
            clip: 11_340_000,
            playlist: 2_000,
            product: 48_000,
            image: 1_000_000,
            asset: 10_000_000,
            chapter: 700_000,
            sub_category: 5_284,
        }
    }
}

/// The next id of a sequence.
fn next_id(last: &mut i64) -> i64 {
    *last += 1;
    *last
}

impl Generator {
    /// The whole minute before now: what people plan begins and ends with one.
    fn minute(&self) -> i64 {
        self.now - self.now.rem_euclid(MINUTE)
    }

    async fn flush_above(&mut self, waiting: usize, transaction: &mut Transaction) -> Result<()> {
        if self.batch.len() > waiting {
            self.batch.flush(transaction).await
        } else {
            Ok(())
        }
    }

    /// Adds images called after `name`, one a role, to the list of each owner; returns the first.
    fn add_images(
        &mut self,
        owners: &[(&'static TableSchema, SqlValue)],
        name: &str,
        roles: &[&str],
    ) -> i64 {
        let first = self.last.image + 1;
        for (place, role) in (0i64..).zip(roles) {
            let id = next_id(&mut self.last.image);
            let (key, title) = (
                (IMAGE_KEYS + id).to_string(),
                format!("{role} - {name}.jpg"),
            );
            let image = cells! {
                "id": id, "role": *role, "external_key": key, "sort_index": place, "title": title,
            };
            self.batch.put(&IMAGES, image);
            for (link, owner) in owners {
                let cells = vec![
                    (link.key_name(), owner.clone()),
                    ("position", place.into()),
                    ("image_id", id.into()),
                ];
                self.batch.put(link, cells);
            }
        }
        first
    }
}
