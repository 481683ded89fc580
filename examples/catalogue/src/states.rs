//! Whether programs and videos are published, without their documents.

use jiff::Timestamp;
use sixplay_core::{Error, Result, Snapshot};

use crate::{
    documents::{PROGRAM, VIDEO},
    load::{load_program_switches, load_video_switches},
    render::{NO_ROW, PublicationState, program_state, video_state},
};

/// How many are read together.
const AT_ONCE: usize = 200;

/// Whether the programs or videos `ids` are published in the snapshot at `now`, in the order of
/// `ids`. It costs about twenty statements for every two hundred, and no ticket.
///
/// # Errors
/// `Invalid` for a kind that is neither [`PROGRAM`] nor [`VIDEO`], `Unavailable`, `Timeout`,
/// `Corrupt` when a row cannot be read.
///
/// ```
/// use sixplay_catalogue::{documents, prepare, publication_states};
/// use sixplay_core::jiff::Timestamp;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// # prepare(&store).await?;
/// let mut transaction = store.write().await?;
/// let insert = "INSERT INTO programs (id, code, title) VALUES (820, 'kaamelott', 'Kaamelott')";
/// transaction.execute_sql(insert, Vec::new()).await?;
/// transaction.commit().await?;
///
/// let (mut snapshot, now) = (store.read().await?, Timestamp::now());
/// let ids = ["820".to_owned(), "821".to_owned()];
/// let states = publication_states(&mut snapshot, documents::PROGRAM, &ids, now).await?;
/// assert_eq!(states[0].reason, Some("no_video"));
/// assert_eq!(states[1].reason, Some("no_row"));
/// assert!(!states[0].is_published());
/// # Ok(())
/// # }
/// ```
pub async fn publication_states(
    snapshot: &mut Snapshot,
    kind: &str,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<PublicationState>> {
    let mut states = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(AT_ONCE) {
        states.append(&mut read_states(snapshot, kind, chunk, now).await?);
    }
    Ok(states)
}

async fn read_states(
    snapshot: &mut Snapshot,
    kind: &str,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<PublicationState>> {
    match kind {
        PROGRAM => program_states(snapshot, ids, now).await,
        VIDEO => video_states(snapshot, ids, now).await,
        _ => {
            let message = "neither programs nor videos";
            Err(Error::invalid("catalogue.states", message).with("kind", kind))
        }
    }
}

async fn program_states(
    snapshot: &mut Snapshot,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<PublicationState>> {
    // what is no number is no id
    let numbers: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let found = load_program_switches(snapshot, &numbers).await?;
    let state = |id| found.get(id).map(|program| program_state(program, now));
    Ok(ids
        .iter()
        .map(|id| state(id).unwrap_or_else(no_row))
        .collect())
}

async fn video_states(
    snapshot: &mut Snapshot,
    ids: &[String],
    now: Timestamp,
) -> Result<Vec<PublicationState>> {
    let found = load_video_switches(snapshot, ids).await?;
    let state = |id| found.get(id).map(|video| video_state(video, now));
    Ok(ids
        .iter()
        .map(|id| state(id).unwrap_or_else(no_row))
        .collect())
}

fn no_row() -> PublicationState {
    PublicationState::hidden(NO_ROW, None)
}
