//! `docs/http.md` lists every route and parameter as the tables declare them.
//! `SIXPLAY_WRITE_DOCS=1` writes the list anew.

use std::path::Path;

use sixplay_core::store::Store;
use sixplay_http::{Param, Route, Rule, Users, api, middleware, middleware::MiddlewareConfig};
use sixplay_index::Index;
use tempfile::TempDir;

const MARK: &str = "<!-- from here on generated from the route tables -->\n";

#[tokio::test]
async fn the_page_of_routes_is_up_to_date() {
    let dir = TempDir::new().unwrap();
    let url = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
    let (store, index) = (
        Store::connect(&url("store")).await.unwrap(),
        Index::connect(&url("index")).await.unwrap(),
    );
    let users = Users::load(dir.path()).unwrap();
    let api = api::service(store, users.clone()).unwrap();
    let middleware = middleware::service(index, users, MiddlewareConfig::default()).unwrap();
    let list = section("API", api.get_ref().routes())
        + &section("Middleware", middleware.get_ref().routes());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/http.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, found) = page.split_once(MARK).expect("the mark");
    if std::env::var_os("SIXPLAY_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{MARK}{list}")).unwrap();
    } else {
        assert_eq!(found, list, "run this test with SIXPLAY_WRITE_DOCS=1");
    }
}

fn section(title: &str, routes: &[Route]) -> String {
    let lines = routes.iter().map(|route| {
        let params: Vec<String> = route.declared().iter().map(param).collect();
        format!(
            "| `{}` | `{} {}` | {} |\n",
            route.name(),
            route.method(),
            route.template(),
            params.join("; ")
        )
    });
    format!(
        "\n## {title}\n\n| route | request | parameters |\n|---|---|---|\n{}",
        lines.collect::<String>()
    )
}

fn param(param: &Param) -> String {
    let rule = match &param.rule {
        Rule::Int {
            min, max, default, ..
        } => format!(
            " {min} to {max}{}",
            default.map_or(String::new(), |it| format!(", default {it}"))
        ),
        Rule::Enum { values, .. } => format!(" {}", values.join(", ")),
        _ => String::new(),
    };
    format!(
        "`{}`{rule}: {}",
        param.name,
        param.about.trim_end_matches('.')
    )
}
