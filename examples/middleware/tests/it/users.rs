//! The clients' files, as far as the middleware reads them.

use http::Method;
use sixplay_core::ErrorKind;
use sixplay_http::Users;
use tempfile::TempDir;

use super::{default_users, embedded_index};
use crate::ask::ask;

const OPEN: &str = "firewall: { allow: { methods: { get: true } } }\n";

/// Users whose files are open for GET and have these `parameters`.
fn write_users(dir: &TempDir, files: &[(&str, &str)]) -> Users {
    for (name, parameters) in files {
        let text = format!("{OPEN}parameters: {parameters}");
        std::fs::write(dir.path().join(format!("{name}.yml")), text).unwrap();
    }
    Users::load(dir.path()).unwrap()
}

#[tokio::test]
async fn a_client_asks_for_the_platforms_of_its_file_or_for_any_without_a_list() {
    let dir = TempDir::new().unwrap();
    let users = [
        ("android", "{ platforms: [a, b] }"),
        ("pc", "{}"),
        ("tv", "{ platforms: [] }"),
    ];
    let users = write_users(&dir, &users);
    let service = sixplay_middleware::service(embedded_index(&dir).await, users).unwrap();
    for (user, platform, granted) in [
        ("android", "a", true),
        ("android", "b", true),
        ("android", "c", false),
        ("android", "A", false),
        ("pc", "anything", true),
        ("tv", "anything", true),
    ] {
        let path = format!("/6play/v2/platforms/{platform}/services/6play");
        let answer = ask(&service, Method::GET, &format!("{user}.x.test"), &path).await;
        // the index is not built: whoever may ask is told so
        let expected = if granted { 503 } else { 403 };
        assert_eq!(answer.status, expected, "{user} {platform}");
    }
}

#[tokio::test]
async fn platforms_that_are_no_list_of_words_are_refused_naming_file_key_and_value() {
    for (platforms, value) in [
        ("web", "web"),
        ("[1]", "[1]"),
        ("{ a: b }", "a"),
        ("", "null"),
    ] {
        let dir = TempDir::new().unwrap();
        let parameters = format!("{{ platforms: {platforms} }}");
        let users = write_users(&dir, &[("pc", "{}"), ("android", &parameters)]);
        let service = sixplay_middleware::service(embedded_index(&dir).await, users);
        let error = service.map(drop).unwrap_err();
        let shown = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Config, "{shown}");
        for named in ["android.yml", "parameters.platforms", value] {
            assert!(shown.contains(named), "{platforms}: {shown}");
        }
    }
}

#[test]
fn the_default_users_read_the_middleware_for_their_platform_and_the_back_office_writes() {
    let users = default_users();
    for (name, platform) in [
        ("pc", "m6group_web"),
        ("ios", "m6group_iphone"),
        ("android", "m6group_androidmob"),
        ("chromecast", "chromecast"),
    ] {
        let user = users.get(name).unwrap();
        let platforms = serde_json::json!([platform]);
        assert_eq!(user.parameter("platforms"), Some(&platforms));
        assert!(user.allows(&Method::GET, "middleware", "middleware_video"));
        assert!(!user.allows(&Method::GET, "videos", "api_video"));
        assert!(!user.allows(&Method::PATCH, "programs", "api_program_change"));
    }
    let bo = users.get("bo").unwrap();
    assert!(bo.allows(&Method::PATCH, "programs", "api_program_change"));
    assert!(!bo.allows(&Method::GET, "middleware", "middleware_video"));
}
