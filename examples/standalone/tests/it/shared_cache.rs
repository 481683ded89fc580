//! A shared cache in front, nginx with its own key, in which no host is: no client gets what was
//! kept for another.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    client::WEB,
    line::{Line, On, server},
};

const FULL: &str = "firewall: { allow: { methods: { get: true } } }";
const PUBLISHED_ONLY: &str = "{ firewall: { allow: { methods: { get: true } } }, \
     entities: { program: { published: true } } }";
const WEB_ONLY: &str = "{ firewall: { allow: { methods: { get: true } } }, \
     parameters: { platforms: [m6group_web] } }";

struct Proxy {
    addr: SocketAddr,
    upstream: SocketAddr,
}

impl Proxy {
    /// The whole answer, as text.
    fn get(&self, host: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(self.addr).expect("nginx listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a time-out");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Upstream: {}\r\nConnection: close\r\n\r\n",
            self.upstream
        )
        .expect("nginx reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("nginx answers");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Fails unless the answer has that status and came from the cache or not.
    fn expect(&self, host: &str, path: &str, status: u16, cache: &str) -> String {
        let answer = self.get(host, path);
        let status = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&status), "{host} {path}: {answer}");
        let found = answer.contains(&format!("X-Cache: {cache}\r\n"));
        assert!(found, "{host} {path} is no {cache}: {answer}");
        answer
    }
}

/// A standalone server with clients who see different things, and nginx in front.
fn served_behind_nginx(line: &Line, nginx: &str) -> (crate::line::Program, Proxy) {
    let users = line.dir.path().join("clients");
    std::fs::create_dir(&users).expect("a folder");
    for (name, text) in [("full", FULL), ("mob", PUBLISHED_ONLY), ("web", WEB_ONLY)] {
        std::fs::write(users.join(format!("{name}.yml")), text).expect("a file");
    }
    std::fs::write(users.join("no.yml"), "").expect("a file");
    line.configure(&format!("http: {{ users_dir: '{}' }}", users.display()));
    line.generate("6");
    let mut program = line.start("sixplay-standalone", &["--listen", "127.0.0.1:0"]);
    let addr = nginx.trim_start_matches("http://").parse();
    let (addr, upstream) = (addr.expect("an address"), program.addr());
    (program, Proxy { addr, upstream })
}

#[test]
fn no_client_gets_what_a_cache_without_hosts_kept_for_another() {
    let Some(nginx) = server("nginx") else { return };
    let line = Line::new(On::Embedded).expect("needs no server");
    let (_program, proxy) = served_behind_nginx(&line, &nginx);
    let id = line.values("SELECT MIN(id) AS value FROM programs")[0].clone();
    line.sql(&format!(
        "UPDATE programs SET enabled = 0, title = 'Invisible' WHERE id = {id}"
    ));

    let (list, one) = ("/v1/programs?limit=100", format!("/v1/programs/{id}"));
    for _ in 0..2 {
        for path in [list, &one] {
            let full = proxy.expect("full.api.localhost", path, 200, "MISS");
            assert!(full.contains("Invisible"), "{full}");
            proxy.expect("no.api.localhost", path, 403, "MISS");
        }
        let mob = proxy.expect("mob.api.localhost", list, 200, "MISS");
        assert!(!mob.contains("Invisible"), "{mob}");
        proxy.expect("mob.api.localhost", &one, 404, "MISS");
    }

    let (web, tv) = (WEB.to_owned(), WEB.replace("m6group_web", "chromecast"));
    proxy.expect("full.middleware.localhost", &tv, 200, "MISS");
    proxy.expect("full.middleware.localhost", &tv, 200, "HIT");
    proxy.expect("web.middleware.localhost", &tv, 403, "MISS");
    proxy.expect("no.middleware.localhost", &tv, 403, "MISS");
    proxy.expect("web.middleware.localhost", &web, 200, "MISS");
    proxy.expect("full.middleware.localhost", &web, 200, "MISS");
    for host in ["web.middleware.localhost", "full.middleware.localhost"] {
        proxy.expect(host, &web, 200, "HIT");
    }
    proxy.expect("web.middleware.attacker.test", &web, 421, "MISS");
}
