//! What is imported: files and texts, and the bodies in them.

use std::{
    fmt,
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
    path::Path,
};

use sixplay_core::{Error, ErrorKind, Result};

use super::{json::JsonValue, object::invalid_value};

/// How an exported file begins.
const RECORD_START: &[u8] = b"{\"table\":";
/// The most bytes of one file of bodies.
const BODIES: u64 = 64 << 20;

/// One file to import.
pub struct Input {
    pub(super) name: String,
    pub(super) content: Box<dyn BufRead + Send>,
}

impl Input {
    /// A file on disk.
    ///
    /// # Errors
    /// `NotFound` or `Invalid` when it cannot be opened.
    pub fn file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| {
            let kind = if error.kind() == std::io::ErrorKind::NotFound {
                ErrorKind::NotFound
            } else {
                ErrorKind::Invalid
            };
            Error::new(kind, "catalogue.import", "the file cannot be opened")
                .with("file", &name)
                .with_source(error)
        })?;
        Ok(Self {
            name,
            content: Box::new(BufReader::new(file)),
        })
    }

    /// Text at hand, under the name that errors and differences give.
    pub fn text(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            content: Box::new(Cursor::new(text.into())),
        }
    }

    /// Whether it holds exported rows, not bodies.
    pub(super) fn has_records(&mut self) -> bool {
        let start = self.content.fill_buf();
        start.is_ok_and(|start| start.starts_with(RECORD_START))
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a body is, in the order of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BodyKind {
    Rating,
    Service,
    Folder,
    Program,
    Video,
}

/// A body of the middleware.
pub(super) struct Body {
    pub kind: BodyKind,
    pub file: String,
    /// Where it stands in its file: empty for the only one, `[3]` in a list.
    pub path: String,
    /// Its place in its list.
    pub place: usize,
    pub value: JsonValue,
}

/// Reads the body or the list of bodies that a file holds.
pub(super) fn read_bodies(input: Input) -> Result<Vec<Body>> {
    let file = input.name.clone();
    let items = match read_json(input)?.into_items() {
        Ok(items) => {
            let place = |(place, item)| (place, format!("[{place}]"), item);
            items.into_iter().enumerate().map(place).collect()
        }
        Err(single) => vec![(0, String::new(), single)],
    };
    let body = |(place, path, value): (usize, String, JsonValue)| {
        let kind = kind_of(&value, &path).map_err(|error| error.with("file", &file))?;
        Ok(Body {
            kind,
            file: file.clone(),
            path,
            place,
            value,
        })
    };
    items.into_iter().map(body).collect()
}

fn read_json(input: Input) -> Result<JsonValue> {
    let invalid = |message| Error::invalid("catalogue.import", message).with("file", &input.name);
    let mut bytes = Vec::new();
    let read = input.content.take(BODIES + 1).read_to_end(&mut bytes);
    read.map_err(|error| invalid("the file cannot be read").with_source(error))?;
    if bytes.len() as u64 > BODIES {
        let error = Error::too_large("catalogue.import", "the file is too large");
        return Err(error.with("file", &input.name).with("limit", BODIES));
    }
    JsonValue::parse(&bytes).map_err(|error| invalid("the file is no JSON").with_source(error))
}

/// What a body is, as its keys tell.
fn kind_of(value: &JsonValue, path: &str) -> Result<BodyKind> {
    let has = |key: &str| value.get(key).is_some();
    let id = value.get("id").and_then(JsonValue::as_text);
    let is_video = |id: &str| id.starts_with("clip_") || id.starts_with("playlist_");
    match () {
        () if has("service_template") => Ok(BodyKind::Service),
        () if id.is_some_and(is_video) => Ok(BodyKind::Video),
        () if has("title") && has("id") => Ok(BodyKind::Program),
        () if has("name") && has("id") => Ok(BodyKind::Folder),
        () if has("label") && has("code") => Ok(BodyKind::Rating),
        () => {
            let unknown = "neither a video, a program, a service, a folder nor an age rating";
            Err(invalid_value(path, value, unknown))
        }
    }
}
