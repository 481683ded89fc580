//! The rows behind one root document: what the rules need as values, the rest as rendered members.

use std::sync::Arc;

/// A service, or what another document says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    pub code: String,
    pub enabled: bool,
    pub priority: i64,
    pub template: Option<String>,
    /// Enabled services under which it is listed.
    pub roots: Vec<String>,
    pub members: String,
    /// `{code, id, priority}`, without braces.
    pub reference: String,
    pub images: Vec<String>,
    pub platforms: Vec<String>,
    pub channels: Vec<String>,
    pub packs: Vec<String>,
    pub products: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub id: i64,
    pub name: String,
    pub enabled: bool,
    pub sort_index: Option<i64>,
    pub service: Arc<Service>,
    pub members: String,
}

/// A publication window with the switches that close it.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    pub platform: Arc<str>,
    pub platform_enabled: bool,
    pub service: Arc<Service>,
    pub opens: i64,
    pub closes: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Video {
    pub id: String,
    pub enabled: bool,
    pub kind: String,
    pub title: String,
    pub publication: Option<i64>,
    /// `None`: it belongs to no program.
    pub program: Option<Arc<Program>>,
    pub rating: Option<Rating>,
    pub members: String,
    pub extra_datas: Option<String>,
    pub tags: Option<String>,
    pub display_image: Option<String>,
    pub images: Vec<String>,
    pub service_display: Option<Arc<Service>>,
    pub services: Vec<Arc<Service>>,
    pub sub_categories: Vec<SubCategory>,
    pub packs: Vec<String>,
    pub products: Vec<String>,
    pub clips: Vec<Arc<Clip>>,
    pub windows: Vec<Window>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct SubCategory {
    pub id: i64,
    pub sort_index: Option<i64>,
    pub json: String,
}

/// An age rating: its order and its object.
#[derive(Clone, Debug, Default)]
pub(super) struct Rating {
    pub level: i64,
    pub json: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Clip {
    pub enabled: bool,
    pub season: Option<i64>,
    pub episode: Option<i64>,
    pub members: String,
    pub program: Option<String>,
    pub rating: Option<String>,
    pub product: Option<String>,
    pub images: Vec<String>,
    pub chapters: Vec<String>,
    pub areas: Vec<String>,
    pub assets: Vec<Asset>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Asset {
    pub platform: String,
    pub json: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub id: i64,
    pub code: String,
    pub enabled: bool,
    pub title: String,
    pub members: String,
    /// `{code, id, title}`, without braces.
    pub reference: String,
    pub detail: String,
    pub rights: Option<String>,
    pub rating: Option<Rating>,
    pub kind: Option<String>,
    pub service_display: Option<Arc<Service>>,
    pub images: Vec<String>,
    pub services: Vec<Arc<Service>>,
    pub products: Vec<String>,
    pub links: Vec<String>,
    pub sub_categories: Vec<String>,
    pub diffusions: Vec<Diffusion>,
    /// Enabled folders of enabled services.
    pub folders: Vec<i64>,
    pub videos: Vec<Member>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Diffusion {
    pub start: i64,
    pub json: String,
}

/// A video as its program counts it: enabled, with an enabled clip.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    pub kind: String,
    pub publication: Option<i64>,
    pub windows: Vec<Window>,
}
