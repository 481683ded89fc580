//! Starts the programs, embedded or on real servers, and ends them.

use std::{
    fs::File,
    io::{Read, Seek, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use sixplay_core::{Store, conformance};
use sixplay_index::Index;
use sixplay_queue::{Queue, QueueConfig};
use tempfile::TempDir;

use crate::client::{Client, eventually};

/// A program that is not started yet.
pub(crate) fn command(name: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_sixplay-standalone")).with_file_name(name);
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build --workspace --all-features` first",
        binary.display()
    );
    // whoever runs the tests may ignore signals, as `nohup` does
    let mut command = Command::new("env");
    command.arg("--default-signal").arg(binary);
    command
}

/// A running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    log: File,
    name: &'static str,
}

impl Program {
    /// Starts a [`command`], which is or becomes the program `name`; what it prints goes to `log`.
    pub(crate) fn spawn(name: &'static str, mut command: Command, log: &Path) -> Self {
        let out = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(log)
            .expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out.try_clone().expect("a third handle"))
            .spawn()
            .expect("the program starts");
        Self {
            child,
            log: out,
            name,
        }
    }

    /// Everything the program has printed.
    pub(crate) fn output(&mut self) -> String {
        let mut text = String::new();
        self.log.rewind().expect("a file");
        self.log.read_to_string(&mut text).expect("UTF-8");
        text
    }

    /// The address the program says it listens on.
    pub(crate) fn addr(&mut self) -> SocketAddr {
        eventually(300, "the server says its address", || {
            let output = self.output();
            assert!(
                self.child.try_wait().expect("a child").is_none(),
                "{} ended:\n{output}",
                self.name
            );
            let rest = &output[output.find("listening")?..];
            let rest = &rest[rest.find("127.0.0.1:")?..];
            let end =
                rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.' && sign != ':')?;
            rest[..end].parse().ok()
        })
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, then the exit code; fails when the program outlives `seconds`.
    pub(crate) fn stop(&mut self, seconds: u64) -> Option<i32> {
        self.signal("TERM");
        self.wait(seconds)
    }

    /// Sends a signal, given without `SIG`.
    pub(crate) fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &self.child.id().to_string()]);
        assert!(kill.status().expect("kill runs").success());
    }

    /// The exit code once the program ends by itself.
    pub(crate) fn wait(&mut self, seconds: u64) -> Option<i32> {
        let name = self.name;
        eventually(seconds, &format!("{name} ends"), || {
            self.child.try_wait().expect("a child")
        })
        .code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let output = self.output();
            eprintln!("== {} said:\n{output}", self.name);
        }
    }
}

/// Which servers a line runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// SQLite below the data folder.
    Embedded,
    /// MariaDB, RabbitMQ, Elasticsearch 9.
    Mariadb,
    /// PostgreSQL, RabbitMQ, OpenSearch 3.
    Postgres,
    /// MariaDB, RabbitMQ, Elasticsearch 8.
    Elasticsearch8,
}

/// A folder with a configuration, and the programs that run on it.
pub(crate) struct Line {
    /// The data folder.
    pub dir: TempDir,
    /// The configuration file.
    pub config: PathBuf,
    /// The store's URL.
    pub store: String,
    /// The queue's URL.
    pub queue: String,
    /// The index's URL.
    pub index: String,
    /// What the names of the index's aliases begin with.
    pub prefix: String,
    database: Option<conformance::Scratch>,
    programs: AtomicU32,
}

impl Line {
    /// A configuration for `on` with names of its own, `None` when one of the servers is excluded.
    pub(crate) fn new(on: On) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let servers = match on {
            On::Embedded => None,
            On::Mariadb => Some([
                server("mariadb")?,
                server("rabbitmq")?,
                server("elasticsearch9")?,
            ]),
            On::Postgres => Some([
                server("postgres")?,
                server("rabbitmq")?,
                server("opensearch3")?,
            ]),
            On::Elasticsearch8 => Some([
                server("mariadb")?,
                server("rabbitmq")?,
                server("elasticsearch8")?,
            ]),
        };
        Some(Self::on(dir, servers))
    }

    /// A configuration for the given database, queue and index servers.
    pub(crate) fn on(dir: TempDir, servers: Option<[String; 3]>) -> Self {
        let embedded = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
        let config = dir.path().join("sixplay.yml");
        let programs = AtomicU32::new(0);
        let Some([database, queue, index]) = servers else {
            std::fs::write(&config, "").expect("a configuration file");
            let (store, queue, index) = (
                embedded("store.sqlite"),
                embedded("queue.sqlite"),
                embedded("index.sqlite"),
            );
            return Self {
                dir,
                config,
                store,
                queue,
                index,
                prefix: "sixplay".to_owned(),
                database: None,
                programs,
            };
        };
        let database = block_on(conformance::database(&database)).expect("a database");
        let store = database.url().to_owned();
        let folder = dir
            .path()
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .to_lowercase()
            .replace('.', "");
        let prefix = format!("test-{}-{folder}", std::process::id());
        let text = format!(
            "store: {{ url: \"{store}\" }}\n\
             queue: {{ url: \"{queue}\", prefix: \"{prefix}-\" }}\n\
             index: {{ url: \"{index}\", prefix: \"{prefix}\" }}\n"
        );
        std::fs::write(&config, text).expect("a configuration file");
        Self {
            dir,
            config,
            store,
            queue,
            index,
            prefix,
            database: Some(database),
            programs,
        }
    }

    /// Adds to the configuration.
    pub(crate) fn configure(&self, text: &str) {
        let mut file = File::options()
            .append(true)
            .open(&self.config)
            .expect("the configuration file");
        writeln!(file, "{text}").expect("a line");
    }

    /// Starts a program on this configuration.
    pub(crate) fn start(&self, name: &'static str, args: &[&str]) -> Program {
        self.start_command(name, command(name), args)
    }

    /// As [`Line::start`], with so many open files at first and at most.
    pub(crate) fn start_with_files(
        &self,
        name: &'static str,
        args: &[&str],
        [soft, hard]: [u32; 2],
    ) -> Program {
        let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$@\"");
        let (program, mut command) = (command(name), Command::new("sh"));
        command.args(["-c", &script, "sh"]);
        command.arg(program.get_program()).args(program.get_args());
        self.start_command(name, command, args)
    }

    fn start_command(&self, name: &'static str, mut command: Command, args: &[&str]) -> Program {
        let number = self.programs.fetch_add(1, Ordering::Relaxed);
        let (config, data) = (
            self.config.to_string_lossy().into_owned(),
            self.dir.path().to_string_lossy().into_owned(),
        );
        command
            .args(["--config", &config, "--data", &data])
            .args(args);
        let log = self.dir.path().join(format!("{name}.{number}.log"));
        Program::spawn(name, command, &log)
    }

    /// Runs a program to its end and returns its exit code and output.
    pub(crate) fn run(&self, name: &'static str, args: &[&str]) -> (Option<i32>, String) {
        let mut program = self.start(name, args);
        let code = program.wait(120);
        (code, program.output())
    }

    /// Fills the store with a small catalogue.
    pub(crate) fn generate(&self, programs: &str) {
        let (code, output) = self.run(
            "sixplay-standalone",
            &[
                "catalogue",
                "generate",
                "--programs",
                programs,
                "--seed",
                "7",
            ],
        );
        assert_eq!(code, Some(0), "{output}");
    }

    /// The five programs as processes of their own, over a small catalogue whose index is built.
    pub(crate) fn five(&self, programs: &str) -> Five {
        self.generate(programs);
        let (code, output) = self.run("sixplay-rebuild", &[]);
        assert_eq!(code, Some(0), "{output}");
        let detector = self.start("sixplay-detector", &[]);
        let indexer = self.start("sixplay-indexer", &[]);
        let mut api = self.start("sixplay-api", &["--listen", "127.0.0.1:0"]);
        let mut middleware = self.start("sixplay-middleware", &["--listen", "127.0.0.1:0"]);
        let back_office = Client::new(api.addr(), "bo.api.localhost");
        let web = Client::new(middleware.addr(), "pc.middleware.localhost");
        self.drained();
        Five {
            detector,
            indexer,
            api,
            middleware,
            back_office,
            web,
        }
    }

    /// Waits until every change so far, the load of the catalogue among them, has left change log
    /// and queue.
    pub(crate) fn drained(&self) {
        eventually(180, "the changes so far are indexed", || {
            let logged = self.values("SELECT COUNT(*) AS value FROM sixplay_change") != ["0"];
            (!logged && self.waiting() == Some(0)).then_some(())
        });
    }

    /// How many messages wait for the indexer; `None` before there is a queue.
    pub(crate) fn waiting(&self) -> Option<u64> {
        let mut config = QueueConfig::new(&self.queue);
        if self.database.is_some() {
            config.prefix = format!("{}-", self.prefix);
        }
        block_on(async { Queue::open(&config).await.ok()?.depth("roots").await.ok() })
    }

    /// Runs statements on the store as another process would.
    pub(crate) fn sql(&self, statement: &str) -> u64 {
        block_on(async {
            let store = Store::connect(&self.store).await.expect("the store");
            let mut transaction = store.write().await.expect("a transaction");
            let changed = transaction.execute_sql(statement, Vec::new()).await;
            let changed = changed.expect("the statement runs");
            transaction.commit().await.expect("committed");
            store.close().await;
            changed
        })
    }

    /// The first column, named `value`, of a query on the store.
    pub(crate) fn values(&self, query: &str) -> Vec<String> {
        block_on(async {
            let store = Store::connect(&self.store).await.expect("the store");
            let mut snapshot = store.read().await.expect("a snapshot");
            let rows = snapshot.fetch_sql(query, Vec::new()).await;
            let rows = rows.expect("the query runs");
            drop(snapshot);
            store.close().await;
            rows.iter()
                .map(|row| row.key("value").expect("a key"))
                .collect()
        })
    }
}

/// The five programs.
pub(crate) struct Five {
    pub detector: Program,
    pub indexer: Program,
    pub api: Program,
    pub middleware: Program,
    pub back_office: Client,
    pub web: Client,
}

/// The URL of a test server, `None` when it is excluded; a server that is neither there nor
/// excluded fails the test.
pub(crate) fn server(name: &str) -> Option<String> {
    conformance::server(name).expect("eval \"$(dev/services env)\"")
}

/// Runs a future to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(60), work)
            .await
            .expect("in time")
    })
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.index.starts_with("sqlite:") {
            return;
        }
        // servers that the test stopped have nothing left to remove
        block_on(async {
            let Ok(index) = Index::connect(&self.index).await else {
                return;
            };
            for info in index
                .list(&format!("{}-", self.prefix))
                .await
                .unwrap_or_default()
            {
                let _ = index.remove(&info.name).await;
            }
            let Ok(queue) = Queue::connect(&self.queue).await else {
                return;
            };
            for name in ["roots", "roots.dead"] {
                let _ = queue.remove(&format!("{}-{name}", self.prefix)).await;
            }
        });
    }
}
