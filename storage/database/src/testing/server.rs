//! The test run's PostgreSQL server: one for every test process, started by the first that needs it and stopped by a
//! watcher soon after the last one ended.
//!
//! Its folder is `test-postgres` in cargo's target directory:
//!
//! * `start.lock` is held while the server is started or stopped;
//! * `users.lock` is held (shared) by every process that uses the server, for as long as it lives;
//! * `port` is the port of a server that is ready;
//! * `server/` is the cluster, owned by the user that runs it (PostgreSQL refuses to run as root).

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::APP_ROLE;

pub(super) const OWNER_ROLE: &str = "preau_owner";

/// Who runs the server when the tests run as root.
const SERVER_USER: &str = "postgres";
const DATABASE: &str = "preau_test";

/// Stops the server (`$@`) once nobody has used it for a while, so that the test binaries of one run share it.
const WATCHER: &str = r#"
until flock start.lock sh -c 'flock --nonblock users.lock true && { "$@"; rm -f port; }' stop "$@"; do
    [ -e start.lock ] || exit
    flock users.lock true
    sleep 20
done"#;

/// A running server, kept running by this process.
struct Server {
    port: u16,
    _user: File,
}

/// The address of the server for this role.
pub(super) async fn url(role: &str) -> String {
    Server::of_this_run().await.url(role, DATABASE)
}

/// The address of a new database, for its owner.
pub(super) async fn new_database(name: &str) -> String {
    let server = Server::of_this_run().await;
    let statement = format!("CREATE DATABASE {name} OWNER {OWNER_ROLE}");
    if let Err(why) = server.run_sql(&statement) {
        panic!("no database for a test: {why}");
    }
    server.url(OWNER_ROLE, name)
}

impl Server {
    async fn of_this_run() -> &'static Self {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        let started =
            tokio::task::spawn_blocking(|| SERVER.get_or_init(Server::find_or_start)).await;
        match started.expect("starting the server does not panic") {
            Ok(server) => server,
            Err(why) => panic!("no PostgreSQL for tests: {why}"),
        }
    }

    fn url(&self, role: &str, database: &str) -> String {
        let port = self.port;
        format!("postgres://{role}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    fn run_sql(&self, statement: &str) -> Result<Output, String> {
        let programs = programs().ok_or("PostgreSQL's programs are gone")?;
        run(Command::new(programs.join("psql"))
            .args(["-q", "-X", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", SERVER_USER, "-d", "postgres", "-c", statement]))
    }

    fn find_or_start() -> Result<Self, String> {
        let cluster = Cluster::new()?;
        let starting = cluster.open_lock("start.lock")?;
        starting.lock().map_err(text)?;
        let user = cluster.open_lock("users.lock")?;
        user.lock_shared().map_err(text)?;
        let port = match cluster.running_port() {
            Some(port) => port,
            None => cluster.start()?,
        };
        Ok(Self { port, _user: user })
    }
}

/// Where the server's files and programs are.
struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    as_root: bool,
}

impl Cluster {
    fn new() -> Result<Self, String> {
        let as_root = fs::metadata("/proc/self").map_err(text)?.uid() == 0;
        let programs = programs().ok_or(
            "it is not installed; `make deps` installs what tests need (Debian: postgresql)",
        )?;
        let folder = folder(as_root)?;
        fs::create_dir_all(&folder).map_err(text)?;
        Ok(Self {
            folder,
            programs,
            as_root,
        })
    }

    fn open_lock(&self, name: &str) -> Result<File, String> {
        let path = self.folder.join(name);
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn running_port(&self) -> Option<u16> {
        let port: u16 = fs::read_to_string(self.folder.join("port"))
            .ok()?
            .trim()
            .parse()
            .ok()?;
        let ready = Command::new(self.programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status();
        (ready.is_ok_and(|ready| ready.success()) && self.control(&["status"]).is_ok())
            .then_some(port)
    }

    /// Starts the cluster of an earlier run, or a new one if there is none or it does not start (it is written without
    /// fsync: a machine that lost power may have left anything).
    fn start(&self) -> Result<u16, String> {
        let _ = fs::remove_file(self.folder.join("port"));
        let _ = self.control(&["-m", "immediate", "stop"]);
        let port = match self.launch() {
            Ok(port) => port,
            Err(_) => {
                self.create()?;
                self.launch()?
            }
        };
        self.watch()?;
        self.furnish(port)?;
        fs::write(self.folder.join("port"), port.to_string()).map_err(text)?;
        Ok(port)
    }

    fn create(&self) -> Result<(), String> {
        let server = self.folder.join("server");
        if server.exists() {
            fs::remove_dir_all(&server).map_err(text)?;
        }
        let mut install = Command::new("install");
        install.args(["-d", "-m", "700"]);
        if self.as_root {
            install.args(["-o", SERVER_USER, "-g", SERVER_USER]);
        }
        run(install.arg(&server))?;
        // Not the C locale: an index that forgets COLLATE "C" sorts differently from SQLite's here as in production.
        run(self
            .as_server(&self.programs.join("initdb"))
            .args(["-A", "trust", "-U", SERVER_USER, "-E", "UTF8", "--no-sync"])
            .args([
                "--locale=C.UTF-8",
                "--locale-provider=icu",
                "--icu-locale=fr",
            ])
            .arg("-D")
            .arg(server.join("data")))?;
        Ok(())
    }

    fn launch(&self) -> Result<u16, String> {
        if !self.folder.join("server").exists() {
            return Err("there is no cluster yet".to_owned());
        }
        let port = free_port().map_err(text)?;
        let log = self.folder.join("server/log");
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
             -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB"
        );
        run(self
            .as_server(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .arg("-l")
            .arg(log)
            .args(["-w", "-o", &options, "start"]))?;
        Ok(port)
    }

    /// An empty database and the two roles.
    fn furnish(&self, port: u16) -> Result<(), String> {
        let role = |name: &str| {
            format!(
                "SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS \
                 (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec"
            )
        };
        let script = [
            role(OWNER_ROLE),
            role(APP_ROLE),
            format!("DROP DATABASE IF EXISTS {DATABASE};"),
            format!("CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE};"),
        ];
        let path = self.folder.join("furnish.sql");
        fs::write(&path, script.join("\n")).map_err(text)?;
        run(Command::new(self.programs.join("psql"))
            .args(["-q", "-X", "-h", "127.0.0.1", "-p", &port.to_string()])
            .args([
                "-U",
                SERVER_USER,
                "-d",
                "postgres",
                "-v",
                "ON_ERROR_STOP=1",
                "-f",
            ])
            .arg(path))?;
        Ok(())
    }

    fn watch(&self) -> Result<(), String> {
        let stop = self.as_server(&self.programs.join("pg_ctl"));
        run(Command::new("setsid")
            .args(["--fork", "sh", "-c"])
            .arg(format!("exec >/dev/null 2>&1 </dev/null{WATCHER}"))
            .arg("watcher")
            .arg(stop.get_program())
            .args(stop.get_args())
            .args(["-m", "fast", "stop", "-D"])
            .arg(self.data())
            .current_dir(&self.folder))?;
        Ok(())
    }

    fn control(&self, arguments: &[&str]) -> Result<Output, String> {
        run(self
            .as_server(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .args(arguments))
    }

    fn as_server(&self, program: &Path) -> Command {
        if !self.as_root {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", SERVER_USER, "--"]).arg(program);
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.join("server/data")
    }
}

/// Debian's place, the newest version; elsewhere what `pg_config` says.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .filter(|(_, path)| path.join("initdb").exists())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, path)| path);
    newest.or_else(|| {
        let output = Command::new("pg_config").arg("--bindir").output().ok()?;
        let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        path.join("initdb").exists().then_some(path)
    })
}

/// In the target directory, unless the server's user cannot get there.
fn folder(as_root: bool) -> Result<PathBuf, String> {
    let test = std::env::current_exe().map_err(text)?;
    let target = test
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    let reachable = |folder: &Path| {
        !as_root
            || Command::new("runuser")
                .args(["-u", SERVER_USER, "--", "test", "-x"])
                .arg(folder)
                .status()
                .is_ok_and(|status| status.success())
    };
    Ok(match target {
        Some(target) if reachable(target) => target.join("test-postgres"),
        _ => {
            let name = blake3::hash(test.to_string_lossy().as_bytes()).to_hex();
            std::env::temp_dir().join(format!("preau-test-postgres-{}", &name[..16]))
        }
    })
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn run(command: &mut Command) -> Result<Output, String> {
    let name = format!("{command:?}");
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!(
        "{name}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}

fn text(error: io::Error) -> String {
    error.to_string()
}
