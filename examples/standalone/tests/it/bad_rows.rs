//! Rows and messages that nothing can read or carry stop no edit behind them.

use sixplay_core::Result;
use sixplay_queue::{Message, Queue, QueueConfig, Roots};

use crate::{
    client::{WEB, eventually},
    line::{Line, On, block_on},
};

#[test]
fn edits_pass_rows_that_cannot_be_read_or_carried_embedded() {
    let Some(line) = Line::new(On::Embedded) else {
        return;
    };
    let five = line.five("3");
    // SQLite holds any length and any bytes
    line.sql(
        "INSERT INTO videos (id, type, title) VALUES ('clip_' || hex(zeroblob(130)), 'vi', 'x')",
    );
    line.sql("INSERT INTO channels (code, title) VALUES (CAST(x'54E97661' AS TEXT), 'x')");
    let program = &line.values("SELECT MIN(id) AS value FROM programs")[0];
    let path = format!("{WEB}/programs/{program}");
    five.back_office
        .retitle(&format!("/v1/programs/{program}"), "Après");
    eventually(60, "the edit behind the bad rows shows", || {
        (five.web.ok(&path)["title"] == "Après").then_some(())
    });
    line.drained();
    let refused = "SELECT source_table AS value FROM sixplay_change_refused";
    assert_eq!(line.values(refused), ["channels"]);
    assert!(dead_roots(&line) > Some(0), "the long id is put aside");

    let (code, output) = line.run("sixplay-rebuild", &[]);
    assert_eq!(code, Some(0), "{output}");
    let refused = output
        .lines()
        .find(|line| line.contains("the root is refused"));
    let refused = refused.unwrap_or_else(|| panic!("not named: {output}"));
    assert!(refused.contains("clip_0000"), "{refused}");
    assert!(output.contains("roots are not in the index"), "{output}");
}

#[test]
fn edits_pass_messages_that_cannot_be_carried_on_servers() {
    let Some(line) = Line::new(On::Mariadb) else {
        return;
    };
    let five = line.five("3");
    let program = |id: &str| Message::new(format!(r#"{{"kind":"program","id":"{id}"}}"#));
    let bad = [program(&"9".repeat(300)), program("1\\u0000"), program("")];
    let publish = async { open_queue(&line).await?.publish(Roots::QUEUE, &bad).await };
    block_on(publish).expect("published");
    let id = &line.values("SELECT MIN(id) AS value FROM programs")[0];
    let path = format!("{WEB}/programs/{id}");
    five.back_office
        .retitle(&format!("/v1/programs/{id}"), "Après");
    eventually(60, "the edit behind the bad messages shows", || {
        (five.web.ok(&path)["title"] == "Après").then_some(())
    });
    eventually(60, "the bad messages are put aside", || {
        (dead_roots(&line) == Some(3)).then_some(())
    });
}

/// How many roots are put aside; `None` before there is a queue for them.
fn dead_roots(line: &Line) -> Option<u64> {
    block_on(async { open_queue(line).await?.depth(Roots::DEAD_QUEUE).await }).ok()
}

/// The line's queue, as its programs name it.
async fn open_queue(line: &Line) -> Result<Queue> {
    let mut config = QueueConfig::new(&line.queue);
    if !line.queue.starts_with("sqlite:") {
        config.prefix = format!("{}-", line.prefix);
    }
    Queue::open(&config).await
}
