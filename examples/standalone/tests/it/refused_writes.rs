//! Storage that takes no writes for a while: editors are told to come again, and afterwards all is
//! well without a restart.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use sixplay_core::{Store, conformance::is_skipped};

use crate::{
    client::{Client, WEB, eventually},
    line::{Line, On, Program, block_on},
};

#[test]
fn a_full_disk_under_the_store_is_503_and_passes() {
    fill_and_free(&["store"]);
}

#[test]
fn a_full_disk_under_the_queue_delays_edits_and_passes() {
    fill_and_free(&["queue"]);
}

#[test]
fn a_full_disk_under_the_index_delays_edits_and_passes() {
    fill_and_free(&["index"]);
}

#[test]
fn a_full_disk_under_everything_is_503_and_passes() {
    fill_and_free(&["store", "queue", "index"]);
}

#[test]
fn a_start_on_a_full_disk_waits() {
    let Some(mut line) = Line::new(On::Embedded) else {
        return;
    };
    let Some(disk) = SmallDisk::mount(line.dir.path()) else {
        return;
    };
    put_on(&disk, &mut line, &["store", "queue", "index"]);
    line.generate("3");
    disk.fill();
    let mut server = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    eventually(60, "it says what it waits for", || {
        let told = server.output();
        // whichever of the files it has to write to first
        let waits = told.contains("waits for the server of ") && told.contains("disk is full");
        waits.then_some(())
    });
    disk.free();
    server.addr();
}

fn put_on(disk: &SmallDisk, line: &mut Line, names: &[&str]) {
    for name in names {
        let url = format!("sqlite:{}", disk.0.join(name).display());
        line.configure(&format!("{name}: {{ url: \"{url}\" }}"));
        *match *name {
            "store" => &mut line.store,
            "queue" => &mut line.queue,
            _ => &mut line.index,
        } = url;
    }
}

fn fill_and_free(full: &[&str]) {
    let Some(mut line) = Line::new(On::Embedded) else {
        return;
    };
    let Some(disk) = SmallDisk::mount(line.dir.path()) else {
        return;
    };
    put_on(&disk, &mut line, full);
    line.generate("3");
    let mut first = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    first.addr();
    line.drained();
    // what closes last leaves no write-ahead log with room in it
    assert_eq!(first.stop(30), Some(0));
    let mut server = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let editor = Editor::new(&line, &mut server);

    disk.fill();
    let answer = editor.try_retitle("Disque plein");
    if full.contains(&"store") {
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(
            answer.to_lowercase().contains("\r\nretry-after: "),
            "{answer}"
        );
    } else {
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    eventually(60, "the log names the full disk", || {
        server.output().contains("is full").then_some(())
    });

    disk.free();
    editor.retitle_and_see("Disque vide");
}

#[test]
fn a_server_that_became_read_only_is_503_and_passes() {
    let Some(line) = Line::new(On::Postgres) else {
        return;
    };
    line.generate("3");
    let mut server = line.start("sixplay-api", &["--listen", "127.0.0.1:0"]);
    let editor = Editor::new(&line, &mut server);
    let accepted = editor.try_retitle("Avant la bascule");
    assert!(accepted.starts_with("HTTP/1.1 200 "), "{accepted}");

    set_read_only(&line, true);
    let others = "SELECT CAST(pg_terminate_backend(pid) AS text) AS value FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    line.values(others);
    eventually(60, "the log says what is refused", || {
        let answer = editor.try_retitle("Pendant la bascule");
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(
            answer.to_lowercase().contains("\r\nretry-after: "),
            "{answer}"
        );
        let told = server.output();
        told.contains("the database takes no changes now")
            .then_some(())
    });

    set_read_only(&line, false);
    eventually(30, "the API writes again", || {
        let answer = editor.try_retitle("Après la bascule");
        answer.starts_with("HTTP/1.1 200 ").then_some(())
    });
}

#[test]
fn a_start_on_a_read_only_server_waits() {
    let Some(line) = Line::new(On::Postgres) else {
        return;
    };
    line.generate("3");
    set_read_only(&line, true);
    let mut server = line.start("sixplay-api", &["--listen", "127.0.0.1:0"]);
    eventually(60, "it says what it waits for", || {
        let told = server.output();
        (told.contains("waits for the server of store.url") && told.contains("takes no changes"))
            .then_some(())
    });
    set_read_only(&line, false);
    server.addr();
}

/// What new sessions of the line's own database may do.
fn set_read_only(line: &Line, on: bool) {
    block_on(async {
        let store = Store::connect(&line.store).await.expect("the store");
        let mut transaction = store.write().await.expect("a transaction");
        let database = "SELECT CAST(current_database() AS text) AS name";
        transaction
            .batch("SET TRANSACTION READ WRITE")
            .await
            .expect("this one may write");
        let rows = transaction.fetch_sql(database, Vec::new()).await;
        let name = rows.and_then(|rows| rows[0].text("name")).expect("a name");
        let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}");
        transaction.batch(&set).await.expect("the statement runs");
        transaction.commit().await.expect("committed");
        store.close().await;
    });
}

/// One programme, as its editor and its viewers see it.
struct Editor {
    program: String,
    back_office: Client,
    web: Client,
}

impl Editor {
    fn new(line: &Line, server: &mut Program) -> Self {
        let query = "SELECT program_id AS value FROM videos WHERE type = 'vi' LIMIT 1";
        let addr = server.addr();
        Self {
            program: line.values(query)[0].clone(),
            back_office: Client::new(addr, "bo.api.localhost"),
            web: Client::new(addr, "pc.middleware.localhost"),
        }
    }

    fn try_retitle(&self, title: &str) -> String {
        let path = format!("/v1/programs/{}", self.program);
        let answer = self
            .back_office
            .patch_whole(&path, &json!({ "title": title }));
        answer.expect("the API answers")
    }

    fn retitle_and_see(&self, title: &str) {
        eventually(30, "the API writes again", || {
            let answer = self.try_retitle(title);
            answer.starts_with("HTTP/1.1 200 ").then_some(())
        });
        eventually(60, "the edit shows", || {
            let path = format!("{WEB}/programs/{}", self.program);
            let (status, body) = self.web.try_get(&path).ok()?;
            (status == 200 && body["title"] == title).then_some(())
        });
    }
}

/// A file system of 32 MB, unmounted when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it below `folder`; `None` when `SIXPLAY_TEST_SKIP` names `tmpfs`.
    fn mount(folder: &Path) -> Option<Self> {
        if is_skipped("tmpfs") {
            return None;
        }
        let point = folder.join("small");
        std::fs::create_dir(&point).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m", "sixplay-test"])
            .arg(&point)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "mounting needs root: or name tmpfs in SIXPLAY_TEST_SKIP"
        );
        Some(Self(point))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Leaves no byte.
    fn fill(&self) {
        let mut file = File::create(self.ballast()).expect("a file");
        for size in [1 << 20, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // its files may still be open
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
