//! The store as one client sees it: the only way from a handler to the store.

use sixplay_core::{Error, ErrorKind, Result, Store};
use sixplay_http::Request;

use crate::{
    edit::{ProgramChanges, ProgramPatch, VideoChanges, VideoPatch},
    faults::PatchFaults,
    pages::{Page, PageRequest},
    read::{self, Program, Video},
    scope::Scope,
    view::{Shown, StoreView},
};

/// The store of all clients; a handler gets from it what its client sees, and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct ClientStores(Store);

/// The store within a scope: what is out of it is not there, neither to be read nor to be changed.
#[derive(Debug)]
pub(crate) struct ScopedStore {
    store: Store,
    scope: Scope,
}

impl ClientStores {
    pub(crate) fn new(store: Store) -> Self {
        Self(store)
    }

    /// A handler that gets the store as the request's client sees it.
    pub(crate) fn scoped<F, A>(&self, handler: F) -> impl Fn(Request) -> A + Send + Sync + 'static
    where
        F: Fn(ScopedStore, Request) -> A + Send + Sync + 'static,
    {
        let store = self.0.clone();
        move |request| {
            let (store, scope) = (store.clone(), Scope::of(request.user()));
            handler(ScopedStore { store, scope }, request)
        }
    }
}

impl ScopedStore {
    /// The whole store.
    fn everything(store: &Store) -> Self {
        Self {
            store: store.clone(),
            scope: Scope::EVERYTHING,
        }
    }

    /// # Errors
    /// `NotFound` for what is not there or not in scope, `Unavailable`, `Timeout`; `Corrupt` for a
    /// row that cannot be read. As all that follow.
    pub(crate) async fn find_program(&self, id: i64) -> Result<Shown<Program>> {
        let mut snapshot = self.store.read().await?;
        let mut view = StoreView::new(&mut snapshot, self.scope);
        let program = require(read::find_program(&mut view, id).await?)?;
        Ok(view.show(program))
    }

    pub(crate) async fn find_video(&self, id: &str) -> Result<Shown<Video>> {
        let mut snapshot = self.store.read().await?;
        let mut view = StoreView::new(&mut snapshot, self.scope);
        let video = require(read::find_video(&mut view, id).await?)?;
        Ok(view.show(video))
    }

    pub(crate) async fn list_programs(&self, page: PageRequest) -> Result<Shown<Page<Program>>> {
        let mut snapshot = self.store.read().await?;
        let mut view = StoreView::new(&mut snapshot, self.scope);
        let programs = read::list_programs(&mut view, page).await?;
        Ok(view.show(programs))
    }

    /// The videos of a program that is in scope itself.
    pub(crate) async fn list_videos(
        &self,
        program: i64,
        page: PageRequest,
    ) -> Result<Shown<Page<Video>>> {
        let mut snapshot = self.store.read().await?;
        let mut view = StoreView::new(&mut snapshot, self.scope);
        require(read::find_program(&mut view, program).await?)?;
        let videos = read::list_videos(&mut view, program, page).await?;
        Ok(view.show(videos))
    }

    /// The program as it is committed, in scope or no longer.
    pub(crate) async fn change_program(&self, id: i64, changes: ProgramChanges) -> Result<Program> {
        let mut transaction = self.store.write().await?;
        let mut before = StoreView::new(&mut transaction, self.scope);
        require(read::find_program(&mut before, id).await?)?;
        changes.write(&mut transaction, id).await?;
        let mut after = StoreView::new(&mut transaction, Scope::EVERYTHING);
        let changed = require(read::find_program(&mut after, id).await?)?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// As [`ScopedStore::change_program`].
    pub(crate) async fn change_video(&self, id: &str, changes: VideoChanges) -> Result<Video> {
        let mut transaction = self.store.write().await?;
        let mut before = StoreView::new(&mut transaction, self.scope);
        require(read::find_video(&mut before, id).await?)?;
        changes.write(&mut transaction, id).await?;
        let mut after = StoreView::new(&mut transaction, Scope::EVERYTHING);
        let changed = require(read::find_video(&mut after, id).await?)?;
        transaction.commit().await?;
        Ok(changed)
    }
}

fn require<T>(found: Option<T>) -> Result<T> {
    found.ok_or_else(not_found)
}

pub(crate) fn not_found() -> Error {
    Error::not_found("api.find", "there is no such resource")
}

/// Whether the error says that the thing is not there.
fn absent_as_none<T>(found: Result<Shown<T>>) -> Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(|shown| Some(shown.value)),
    }
}

/// A program as it is now, published or not; `None` for an unknown id.
///
/// # Errors
/// `Unavailable`, `Timeout`; `Corrupt` for a row that cannot be read.
///
/// ```
/// # use sixplay_core::Store;
/// use sixplay_api::{ProgramPatch, change_program, find_program};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let store = Store::connect(&format!("sqlite:{}/store.db", folder.path().display())).await?;
/// # sixplay_catalogue::prepare(&store).await?;
/// # let mut transaction = store.write().await?;
/// # let insert = "INSERT INTO programs (id, code, title) VALUES (820, 'x', 'x')";
/// # transaction.execute_sql(insert, Vec::new()).await?;
/// # transaction.commit().await?;
/// let mut patch = ProgramPatch::default();
/// patch.enabled = Some(false);
/// change_program(&store, 820, patch).await?;
///
/// let program = find_program(&store, 820).await?.unwrap();
/// assert_eq!(program.publication.reason, Some("disabled"));
/// assert!(find_program(&store, 821).await?.is_none());
/// # Ok(())
/// # }
/// ```
pub async fn find_program(store: &Store, id: i64) -> Result<Option<Program>> {
    absent_as_none(ScopedStore::everything(store).find_program(id).await)
}

/// A video as it is now, published or not; `None` for an unknown id.
///
/// # Errors
/// As [`find_program`].
pub async fn find_video(store: &Store, id: &str) -> Result<Option<Video>> {
    absent_as_none(ScopedStore::everything(store).find_video(id).await)
}

/// Changes a program; answers it as it is committed.
///
/// # Errors
/// `Invalid` with a `pointer` to each wrong field and its `problem`; `NotFound` for an unknown id,
/// `Unavailable`, `Timeout`; `Corrupt` for a row that cannot be read.
pub async fn change_program(store: &Store, id: i64, patch: ProgramPatch) -> Result<Program> {
    let mut faults = PatchFaults::default();
    let changes = patch.check(&mut faults);
    faults.refuse_any()?;
    ScopedStore::everything(store)
        .change_program(id, changes)
        .await
}

/// Changes a video, `clip_N` or `playlist_N`; as [`change_program`].
///
/// # Errors
/// As [`change_program`].
pub async fn change_video(store: &Store, id: &str, patch: VideoPatch) -> Result<Video> {
    let mut faults = PatchFaults::default();
    let changes = patch.check(&mut faults);
    faults.refuse_any()?;
    ScopedStore::everything(store)
        .change_video(id, changes)
        .await
}
