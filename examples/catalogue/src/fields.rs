//! The names of the documents' fields, each declared once: the mappings name them to the index, the
//! renderer writes them, and whoever reads the index filters and sorts by them.
//!
//! Instants are Unix times in microseconds. The two fields that say when readers see a document are
//! the index's own and not listed here.

/// The document's id, as text.
pub const ID: &str = "id";
/// The code of a service, the slug of a program.
pub const CODE: &str = "code";
/// The name of a folder.
pub const NAME: &str = "name";
/// The title of a program or a video, searched as French text.
pub const TITLE: &str = "title";
/// What lists sort titles by: its folded words, then its accents.
pub const TITLE_SORT: &str = "title_sort";
/// The letter that a title is filed under ([`initial_of`](crate::initial_of)).
pub const INITIAL: &str = "initial";
/// The ids of the folders that show a program, as text.
pub const FOLDERS: &str = "folders";
/// The codes of the root services that list a service.
pub const ROOTS: &str = "roots";
/// The codes of the platforms on which a service or a folder is shown.
pub const PLATFORMS: &str = "platforms";
/// The codes of the services under which a folder is found: its own and that one's roots.
pub const SERVICES: &str = "services";
/// The place of a service among others, a number.
pub const PRIORITY: &str = "priority";
/// The place of a folder among others, a number.
pub const SORT_INDEX: &str = "sort_index";
/// The level of the age rating, a number; 0 without one.
pub const CSA: &str = "csa";
/// The instant at which the newest visible video of a program was published.
pub const LAST_PUBLICATION: &str = "last_publication";
/// The next instant at which a program comes to a platform and service or leaves one; missing when
/// none is known. Programs to come are in the index with it, hidden until then.
pub const NEXT_TURN: &str = "next_turn";
/// The id of the program that a video belongs to, as text.
pub const PROGRAM: &str = "program";
/// The type of a video: `vi`, `vc`, `playlist` or `ci`.
pub const TYPE: &str = "type";
/// The ids of a video's sub-categories, as text.
pub const SUBCATS: &str = "subcats";
/// The lowest place among a video's sub-categories, a number.
pub const SUBCAT_SORT: &str = "subcat_sort";
/// The season of a video, a number.
pub const SEASON: &str = "season";
/// The episode of a video, a number.
pub const EPISODE: &str = "episode";
/// The instant at which a video was published.
pub const PUBLICATION: &str = "publication";
/// The publication windows; each is a
/// [`DocumentWindow`](crate::documents::DocumentWindow).
pub const WINDOWS: &str = "windows";
/// What clients are shown; [`StoredBody`](crate::StoredBody) takes it apart.
pub const BODY: &str = "body";

/// The fields of one window of [`WINDOWS`].
pub mod windows {
    /// The code of the platform.
    pub const PLATFORM: &str = "platform";
    /// The codes of the service and of the root services that list it.
    pub const SERVICES: &str = "services";
    /// The first instant of the window.
    pub const FROM: &str = "from";
    /// The first instant after the window; missing when no end is known.
    pub const UNTIL: &str = "until";
}

/// The members of [`BODY`], none of which is searched.
pub mod body {
    /// The instant at which time alone changes what the body says.
    pub const NEXT_CHANGE: &str = "next_change";
    /// What every client is shown, or every client of one platform.
    pub const BASE: &str = "base";
    /// By name, the parts that a client must ask for.
    pub const WITH: &str = "with";
    /// By code, what only the clients of one platform are shown.
    pub const PLATFORMS: &str = "platforms";
    /// By name, the parts whose members join the objects of an array one by one.
    pub const EACH: &str = "each";
    /// By name, the parts of which some clients are not shown every object of an array: where each
    /// is shown.
    pub const SHOWN: &str = "shown";
}

/// The names of the parts of a body, as clients ask for them.
pub mod parts {
    /// What a program shows outside lists.
    pub const DETAIL: &str = "detail";
    /// The links of a program.
    pub const LINKS: &str = "links";
    /// The sub-categories of a program.
    pub const SUBCATS: &str = "subcats";
    /// What a program may be used for.
    pub const RIGHTS: &str = "rights";
    /// The channels of a service.
    pub const CHANNELS: &str = "channels";
    /// The packs of a service or a video.
    pub const FREEMIUMPACKS: &str = "freemiumpacks";
    /// What the back office noted on a video.
    pub const EXTRA_DATA: &str = "extra_data";
    /// The tags of a video.
    pub const TAGS: &str = "tags";
    /// The sub-categories of a video.
    pub const PROGRAM_SUBCATS: &str = "program_subcats";
    /// The images of a video's program.
    pub const PROGRAM_IMAGES: &str = "program_images";
    /// The images of the service whose colours a video wears.
    pub const SERVICE_DISPLAY_IMAGES: &str = "service_display_images";
    /// The clips of a video with their files.
    pub const CLIPS: &str = "clips";
    /// When a video's rights end.
    pub const EXPIRATION: &str = "expiration";
}
