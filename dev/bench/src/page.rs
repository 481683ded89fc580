//! A page of videos: the middleware against a bare server of the same bytes, each on one core,
//! asked from the other.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sixplay_catalogue::{Catalogue, documents};
use sixplay_core::{CancellationToken, Store};
use sixplay_http::{Server, ServerConfig, Users};
use sixplay_index::Index;

use crate::{
    Failed,
    place::{Place, kind_named, run},
    print_figure,
};

const BASE: &str = "/6play/v2/platforms/m6group_web/services/6play";

pub(crate) async fn measure(place: &Place, store: &Store) -> Result<(), Failed> {
    let ours = Served::start(&["serve-middleware", &place.index])?;
    let (path, body) = full_page(&ours, store).await?;
    let file = place.dir.path().join("page.json");
    std::fs::write(&file, &body)?;
    let served = ours.requests_per_second(&path)?;
    drop(ours);
    let bare = Served::start(&["serve-bytes", &file.to_string_lossy()])?;
    let bare = bare.requests_per_second(&path)?;
    let numbers = [
        ("body_bytes", body.len() as f64),
        ("per_second", served),
        ("bare_per_second", bare),
        ("ratio", served / bare),
    ];
    print_figure("middleware", "embedded", &numbers);
    Ok(())
}

/// The path and body of a program's first page that has twenty videos.
async fn full_page(server: &Served, store: &Store) -> Result<(String, Vec<u8>), Failed> {
    let source = Catalogue::new();
    let (mut path, mut body) = (String::new(), Vec::new());
    for program in store
        .roots(kind_named(&source, documents::PROGRAM), None, 500)
        .await?
    {
        path = format!("{BASE}/programs/{program}/videos?limit=20&with=clips");
        body = run(Command::new("curl").args(["-sS", &server.url(&path)]))?.stdout;
        let page: Value = serde_json::from_slice(&body)?;
        if page.as_array().is_some_and(|videos| videos.len() == 20) {
            break;
        }
    }
    Ok((path, body))
}

/// A server on the first core, in a process of its own.
struct Served {
    child: Child,
    addr: String,
}

impl Served {
    fn start(args: &[&str]) -> Result<Self, Failed> {
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(std::env::current_exe()?)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut addr = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut addr)?;
        Ok(Self {
            child,
            addr: addr.trim().to_owned(),
        })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// By `wrk` on the second core.
    fn requests_per_second(&self, path: &str) -> Result<f64, Failed> {
        let out = run(Command::new("taskset")
            .args(["-c", "1", "wrk", "-t1", "-c16", "-d5s"])
            .arg(self.url(path)))?;
        let text = String::from_utf8(out.stdout)?;
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            return Err(text.into());
        }
        Ok(text
            .lines()
            .find_map(|line| line.strip_prefix("Requests/sec:"))
            .ok_or("wrk said nothing")?
            .trim()
            .parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) async fn serve_middleware(index: &str) -> Result<(), Failed> {
    let users = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/startup/users");
    let users = Users::load_with(&users, Some("pc"), 300)?;
    let service = sixplay_middleware::service(Index::connect(index).await?, users)?;
    let server = Server::bind(([127, 0, 0, 1], 0).into(), ServerConfig::default()).await?;
    println!("{}", server.local_addr());
    Ok(server.serve(service, CancellationToken::new()).await?)
}

pub(crate) async fn serve_bytes(file: &Path) -> Result<(), Failed> {
    let (body, listener) = (
        Bytes::from(std::fs::read(file)?),
        tokio::net::TcpListener::bind("127.0.0.1:0").await?,
    );
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, body) = (listener.accept().await?.0, body.clone());
        let service = service_fn(move |_| {
            std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Full::new(
                body.clone(),
            ))))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
