//! The generated catalogue has the shapes of real bodies, and nothing in it leads nowhere.

use std::collections::BTreeSet;

use serde_json::Value;
use sixplay_catalogue::{StoredBody, documents};
use sixplay_core::{Rendered, Result, Store, conformance::Backend};

use super::{empty, generated, generator::rendered, viewer};

/// How many rows a query finds.
async fn count(store: &Store, from: &str) -> Result<i64> {
    let sql = format!("SELECT COUNT(*) AS n FROM {from}");
    let rows = store.read().await?.fetch_sql(&sql, Vec::new()).await?;
    rows[0].int("n")
}

#[tokio::test]
async fn every_menu_of_a_generated_catalogue_leads_somewhere() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let store = scratch.store();
    generated(store, 100, 6).await?;
    for (nothing, from) in [
        (
            "an empty folder",
            "folders f WHERE NOT EXISTS (SELECT 1 FROM folder_programs l WHERE l.folder_id = f.id)",
        ),
        (
            "an empty sub-category",
            "sub_categories c WHERE NOT EXISTS (SELECT 1 FROM video_sub_categories l \
             WHERE l.sub_category_id = c.id)",
        ),
        (
            "a video without a sub-category",
            "videos v WHERE NOT EXISTS (SELECT 1 FROM video_sub_categories l \
             WHERE l.video_id = v.id)",
        ),
        (
            "two folders of one root with one name",
            "(SELECT r.root, f.name FROM folders f JOIN service_roots r ON r.service = f.service \
             GROUP BY r.root, f.name HAVING COUNT(*) > 1) AS twice",
        ),
        (
            "a customer with fewer than two services beside the root",
            "customers c WHERE (SELECT COUNT(DISTINCT s.code) FROM services s \
             JOIN service_roots r ON r.service = s.code WHERE s.customer = c.code) < 2",
        ),
        (
            "a service without images",
            "services s WHERE NOT EXISTS (SELECT 1 FROM service_images i WHERE i.service = s.code)",
        ),
        (
            "a service without programs",
            "service_roots s WHERE NOT EXISTS (SELECT 1 FROM program_services p \
             WHERE p.service = s.service)",
        ),
        (
            "a playlist of another duration than its clips",
            "videos v WHERE v.type = 'playlist' AND v.duration <> (SELECT SUM(c.duration) \
             FROM clips c JOIN video_clips l ON l.clip_id = c.id WHERE l.video_id = v.id)",
        ),
        (
            "a playlist of whole programmes",
            "videos v JOIN video_clips l ON l.video_id = v.id JOIN clips c ON c.id = l.clip_id \
             WHERE v.type = 'playlist' AND c.type <> 'vc'",
        ),
        (
            "an image in the real key space",
            "images WHERE CAST(external_key AS INTEGER) < 100000000",
        ),
        (
            "a date with seconds",
            "videos WHERE publication_date % 60000000 <> 0",
        ),
    ] {
        assert_eq!(count(store, from).await?, 0, "{nothing}");
    }
    for (something, from) in [
        (
            "no season",
            "products WHERE season IS NULL AND episode IS NOT NULL",
        ),
        ("subtitles", "assets WHERE type = 'http_subtitle_vtt_sm'"),
        (
            "mp4 in hd",
            "assets WHERE type = 'http_h264' AND video_quality = 'hd'",
        ),
        ("clear HLS", "assets WHERE type = 'usp_hls_h264'"),
        ("Widevine HLS", "assets WHERE type = 'usp_wvhls_h264'"),
        (
            "two qualities to choose from",
            "(SELECT clip_id FROM assets WHERE platform = 'chromecast' \
             AND type = 'usp_dashcenc_h264' GROUP BY clip_id HAVING COUNT(*) = 2) AS both",
        ),
        (
            "five vignettes",
            "(SELECT l.clip_id FROM clip_images l JOIN images i ON i.id = l.image_id \
             WHERE i.role = 'vignette' GROUP BY l.clip_id HAVING COUNT(*) = 5) AS many",
        ),
        (
            "playlists that say nothing",
            "videos WHERE type = 'playlist' AND description = ''",
        ),
    ] {
        assert!(count(store, from).await? > 0, "{something}");
    }
    Ok(())
}

/// The wire bodies of a kind, with parts.
async fn wire_bodies(store: &Store, kind: &str, parts: &[&str]) -> Result<Vec<Value>> {
    let mut bodies = Vec::new();
    for (_, rendered) in rendered(store, kind).await? {
        if let Rendered::Publishable(it) = rendered {
            let document: Value = serde_json::from_str(it.document.get()).expect("JSON");
            let body = serde_json::value::to_raw_value(&document["body"]).expect("JSON");
            let wire = StoredBody::read(&body)?.compose(&viewer("m6group_web"), parts)?;
            bodies.push(serde_json::from_slice(&wire).expect("JSON"));
        }
    }
    Ok(bodies)
}

fn keys(object: &Value) -> BTreeSet<&str> {
    let members = object.as_object().expect("an object");
    members.keys().map(String::as_str).collect()
}

/// The one real body of the public record: `tests/bodies` has its form.
#[tokio::test]
async fn a_generated_video_has_the_members_of_a_real_one() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    generated(scratch.store(), 4, 6).await?;
    let real: Value = serde_json::from_str(include_str!("../bodies/video_clip.json"))
        .expect("a body of this repository");
    let videos = wire_bodies(scratch.store(), documents::VIDEO, &["clips"]).await?;
    let whole = videos.iter().filter(|video| video["type"] == "vi");
    let mut seen = 0;
    for video in whole {
        let (clip, real_clip) = (&video["clips"][0], &real["clips"][0]);
        let (product, real_product) = (&clip["product"], &real_clip["product"]);
        assert_eq!(keys(clip), keys(real_clip));
        assert_eq!(keys(product), keys(real_product));
        let prid = product["prid"].as_str().expect("a text");
        assert!(prid.len() == 40 && prid.bytes().all(|letter| letter.is_ascii_hexdigit()));
        let date = video["publication_date"].as_str().expect("a date");
        assert!(date.ends_with(":00"), "{date}");
        let diffused = product["last_diffusion"].as_str().expect("a date");
        assert!(diffused.ends_with(":00"), "{diffused}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
    Ok(())
}

#[tokio::test]
async fn a_generated_program_says_when_its_clips_are_published() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    generated(scratch.store(), 4, 6).await?;
    let programs = wire_bodies(scratch.store(), documents::PROGRAM, &["detail"]).await?;
    assert!(!programs.is_empty());
    for program in programs {
        let last = program["last_clip_publication"]["date"].as_str();
        assert!(last.is_some_and(|date| date.ends_with(":00")), "{program}");
        let period = &program["publication_date_vi"];
        let expected = ["date_end_max", "date_start_max", "date_start_min"];
        assert_eq!(keys(period), BTreeSet::from(expected));
        assert!(
            program
                .get("publication_date_vc")
                .is_some_and(Value::is_null)
        );
    }
    Ok(())
}
