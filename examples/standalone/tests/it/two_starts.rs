//! Two programs that start first at the same time, on one data folder or on the same servers.

use crate::{
    client::{Client, WEB, eventually},
    line::{Line, On, Program},
    rebuild::indices,
};

#[test]
fn two_first_starts_on_one_folder_both_serve() {
    let line = Line::new(On::Embedded).expect("needs no server");
    both_serve(&line);
    // as many as of one start
    assert_eq!(
        line.values("SELECT COUNT(*) AS value FROM programs"),
        ["300"]
    );
}

#[test]
fn two_first_starts_on_mariadb_rabbitmq_elasticsearch_both_serve() {
    both_serve_generated(On::Mariadb);
}

#[test]
fn two_first_starts_on_postgresql_rabbitmq_opensearch_both_serve() {
    both_serve_generated(On::Postgres);
}

/// On a small catalogue without an index, so that both build one at the same time.
fn both_serve_generated(on: On) {
    let Some(line) = Line::new(on) else { return };
    line.generate("6");
    both_serve(&line);
}

/// Both come to serve one index, and what is edited through one is seen through both.
fn both_serve(line: &Line) {
    let start = || line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let mut programs = [start(), start()];
    let addresses = programs.each_mut().map(Program::addr);
    let program = &line.values("SELECT MIN(id) AS value FROM programs WHERE enabled = 1")[0];
    let path = format!("{WEB}/programs/{program}");
    for (editor, title) in addresses.iter().zip(["Un", "Deux"]) {
        let back_office = Client::new(*editor, "bo.api.localhost");
        back_office.retitle(&format!("/v1/programs/{program}"), title);
        for reader in addresses {
            let web = Client::new(reader, "pc.middleware.localhost");
            eventually(120, "the new title", || {
                (web.ok(&path)["title"] == title).then_some(())
            });
        }
    }
    for program in &mut programs {
        assert_eq!(program.stop(60), Some(0), "{}", program.output());
    }
    assert!(indices(line).len() <= 1, "{:?}", indices(line));
}
