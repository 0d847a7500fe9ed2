#![cfg(unix)]

use super::*;
use crate::testing;
use secrecy::ExposeSecret;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

const V1: &str = "client.authentication.k8s.io/v1";

fn script(dir: &Path, text: &str) -> ExecPlugin {
    let path = dir.join("plugin");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    plugin(&path.display().to_string())
}

fn plugin(command: &str) -> ExecPlugin {
    ExecPlugin {
        command: command.to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        api_version: V1.to_owned(),
        needs_terminal: false,
        provide_cluster_info: false,
        install_hint: None,
    }
}

async fn run_plugin(plugin: &ExecPlugin, limits: Limits) -> Result<ExecCredential, ExecError> {
    let context = testing::context("https://api.example:6443");
    // A file that was just written may still be open for writing in a child that another test is about to start.
    for _ in 0..50 {
        match run(plugin, &context, &ExecPolicy::AllowAll, limits).await {
            Err(ExecError::Start { source, .. })
                if source.kind() == std::io::ErrorKind::ExecutableFileBusy =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other => return other,
        }
    }
    panic!("the plugin's file stays busy");
}

async fn run_text(text: &str, limits: Limits) -> Result<ExecCredential, ExecError> {
    let dir = tempfile::tempdir().unwrap();
    run_plugin(&script(dir.path(), text), limits).await
}

fn message(result: Result<ExecCredential, ExecError>) -> String {
    let message = result.unwrap_err().to_string();
    // The folder's name is random.
    let end = message.find("/plugin`").map_or(0, |at| at + 8);
    message[end..].trim().to_owned()
}

#[tokio::test]
async fn a_token_comes_back_with_its_end() {
    let text = format!(
        r#"echo '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"abc","expirationTimestamp":"2030-01-01T00:00:00Z"}}}}'"#
    );
    let credential = run_text(&text, Limits::default()).await.unwrap();
    assert_eq!(credential.token.unwrap().expose_secret(), "abc");
    assert_eq!(credential.expires, Some("2030-01-01T00:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn its_environment_is_almost_empty_and_it_has_no_input() {
    let dir = tempfile::tempdir().unwrap();
    let seen = dir.path().join("seen");
    let mut plugin = script(
        dir.path(),
        &format!(
            "env > {0}; cat >> {0}; echo input ends >> {0}; exit 3",
            seen.display()
        ),
    );
    plugin.env.push(("MINE".to_owned(), "a b".to_owned()));
    plugin.provide_cluster_info = true;
    let message = message(run_plugin(&plugin, Limits::default()).await);
    assert!(message.starts_with("failed with exit status: 3"), "{message}");
    let seen = std::fs::read_to_string(seen).unwrap();
    let mut names: Vec<&str> = seen
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.retain(|name| !["_", "PWD", "SHLVL", "OLDPWD"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "KUBERNETES_EXEC_INFO", "MINE", "PATH"]);
    let info =
        r#"KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","#;
    assert!(seen.lines().any(|line| line.starts_with(info)), "{seen}");
    assert!(
        seen.contains(r#""server":"https://api.example:6443/""#) && seen.ends_with("input ends\n"),
        "{seen}"
    );
}

#[tokio::test]
async fn exec_plugin_is_supervised() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    // What it starts itself goes with it.
    let plugin = script(
        dir.path(),
        &format!("sleep 1000 & echo $! > {}; sleep 1000", pid_file.display()),
    );
    let limits = Limits {
        time: Duration::from_millis(700),
        ..Limits::default()
    };
    let started = Instant::now();
    let text = message(run_plugin(&plugin, limits).await);
    assert_eq!(text, "did not answer within 0 s and was stopped");
    assert!(started.elapsed() < Duration::from_secs(5));
    let pid: i32 = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
    testing::until("the plugin's child is gone", || !is_alive(pid)).await;

    let text = message(run_text("while :; do echo 0123456789abcdef; done", Limits::default()).await);
    assert_eq!(text, "printed more than 65536 bytes and was stopped");
}

fn is_alive(pid: i32) -> bool {
    // A zombie that nobody has waited for yet is dead, too.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_failure_is_told_without_the_output() {
    let canary = "canary-4711";
    let fail = format!("echo '{canary}'; echo '{canary}' >&2; exit 7");
    let result = run_text(&fail, Limits::default()).await;
    assert!(!format!("{:?}", result.as_ref().err()).contains(canary));
    assert_eq!(
        message(result),
        "failed with exit status: 7; what it printed may be secret and is not kept"
    );
    // However much it says.
    let talk = "head -c 200000 /dev/zero | tr '\\0' x >&2; exit 1";
    assert_eq!(
        message(run_text(talk, Limits::default()).await),
        "failed with exit status: 1; what it printed may be secret and is not kept"
    );
    let kind = format!(r#""apiVersion":"{V1}","kind":"ExecCredential""#);
    for (printed, expected) in [
        (
            canary.to_owned(),
            "printed no usable credential: not JSON (line 1, column 1)",
        ),
        (
            format!("[\"{canary}\"]"),
            "printed no usable credential: not an ExecCredential",
        ),
        (
            format!(
                r#"{{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{{"token":"{canary}"}}}}"#
            ),
            "printed no usable credential: its apiVersion is not client.authentication.k8s.io/v1 as asked for",
        ),
        (
            format!("{{{kind}}}"),
            "printed no usable credential: status has neither a token nor a client certificate",
        ),
        (
            format!(r#"{{{kind},"status":{{"token":"{canary}\\n"}}}}"#),
            "printed no usable credential: status.token has characters that no HTTP header may carry",
        ),
        (
            format!(
                r#"{{{kind},"status":{{"clientCertificateData":"{canary}","clientKeyData":"{canary}"}}}}"#
            ),
            "printed no usable credential: status.clientCertificateData holds no PEM certificate",
        ),
        (
            format!(r#"{{{kind},"status":{{"token":["{canary}"]}}}}"#),
            "printed no usable credential: status.token is not text",
        ),
        (
            format!(r#"{{{kind},"status":{{"token":"t","expirationTimestamp":"{canary}"}}}}"#),
            "printed no usable credential: status.expirationTimestamp is not an RFC 3339 time",
        ),
        (
            format!(r#"{{{kind},"status":{{"clientKeyData":"{canary}"}}}}"#),
            "printed no usable credential: clientCertificateData and clientKeyData come only together",
        ),
    ] {
        let result = run_text(&format!("echo '{printed}'"), Limits::default()).await;
        assert!(!format!("{:?}", result.as_ref().err()).contains(canary));
        assert_eq!(message(result), expected);
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_not_started() {
    let mut missing = plugin("no-such-plugin-4711");
    missing.install_hint = Some("Get it from\nhttps://example.com".to_owned());
    let error = run_plugin(&missing, Limits::default()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the exec plugin `no-such-plugin-4711` could not be started: No such file or directory (os error 2): Get it from"
    );
    let mut terminal = plugin("true");
    terminal.needs_terminal = true;
    let error = run_plugin(&terminal, Limits::default()).await.unwrap_err();
    assert!(matches!(error, ExecError::NeedsTerminal { .. }));
    let context = testing::context("https://h");
    let denied = run(&plugin("true"), &context, &ExecPolicy::Deny, Limits::default()).await;
    assert_eq!(
        denied.unwrap_err().to_string(),
        "the exec plugin `true` is not allowed to run"
    );
}

#[test]
fn the_list_names_command_and_arguments_exactly() {
    let mut aws = plugin("aws");
    aws.args = vec!["eks".to_owned(), "get-token".to_owned()];
    let allow = |command: &str, args: Option<&[&str]>| {
        let args = args.map(|args| args.iter().map(|arg| (*arg).to_owned()).collect());
        ExecPolicy::AllowList(vec![AllowedCommand {
            command: command.to_owned(),
            args,
        }])
    };
    assert!(allow("aws", None).allows(&aws));
    assert!(allow("aws", Some(&["eks", "get-token"])).allows(&aws));
    assert!(!allow("aws", Some(&["eks"])).allows(&aws));
    assert!(!allow("/usr/bin/aws", None).allows(&aws));
}
