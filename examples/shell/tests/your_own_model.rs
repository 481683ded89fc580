//! The program of `docs/your-own-model.md`: the guide shows parts of this file, word for word, and
//! this file runs.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{json, value::to_raw_value};
use sixplay_core::{
    Error, Result,
    detector::{Detector, DetectorConfig, Sink},
    mapping::{Field, Mapping},
    progress::Progress,
};
use sixplay_core::{
    source::{Column, Hop, Kind, Publishable, Reach, Rendered, Root, Source, Table},
    store::{Store, Transaction},
};
use sixplay_index::{
    Filter, Index, Query,
    sync::{Indexer, Rebuild, RebuildConfig},
};
use sixplay_queue::{Message, Queue};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
async fn tables(store: &Store) -> Result<()> {
    let mut session = store.session().await?;
    session
        .batch("CREATE TABLE cook (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        .await?;
    session
        .batch("CREATE TABLE recipe (id INTEGER PRIMARY KEY, title TEXT NOT NULL, cook_id INTEGER NOT NULL REFERENCES cook (id))")
        .await?;
    session.batch("INSERT INTO cook VALUES (1, 'Anne')").await?;
    session
        .batch("INSERT INTO recipe VALUES (10, 'La tarte à l''oignon', 1), (11, 'Le gratin', 1)")
        .await
}

struct Recipes {
    kinds: Vec<Kind>,
    tables: Vec<Table>,
}

impl Recipes {
    fn new() -> Self {
        let (id, cook) = (Column::Int("id"), Column::Int("cook_id"));
        let mapping = Mapping {
            fields: vec![
                Field::long("id"),
                Field::french("title"),
                Field::keyword("cook"),
            ],
        };
        let by_cook = Hop {
            table: "recipe",
            from: "cook_id",
            to: "id",
        };
        Self {
            kinds: vec![Kind {
                name: "recipe",
                table: "recipe",
                key: id,
                mapping,
            }],
            tables: vec![
                Table {
                    name: "recipe",
                    keys: vec![id, cook],
                    reaches: vec![Reach {
                        kind: "recipe",
                        key: id,
                        hops: vec![],
                    }],
                },
                Table {
                    name: "cook",
                    keys: vec![id],
                    reaches: vec![Reach {
                        kind: "recipe",
                        key: id,
                        hops: vec![by_cook],
                    }],
                },
            ],
        }
    }
}

#[async_trait]
impl Source for Recipes {
    fn name(&self) -> &'static str {
        "recipes"
    }

    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn tables(&self) -> &[Table] {
        &self.tables
    }

    async fn render(
        &self,
        snapshot: &mut Transaction,
        _kind: &str,
        ids: &[String],
        _now: Timestamp,
    ) -> Result<Vec<Rendered>> {
        let query = "SELECT r.id, r.title, c.name FROM recipe r JOIN cook c ON c.id = r.cook_id WHERE r.id = ?";
        let mut rendered = Vec::new();
        for id in ids {
            let rows = snapshot
                .fetch_sql(query, vec![id.parse::<i64>().unwrap_or_default().into()])
                .await?;
            rendered.push(match rows.first() {
                None => Rendered::Absent { reason: "no_row", next_change_at: None },
                Some(row) => {
                    let document = json!({"id": row.int("id")?, "title": row.text("title")?, "cook": row.text("name")?});
                    let document =
                        to_raw_value(&document).map_err(|error| Error::corrupt("recipes.render", "no JSON").with_source(error))?;
                    Rendered::Publishable(Publishable {
                        document,
                        visible_from: Timestamp::UNIX_EPOCH,
                        visible_until: None,
                        next_change_at: None,
                    })
                }
            });
        }
        Ok(rendered)
    }
}

struct Publish(Queue);

#[async_trait]
impl Sink for Publish {
    async fn deliver(&self, roots: &[Root]) -> Result<()> {
        let body = |root| {
            serde_json::to_vec(root)
                .map_err(|error| Error::unexpected("publish", "no JSON").with_source(error))
        };
        let messages = roots
            .iter()
            .map(|root| Ok(Message::new(body(root)?)))
            .collect::<Result<Vec<_>>>()?;
        self.0.publish("recipes", &messages).await
    }
}

#[tokio::test]
async fn the_guide_does_what_it_says() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let url = |name: &str| format!("sqlite:{}/{name}.sqlite", folder.display());
    let store = Store::connect(&url("store")).await?;
    let queue = Queue::connect(&url("queue")).await?;
    let index = Index::connect(&url("index")).await?;
    let source: Arc<dyn Source> = Arc::new(Recipes::new());
    tables(&store).await?;
    store.install(source.as_ref()).await?;
    queue.declare("recipes").await?;

    // all recipes, into a new index behind the alias `kitchen-recipe`
    let indexer = Indexer::new(store.clone(), source.clone(), index.clone(), "kitchen");
    let rebuild = Rebuild::new(indexer.clone(), RebuildConfig::default());
    let report = rebuild
        .run(&Progress::new("recipes", None), &CancellationToken::new())
        .await?;
    assert_eq!(report.indexed, 2);

    // one change, by plain SQL: the cook of both
    store
        .session()
        .await?
        .batch("UPDATE cook SET name = 'Anne-Laure' WHERE id = 1")
        .await?;
    let detector = Detector::new(store.clone(), source, DetectorConfig::default());
    while detector.step(&Publish(queue.clone())).await? > 0 {}

    // what `indexer` does all day: take a batch, apply it, settle what is settled
    let mut consumer = queue.consume("recipes", 100).await?;
    let deliveries = consumer.receive(100, Duration::from_millis(20)).await?;
    let roots: Vec<Root> = deliveries
        .iter()
        .filter_map(|delivery| serde_json::from_slice(&delivery.message.body).ok())
        .collect();
    assert_eq!(
        roots,
        [Root::new("recipe", "10"), Root::new("recipe", "11")]
    );
    indexer.apply(&roots).await?;
    consumer.ack_all(deliveries).await?;

    let query = Query::new(10)
        .filter(Filter::term("cook", "Anne-Laure"))
        .text("title", "oignons");
    let page = index.search("kitchen-recipe", &query).await?;
    assert_eq!(page.total, 1);
    assert!(page.documents[0].get().contains("La tarte à l'oignon"));
    Ok(())
}

#[test]
fn the_guide_shows_this_program() {
    let plain = |text: &str| {
        text.split_whitespace()
            .collect::<String>()
            .replace(",)", ")")
            .replace(",}", "}")
            .replace(",]", "]")
    };
    let guide = include_str!("../../../docs/your-own-model.md");
    let program = plain(include_str!("your_own_model.rs"));
    let mut shown = 0;
    for block in guide.split("```rust\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        assert!(
            program.contains(&plain(block)),
            "the guide shows what is not in the program:\n{block}"
        );
        shown += 1;
    }
    assert_eq!(shown, 4);
}
