//! From rows and an instant to a document, or the reason why there is none: pure and total.
//!
//! The rules of publication:
//!
//! - A switch that is off hides what belongs to it: a service its folders and windows, a platform
//!   its windows, a program its videos, a clip itself.
//! - A window is half-open. It counts when its platform and its service are enabled and it ends
//!   after it begins; whether a counting window is open, the clock alone decides.
//! - A service and a folder are shown while they are enabled, whatever the time.
//! - A video is shown while one of its windows is open, and has a clip that is enabled.
//! - A playlist shows a clip where and while the clip's own video, the one that the clip names and
//!   that holds it, is shown too; a playlist is shown while it shows a clip.
//! - A program is shown while one of its videos is.
//! - The rights of a video have ended where all its counting windows have closed.
//!
//! A document holds the windows that are open, those of one platform and service merged, and each
//! platform's part of the body only while one is open there. It is visible from the earliest
//! beginning to the latest end of them; when one opens or closes before, it is rendered again. A
//! program that is still to come has its document before, visible from then on.

mod body;
mod clips;
mod expired;
mod outcome;
mod program;
mod service;
mod title;
mod video;
mod windows;

#[cfg(test)]
mod tests;

pub(crate) use clips::{PLAYLIST, shown_windows};
pub(crate) use expired::render_expired;
pub use outcome::PublicationState;
pub(crate) use outcome::{NO_ROW, render_row};
pub(crate) use program::{program_body, program_state, render_program};
pub(crate) use service::{folder_body, render_folder, render_service, service_body};
pub(crate) use video::{render_video, video_body, video_state};
