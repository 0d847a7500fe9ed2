//! A PostgreSQL for the tests: the one that `KUBILITICS_TEST_POSTGRES` names, else one started from Debian's binaries.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use store::DatabaseUrl;

const VARIABLE: &str = "KUBILITICS_TEST_POSTGRES";

/// Runs the server until standard input ends, which it does with the tests' process, however that ends.
const KEEPER: &str = r#"
    trap '' INT TERM
    "$1" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=200 >"$2/log" 2>&1 </dev/null &
    read -r _
    kill -QUIT $! && wait
    rm -rf "$2"
"#;

/// A database of its own for the test of this name.
pub(crate) async fn database(test: &str) -> DatabaseUrl {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let name = format!("{test}_{}", std::process::id());
    // Starting takes a second or two; the other tests of this process wait for it.
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(Server::find))
        .await
        .unwrap();
    let made = server.psql(&format!("CREATE DATABASE {name}"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    server.url(&name).parse().unwrap()
}

struct Server {
    /// The URL up to the database's name.
    base: String,
    /// Holds the other end of the keeper's standard input, if the server was started here.
    _keeper: Option<Child>,
}

impl Server {
    fn find() -> Self {
        match std::env::var(VARIABLE) {
            Ok(url) => {
                let (base, _) = url
                    .rsplit_once('/')
                    .expect("KUBILITICS_TEST_POSTGRES names no database");
                Self {
                    base: base.to_owned(),
                    _keeper: None,
                }
            }
            Err(_) => Self::start(),
        }
    }

    fn start() -> Self {
        let binaries = binaries();
        let user = unprivileged_user();
        let home = tempfile::Builder::new()
            .prefix("kubilitics-postgres-")
            .tempdir()
            .unwrap()
            .keep();
        fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
        if let Some((uid, gid)) = user {
            chown(&home, Some(uid), Some(gid)).unwrap();
        }
        let as_user = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir(&home);
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command
        };
        let made = as_user(&binaries.join("initdb"))
            .args([
                "--auth=trust",
                "--username=kubilitics",
                "--no-sync",
                "--no-locale",
                "--encoding=UTF8",
            ])
            .arg(home.join("data"))
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );

        let keeper = as_user(Path::new("/bin/sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(binaries.join("postgres"))
            .arg(&home)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let server = Self {
            base: format!(
                "postgres://kubilitics@{}",
                home.to_str().unwrap().replace('/', "%2F")
            ),
            _keeper: Some(keeper),
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !server.psql("SELECT 1").status.success() {
            let log = fs::read_to_string(home.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL does not answer: {log}");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    fn psql(&self, statement: &str) -> Output {
        Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--command", statement])
            .arg(self.url("postgres"))
            .output()
            .expect("no psql for the tests: apt-get install postgresql")
    }
}

/// The folder of the newest server's binaries, as Debian lays them out.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            folder.join("postgres").exists().then_some((version, folder))
        })
        .max();
    let (_, folder) = newest.expect("no PostgreSQL for the tests: apt-get install postgresql");
    folder
}

/// Whom to run the server as when we are root, which PostgreSQL refuses: `postgres`, else `nobody`.
fn unprivileged_user() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    if ids.split_whitespace().nth(1) != Some("0") {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    })
}
