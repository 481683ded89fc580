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
