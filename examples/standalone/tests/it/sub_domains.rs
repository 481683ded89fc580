//! The host's label selects a domain user, who may ask what the user's file allows.

use serde_json::json;

use crate::{
    client::{Client, WEB},
    line::{Line, On},
};

#[test]
fn the_label_selects_the_user_and_what_it_may_do() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.generate("6");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let addr = program.addr();
    let client = |host| Client::new(addr, host);
    assert_eq!(client("pc.middleware.localhost").get(WEB).0, 200);
    assert_eq!(
        client("PC.middleware.localhost:8080").get(WEB).0,
        200,
        "case and port do not matter"
    );

    let (status, body) = client("nobody.middleware.localhost").get(WEB);
    assert_eq!(
        (status, &body["error"]["code"]),
        (403, &json!(403)),
        "an unknown label is refused in the error format: {body}"
    );
    let (status, body) = client("nobody.api.localhost").get("/v1/programs");
    assert_eq!((status, &body["status"]), (403, &json!(403)), "{body}");

    let id = line.values("SELECT id AS value FROM programs LIMIT 1")[0].clone();
    let change = json!({ "title": "Interdit" });
    let (status, _) = client("pc.api.localhost")
        .patch(&format!("/v1/programs/{id}"), &change)
        .expect("an answer");
    assert_eq!(status, 403, "a player's client may not write");
    assert_eq!(
        line.values(&format!(
            "SELECT title AS value FROM programs WHERE id = {id} AND title = 'Interdit'"
        ))
        .len(),
        0
    );

    let other = WEB.replace("m6group_web", "chromecast");
    assert_eq!(
        client("pc.middleware.localhost").get(&other).0,
        403,
        "pc may ask for the web's platform only"
    );
    assert_eq!(client("chromecast.middleware.localhost").get(&other).0, 200);
}

#[test]
fn only_hosts_in_the_configured_domains_are_answered() {
    let line = Line::new(On::Embedded).expect("needs no server");
    line.configure("http: { domains: [example.com] }");
    line.generate("6");
    assert_eq!(line.run("sixplay-rebuild", &[]).0, Some(0));
    let listen = ["--listen", "127.0.0.1:0"];
    let mut api = line.start("sixplay-api", &listen);
    let mut middleware = line.start("sixplay-middleware", &listen);
    for (addr, path, hosts) in [
        (
            api.addr(),
            "/v1/programs",
            ["bo.api.example.com", "bo.example.com"],
        ),
        (
            middleware.addr(),
            WEB,
            ["pc.middleware.example.com", "pc.example.com"],
        ),
    ] {
        for host in hosts {
            assert_eq!(Client::new(addr, host).get(path).0, 200, "{host}");
            let foreign = host.replace("example.com", "attacker.test");
            let (status, body) = Client::new(addr, &foreign).get(path);
            assert_eq!(status, 421, "{foreign}: {body}");
        }
    }
}

const FULL: &str = "firewall: { allow: { default: true } }";
const PUBLISHED_ONLY: &str = "{ firewall: { allow: { default: true } }, \
     entities: { program: { published: true }, video: { published: true } } }";

#[test]
fn a_client_changes_nothing_that_its_file_hides_from_it() {
    let line = Line::new(On::Embedded).expect("needs no server");
    let users = line.dir.path().join("users");
    std::fs::create_dir(&users).expect("a folder");
    for (name, text) in [("full", FULL), ("mob", PUBLISHED_ONLY)] {
        std::fs::write(users.join(format!("{name}.yml")), text).expect("a file");
    }
    line.generate("6");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let addr = program.addr();
    let [full, mob] =
        ["full", "mob"].map(|name| Client::new(addr, &format!("{name}.api.localhost")));
    let id = mob.ok("/v1/programs?limit=1")["items"][0]["id"].clone();
    let path = format!("/v1/programs/{id}");

    let change = |client: &Client, body| client.patch(&path, &body).expect("an answer");
    let (status, hidden) = change(&mob, json!({ "enabled": false, "title": "Caché" }));
    assert_eq!(
        (status, &hidden["published"], &hidden["title"]),
        (200, &json!(false), &json!("Caché")),
        "the change that hides it from its author is answered as committed: {hidden}"
    );
    let (status, body) = change(&mob, json!({ "title": "Par qui ne le voit pas" }));
    assert_eq!(status, 404, "{body}");
    assert_eq!(mob.get(&path).0, 404);
    assert_eq!(full.ok(&path), hidden);
    assert_eq!(change(&full, json!({ "enabled": true })).0, 200);
    assert_eq!(change(&mob, json!({ "title": "Revu" })).0, 200);
}
