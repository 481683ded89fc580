//! Publication windows, with the switches of their platforms and services.

use std::{collections::HashMap, sync::Arc};

use sixplay_core::{Result, Snapshot, Visible, jiff::Timestamp};

use super::{
    group::{Grouped, find_by_code, group_rows, index_rows, share_values},
    query::{Keys, fetch_rows},
    reference::{load_service_switches, service_of},
};
use crate::{
    rows::PublicationWindow,
    schema::tables::{PLATFORMS, PUBLICATIONS},
};

/// The windows of each video.
pub(super) async fn load_windows(
    snapshot: &mut Snapshot,
    videos: &Keys,
) -> Result<Grouped<PublicationWindow>> {
    let rows = fetch_rows(snapshot, &PUBLICATIONS, "video_id", videos).await?;
    let services = Keys::texts_in(&rows, "service")?;
    let services = share_values(load_service_switches(snapshot, &services).await?);
    let platforms = load_platforms(snapshot, &Keys::texts_in(&rows, "platform")?).await?;
    group_rows(&rows, "video_id", |row| {
        let platform = find_by_code(&platforms, row, "platform")?;
        let (platform, platform_enabled) = platform.unwrap_or_default();
        // an end before the calendar's range is over all the same
        let earliest = Timestamp::MIN.as_microsecond();
        let closes = row.opt_int("closes_at")?.map(|closes| closes.max(earliest));
        Ok(PublicationWindow {
            platform,
            platform_enabled,
            service: service_of(&services, row, "service")?,
            visible: Visible::from_micros(row.int("opens_at")?, closes),
            closes,
        })
    })
}

/// Codes of platforms and their switches, by code.
async fn load_platforms(
    snapshot: &mut Snapshot,
    codes: &Keys,
) -> Result<HashMap<String, (Arc<str>, bool)>> {
    let rows = fetch_rows(snapshot, &PLATFORMS, "code", codes).await?;
    index_rows(&rows, "code", |row| {
        Ok((Arc::from(row.text("code")?), row.flag("enabled")?))
    })
}
