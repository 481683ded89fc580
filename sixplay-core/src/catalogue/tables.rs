//! The tables of the catalogue, parents before children.

use super::schema::{
    Column, Table, bool, code, enabled, extra, instant, int, json, line, position, real, text,
};

macro_rules! tables {
    ($($(#[$doc:meta])* $constant:ident = $name:literal key $primary:literal [$($column:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub(super) static $constant: Table = Table { name: $name, primary: $primary, columns: &[$($column),*] };)*
        /// Every table, parents before children.
        pub(super) static TABLES: &[&Table] = &[$(&$constant),*];
    };
}

const fn image() -> Column {
    int("image_id").required().to("images")
}

const fn service() -> Column {
    code("service").required().to("services")
}

const fn platform() -> Column {
    code("platform").required().to("platforms")
}

const fn clip() -> Column {
    int("clip_id").required().to("clips")
}

const fn video() -> Column {
    code("video_id").required().to("videos")
}

const fn program() -> Column {
    int("program_id").required().to("programs")
}

const fn pack() -> Column {
    int("pack_id").required().to("packs")
}

const fn product() -> Column {
    int("product_id").required().to("freemium_products")
}

tables! {
    CUSTOMERS = "customers" key 1 [code("code").required(), line("name").required()];
    PLATFORMS = "platforms" key 1 [code("code").required(), line("name").required(), enabled()];
    SERVICES = "services" key 1 [
        code("code").required(), int("id"), code("customer").to("customers"), line("title"), code("code_url"), code("template").hidden(),
        int("priority").preset(0), int("has_replay").filled(), int("has_mea").filled(), int("has_live").filled(),
        int("has_lifefeed").filled(), int("has_emc").filled(), int("has_category").filled(), enabled(), extra(),
    ];
    /// Under which root services a service is listed; the root itself needs no row.
    SERVICE_ROOTS = "service_roots" key 2 [service(), code("root").required().to("services")];
    SERVICE_PLATFORMS = "service_platforms" key 2 [service(), platform()];
    CHANNELS = "channels" key 1 [code("code").required(), int("id"), code("code_url"), line("title"), code("code_civolution"), extra()];
    SERVICE_CHANNELS = "service_channels" key 2 [service(), position(), code("channel").required().to("channels"), int("main")];
    AGE_RATINGS = "age_ratings" key 1 [
        int("id").required(), code("code").required(), line("label"), int("sort_index"), int("age").filled(), code("icon_name").filled(), extra(),
    ];
    IMAGES = "images" key 1 [
        int("id").required(), code("role").required(), line("external_key").required(), int("sort_index").filled(), line("title").filled(), extra(),
    ];
    SERVICE_IMAGES = "service_images" key 2 [service(), position(), image()];
    FREEMIUM_PRODUCTS = "freemium_products" key 1 [
        int("id").required(), code("code").required(), line("title").filled(), text("description").filled(), code("type").filled(), extra(),
    ];
    PACKS = "packs" key 1 [
        int("id").required(), code("code").required(), line("title").filled(), text("description").filled(), code("type").filled(),
        instant("date_start").filled(), extra(),
    ];
    PACK_PRODUCTS = "pack_products" key 2 [pack(), position(), product()];
    SERVICE_PACKS = "service_packs" key 2 [service(), position(), pack()];
    SERVICE_PRODUCTS = "service_products" key 2 [service(), position(), product()];
    FOLDERS = "folders" key 1 [
        int("id").required(), code("service").required().to("services"), line("name").required(), line("code").filled(),
        int("sort_index").filled(), enabled(), extra(),
    ];
    /// How a program is called in the clients' sentences: "l'épisode", "les émissions".
    PROGRAM_TYPES = "program_types" key 1 [
        int("id").required(), code("code").required(), line("singular"), line("plural"), code("gender"), extra(),
    ];
    PROGRAMS = "programs" key 1 [
        int("id").required(), line("code").required(), line("title").required(), text("description"), line("year_copyright").filled(),
        json("neustar").filled(), int("program_type").to("program_types"), code("service_display").to("services"),
        int("age_rating").to("age_ratings"), text("summary").detail(), line("copyright").detail(), int("sponsored").detail(),
        bool("is_catchup").detail(), bool("contains_freemium").detail(), line("advertising_pack").detail(),
        json("functionality_right").hidden(), enabled(), extra(), json("detail").hidden(),
    ];
    FOLDER_PROGRAMS = "folder_programs" key 2 [int("folder_id").required().to("folders"), program(), position()];
    PROGRAM_SERVICES = "program_services" key 2 [program(), position(), service()];
    PROGRAM_PRODUCTS = "program_products" key 2 [program(), position(), product()];
    PROGRAM_IMAGES = "program_images" key 2 [program(), position(), image()];
    SUB_CATEGORIES = "sub_categories" key 1 [
        int("id").required(), program(), position(), line("title").required(), text("description"), int("sort_index"),
        code("visual_size"), int("extend_display"), extra(),
    ];
    LINKS = "links" key 1 [
        int("id").required(), program(), position(), line("title"), text("url"), code("role"), text("deeplink"), instant("date_start"),
        instant("date_end"), int("sort_index"), extra(),
    ];
    LINK_IMAGES = "link_images" key 2 [int("link_id").required().to("links"), position(), image()];
    /// Broadcasts.
    DIFFUSIONS = "diffusions" key 2 [
        code("channel").required().to("channels"), instant("start_date").required(), instant("end_date").hidden(),
        int("program_id").to("programs"), line("title").hidden(), extra(),
    ];
    PRODUCTS = "products" key 1 [
        int("id").required(), line("title"), text("summary"), code("prid"), line("copyright"), code("year_copyright"), int("season"),
        int("episode"), instant("first_diffusion"), instant("last_diffusion"), extra(),
    ];
    CLIPS = "clips" key 1 [
        int("id").required(), code("video_id").required(), line("code"), code("type"), line("title").required(), text("description"),
        int("duration"), int("program_id").to("programs"), int("product_id").to("products"), int("age_rating").to("age_ratings"),
        real("tc_opening_credits"), real("tc_ending_credits"), int("advertising"), int("exportable"), json("twitter_hashtags"),
        json("freewheel").filled(), enabled(), extra(),
    ];
    CLIP_IMAGES = "clip_images" key 2 [clip(), position(), image()];
    CHAPTERS = "chapters" key 1 [
        int("id").required(), clip(), position(), line("title"), code("chapter_type"), real("tc_in"), real("tc_out"), json("tc_img"),
        int("imported"), extra(),
    ];
    CHAPTER_IMAGES = "chapter_images" key 2 [int("chapter_id").required().to("chapters"), position(), image()];
    /// Where a clip may be seen.
    AREAS = "areas" key 2 [clip(), position(), code("zone_id"), json("countries"), extra()];
    /// Playable files, per platform.
    ASSETS = "assets" key 3 [
        clip(), platform(), position(), int("id"), code("type"), code("protocol"), code("video_container"), code("video_quality"),
        code("video_format"), code("audio_quality"), code("video_protection").filled(), int("video_duration"), line("external_key"),
        text("physical"), text("full_physical_path").required(), code("service_code"), json("ooyala").filled(), json("estat").filled(), extra(),
    ];
    VIDEOS = "videos" key 1 [
        code("id").required(), int("program_id").to("programs"), code("type").required(), line("code"), line("title").required(),
        text("description"), int("duration"), instant("publication_date").filled(), line("player_url"), json("krux").filled(),
        int("display_image").to("images"), code("service_display").to("services"), int("age_rating").to("age_ratings"),
        json("extra_datas").hidden(), json("tags").hidden(), enabled(), extra(),
    ];
    VIDEO_CLIPS = "video_clips" key 2 [video(), position(), clip()];
    VIDEO_IMAGES = "video_images" key 2 [video(), position(), image()];
    VIDEO_SERVICES = "video_services" key 2 [video(), position(), service()];
    VIDEO_SUB_CATEGORIES = "video_sub_categories" key 2 [video(), position(), int("sub_category_id").required().to("sub_categories")];
    VIDEO_PACKS = "video_packs" key 2 [video(), position(), pack()];
    VIDEO_PRODUCTS = "video_products" key 2 [video(), position(), product()];
    /// When a video may be seen where; half-open, without end when `closes_at` is null.
    PUBLICATIONS = "publications" key 4 [
        video(), platform(), service(), instant("opens_at").hidden().required(), instant("closes_at").hidden(),
    ];
}
