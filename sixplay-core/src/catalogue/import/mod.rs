//! Loads bodies of the v2 middleware, or exported rows, and tells where what is then served
//! differs.

mod compare;
mod loader;
mod node;
mod program;
mod records;
mod video;

use std::{
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
    path::Path,
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use self::{
    loader::Loader,
    node::{Node, bad},
};
use crate::{
    Error, ErrorKind, Result,
    store::{Store, Transaction},
};

/// The most bytes of one file of bodies.
const BODIES: u64 = 64 << 20;

/// The request that the bodies answered.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The platform in the path.
    pub platform: String,
    /// The service in the path, a root service for most bodies; folders belong to it, other
    /// services are listed under it.
    pub service: String,
    /// The customer whose services these are.
    pub customer: String,
    /// The folder in the path of a program list: its programs are put there.
    pub folder: Option<i64>,
    /// When the bodies were answered; decides which broadcasts were to come.
    pub at: Timestamp,
}

impl Default for ImportOptions {
    /// `m6group_web`, `6play`, `m6web`, no folder, now.
    fn default() -> Self {
        Self {
            platform: "m6group_web".into(),
            service: "6play".into(),
            customer: "m6web".into(),
            folder: None,
            at: Timestamp::now(),
        }
    }
}

/// One file to import.
pub struct Input {
    name: String,
    content: Box<dyn BufRead + Send>,
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

    fn is_records(&mut self) -> bool {
        self.content
            .fill_buf()
            .is_ok_and(|start| start.starts_with(records::START))
    }
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Imported {
    /// How many bodies or rows were loaded.
    pub records: u64,
    /// Where the same request would now be answered differently.
    pub differences: Vec<Difference>,
    /// The videos that their dates hide at the instant of the options: compared as of the opening
    /// of a window, and not served yet or any more.
    pub hidden: Vec<String>,
}

/// A value of a body that the catalogue gives back differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The file of the body.
    pub file: String,
    /// The place within the file, `[3].clips[0].title`.
    pub path: String,
    /// What the body holds; `None`: nothing.
    pub expected: Option<Value>,
    /// What would be served; `None`: nothing.
    pub found: Option<Value>,
}

/// Loads `inputs` in one transaction: either all of it is there afterwards or nothing.
///
/// An input holds bodies of the v2 middleware (a video, program, service, folder or age rating, or
/// arrays of them, told apart by their keys) or the lines of [`export`](super::export()). Rows that
/// exist are updated. A video's windows go from its `publication_date` to its expiration, on the
/// platform of `options` and the services of the body. Afterwards each body is compared with what
/// the middleware would serve, numbers by value: 0 equals 0.0.
///
/// # Errors
/// `Invalid` for a bad record, naming file, path and value; `TooLarge` above 64 MiB a file of
/// bodies or 1 MiB a line; `Conflict` when rows contradict each other (a reference to nothing),
/// naming table and key; `Unavailable`, `Timeout`.
pub async fn import(
    store: &Store,
    inputs: Vec<Input>,
    options: &ImportOptions,
) -> Result<Imported> {
    let mut tx = store.begin().await?;
    let mut done = Imported::default();
    let mut bodies = Vec::new();
    for mut input in inputs {
        if input.is_records() {
            done.records += records::load(&mut tx, input).await?;
        } else {
            bodies.extend(read(input)?);
        }
    }
    done.records += bodies.len() as u64;
    load(&mut tx, &bodies, options).await?;
    for body in &bodies {
        compare::body(&mut tx, body, options, &mut done).await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// What a body is, in the order of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Rating,
    Service,
    Folder,
    Program,
    Video,
}

struct Body {
    kind: Kind,
    file: String,
    path: String,
    /// Its place in its list.
    place: usize,
    value: Value,
}

fn read(input: Input) -> Result<Vec<Body>> {
    let file = input.name;
    let invalid =
        |message: &'static str| Error::invalid("catalogue.import", message).with("file", &file);
    let mut bytes = Vec::new();
    input
        .content
        .take(BODIES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| invalid("the file cannot be read").with_source(error))?;
    if bytes.len() as u64 > BODIES {
        return Err(
            Error::too_large("catalogue.import", "the file is too large")
                .with("file", &file)
                .with("limit", BODIES),
        );
    }
    let value = serde_json::from_slice(&bytes)
        .map_err(|error| invalid("the file is no JSON").with_source(error))?;
    let items: Vec<(usize, String, Value)> = match value {
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(place, item)| (place, format!("[{place}]"), item))
            .collect(),
        single => vec![(0, String::new(), single)],
    };
    let body = |(place, path, value): (usize, String, Value)| {
        let kind = kind(&value, &path).map_err(|error| error.with("file", &file))?;
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

fn kind(value: &Value, path: &str) -> Result<Kind> {
    let has = |key: &str| value.get(key).is_some();
    let is_video = |id: &Value| {
        id.as_str()
            .is_some_and(|id| id.starts_with("clip_") || id.starts_with("playlist_"))
    };
    match () {
        () if has("service_template") => Ok(Kind::Service),
        () if value.get("id").is_some_and(is_video) => Ok(Kind::Video),
        () if has("title") && has("id") => Ok(Kind::Program),
        () if has("name") && has("id") => Ok(Kind::Folder),
        () if has("label") && has("code") => Ok(Kind::Rating),
        () => Err(bad(
            path,
            value,
            "neither a video, a program, a service, a folder nor an age rating",
        )),
    }
}

async fn load(tx: &mut Transaction, bodies: &[Body], options: &ImportOptions) -> Result<()> {
    let mut ordered: Vec<&Body> = bodies.iter().collect();
    ordered.sort_by_key(|body| body.kind);
    let mut loader = Loader::new(options);
    for body in ordered {
        let named = |error: Error| error.with("file", &body.file);
        let node = Node::new(body.value.clone(), body.path.clone()).map_err(named)?;
        let loaded = match body.kind {
            Kind::Rating => loader.rating(node).map(drop),
            Kind::Service => loader.whole_service(node),
            Kind::Folder => loader.folder(node),
            Kind::Program => loader.whole_program(node, body.place),
            Kind::Video => loader.video(node),
        };
        loaded.map_err(named)?;
    }
    if !bodies.is_empty() {
        loader.batch.flush(tx).await?;
    }
    Ok(())
}
