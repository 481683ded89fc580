//! The six programs share one configuration format and one data folder.

use crate::{
    client::{Client, WEB, eventually},
    line::{Line, On},
};

const PROGRAMS: [&str; 6] = [
    "sixplay-api",
    "sixplay-middleware",
    "sixplay-detector",
    "sixplay-indexer",
    "sixplay-rebuild",
    "sixplay-standalone",
];

#[test]
fn a_clients_file_with_a_name_that_nothing_has_stops_the_servers_naming_file_and_key() {
    for program in ["sixplay-api", "sixplay-middleware", "sixplay-standalone"] {
        for (text, key) in [
            (
                "cache: { routes: { middleware_vidoe: 5 } }",
                "cache.routes.middleware_vidoe",
            ),
            (
                "firewall: { allow: { routes: { api_vidoe: false } } }",
                "firewall.allow.routes.api_vidoe",
            ),
            (
                "firewall: { allow: { resources: { program: false } } }",
                "firewall.allow.resources.program",
            ),
            (
                "entities: { video: { publisehd: true } }",
                "entities.video.publisehd",
            ),
            ("parameters: { platfroms: [web] }", "parameters.platfroms"),
            (
                "firewall: { user_access: { default_state: false } }",
                "firewall.user_access.default_state",
            ),
        ] {
            let line = Line::new(On::Embedded).expect("needs no server");
            let users = line.dir.path().join("users");
            std::fs::create_dir(&users).expect("a folder");
            std::fs::write(users.join("pc.yml"), text).expect("a file");
            let (code, output) = line.run(program, &["--listen", "127.0.0.1:0"]);
            assert_eq!(code, Some(2), "{program}: {output}");
            for named in ["pc.yml", key] {
                assert!(output.contains(named), "{program} {named}: {output}");
            }
        }
    }
}

#[test]
fn an_unknown_key_is_refused_by_every_program_naming_file_path_and_value() {
    for (text, expected) in [
        (
            "store: { ulr: \"sqlite:x\" }",
            vec!["sixplay.yml", "store", "ulr"],
        ),
        (
            "rebuild: { chunk: many }",
            vec!["sixplay.yml", "rebuild.chunk", "many"],
        ),
        (
            "detector: { idle: 20 parsecs }",
            vec!["sixplay.yml", "detector.idle", "20 parsecs"],
        ),
        ("elasticsearch: {}", vec!["sixplay.yml", "elasticsearch"]),
        (
            "rebuild: { chunks: 317 }",
            vec!["sixplay.yml", "rebuild", "chunks", "317"],
        ),
        (
            "rebuild: { concurrency: 99 }",
            vec!["sixplay.yml", "rebuild.concurrency", "99", "from 1 to 8"],
        ),
        (
            "indexer: { batch: 0 }",
            vec!["sixplay.yml", "indexer.batch", "value=0", "from 1 to 256"],
        ),
        (
            "http: { server: { header_limit: 0 } }",
            vec!["sixplay.yml", "http.server.header_limit", "value=0"],
        ),
        (
            "drain: 10",
            vec!["sixplay.yml", "drain", "10", "250ms, 20s, 5m or 1h"],
        ),
        (
            "rebuild: { retain: -1s }",
            vec!["sixplay.yml", "rebuild.retain", "-1s"],
        ),
    ] {
        let line = Line::new(On::Embedded).expect("needs no server");
        std::fs::write(&line.config, text).expect("a file");
        for program in PROGRAMS {
            let (code, output) = line.run(program, &[]);
            assert_eq!(code, Some(2), "{program} with {text}: {output}");
            for part in &expected {
                assert!(
                    output.contains(part),
                    "{program} with {text} does not name {part}: {output}"
                );
            }
        }
    }
}

#[test]
fn a_wrong_url_is_refused_naming_its_key_but_not_its_password() {
    for (text, key, program) in [
        (
            "store: { url: \"oracle://scott:tiger@db/x\" }",
            "store.url",
            "sixplay-api",
        ),
        (
            "queue: { url: \"kafka://scott:tiger@q/x\" }",
            "queue.url",
            "sixplay-detector",
        ),
        (
            "index: { url: \"solr://scott:tiger@i/x\" }",
            "index.url",
            "sixplay-middleware",
        ),
    ] {
        let line = Line::new(On::Embedded).expect("needs no server");
        std::fs::write(&line.config, text).expect("a file");
        let (code, output) = line.run(
            program,
            &["--listen", "127.0.0.1:0"][..if program == "sixplay-detector" { 0 } else { 2 }],
        );
        assert_eq!(code, Some(2), "{program}: {output}");
        assert!(
            output.contains(key) && !output.contains("tiger"),
            "{program}: {output}"
        );
    }
}

#[test]
fn every_program_stops_on_sigterm() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let mut five = line.five("6");
    for program in [
        &mut five.detector,
        &mut five.indexer,
        &mut five.api,
        &mut five.middleware,
    ] {
        assert_eq!(program.stop(15), Some(0), "{}", program.output());
    }
}

#[test]
fn a_second_signal_ends_a_start_that_waits_for_a_server() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = silent.local_addr().expect("an address");
    let line = Line::new(On::Embedded).expect("needs no server");
    line.configure(&format!(
        "drain: 1h\nstore: {{ url: \"mysql://u:p@{addr}/d\", deadline: 10m }}"
    ));
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let connection = silent.accept().expect("the program connects");
    program.signal("HUP");
    eventually(60, "the first signal is told", || {
        program.output().contains("SIGHUP").then_some(())
    });
    program.signal("TERM");
    assert_eq!(program.wait(60), Some(1), "{}", program.output());
    assert!(program.output().contains("was given up"));
    drop(connection);
}

/// What a stopped indexer held would otherwise come back only when its lease of 30 s ends.
#[test]
fn a_stopped_indexer_reserves_nothing() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let mut five = line.five("40");
    line.sql("UPDATE programs SET title = 'Neuf'");
    eventually(60, "the burst reaches the queue", || {
        line.waiting().filter(|waiting| *waiting > 100)
    });
    assert_eq!(five.indexer.stop(15), Some(0), "{}", five.indexer.output());
    let indexer = line.start("sixplay-indexer", &[]);
    let programs = five.web.ok(&format!("{WEB}/programs?limit=999"));
    for program in programs.as_array().expect("an array") {
        let videos = format!("{WEB}/programs/{}/videos?limit=999", program["id"]);
        eventually(25, "the new title in every video", || {
            let videos = five.web.ok(&videos);
            videos
                .as_array()
                .expect("an array")
                .iter()
                .all(|video| video["program"]["title"] == "Neuf")
                .then_some(())
        });
    }
    drop(indexer);
}

#[test]
fn a_taken_address_is_told_before_anything_is_loaded() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = taken.local_addr().expect("an address").to_string();
    for program in ["sixplay-api", "sixplay-middleware", "sixplay-standalone"] {
        let line = Line::new(On::Embedded).expect("needs no server");
        let (code, output) = line.run(program, &["--listen", &addr]);
        assert_eq!(code, Some(1), "{program}: {output}");
        assert!(
            output.contains(&addr) && !output.contains("progress"),
            "{program}: {output}"
        );
    }
}

#[test]
fn a_main_is_at_most_a_hundred_lines() {
    for program in PROGRAMS {
        let folder = program.trim_start_matches("sixplay-");
        let path = format!("{}/../{folder}/src/main.rs", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(&path)
            .expect("the source")
            .lines()
            .count();
        assert!(lines <= 100, "{path} has {lines} lines");
    }
}

#[test]
fn more_connections_than_open_files_leave_room_for_a_new_client() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let listen = ["--listen", "127.0.0.1:0"];
    let mut program = line.start_with_files("sixplay-middleware", &listen, [48, 160]);
    let addr = program.addr();
    let connect = |_| std::net::TcpStream::connect(addr).expect("it listens");
    let resting: Vec<std::net::TcpStream> = (0..200).map(connect).collect();
    let client = Client::new(addr, "pc.middleware.localhost");
    assert_eq!(client.get("/nothing").0, 404);
    let output = program.output();
    assert!(!output.contains("cannot accept"), "{output}");
    for part in ["fewer connections", "160", "4096", "80"] {
        assert!(output.contains(part), "{part}: {output}");
    }
    drop(resting);
}

#[test]
fn every_key_of_the_configuration_is_documented() {
    let documented = std::fs::read_to_string(format!(
        "{}/../../docs/configuration.md",
        env!("CARGO_MANIFEST_DIR")
    ))
    .expect("the page");
    for section in [
        "",
        "store",
        "queue",
        "index",
        "http",
        "http.server",
        "detector",
        "indexer",
        "rebuild",
    ] {
        for key in keys(section) {
            let path = if section.is_empty() {
                key
            } else {
                format!("{section}.{key}")
            };
            assert!(
                documented.contains(&format!("`{path}`")),
                "docs/configuration.md lacks `{path}`"
            );
        }
    }
}

/// The keys of a section, as the program names them when it refuses an unknown one.
fn keys(section: &str) -> Vec<String> {
    let line = Line::new(On::Embedded).expect("needs no server");
    let text = match section.split_once('.') {
        _ if section.is_empty() => "nonsense: 1".to_owned(),
        Some((outer, inner)) => format!("{outer}: {{ {inner}: {{ nonsense: 1 }} }}"),
        None => format!("{section}: {{ nonsense: 1 }}"),
    };
    std::fs::write(&line.config, text).expect("a file");
    let (_, output) = line.run("sixplay-rebuild", &[]);
    let (_, rest) = output
        .split_once("expected")
        .unwrap_or_else(|| panic!("no list of keys for {section:?}: {output}"));
    rest.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}
