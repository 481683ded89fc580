//! Dates of the wire come in, are kept and are served alike, whatever a database's date column
//! holds.

use sixplay_catalogue::{Difference, ImportOptions, Imported, Input, import};
use sixplay_core::{Result, Store, conformance::Backend};

use super::{empty, exported, now};

sixplay_core::on_every_database! {
    dates_of_all_years_come_back
    a_date_that_is_none_is_null_and_named
}

/// A video with these dates, as JSON.
fn body(published: &str, expires: &str, broadcast: &str) -> String {
    format!(
        r#"{{"id": "clip_1", "code": "a", "type": "vi", "title": "A", "description": "",
            "duration": 60, "images": [], "program": null, "services": [],
            "service_display": null, "csa": null, "freemium_products": [],
            "publication_date": {published}, "expiration": {{"expiration_date": {expires}}},
            "clips": [{{"id": 1, "video_id": "clip_1", "title": "A", "type": "vi", "assets": [],
                "tc_opening_credits": null, "tc_ending_credits": null, "areas": [],
                "chapters": [], "images": [], "program": null, "csa": null,
                "code": null, "description": null, "duration": null,
                "product": {{"id": 1, "title": "A", "summary": null, "copyright": null,
                    "year_copyright": null, "prid": null, "season": null, "episode": null,
                    "first_diffusion": {broadcast}, "last_diffusion": {broadcast}}}}}]}}"#
    )
}

async fn load(store: &Store, text: String) -> Result<Imported> {
    let mut options = ImportOptions::default();
    options.at = now();
    import(store, vec![Input::text("body", text)], &options).await
}

/// What differs in a value that the body holds.
fn told(imported: &Imported) -> Vec<(&str, &str, Option<&str>)> {
    let tell = |difference: &'_ Difference| difference.expected.is_some();
    let told = imported
        .differences
        .iter()
        .filter(|difference| tell(difference));
    told.map(|difference| {
        let expected = difference.expected.as_deref().unwrap_or_default();
        (&*difference.path, expected, difference.found.as_deref())
    })
    .collect()
}

async fn dates_of_all_years_come_back(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let store = scratch.store();
    for date in [
        "0001-01-01 00:00:00",
        "1000-01-01 00:00:01",
        "1911-03-10 23:55:00",
        "1969-12-31 23:59:59",
        "2018-10-28 02:30:00",
        "2018-10-28 03:00:00",
        "2038-01-19 04:14:08",
        "9998-12-31 23:59:59",
        "9999-12-31 23:59:59",
    ] {
        let date = format!("\"{date}\"");
        for text in [body("null", &date, &date), body(&date, "null", &date)] {
            let imported = load(store, text).await?;
            assert_eq!(told(&imported), [], "{date}");
            let lines = exported(store).await?;
            let other = empty(Backend::Sqlite)
                .await?
                .expect("SQLite is never skipped");
            load(other.store(), lines.clone()).await?;
            assert_eq!(exported(other.store()).await?, lines, "{date}");
        }
    }
    let never = "\"9999-12-31 23:59:59\"";
    load(store, body("null", never, never)).await?;
    let lines = exported(store).await?;
    assert!(
        lines.contains(r#""closes_at":253402297199000000"#),
        "{lines}"
    );
    Ok(())
}

async fn a_date_that_is_none_is_null_and_named(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    for date in ["\"0000-00-00 00:00:00\"", "\"2018-00-00 00:00:00\""] {
        let imported = load(scratch.store(), body(date, date, date)).await?;
        let places = [
            "clips[0].product.first_diffusion",
            "clips[0].product.last_diffusion",
            "expiration.expiration_date",
            "publication_date",
        ];
        assert_eq!(
            told(&imported),
            places.map(|place| (place, date, Some("null")))
        );
    }
    Ok(())
}

#[tokio::test]
async fn dates_that_are_served_in_another_form_are_named() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    for (date, found) in [
        (r#""2018-03-25 02:30:00""#, r#""2018-03-25 03:30:00""#),
        (r#""2018-09-19""#, r#""2018-09-19 00:00:00""#),
        (r#""2018-09-19 13:50:00.5""#, r#""2018-09-19 13:50:00""#),
    ] {
        let imported = load(scratch.store(), body(date, "null", "null")).await?;
        assert_eq!(told(&imported), [("publication_date", date, Some(found))]);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_no_date_of_a_database_is_refused() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    for date in [
        "\"2018-02-30 00:00:00\"",
        "\"19/09/2018\"",
        "\"\"",
        "1537357800",
    ] {
        let error = load(scratch.store(), body(date, "null", "null"))
            .await
            .expect_err(date);
        assert!(error.to_string().contains("publication_date"), "{error}");
    }
    Ok(())
}
