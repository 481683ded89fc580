//! Domain users: their files, what they may do, and how a request finds its user.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Response};
use sixplay_core::{ErrorKind, Result};
use sixplay_http::{
    DomainUserLayer, DomainUserService, ErrorFormat, HttpConfig, Request, Route, Routes, Users,
    json,
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
    user_access: { default_state: true, lists: {} }
    allow: { default: true, methods: { DELETE: false } }
entities:
    article: { active: true, draft: 0 }
parameters:
    shelves: [a, b]
    nested: { deep: [1, {x: null}] }
";

#[test]
fn every_yaml_file_is_a_user_and_knows_its_file() {
    let users = load(&[
        ("android.yml", ANDROID),
        ("pc.yaml", ""),
        ("README.md", "no user"),
    ]);
    let names: Vec<&str> = users.iter().map(|user| user.name()).collect();
    assert_eq!(names, ["android", "pc"]);
    for (name, file) in [("ANDROID", "android.yml"), ("pc", "pc.yaml")] {
        let user = users.get(name).unwrap();
        assert_eq!(user.file().file_name(), Some(file.as_ref()));
    }
}

#[test]
fn a_file_with_every_key_is_read_as_it_is() {
    let users = load(&[("android.yml", ANDROID)]);
    let android = users.get("android").unwrap();
    assert_eq!(android.cache_seconds("hello", Some(9)), 5);
    assert_eq!(android.cache_seconds("other", Some(9)), 9);
    assert_eq!(android.cache_seconds("other", None), 60);
    assert_eq!(android.entity_flag("article", "active"), Some(true));
    assert_eq!(android.entity_flag("article", "draft"), Some(false));
    assert_eq!(android.entity_flag("article", "old"), None);
    assert_eq!(android.entity_flag("author", "active"), None);
    assert_eq!(
        android.parameter("shelves"),
        Some(&serde_json::json!(["a", "b"]))
    );
    let nested = serde_json::json!({"deep": [1, {"x": null}]});
    assert_eq!(android.parameter("nested"), Some(&nested));
    assert_eq!(android.parameter("other"), None);
}

#[test]
fn an_empty_file_is_a_user_who_may_do_nothing() {
    let users = load(&[("pc.yml", "")]);
    let pc = users.get("pc").unwrap();
    assert!(!pc.allows(&Method::GET, "", "hello"));
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
        ("parameters: [a]", "parameters"),
        ("[]", "android.yml"),
        ("a: [", "android.yml"),
    ] {
        let dir = folder(&[("android.yml", text)]);
        let error = Users::load(dir.path()).unwrap_err();
        let shown = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        assert!(shown.contains(named), "{text}: {shown}");
        assert!(shown.contains("android.yml"), "{text}: {shown}");
    }
}

#[test]
fn a_filter_that_is_not_enforced_is_refused_naming_file_key_and_value() {
    for (text, key, value) in [
        (
            "firewall: { user_access: { default_state: false } }",
            "firewall.user_access.default_state",
            "false",
        ),
        (
            "firewall: { user_access: { lists: { office: true } } }",
            "firewall.user_access.lists",
            "office",
        ),
        (
            "firewall: { user_access: { lists: { office: false } } }",
            "firewall.user_access.lists",
            "office",
        ),
        (
            "entities: { article: { active: 'true' } }",
            "entities.article.active",
            "true",
        ),
        (
            "entities: { article: { active: 2 } }",
            "entities.article.active",
            "2",
        ),
        (
            "entities: { article: { active: 1.0 } }",
            "entities.article.active",
            "1",
        ),
        (
            "entities: { article: { active: maybe } }",
            "entities.article.active",
            "maybe",
        ),
        (
            "entities: { article: { active: } }",
            "entities.article.active",
            "null",
        ),
        (
            "entities: { article: { active: [true] } }",
            "entities.article.active",
            "",
        ),
    ] {
        let dir = folder(&[("android.yml", text)]);
        let error = Users::load(dir.path()).expect_err(text);
        let shown = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        for named in ["android.yml", key, value] {
            assert!(shown.contains(named), "{text}: {shown}");
        }
    }
}

#[test]
fn a_name_that_no_table_has_is_refused_naming_file_key_and_what_there_is() {
    let shelf = Route::get("shelf", "/", hello)
        .resource("shelves")
        .client_flag("book", "published")
        .client_parameter("languages");
    let bench = Route::get("bench", "/", hello);
    let tables = [shelf, bench].map(|route| Routes::new(ErrorFormat::Problem, [route]).unwrap());
    let names = || tables.iter().flat_map(Routes::client_names);
    let known = "
cache: { routes: { shelf: 5, bench: 0 } }
firewall: { allow: { resources: { shelves: true }, routes: { shelf: false, bench: true } } }
entities: { book: { published: true } }
parameters: { languages: [en] }
";
    load(&[("pc.yml", known), ("tv.yml", "")])
        .require_known(names())
        .unwrap();
    for (text, key, there_is) in [
        (
            "cache: { routes: { shlef: 5 } }",
            "cache.routes.shlef",
            "bench, shelf",
        ),
        (
            "firewall: { allow: { routes: { Shelf: false } } }",
            "firewall.allow.routes.Shelf",
            "bench, shelf",
        ),
        (
            "firewall: { allow: { resources: { shelf: false } } }",
            "firewall.allow.resources.shelf",
            "shelves",
        ),
        (
            "entities: { book: { publisehd: true } }",
            "entities.book.publisehd",
            "book.published",
        ),
        (
            "entities: { books: { published: true } }",
            "entities.books.published",
            "book.published",
        ),
        (
            "parameters: { lnaguages: [en] }",
            "parameters.lnaguages",
            "languages",
        ),
    ] {
        let users = load(&[("pc.yml", known), ("tv.yml", text)]);
        let error = users.require_known(names()).unwrap_err();
        let shown = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        for named in [
            "tv.yml",
            &format!("key={key}"),
            &format!("known={there_is}"),
        ] {
            assert!(shown.contains(named), "{text}: {shown}");
        }
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
        let error = Users::load(folder(files).path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{files:?}");
    }
    let error = Users::load(Path::new("/does/not/exist")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let dir = folder(&[("pc.yml", "")]);
    let error = Users::load_with(dir.path(), Some("web"), 300).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
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
            let says = |place| (granted == (place == decisive)).to_string();
            let rules = rules[..=decisive].iter().enumerate();
            let rules = rules.map(|(place, rule)| rule.replace("{}", &says(place)));
            let rules = rules.collect::<Vec<_>>().join(", ");
            let text = format!("firewall: {{ allow: {{ {rules} }} }}");
            let users = load(&[("pc.yml", &text)]);
            let pc = users.get("pc").unwrap();
            for method in [Method::GET, Method::HEAD] {
                assert_eq!(pc.allows(&method, "things", "hello"), granted, "{text}");
            }
        }
    }
}

#[test]
fn debug_routes_are_granted_by_their_own_flag() {
    let users = load(&[
        ("pc.yml", "firewall: { allow: { allow_debug_route: true } }"),
        ("ios.yml", ""),
    ]);
    let (pc, ios) = (users.get("pc").unwrap(), users.get("ios").unwrap());
    assert!(pc.allows(&Method::GET, "", "_profiler"));
    assert!(!pc.allows(&Method::GET, "", "hello"));
    assert!(!ios.allows(&Method::GET, "", "_profiler"));
}

async fn hello(request: Request) -> Result<Response<Bytes>> {
    let name = request.user().map_or("nobody", |user| user.name());
    Ok(json(format!("{name:?}")))
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
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body,
        r#"{"error":{"code":403,"message":"Forbidden"}}"#
    );
    let service = service(Some("android"));
    for host in ["localhost:8080", "127.0.0.1:80", ""] {
        assert_eq!(get(host).await.status, 403, "{host}");
        let answer = ask(&service, Method::GET, host, "/").await;
        assert_eq!(answer.body, "\"android\"", "{host}");
    }
    let answer = ask(&service, Method::GET, "windows.api.test", "/").await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn rules_are_enforced_and_shown_in_allow() {
    let service = service(None);
    assert_eq!(get("locked.api.test").await.status, 403);
    for (host, status) in [("android.api.test", 403), ("bo.api.test", 200)] {
        let answer = ask(&service, Method::PATCH, host, "/").await;
        assert_eq!(answer.status, status, "{host}");
    }
    let options = ask(&service, Method::OPTIONS, "android.api.test", "/").await;
    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    let delete = ask(&service, Method::DELETE, "bo.api.test", "/").await;
    assert_eq!(delete.status, 405);
    assert_eq!(delete.header("allow"), "GET, HEAD, PATCH, OPTIONS");
    let put = ask(&service, Method::OPTIONS, "android.api.test", "/put").await;
    assert_eq!(put.status, 403);
}

#[tokio::test]
async fn cache_time_is_the_clients_and_the_host_says_whose() {
    let read = get("android.api.test").await;
    assert_eq!(read.header("cache-control"), "public, max-age=120");
    assert_eq!(read.header("vary"), "host");
    assert_eq!(get("bo.api.test").await.header("cache-control"), "no-store");
    let written = ask(&service(None), Method::PATCH, "bo.api.test", "/").await;
    assert_eq!(written.status, 200);
    assert_eq!(written.header("cache-control"), "");
}

#[test]
fn a_domain_that_is_none_is_refused_at_load_by_key_and_value() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("http.yml");
    let load = |text: &str| {
        std::fs::write(&file, text).unwrap();
        sixplay_core::config::load::<HttpConfig>(Some(&file), [])
    };
    for domain in [
        "http://a.test",
        "a.test:80",
        "*.a.test",
        "a..test",
        " ",
        "a/b",
    ] {
        let error = load(&format!("domains: [b.test, '{domain}']")).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Config, "{text}");
        assert!(text.contains("domains") && text.contains(domain), "{text}");
    }
    assert_eq!(load("domains: []").unwrap_err().kind(), ErrorKind::Config);
    let http = load("domains: [A.test., '::1', 10.0.0.7]").unwrap();
    assert_eq!(http.domains.to_string(), "a.test, ::1, 10.0.0.7");
}
