//! Changes that the API makes: typed, checked, each in one transaction.

use sea_query::{Expr, ExprTrait, UpdateStatement, Value};
use serde::{Deserialize, Deserializer};
use sixplay_catalogue::{
    TableSchema,
    tables::{CLIPS, PROGRAMS, VIDEOS},
};
use sixplay_core::{Result, Transaction};

use crate::{
    faults::PatchFaults,
    texts::{find_text_fault, find_title_fault},
};

/// What to change of a program; fields left out stay, an empty text clears all but the title. Null
/// is refused.
///
/// ```
/// use sixplay_api::ProgramPatch;
///
/// let patch: ProgramPatch = serde_json::from_str(r#"{"title": "Kaamelott"}"#)?;
/// assert_eq!((patch.title.as_deref(), patch.enabled), (Some("Kaamelott"), None));
/// assert!(serde_json::from_str::<ProgramPatch>(r#"{"titel": "x"}"#).is_err());
/// assert!(serde_json::from_str::<ProgramPatch>(r#"{"title": null}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProgramPatch {
    /// 1 to 255 characters, one of them visible; no control characters, as in all texts.
    #[serde(deserialize_with = "read_given")]
    pub title: Option<String>,
    /// At most 10,000 characters.
    #[serde(deserialize_with = "read_given")]
    pub description: Option<String>,
    /// At most 10,000 characters.
    #[serde(deserialize_with = "read_given")]
    pub summary: Option<String>,
    /// Whether it may be shown at all, with its videos.
    #[serde(deserialize_with = "read_given")]
    pub enabled: Option<bool>,
}

/// What to change of a video; as [`ProgramPatch`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct VideoPatch {
    /// As [`ProgramPatch::title`]; also the title of the clip when the video is one.
    #[serde(deserialize_with = "read_given")]
    pub title: Option<String>,
    /// At most 10,000 characters; also the description of the clip when the video is one.
    #[serde(deserialize_with = "read_given")]
    pub description: Option<String>,
    /// Whether it may be shown at all.
    #[serde(deserialize_with = "read_given")]
    pub enabled: Option<bool>,
}

/// A field that is there has a value: null would pass for one that is left out.
fn read_given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What a patch writes, checked.
#[derive(Debug)]
pub(crate) struct ProgramChanges(ColumnChanges);

/// As [`ProgramChanges`]; the texts are also those of the clip of a video `clip_N`.
#[derive(Debug)]
pub(crate) struct VideoChanges {
    texts: ColumnChanges,
    switch: ColumnChanges,
}

impl ProgramPatch {
    /// What it changes; what is wrong with it becomes faults, and is left out.
    pub(crate) fn check(self, faults: &mut PatchFaults) -> ProgramChanges {
        let mut changes = ColumnChanges::default();
        changes.set_title(self.title, faults);
        changes.set_text("description", self.description, faults);
        changes.set_text("summary", self.summary, faults);
        changes.set_flag("enabled", self.enabled);
        ProgramChanges(changes)
    }
}

impl VideoPatch {
    /// As [`ProgramPatch::check`].
    pub(crate) fn check(self, faults: &mut PatchFaults) -> VideoChanges {
        let (mut texts, mut switch) = (ColumnChanges::default(), ColumnChanges::default());
        texts.set_title(self.title, faults);
        texts.set_text("description", self.description, faults);
        switch.set_flag("enabled", self.enabled);
        VideoChanges { texts, switch }
    }
}

impl ProgramChanges {
    pub(crate) async fn write(&self, transaction: &mut Transaction, id: i64) -> Result<()> {
        self.0.update(transaction, &PROGRAMS, id.into()).await
    }
}

impl VideoChanges {
    pub(crate) async fn write(&self, transaction: &mut Transaction, id: &str) -> Result<()> {
        if let Some(clip) = clip_of(id) {
            self.texts.update(transaction, &CLIPS, clip.into()).await?;
        }
        self.texts.update(transaction, &VIDEOS, id.into()).await?;
        self.switch.update(transaction, &VIDEOS, id.into()).await
    }
}

/// The clip N that is one thing to viewers with the video `clip_N`.
fn clip_of(video: &str) -> Option<i64> {
    video.strip_prefix("clip_")?.parse().ok()
}

/// New values of columns, checked.
#[derive(Debug, Default)]
struct ColumnChanges(Vec<(&'static str, Value)>);

impl ColumnChanges {
    fn set_title(&mut self, title: Option<String>, faults: &mut PatchFaults) {
        self.set_checked("title", title, find_title_fault, faults);
    }

    fn set_text(&mut self, field: &'static str, text: Option<String>, faults: &mut PatchFaults) {
        self.set_checked(field, text, find_text_fault, faults);
    }

    fn set_checked(
        &mut self,
        field: &'static str,
        text: Option<String>,
        find_fault: fn(&str) -> Option<&'static str>,
        faults: &mut PatchFaults,
    ) {
        match text.as_deref().map(find_fault) {
            Some(Some(problem)) => faults.add(field, problem),
            _ => self.0.extend(text.map(|text| (field, text.into()))),
        }
    }

    fn set_flag(&mut self, field: &'static str, flag: Option<bool>) {
        let flag = flag.map(|flag| (field, i64::from(flag).into()));
        self.0.extend(flag);
    }

    /// Writes them to the row of `table` with this id.
    async fn update(
        &self,
        transaction: &mut Transaction,
        table: &TableSchema,
        id: Value,
    ) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut update = UpdateStatement::new();
        update.table(table.name).and_where(Expr::col("id").eq(id));
        update.values(
            self.0
                .iter()
                .map(|(column, value)| (*column, value.clone().into())),
        );
        transaction.execute(&update).await.map(drop)
    }
}
