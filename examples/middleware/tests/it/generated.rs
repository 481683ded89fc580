//! A generated catalogue, rendered into the index as the indexer does it, and read as a player
//! does.

use serde_json::Value;
use sixplay_catalogue::{Catalogue, GenerateOptions, documents};
use sixplay_core::{Kind, Publishable, Rendered, Source, Store, jiff::SignedDuration};
use sixplay_index::RawValue;

use super::World;

/// The world of a catalogue of some programs, and the ids of its expired videos.
async fn generated() -> (World, Vec<String>) {
    let world = World::empty().await;
    let store = generate_store(&world).await;
    let source = Catalogue::new();
    let mut expired = Vec::new();
    for kind in source.kinds() {
        let mut documents = Vec::new();
        for (id, root) in render_all(&store, &source, kind).await {
            match root {
                Rendered::Publishable(publishable) => documents.push(document_of(&publishable)),
                Rendered::Absent { reason, .. } => {
                    if (kind.name, reason) == (documents::VIDEO, "expired") {
                        expired.push(id);
                    }
                }
            }
        }
        world.put(kind.name, &documents).await;
    }
    (world, expired)
}

async fn generate_store(world: &World) -> Store {
    let file = world.dir.path().join("store.sqlite");
    let store = Store::connect(&format!("sqlite:{}", file.display())).await;
    let store = store.unwrap();
    sixplay_catalogue::prepare(&store).await.unwrap();
    let mut options = GenerateOptions::new(8, 6);
    // the videos that open and close all the time have stopped to by now
    options.now -= SignedDuration::from_hours(2);
    sixplay_catalogue::generate(&store, &options, &())
        .await
        .unwrap();
    store
}

async fn render_all(store: &Store, source: &Catalogue, kind: &Kind) -> Vec<(String, Rendered)> {
    let ids = store.roots(kind, None, 10_000).await.unwrap();
    let mut reading = store.reading().await.unwrap();
    let rendered = source.render(&mut reading, kind.name, &ids).await.unwrap();
    ids.into_iter().zip(rendered).collect()
}

fn document_of(publishable: &Publishable) -> Value {
    let mut document: Value = serde_json::from_str(publishable.document.get()).unwrap();
    document["visible_from"] = publishable.visible.from_us().into();
    document["visible_until"] = publishable.visible.until_us().into();
    document
}

#[tokio::test]
async fn a_player_finds_its_way_from_the_services_to_every_clip() {
    let (world, expired) = generated().await;
    assert_eq!(
        world
            .ids("/6play/services?sort=priority&with=channels,freemiumpacks")
            .await
            .len(),
        5
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
        let mut codes = Vec::new();
        for root in ["6play", "rtlbe_rtl_play", "rtlhu_rtl_most"] {
            let answer = world.get(&format!("/{root}/videos/{id}")).await;
            codes.push(answer.status.as_u16());
        }
        assert!(
            codes.contains(&410) && codes.iter().all(|code| *code >= 400),
            "{id}: {codes:?}"
        );
    }
}

/// How many videos the program has; each is the same, byte by byte, in the list and alone.
async fn whole_videos(world: &World, program: &str) -> usize {
    let parts = "csa=6&with=clips,freemiumpacks,expiration,program_images,\
                 service_display_images,extra_data,program_subcats,tags";
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
