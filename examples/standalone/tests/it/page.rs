//! `docs/http.md` lists every route and parameter as the tables declare them.
//! `SIXPLAY_WRITE_DOCS=1` writes the list anew.

use std::{collections::BTreeSet, path::Path};

use sixplay_core::Store;
use sixplay_http::{ClientName, Param, ParamRule, Route, Routes, Users};
use sixplay_index::Index;
use tempfile::TempDir;

const MARK: &str = "<!-- from here on generated from the route tables -->\n";
const MAX_COLUMNS: usize = 100;

#[tokio::test]
async fn the_page_of_routes_is_up_to_date() {
    let expected = list_all_routes().await;
    let too_wide = |line: &&str| line.chars().count() > MAX_COLUMNS;
    assert_eq!(expected.lines().find(too_wide), None);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/http.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, found) = page.split_once(MARK).expect("the mark");
    if std::env::var_os("SIXPLAY_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{MARK}{expected}")).unwrap();
    } else {
        assert_eq!(found, expected, "run this test with SIXPLAY_WRITE_DOCS=1");
    }
}

#[tokio::test]
async fn the_names_that_every_program_takes_in_a_clients_file_are_those_of_the_tables() {
    let [api, middleware] = all_tables().await;
    let in_tables = api.client_names().chain(middleware.client_names());
    let in_tables: BTreeSet<ClientName> = in_tables.collect();
    assert_eq!(
        sixplay_startup::product_names().collect::<BTreeSet<_>>(),
        in_tables
    );
}

async fn list_all_routes() -> String {
    let [api, middleware] = all_tables().await;
    write_section("API", api.routes()) + &write_section("Middleware", middleware.routes())
}

/// The tables of the API and the middleware.
async fn all_tables() -> [Routes; 2] {
    let dir = TempDir::new().unwrap();
    let url = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
    let store = Store::connect(&url("store")).await.unwrap();
    let index = Index::connect(&url("index")).await.unwrap();
    let users = Users::load(dir.path()).unwrap();
    let api = sixplay_api::service(store, users.clone()).unwrap();
    let middleware = sixplay_middleware::service(index, users).unwrap();
    [api, middleware].map(|service| service.get_ref().clone())
}

fn write_section(title: &str, routes: &[Route]) -> String {
    let mut section = format!("\n## {title}\n\n");
    let base = long_base_of(routes);
    if !base.is_empty() {
        section += &format!("`…` stands for `{base}`.\n\n");
    }
    let lines = routes.iter().map(|route| write_route(route, &base));
    section += &lines.collect::<String>();
    section += "\n| parameter | value | |\n|---|---|---|\n";
    let rows = distinct_params(routes).into_iter().map(write_param);
    section + &rows.collect::<String>()
}

/// The segments with which all templates begin; a single one is not worth a name.
fn long_base_of(routes: &[Route]) -> String {
    let segments = |route: &Route| route.template().split('/').map(str::to_owned).collect();
    let mut base: Vec<String> = segments(&routes[0]);
    for route in routes {
        let own: Vec<String> = segments(route);
        let shared = base
            .iter()
            .zip(&own)
            .take_while(|(one, other)| one == other);
        base.truncate(shared.count());
    }
    if base.len() > 2 {
        base.join("/")
    } else {
        String::new()
    }
}

/// Method, path and name of a route; in a second line its parameters.
fn write_route(route: &Route, base: &str) -> String {
    let path = match route.template().strip_prefix(base) {
        Some(rest) if !base.is_empty() => format!("…{rest}"),
        _ => route.template().to_owned(),
    };
    let head = format!("- `{} {path}`, route `{}`", route.method(), route.name());
    let params: Vec<String> = route.declared_params().iter().map(write_use).collect();
    match params.is_empty() {
        true => format!("{head}\n"),
        false => format!("{head}:\n  {}\n", params.join(", ")),
    }
}

/// A parameter as one route has it: with its default, or the words that it may be.
fn write_use(param: &Param) -> String {
    let name = param.name;
    match &param.rule {
        ParamRule::Int {
            default: Some(default),
            ..
        } => format!("`{name}` = {default}"),
        ParamRule::Enum { values, .. } => format!("`{name}` ({})", values.join(" or ")),
        _ => format!("`{name}`"),
    }
}

/// Each parameter once; in all routes it means the same.
fn distinct_params(routes: &[Route]) -> Vec<&Param> {
    let mut distinct: Vec<&Param> = Vec::new();
    for param in routes.iter().flat_map(Route::declared_params) {
        match distinct.iter().find(|known| known.name == param.name) {
            Some(known) => assert_eq!(write_param(known), write_param(param)),
            None => distinct.push(param),
        }
    }
    distinct
}

fn write_param(param: &Param) -> String {
    let value = match &param.rule {
        ParamRule::Int { min, max, .. } => format!("{min} to {max}"),
        ParamRule::List => "words, between commas".to_owned(),
        ParamRule::Enum { .. } => "one of the route's words".to_owned(),
        _ => "text".to_owned(),
    };
    format!("| `{}` | {value} | {} |\n", param.name, param.about)
}
