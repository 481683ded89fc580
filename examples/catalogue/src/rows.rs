//! The rows behind one document: what the rules need as values, the rest as written JSON.

use std::sync::Arc;

use sixplay_core::Visible;

/// A service, or what another document says of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceRows {
    pub code: String,
    pub enabled: bool,
    pub priority: i64,
    pub template: Option<String>,
    /// Enabled services under which it is listed.
    pub roots: Vec<String>,
    /// What the row itself shows, without braces.
    pub members: String,
    /// `{code, id, priority}`, without braces.
    pub reference: String,
    /// Objects, as all lists of JSON here.
    pub images: Vec<String>,
    /// Codes of enabled platforms on which it is shown.
    pub platforms: Vec<String>,
    pub channels: Vec<String>,
    pub packs: Vec<String>,
    pub products: Vec<String>,
}

/// A folder with its service.
#[derive(Clone, Debug, Default)]
pub(crate) struct FolderRows {
    pub id: i64,
    pub name: String,
    pub enabled: bool,
    pub sort_index: Option<i64>,
    pub service: Arc<ServiceRows>,
    /// What the row itself shows, without braces.
    pub members: String,
}

/// A publication window with the switches that close it.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublicationWindow {
    pub platform: Arc<str>,
    pub platform_enabled: bool,
    pub service: Arc<ServiceRows>,
    /// When it is open, as far as the clock decides.
    pub visible: Visible,
    /// Its end in Unix microseconds, which may lie behind every instant.
    pub closes: Option<i64>,
}

/// A video with all that its document shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct VideoRows {
    pub id: String,
    pub enabled: bool,
    pub video_type: String,
    pub title: String,
    /// Unix time in microseconds.
    pub publication: Option<i64>,
    /// `None`: it belongs to no program.
    pub program: Option<Arc<ProgramRows>>,
    pub rating: Option<AgeRating>,
    /// What the row itself shows, without braces.
    pub members: String,
    /// Any JSON of the back office.
    pub extra_datas: Option<String>,
    pub tags: Option<String>,
    pub display_image: Option<String>,
    pub images: Vec<String>,
    /// The service whose colours it wears.
    pub service_display: Option<Arc<ServiceRows>>,
    pub services: Vec<Arc<ServiceRows>>,
    pub sub_categories: Vec<VideoSubCategory>,
    pub packs: Vec<String>,
    pub products: Vec<String>,
    /// All of them, the disabled ones too.
    pub clips: Vec<Arc<ClipRows>>,
    pub windows: Vec<PublicationWindow>,
}

/// A sub-category as a video lists it.
#[derive(Clone, Debug, Default)]
pub(crate) struct VideoSubCategory {
    pub id: i64,
    pub sort_index: Option<i64>,
    pub json: String,
}

/// An age rating: its order and its object.
#[derive(Clone, Debug, Default)]
pub(crate) struct AgeRating {
    pub level: i64,
    pub json: String,
}

/// A clip with its product, chapters, areas and files.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClipRows {
    pub id: i64,
    /// The id of the video that it is by itself.
    pub video: String,
    /// That video with what decides whether it is shown; loaded for clips that stand in another
    /// one.
    pub own: Option<Arc<VideoRows>>,
    pub enabled: bool,
    /// Of its product, as is the episode.
    pub season: Option<i64>,
    pub episode: Option<i64>,
    /// What the row itself shows, without braces.
    pub members: String,
    pub program: Option<String>,
    pub rating: Option<String>,
    pub product: Option<String>,
    pub images: Vec<String>,
    pub chapters: Vec<String>,
    pub areas: Vec<String>,
    pub assets: Vec<PlatformAsset>,
}

/// A playable file of a clip.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlatformAsset {
    pub platform: String,
    pub json: String,
}

/// A program, or what another document says of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProgramRows {
    pub id: i64,
    pub code: String,
    pub enabled: bool,
    pub title: String,
    /// What the row itself shows outside the detail, without braces.
    pub members: String,
    /// `{code, id, title}`, without braces.
    pub reference: String,
    /// What the row shows in the detail only, without braces.
    pub detail: String,
    /// What it may be used for, any JSON.
    pub rights: Option<String>,
    pub rating: Option<AgeRating>,
    /// How clients call its episodes: an object.
    pub type_wording: Option<String>,
    /// The service whose colours it wears.
    pub service_display: Option<Arc<ServiceRows>>,
    pub images: Vec<String>,
    pub services: Vec<Arc<ServiceRows>>,
    pub products: Vec<String>,
    pub links: Vec<String>,
    pub sub_categories: Vec<String>,
    /// By time.
    pub broadcasts: Vec<Broadcast>,
    /// Enabled folders of enabled services.
    pub folders: Vec<i64>,
    pub videos: Vec<CountedVideo>,
}

/// A broadcast of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broadcast {
    /// Unix time in microseconds.
    pub start: i64,
    pub json: String,
}

/// A video as its program counts it: enabled, with an enabled clip.
#[derive(Clone, Debug, Default)]
pub(crate) struct CountedVideo {
    pub video_type: String,
    /// Unix time in microseconds.
    pub publication: Option<i64>,
    /// Of a playlist, those in which a clip of it is shown.
    pub windows: Vec<PublicationWindow>,
}
