//! A generated catalogue, rendered into the index as the indexer does it, and read as a player
//! does.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, value::RawValue};
use sixplay_core::{
    catalogue::{self, Catalogue, GenerateOptions},
    progress::Progress,
    source::{Rendered, Source},
    store::Store,
};

use super::World;

/// The world of a catalogue of some programs, and the ids of its expired videos.
async fn generated() -> (World, Vec<String>) {
    let world = World::empty().await;
    let store = Store::connect(&format!(
        "sqlite:{}",
        world.dir.path().join("store.sqlite").display()
    ))
    .await
    .unwrap();
    catalogue::migrate(&store).await.unwrap();
    // the videos that open and close all the time have stopped to by now
    let now = Timestamp::now() - SignedDuration::from_hours(2);
    catalogue::generate(
        &store,
        &GenerateOptions {
            programs: 8,
            seed: 6,
            now,
        },
        &Progress::new("generate", None),
    )
    .await
    .unwrap();
    let source = Catalogue::new();
    let mut expired = Vec::new();
    for kind in source.kinds() {
        let ids = store.roots(kind, None, 10_000).await.unwrap();
        let mut snapshot = store.snapshot().await.unwrap();
        let rendered = source
            .render(&mut snapshot, kind.name, &ids, Timestamp::now())
            .await
            .unwrap();
        let mut documents: Vec<Value> = Vec::new();
        for (id, root) in ids.iter().zip(rendered) {
            match root {
                Rendered::Publishable(publishable) => {
                    documents.push(serde_json::from_str(publishable.document.get()).unwrap())
                }
                Rendered::Absent {
                    reason: "expired", ..
                } if kind.name == "video" => expired.push(id.clone()),
                Rendered::Absent { .. } => {}
            }
        }
        world.put(kind.name, &documents).await;
    }
    (world, expired)
}

#[tokio::test]
async fn a_player_finds_its_way_from_the_services_to_every_clip() {
    let (world, expired) = generated().await;
    assert_eq!(
        world
            .ids("/6play/services?sort=priority&with=channels,freemiumpacks")
            .await
            .len(),
        2
    );
    let folders = world.get("/6play/folders?limit=999&offset=0").await.json();
    assert!(!folders.as_array().unwrap().is_empty() && folders[0]["name"].is_string());
    let programs = world
        .get("/6play/programs?limit=999&offset=0&csa=6&with=rights")
        .await
        .json();
    let programs = programs.as_array().unwrap();
    assert!(programs.len() >= 4, "{}", programs.len());
    let mut videos = 0;
    for program in programs {
        assert!(
            program["images"].is_array()
                && program["title"].is_string()
                && program.get("description").is_some()
        );
        let path = format!("/6play/programs/{}", program["id"]);
        let detail = world
            .get(&format!("{path}?with=links,subcats,rights"))
            .await
            .json();
        assert!(detail["program_subcats"].is_array() && detail["id"] == program["id"]);
        videos += whole_videos(&world, &path).await;
        for subcat in detail["program_subcats"].as_array().unwrap() {
            world
                .ids(&format!(
                    "{path}/videos?subcat={}&sort=subcat&type=vi,vc,playlist&limit=999",
                    subcat["id"]
                ))
                .await;
        }
    }
    assert!(videos > 20 && !expired.is_empty(), "{videos} {expired:?}");
    for id in expired {
        let codes = [
            world.get(&format!("/m6replay/videos/{id}")).await,
            world.get(&format!("/w9replay/videos/{id}")).await,
        ]
        .map(|answer| answer.status.as_u16());
        assert!(
            codes.contains(&410) && codes.iter().all(|code| *code >= 400),
            "{id}: {codes:?}"
        );
    }
}

/// How many videos the program has; each is the same, byte by byte, in the list and alone.
async fn whole_videos(world: &World, program: &str) -> usize {
    let parts = "csa=6&with=clips,freemiumpacks,expiration,program_images,service_display_images,extra_data,program_subcats,tags";
    let list = world
        .get(&format!("{program}/videos?{parts}&limit=999"))
        .await;
    let videos: Vec<Box<RawValue>> = serde_json::from_str(&list.body).unwrap();
    for raw in &videos {
        let video: Value = serde_json::from_str(raw.get()).unwrap();
        let alone = world
            .get(&format!(
                "/6play/videos/{}?{parts}",
                video["id"].as_str().unwrap()
            ))
            .await;
        assert_eq!(
            (alone.status.as_u16(), alone.body.as_str()),
            (200, raw.get())
        );
        let clips = video["clips"].as_array().unwrap();
        assert!(
            !clips.is_empty()
                && clips
                    .iter()
                    .all(|clip| clip["images"].is_array() && clip["assets"].is_array()),
            "{video}"
        );
        assert!(
            video["images"].is_array()
                && video["freemium_packs"].is_array()
                && video["freemium_products"].is_array(),
            "{video}"
        );
    }
    videos.len()
}
