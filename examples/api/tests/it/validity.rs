//! No answer may be kept beyond the instant at which time alone changes it.

use http::Method;
use sixplay_core::{
    Result, Store,
    conformance::{Backend, Scratch},
    jiff::{SignedDuration, Timestamp},
};
use sixplay_http::{DomainUserService, Routes};

use super::{generated_at, service_for};
use crate::ask::ask;

/// Seconds that the clients may keep what does not change.
const LONG: u64 = 1_000_000;
/// Seconds until the one change.
const CHANGE: i64 = 100_000;

struct World {
    service: DomainUserService<Routes>,
    scratch: Scratch,
    programs: Vec<i64>,
}

impl World {
    /// Three programs whose windows closed long ago: nothing changes by itself.
    async fn new() -> Result<Self> {
        let long_ago = Timestamp::from_second(1_600_000_000).expect("an instant");
        let scratch = generated_at(long_ago, Backend::Sqlite, 3, 3).await?;
        let scratch = scratch.expect("SQLite is always there");
        let open =
            format!("cache: {{ default: {LONG} }}\nfirewall: {{ allow: {{ default: true }} }}\n");
        let filter = "entities: { program: { published: true }, video: { published: true } }";
        let service = service_for(
            scratch.store(),
            &[("all", open.clone()), ("pc", open + filter)],
        );
        let mut transaction = scratch.store().write().await?;
        let close = "UPDATE publications SET closes_at = 1700000000000000";
        transaction.execute_sql(close, Vec::new()).await?;
        let rows = transaction.fetch_sql("SELECT id FROM programs ORDER BY id", Vec::new());
        let programs: Result<_> = rows.await?.iter().map(|row| row.int("id")).collect();
        transaction.commit().await?;
        let programs = programs?;
        Ok(Self {
            service,
            scratch,
            programs,
        })
    }

    /// Gives the first video of the program a window more.
    async fn add_window(
        &self,
        program: i64,
        opens: Timestamp,
        closes: Timestamp,
    ) -> Result<String> {
        let store: &Store = self.scratch.store();
        let mut transaction = store.write().await?;
        let video = format!(
            "SELECT id FROM videos WHERE program_id = {program} AND id LIKE 'clip%' \
             ORDER BY id LIMIT 1"
        );
        let video = transaction.fetch_sql(&video, Vec::new()).await?[0].text("id")?;
        let (opens, closes) = (opens.as_microsecond(), closes.as_microsecond());
        for update in [
            "UPDATE programs SET enabled = 1".to_owned(),
            "UPDATE videos SET enabled = 1".to_owned(),
            format!(
                "INSERT INTO publications (video_id, platform, service, opens_at, closes_at) \
                 SELECT video_id, platform, service, {opens}, {closes} FROM publications \
                 WHERE video_id = '{video}' ORDER BY platform, service, opens_at LIMIT 1"
            ),
        ] {
            transaction.execute_sql(&update, Vec::new()).await?;
        }
        transaction.commit().await?;
        Ok(video)
    }

    /// The status and the seconds for which the answer may be kept.
    async fn seconds(&self, user: &str, path: &str) -> (u16, u64) {
        let host = format!("{user}.api.localhost");
        let answer = ask(&self.service, Method::GET, &host, path).await;
        let control = answer.header("cache-control").to_owned();
        let seconds = control.split_once("max-age=").map_or("0", |(_, age)| age);
        (answer.status.as_u16(), seconds.parse().unwrap())
    }
}

#[tokio::test]
async fn an_answer_is_kept_no_longer_than_to_the_next_change_of_what_it_shows_or_hides()
-> Result<()> {
    let (now, change) = (Timestamp::now(), SignedDuration::from_secs(CHANGE));
    for (opens, closes) in [
        (now - change, now + change),
        (now + change, now + change + change),
    ] {
        let world = World::new().await?;
        let last = world.programs[2];
        let video = world.add_window(last, opens, closes).await?;
        let is_open = opens < now;
        for (path, changes, hidden_by_filter) in [
            (format!("/v1/videos/{video}"), true, !is_open),
            (format!("/v1/programs/{last}"), true, !is_open),
            (format!("/v1/programs/{last}/videos"), true, !is_open),
            ("/v1/programs".to_owned(), true, false),
            // the back office's page ends before what changes
            ("/v1/programs?limit=1".to_owned(), false, false),
            (format!("/v1/programs/{}", world.programs[0]), false, true),
        ] {
            let case = format!("{path}, open: {is_open}");
            let (status, seconds) = world.seconds("all", &path).await;
            let expected = if changes {
                1..=CHANGE as u64
            } else {
                LONG..=LONG
            };
            assert!(
                status == 200 && expected.contains(&seconds),
                "{case}: {status} {seconds}"
            );
            let (status, seconds) = world.seconds("pc", &path).await;
            if hidden_by_filter {
                assert_eq!((status, seconds), (404, 0), "{case}");
            } else {
                // the filtered list is searched to its end for items to show
                let found = status == 200 && (1..=CHANGE as u64).contains(&seconds);
                assert!(found, "{case}: {status} {seconds}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_filtered_page_is_kept_no_longer_than_until_something_before_its_end_opens() -> Result<()>
{
    let (now, change) = (Timestamp::now(), SignedDuration::from_secs(CHANGE));
    let far = change + change + change;
    let world = World::new().await?;
    world
        .add_window(world.programs[0], now + change, now + far)
        .await?;
    world
        .add_window(world.programs[1], now - change, now + far)
        .await?;
    let (status, seconds) = world.seconds("pc", "/v1/programs?limit=1").await;
    assert!(
        status == 200 && seconds <= CHANGE as u64,
        "{status} {seconds}"
    );
    let path = format!("/v1/programs/{}", world.programs[1]);
    let (status, seconds) = world.seconds("pc", &path).await;
    assert!(
        status == 200 && seconds > CHANGE as u64,
        "{status} {seconds}"
    );
    Ok(())
}
