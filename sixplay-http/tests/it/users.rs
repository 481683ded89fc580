//! Domain users: their files, what they may do, and how a request finds its user.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Response};
use sixplay_core::{ErrorKind, Result};
use sixplay_http::{
    DomainUserLayer, DomainUserService, ErrorFormat, Request, Route, Routes, Users,
    domain_user::Flag, json,
};
use tempfile::TempDir;
use tower::Layer;

use crate::ask::{Answer, ask};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn load(files: &[(&str, &str)]) -> Users {
    Users::load(folder(files).path()).unwrap()
}

const ANDROID: &str = "
cache:
    default: 60
    routes: { hello: 5 }
firewall:
    user_access: { default_state: false, lists: { office: true } }
    allow: { default: true, methods: { DELETE: false } }
entities:
    article: { active: true, kind: news, size: 3 }
parameters:
    platforms: [a, b]
    nested: { deep: [1, {x: null}] }
";

#[test]
fn a_file_with_every_key_is_read_as_it_is() {
    let users = load(&[
        ("android.yml", ANDROID),
        ("pc.yaml", ""),
        ("README.md", "no user"),
    ]);
    let names: Vec<&str> = users.iter().map(|user| user.name()).collect();
    assert_eq!(names, ["android", "pc"]);
    let android = users.get("ANDROID").unwrap();
    assert_eq!(
        (
            android.cache_seconds("hello", Some(9)),
            android.cache_seconds("other", Some(9)),
            android.cache_seconds("other", None)
        ),
        (5, 9, 60)
    );
    assert!(android.may_ask("b") && !android.may_ask("c"));
    assert_eq!(
        android
            .entity_flag("article", "active")
            .and_then(Flag::as_bool),
        Some(true)
    );
    assert_eq!(
        android.entity_flag("article", "kind"),
        Some(&Flag::Text("news".to_owned()))
    );
    assert_eq!(
        (
            android.entity_flag("article", "old"),
            android.entity_flag("video", "active")
        ),
        (None, None)
    );
    assert_eq!(
        android.parameter("nested"),
        Some(&serde_json::json!({"deep": [1, {"x": null}]}))
    );
    assert!(!android.user_access().default_state && android.user_access().lists["office"]);
}

#[test]
fn an_empty_file_is_a_user_who_may_do_nothing() {
    let users = load(&[("pc.yml", "")]);
    let pc = users.get("pc").unwrap();
    assert!(
        !pc.allows(&Method::GET, "", "hello")
            && pc.may_ask("anything")
            && pc.user_access().default_state
    );
    assert_eq!(pc.cache_seconds("hello", None), 300);
}

#[test]
fn what_a_file_may_not_say_is_refused_naming_file_key_and_value() {
    for (text, named) in [
        ("cache: { defaults: 3 }", "defaults"),
        ("cache: { default: soon }", "cache.default"),
        ("cache: { default: -1 }", "-1"),
        ("cache: { routes: { hello: often } }", "often"),
        ("firewall: { allow: { route: {} } }", "route"),
        ("firewall: { allow: { methods: { fetch: true } } }", "fetch"),
        (
            "firewall: { allow: { default: 3 } }",
            "firewall.allow.default",
        ),
        ("entities: { article: 3 }", "entities.article"),
        ("parameters: { platforms: web }", "parameters.platforms"),
        ("parameters: { platforms: [1] }", "parameters.platforms"),
        ("[]", "android.yml"),
        ("a: [", "android.yml"),
    ] {
        let dir = folder(&[("android.yml", text)]);
        let error = Users::load(dir.path()).unwrap_err();
        let shown = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        assert!(
            shown.contains(named) && shown.contains("android.yml"),
            "{text}: {shown}"
        );
    }
}

#[test]
fn names_are_one_lower_case_label_with_one_file() {
    for files in [
        &[("Pc.yml", "")][..],
        &[("a-b.yml", "")],
        &[("a.b.yml", "")],
        &[("pc.yml", ""), ("pc.yaml", "")],
    ] {
        assert_eq!(
            Users::load(folder(files).path()).unwrap_err().kind(),
            ErrorKind::Config,
            "{files:?}"
        );
    }
    assert_eq!(
        Users::load(Path::new("/does/not/exist"))
            .unwrap_err()
            .kind(),
        ErrorKind::Config
    );
    let dir = folder(&[("pc.yml", "")]);
    assert_eq!(
        Users::load_with(dir.path(), Some("web"), 300)
            .unwrap_err()
            .kind(),
        ErrorKind::Config
    );
}

#[test]
fn a_later_rule_overrules_an_earlier_one_both_ways() {
    let rules = [
        "default: {}",
        "methods: { get: {} }",
        "resources: { things: {} }",
        "routes: { hello: {} }",
    ];
    for decisive in 0..rules.len() {
        for granted in [true, false] {
            let lines = rules[..=decisive].iter().enumerate();
            let lines: Vec<String> = lines
                .map(|(place, rule)| {
                    rule.replace("{}", &(granted == (place == decisive)).to_string())
                })
                .collect();
            let text = format!("firewall: {{ allow: {{ {} }} }}", lines.join(", "));
            let users = load(&[("pc.yml", &text)]);
            let pc = users.get("pc").unwrap();
            assert_eq!(
                pc.allows(&Method::GET, "things", "hello"),
                granted,
                "{text}"
            );
            assert_eq!(
                pc.allows(&Method::HEAD, "things", "hello"),
                granted,
                "{text}"
            );
        }
    }
}

#[test]
fn debug_routes_are_granted_by_their_own_flag() {
    let users = load(&[
        ("pc.yml", "firewall: { allow: { allow_debug_route: true } }"),
        ("ios.yml", ""),
    ]);
    assert!(
        users
            .get("pc")
            .unwrap()
            .allows(&Method::GET, "", "_profiler")
            && !users.get("pc").unwrap().allows(&Method::GET, "", "hello")
    );
    assert!(
        !users
            .get("ios")
            .unwrap()
            .allows(&Method::GET, "", "_profiler")
    );
}

async fn hello(request: Request) -> Result<Response<Bytes>> {
    Ok(json(format!(
        "\"{}\"",
        request.user().map_or("nobody", |user| user.name())
    )))
}

fn service(default_user: Option<&str>) -> DomainUserService<Routes> {
    let open = "firewall: { allow: { methods: { get: true } } }";
    let no_cache = "cache: { default: 0 }\nfirewall: { allow: { default: true } }";
    let dir = folder(&[
        ("android.yml", open),
        ("bo.yml", no_cache),
        ("locked.yml", ""),
    ]);
    let users = Users::load_with(dir.path(), default_user, 120).unwrap();
    let routes = [
        Route::get("hello", "/", hello),
        Route::new(Method::PATCH, "change", "/", hello),
        Route::new(Method::PUT, "put", "/put", hello),
    ];
    let routes = Routes::new(ErrorFormat::Historic, routes).unwrap();
    DomainUserLayer::new(users, ErrorFormat::Historic).layer(routes)
}

async fn get(host: &str) -> Answer {
    ask(&service(None), Method::GET, host, "/").await
}

#[tokio::test]
async fn the_hosts_first_label_is_the_user() {
    for host in [
        "android.api.test",
        "ANDROID.Api.test:8080",
        "android.api.test.",
    ] {
        assert_eq!(get(host).await.body, "\"android\"", "{host}");
    }
}

#[tokio::test]
async fn an_unknown_user_is_403_and_no_label_is_the_default_user() {
    let answer = get("windows.api.test").await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str()),
        (403, r#"{"error":{"code":403,"message":"Forbidden"}}"#)
    );
    for host in ["localhost:8080", "127.0.0.1:80", ""] {
        assert_eq!(get(host).await.status, 403, "{host}");
        assert_eq!(
            ask(&service(Some("android")), Method::GET, host, "/")
                .await
                .body,
            "\"android\"",
            "{host}"
        );
    }
    assert_eq!(
        ask(
            &service(Some("android")),
            Method::GET,
            "windows.api.test",
            "/"
        )
        .await
        .status,
        403
    );
}

#[tokio::test]
async fn rules_are_enforced_and_shown_in_allow() {
    let service = service(None);
    assert_eq!(get("locked.api.test").await.status, 403);
    assert_eq!(
        ask(&service, Method::PATCH, "android.api.test", "/")
            .await
            .status,
        403
    );
    assert_eq!(
        ask(&service, Method::PATCH, "bo.api.test", "/")
            .await
            .status,
        200
    );
    let allow = |answer: Answer| (answer.status.as_u16(), answer.header("allow").to_owned());
    assert_eq!(
        allow(ask(&service, Method::OPTIONS, "android.api.test", "/").await),
        (204, "GET, HEAD, OPTIONS".to_owned())
    );
    assert_eq!(
        allow(ask(&service, Method::DELETE, "bo.api.test", "/").await),
        (405, "GET, HEAD, PATCH, OPTIONS".to_owned())
    );
    assert_eq!(
        ask(&service, Method::OPTIONS, "android.api.test", "/put")
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn cache_time_is_the_clients() {
    assert_eq!(
        get("android.api.test").await.header("cache-control"),
        "public, max-age=120"
    );
    assert_eq!(get("bo.api.test").await.header("cache-control"), "no-store");
    let written = ask(&service(None), Method::PATCH, "bo.api.test", "/").await;
    assert_eq!(
        (written.status.as_u16(), written.header("cache-control")),
        (200, "")
    );
}

#[test]
fn the_examples_users_are_valid() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shell/users");
    let users = Users::load_with(&dir, Some("pc"), 300).unwrap();
    for (name, platform) in [
        ("pc", "m6group_web"),
        ("ios", "m6group_iphone"),
        ("android", "m6group_androidmob"),
        ("chromecast", "chromecast"),
    ] {
        let user = users.get(name).unwrap();
        assert_eq!(user.platforms(), [platform]);
        assert!(
            user.allows(&Method::GET, "middleware", "middleware_video")
                && !user.allows(&Method::GET, "videos", "api_video")
        );
        assert!(!user.allows(&Method::PATCH, "programs", "api_program_change"));
    }
    let bo = users.get("bo").unwrap();
    assert!(
        bo.allows(&Method::PATCH, "programs", "api_program_change")
            && !bo.allows(&Method::GET, "middleware", "middleware_video")
    );
}
