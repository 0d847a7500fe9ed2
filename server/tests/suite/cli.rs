//! The real executable: what it says, and how it ends.

use cluster::{ExecPolicy, Registry, RegistryConfig, Source, Tasks};
use model::ClusterStatus;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn kubilitics(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubilitics"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KUBILITICS_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .stdin(Stdio::null());
    command
}

fn run(args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = kubilitics(home.path())
        .args(args)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Arguments, variables, and the words that the message must have.
type Mistake<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn mistakes_in_usage_end_with_status_2() {
    let none: &[(&str, &str)] = &[];
    let table: [Mistake<'_>; 18] = [
        (&["--nonsense"], none, &["--nonsense"]),
        (
            &["--demo-scale", "many"],
            none,
            &[
                "--demo-scale",
                "KUBILITICS_DEMO_SCALE",
                "key `demo-scale`",
                "many",
            ],
        ),
        (
            &["--demo-scale", "10"],
            &[("KUBILITICS_DEMO", "false")],
            &["--demo-scale", "KUBILITICS_DEMO"],
        ),
        (&["simulate", "--pods", "many"], none, &["--pods", "many"]),
        (
            &["simulate", "--pods", "1", "--scenario", "empty"],
            none,
            &["--pods", "--scenario"],
        ),
        (&["simulate", "--churn", "5"], none, &["--pods"]),
        (&["simulate", "--pods", "0"], none, &["--pods", "0"]),
        (&["simulate", "--pods", "-5"], none, &["--pods", "-5"]),
        (
            &["simulate", "--pods", "4000000000"],
            none,
            &["4000000000 pods need about", "MB"],
        ),
        (&["simulate", "--scenario", "absent.yaml"], none, &["absent.yaml"]),
        (
            &[
                "simulate",
                "--scenario",
                "empty",
                "--kubeconfig-out",
                "absent/kubeconfig",
            ],
            none,
            &["absent/kubeconfig", "--kubeconfig-out"],
        ),
        (
            &["serve", "--addr", "nonsense"],
            none,
            &["--addr", "KUBILITICS_ADDR", "key `addr`", "nonsense"],
        ),
        (
            &[],
            &[("KUBILITICS_LOG_FORMAT", "xml")],
            &["--log-format", "KUBILITICS_LOG_FORMAT", "key `log-format`", "xml"],
        ),
        (
            &[],
            &[("KUBILITICS_ADRESS", "x")],
            &["KUBILITICS_ADRESS", "KUBILITICS_ADDR"],
        ),
        (&["--mode", "server"], none, &["--mode", "local mode only"]),
        (&["--addr", "0.0.0.0:0"], none, &["--addr", "--allowed-host"]),
        (
            &["--database", "mysql://ann:canary@db/x"],
            none,
            &["--database", "KUBILITICS_DATABASE", "key `database`"],
        ),
        (
            &["--config", "/nowhere/config.toml"],
            none,
            &["/nowhere/config.toml", "KUBILITICS_CONFIG"],
        ),
    ];
    for (args, variables, words) in table {
        let (status, out, err) = run(args, variables);
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}: {err}");
        for word in words {
            assert!(err.contains(word), "{args:?}: {word} in {err}");
        }
        assert!(!err.contains("canary") && !err.contains("panicked"), "{err}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, out, err) = run(&["--addr", &address], &[]);
    assert_eq!((status, out.as_str()), (1, ""), "{err}");
    for word in [address.as_str(), "in use", "--addr", "KUBILITICS_ADDR"] {
        assert!(err.contains(word), "{word} in {err}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let (status, out, err) = run(
        &["--addr", "127.0.0.1:0", "--data-dir", "/proc/nowhere/data"],
        &[],
    );
    assert_eq!((status, out.as_str()), (1, ""), "{err}");
    for word in ["/proc/nowhere/data", "--data-dir", "KUBILITICS_DATA_DIR"] {
        assert!(err.contains(word), "{word} in {err}");
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    let database = "postgres://ann:canary@127.0.0.1:1/kubilitics";
    let (status, _, err) = run(&["--addr", "127.0.0.1:0", "--database", database], &[]);
    assert_eq!(status, 1, "{err}");
    assert!(
        err.contains("postgres://ann:***@127.0.0.1:1/kubilitics") && !err.contains("canary"),
        "{err}"
    );
}

#[test]
fn the_configuration_is_printed_with_its_origins_and_without_passwords() {
    let (status, out, err) = run(
        &["config", "print", "--addr", "127.0.0.1:1234"],
        &[("KUBILITICS_DATABASE", "postgres://ann:canary@db/shop")],
    );
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("addr = \"127.0.0.1:1234\" # flag --addr"), "{out}");
    assert!(
        out.contains("database = \"postgres://ann:***@db/shop\" # variable KUBILITICS_DATABASE"),
        "{out}"
    );
    assert!(out.contains("log-format = \"text\" # default"), "{out}");
}

#[test]
fn the_version_is_one_json_object() {
    let (status, out, _) = run(&["version", "--json"], &[]);
    let version: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (status, version["version"].as_str()),
        (0, Some(env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn a_link_of_no_server_says_that_there_is_none() {
    let (status, out, err) = run(&["link", "--data-dir", "/nowhere"], &[]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(
        err.contains("no kubilitics runs with the data folder /nowhere"),
        "{err}"
    );
}

/// Killed when the test ends, however it ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_starts_without_any_cluster_says_one_line_and_ends_well() {
    let home = tempfile::tempdir().unwrap();
    let ready = home.path().join("ready");
    let out = home.path().join("out");
    let err = home.path().join("err");
    let child = kubilitics(home.path())
        .args([
            "--addr",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--kubeconfig",
            "/nowhere/kubeconfig",
            "--ready-file",
        ])
        .arg(&ready)
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let mut server = Server(child);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !read(&out).ends_with('\n') {
        assert!(
            Instant::now() < deadline && server.0.try_wait().unwrap().is_none(),
            "{}",
            read(&err)
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = read(&ready);
    assert_eq!(read(&out), format!("Kubilitics is ready: {url}"));
    assert!(
        url.starts_with("http://127.0.0.1:") && url.contains("/?token="),
        "{url}"
    );

    let link = kubilitics(home.path()).arg("link").output().unwrap();
    let link = String::from_utf8(link.stdout).unwrap();
    assert_eq!(link.split("token=").next(), url.split("token=").next());
    assert_ne!(link, url);

    // The address is taken, and so is the data folder.
    let second = kubilitics(home.path())
        .args(["--addr", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another kubilitics runs with the data folder"));

    let killed = Command::new("kill")
        .args(["-TERM", &server.0.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let status = loop {
        if let Some(status) = server.0.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it does not stop: {}", read(&err));
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0), "{}", read(&err));
    assert_eq!(
        read(&out).lines().count(),
        1,
        "exactly one line on standard output"
    );
    for line in read(&err).lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
    assert!(
        !read(&err).contains(url.trim().split("token=").nth(1).unwrap()),
        "the token is not logged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_api_server_is_ready_when_its_kubeconfig_is_there() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("kubeconfig");
    let child = kubilitics(home.path())
        .args(["simulate", "--scenario", "empty", "--kubeconfig-out"])
        .arg(&file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server(child);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !file.exists() {
        assert!(Instant::now() < deadline && server.0.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // kubectl sends no token without TLS.
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("server: https://")
    );
    let tasks = Tasks::new();
    let source = Source::Files {
        paths: vec![file],
        optional: false,
    };
    let registry = Registry::start(RegistryConfig::new(vec![source], ExecPolicy::Deny), &tasks);
    let mut states = registry.subscribe();
    let connected = states.wait_for(|(_, clusters)| {
        clusters
            .iter()
            .any(|cluster| cluster.status == ClusterStatus::Connected && cluster.sync.complete)
    });
    let connected = tokio::time::timeout(Duration::from_secs(30), connected).await;
    assert!(connected.is_ok(), "{:#?}", registry.clusters());
    tasks.shutdown(Duration::from_secs(5)).await;
    let killed = Command::new("kill")
        .args(["-TERM", &server.0.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn the_url_is_written_to_a_descriptor() {
    use std::io::{BufRead, BufReader};
    let home = tempfile::tempdir().unwrap();
    let child = Command::new("sh")
        .args([
            "-c",
            "exec \"$@\" 3>&1 1>/dev/null",
            "sh",
            env!("CARGO_BIN_EXE_kubilitics"),
        ])
        .args([
            "--addr",
            "127.0.0.1:0",
            "--kubeconfig",
            "/nowhere",
            "--ready-fd",
            "3",
            "--data-dir",
        ])
        .arg(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server(child);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(
        line.starts_with("http://127.0.0.1:") && line.ends_with('\n'),
        "{line}"
    );
}
