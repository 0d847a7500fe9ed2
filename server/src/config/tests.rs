use super::*;
use std::collections::BTreeMap;
use std::ffi::OsString;

fn around(variables: &[(&str, &str)]) -> Surroundings {
    Surroundings {
        variables: variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect(),
        config_folder: None,
        data_folder: Some("/data".into()),
    }
}

fn flags(given: &[(&'static str, &str)]) -> Flags {
    let mut flags: Flags = BTreeMap::new();
    for (flag, value) in given {
        flags.entry(flag).or_default().push((*value).to_owned());
    }
    flags
}

fn error(given: &[(&'static str, &str)], variables: &[(&str, &str)]) -> String {
    Config::read(&flags(given), &around(variables))
        .unwrap_err()
        .to_string()
}

#[test]
fn defaults_need_nothing() {
    let config = Config::read(&Flags::new(), &around(&[])).unwrap();
    assert_eq!(config.listen.addr.to_string(), "127.0.0.1:8190");
    assert_eq!(config.storage.data_dir, PathBuf::from("/data/kubilitics"));
    assert_eq!(
        config.storage.database.to_string(),
        "sqlite:/data/kubilitics/kubilitics.db"
    );
    assert!(config.kubernetes.kubeconfigs.is_empty());
    assert!(config.ready.open_browser);
}

#[test]
fn a_flag_wins_over_a_variable_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(
        &file,
        "addr = \"127.0.0.1:1\"\nlog-format = \"json\"\nno-open = true\nkubeconfig = [\"/a\"]\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let variables = [("KUBILITICS_CONFIG", file), ("KUBILITICS_ADDR", "127.0.0.1:2")];

    let config = Config::read(&flags(&[("addr", "127.0.0.1:3")]), &around(&variables)).unwrap();
    assert_eq!(config.listen.addr.port(), 3);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(!config.ready.open_browser);
    assert_eq!(config.kubernetes.kubeconfigs, [PathBuf::from("/a")]);

    let config = Config::read(&Flags::new(), &around(&variables)).unwrap();
    assert_eq!(config.listen.addr.port(), 2);
    let config = Config::read(&Flags::new(), &around(&variables[..1])).unwrap();
    assert_eq!(config.listen.addr.port(), 1);
}

#[test]
fn mistakes_are_said_with_all_three_names() {
    assert_eq!(
        error(&[("addr", "nonsense")], &[]),
        "--addr (KUBILITICS_ADDR, key `addr`) is not valid: it must be an IP address and a port, such as \
         127.0.0.1:8190; it was given by the flag as `nonsense`"
    );
    let text = error(&[], &[("KUBILITICS_LOG_FORMAT", "xml")]);
    assert!(
        text.contains("--log-format") && text.contains("key `log-format`") && text.contains("the variable"),
        "{text}"
    );
    let text = error(&[], &[("KUBILITICS_MODE", "server")]);
    assert!(text.contains("this release has local mode only"), "{text}");
}

#[test]
fn a_secret_is_neither_repeated_nor_printed() {
    let text = error(&[("database", "mysql://ann:canary@db/shop")], &[]);
    assert!(!text.contains("canary"), "{text}");
    let config = Config::read(
        &flags(&[("database", "postgres://ann:canary@db/shop")]),
        &around(&[]),
    )
    .unwrap();
    let text = config.print();
    assert!(
        !text.contains("canary") && !format!("{config:?}").contains("ann:canary@"),
        "{text}"
    );
    assert!(
        text.contains("database = \"postgres://ann:***@db/shop\" # flag --database"),
        "{text}"
    );
}

#[test]
fn what_is_printed_is_a_file_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let given = [
        ("allowed-host", "a.example"),
        ("addr", "0.0.0.0:1"),
        ("ready-fd", "3"),
        ("no-open", "true"),
    ];
    let config = Config::read(&flags(&given), &around(&[])).unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, config.print()).unwrap();
    let again = Config::read(&flags(&[("config", file.to_str().unwrap())]), &around(&[])).unwrap();
    assert_eq!(again.listen.addr, config.listen.addr);
    assert_eq!(again.listen.allowed_hosts, config.listen.allowed_hosts);
    assert_eq!((again.ready.fd, again.ready.open_browser), (Some(3), false));
}

#[test]
fn unknown_names_are_refused_with_the_closest_known_one() {
    assert_eq!(
        error(&[], &[("KUBILITICS_ADRR", "x")]),
        "the environment variable KUBILITICS_ADRR is not one of Kubilitics; did you mean KUBILITICS_ADDR?"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "data_dir = \"/x\"\n").unwrap();
    let text = error(&[("config", file.to_str().unwrap())], &[]);
    assert!(
        text.ends_with("unknown key `data_dir`; did you mean data-dir?"),
        "{text}"
    );
}

/// Kubernetes puts these into every pod beside a Service called `kubilitics`, `kubilitics-db` and so on.
#[test]
fn service_links_are_not_ours() {
    let variables = [
        ("KUBILITICS_SERVICE_HOST", "10.0.0.1"),
        ("KUBILITICS_SERVICE_PORT", "80"),
        ("KUBILITICS_SERVICE_PORT_HTTP", "80"),
        ("KUBILITICS_PORT", "tcp://10.0.0.1:80"),
        ("KUBILITICS_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("KUBILITICS_DB_SERVICE_HOST", "10.0.0.2"),
        ("KUBILITICS_DB_PORT", "tcp://10.0.0.2:5432"),
        ("KUBILITICS_DB_PORT_5432_TCP_PROTO", "tcp"),
        ("KUBILITICS_TEST_POSTGRES", "postgres://x/y"),
    ];
    Config::read(&Flags::new(), &around(&variables)).unwrap();
}

#[test]
fn a_file_that_was_named_must_exist() {
    let text = error(&[("config", "/nowhere/config.toml")], &[]);
    assert!(
        text.contains("/nowhere/config.toml") && text.contains("KUBILITICS_CONFIG"),
        "{text}"
    );
}

#[test]
fn other_machines_are_let_in_only_by_name() {
    let text = error(&[("addr", "0.0.0.0:8190")], &[]);
    assert!(
        text.contains("--addr") && text.contains("--allowed-host (KUBILITICS_ALLOWED_HOSTS"),
        "{text}"
    );
    let given = [("addr", "0.0.0.0:8190"), ("allowed-host", "ops.example.com")];
    Config::read(&flags(&given), &around(&[])).unwrap();
}

/// `.env.example` is made from the table. To write it anew, run this test with `KUBILITICS_TEST_WRITE=1`.
#[test]
fn the_example_of_the_environment_is_up_to_date() {
    let path = "../.env.example";
    if std::env::var_os("KUBILITICS_TEST_WRITE").is_some() {
        std::fs::write(path, env_example()).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        text == env_example(),
        ".env.example differs: run this test with KUBILITICS_TEST_WRITE=1"
    );
}

#[test]
fn the_demo_cluster_is_shown_refused_or_left_to_what_is_found() {
    let demo = |given: &[(&'static str, &str)], variables: &[(&str, &str)]| {
        Config::read(&flags(given), &around(variables))
            .unwrap()
            .kubernetes
            .demo
    };
    assert_eq!(demo(&[], &[]), Demo::IfNothingElse);
    assert_eq!(demo(&[("demo", "true")], &[]), Demo::Shop);
    assert_eq!(demo(&[("demo-scale", "1000")], &[]), Demo::Scale(1000));
    assert_eq!(demo(&[], &[("KUBILITICS_DEMO", "false")]), Demo::Never);
    assert!(error(&[("demo-scale", "0")], &[]).contains("--demo-scale"));
}
