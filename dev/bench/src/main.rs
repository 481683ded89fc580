//! Measures the line against named references in the same run; `dev/bench/run` builds and starts
//! it.
//!
//! | figure | is | reference |
//! |---|---|---|
//! | `freshness` | ms from a commit to the new document | the same document written directly |
//! | `rebuild` | documents/s of a whole rebuild | a plain loop that writes the same documents |
//! | `middleware` | requests/s of a page of 20 videos | a bare hyper server of the same bytes |

use std::path::Path;

use serde_json::json;

mod freshness;
mod page;
mod place;
mod rebuild;

use place::Place;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// About 20,000 videos.
const PROGRAMS: usize = 1110;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["rebuild-only", store, index, prefix] => rebuild::run_alone(store, index, prefix).await,
        ["serve-middleware", index] => page::serve_middleware(index).await,
        ["serve-bytes", file] => page::serve_bytes(Path::new(file)).await,
        ref figures => {
            let wanted = |figure| figures.is_empty() || figures.contains(&figure);
            if wanted("freshness") {
                measure_freshness().await?;
            }
            if wanted("rebuild") || wanted("middleware") {
                measure_large(wanted("rebuild"), wanted("middleware")).await?;
            }
            Ok(())
        }
    }
}

async fn measure_freshness() -> Result<(), Failed> {
    freshness::measure("embedded", &Place::embedded()?).await?;
    if let Some(place) = Place::services().await? {
        freshness::measure("services", &place).await?;
        place.remove().await?;
    }
    Ok(())
}

async fn measure_large(rebuilds: bool, pages: bool) -> Result<(), Failed> {
    let place = Place::embedded()?;
    let store = place.fill(PROGRAMS).await?;
    rebuild::measure("embedded", &place, &store).await?;
    if pages {
        page::measure(&place, &store).await?;
    }
    if rebuilds && let Some(place) = Place::services().await? {
        let store = place.fill(PROGRAMS).await?;
        rebuild::measure("services", &place, &store).await?;
        place.remove().await?;
    }
    Ok(())
}

/// Prints one figure for people and as JSON.
fn print_figure(name: &str, on: &str, numbers: &[(&str, f64)]) {
    let mut shown = format!("{name:<11} {on:<9}");
    let mut object = json!({ "figure": name, "on": on });
    for (key, value) in numbers {
        shown += &format!("  {key} {value:.2}");
        object[*key] = json!(value);
    }
    println!("{shown}\n{object}");
}
