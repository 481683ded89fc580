//! A server that answers on purpose what a real one answers on a bad day.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use sixplay_index::{Index, IndexConfig};

/// What the stub got: request line and headers, then the body.
pub(crate) type StubRequest = (String, String);

/// A server that answers each request by `answer`; `None` leaves it without an answer.
pub(crate) struct Stub {
    pub url: String,
    requests: Arc<Mutex<Vec<StubRequest>>>,
}

impl Stub {
    pub(crate) fn new(
        answer: impl Fn(&StubRequest) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (requests, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<StubRequest> {
        self.requests.lock().expect("no panic").clone()
    }

    pub(crate) async fn index(&self) -> Index {
        hasty_index(&self.url).await
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<StubRequest>>,
    answer: &dyn Fn(&StubRequest) -> Option<(u16, String)>,
) {
    while let Some(request) = read_request(&mut stream) {
        seen.lock().expect("no panic").push(request.clone());
        let Some((status, body)) = answer(&request) else {
            std::thread::sleep(Duration::from_secs(5));
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

pub(crate) fn read_request(stream: &mut TcpStream) -> Option<StubRequest> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        if let Some(end) = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap_or(0));
            let body = &bytes[end + 4..];
            if body.len() >= length {
                return Some((head, String::from_utf8_lossy(body).into_owned()));
            }
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
}

/// An index whose deadlines are 300 ms.
pub(crate) async fn hasty_index(url: &str) -> Index {
    let mut config = IndexConfig::new(url);
    config.deadline = Duration::from_millis(300);
    config.bulk_deadline = config.deadline;
    Index::open(&config).await.expect("opened")
}
