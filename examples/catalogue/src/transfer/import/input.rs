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
/// What some editors put before a text in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// So many bytes tell what a file holds.
const HEAD: u64 = 64;
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

    /// Reads its beginning, past a byte order mark, and tells whether it holds exported rows, not
    /// bodies.
    pub(super) fn begin(&mut self) -> Result<bool> {
        let mut head = Vec::new();
        let read = self.content.by_ref().take(HEAD).read_to_end(&mut head);
        read.map_err(|error| self.unreadable().with_source(error))?;
        if let Some(encoding) = other_encoding(&head) {
            let refused = Error::invalid("catalogue.import", "the file is not in UTF-8");
            let refused = refused.with("encoding", encoding);
            return Err(refused.with("file", &self.name));
        }
        let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).to_vec();
        let has_records = text.trim_ascii_start().starts_with(RECORD_START);
        let rest = std::mem::replace(&mut self.content, Box::new(std::io::empty()));
        self.content = Box::new(Cursor::new(text).chain(rest));
        Ok(has_records)
    }

    fn unreadable(&self) -> Error {
        Error::invalid("catalogue.import", "the file cannot be read").with("file", &self.name)
    }
}

/// The encoding of a text that is not UTF-8, as its mark or the place of its first NUL tells: JSON
/// begins with an ASCII character.
fn other_encoding(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xff, 0xfe, 0, 0, ..] | [(1..), 0, 0, 0, ..] => Some("UTF-32LE"),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, (1..), ..] => Some("UTF-32BE"),
        [0xff, 0xfe, ..] | [(1..), 0, ..] => Some("UTF-16LE"),
        [0xfe, 0xff, ..] | [0, (1..), ..] => Some("UTF-16BE"),
        _ => None,
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
    let unreadable = input.unreadable();
    let mut bytes = Vec::new();
    let read = input.content.take(BODIES + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable.with_source(error))?;
    if bytes.len() as u64 > BODIES {
        let error = Error::too_large("catalogue.import", "the file is too large");
        return Err(error.with("file", &input.name).with("limit", BODIES));
    }
    JsonValue::parse(&bytes).map_err(|error| {
        let invalid = Error::invalid("catalogue.import", "the file is no JSON");
        invalid.with("file", &input.name).with_source(error)
    })
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
