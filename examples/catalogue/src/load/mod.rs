//! Reads the rows behind a chunk of documents: one query a table, never one a document.
//!
//! Whatever is read here must be on a path of [`paths`](crate::paths), or changes of it are missed.

mod clip;
mod group;
mod program;
mod query;
mod reference;
mod service;
mod video;
mod window;

pub(crate) use program::{load_program_switches, load_programs};
pub(crate) use reference::load_rating_json;
pub(crate) use service::{load_folders, load_services};
pub(crate) use video::{load_video_switches, load_videos, load_windows_of_videos};
