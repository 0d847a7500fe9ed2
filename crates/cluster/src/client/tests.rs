use super::*;
use crate::kubeconfig::{ExecPlugin, Identity, Impersonation};
use crate::testing;
use secrecy::SecretString;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn get(path: &str) -> Get {
    Get {
        path: path.to_owned(),
        accept: "application/json",
        timeout: None,
    }
}

/// A server that keeps the heads of its requests, and a connection to it as somebody.
fn connect(identity: Identity) -> (Connection, Arc<StdMutex<Vec<String>>>) {
    let heads = Arc::new(StdMutex::new(Vec::new()));
    let keep = heads.clone();
    let server = testing::http_server(move |head| {
        keep.lock().unwrap().push(head.to_lowercase());
        (200, "{}".to_owned())
    });
    let context = Context {
        identity,
        ..testing::context(&format!("{server}/base"))
    };
    (Connection::new(Arc::new(context), ExecPolicy::AllowAll), heads)
}

#[tokio::test]
async fn a_request_is_what_the_context_says_and_nothing_else() {
    let (connection, heads) = connect(Identity {
        credential: Credential::Token(SecretString::from("abc")),
        impersonate: Some(Impersonation {
            user: "joe".to_owned(),
            groups: vec!["ops".to_owned()],
            ..Impersonation::default()
        }),
        ..Identity::default()
    });
    let answer = connection.get(&get("/api/v1/pods?limit=500")).await.unwrap();
    assert_eq!(answer.status, 200);
    let head = heads.lock().unwrap().pop().unwrap();
    let mut lines: Vec<&str> = head
        .trim()
        .lines()
        .filter(|line| !line.starts_with("host:"))
        .collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "get /base/api/v1/pods?limit=500 http/1.1",
            "accept: application/json",
            "authorization: bearer abc",
            "impersonate-group: ops",
            "impersonate-user: joe",
        ]
    );
    assert!(!format!("{connection:?}").contains("abc"));
}

#[tokio::test]
async fn a_token_file_is_read_again_and_its_line_end_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let (connection, heads) = connect(Identity {
        credential: Credential::TokenFile(path.clone()),
        ..Identity::default()
    });
    let used = || {
        let head = heads.lock().unwrap().pop().unwrap();
        head.lines()
            .find(|line| line.starts_with("auth"))
            .unwrap()
            .to_owned()
    };
    std::fs::write(&path, "one\r\n").unwrap();
    let first = connection.get(&get("/x")).await.unwrap().credential;
    assert_eq!(used(), "authorization: bearer one");
    // The minute is over and nothing has changed: no new connection.
    let expire = async || {
        if let Session::Ready(ready) = &mut *connection.session.lock().await {
            ready.files.as_mut().unwrap().1 = Timestamp(0);
        }
    };
    expire().await;
    assert_eq!(connection.get(&get("/x")).await.unwrap().credential, first);
    std::fs::write(&path, "two\n").unwrap();
    expire().await;
    assert_ne!(connection.get(&get("/x")).await.unwrap().credential, first);
    assert_eq!(used(), "authorization: bearer two");
    for (text, problem) in [
        ("\n", "it is empty"),
        ("a\nb", "it has characters that no HTTP header may carry"),
    ] {
        std::fs::write(&path, text).unwrap();
        connection.forget().await;
        let error = connection.get(&get("/x")).await.err().unwrap().to_string();
        assert_eq!(
            error,
            format!("the token file {} cannot be read: {problem}", path.display())
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_runs_once_for_all_until_its_credential_is_refused_or_ends() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (path, runs) = (dir.path().join("login"), dir.path().join("runs"));
    let script = format!(
        "#!/bin/sh\necho x >> {0}\necho '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
         \"status\":{{\"token\":\"token-'$(wc -l < {0} | tr -d ' ')'\"}}}}'\n",
        runs.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (connection, heads) = connect(Identity {
        credential: Credential::Exec(Box::new(ExecPlugin {
            command: path.display().to_string(),
            args: Vec::new(),
            env: Vec::new(),
            api_version: "client.authentication.k8s.io/v1".to_owned(),
            needs_terminal: false,
            provide_cluster_info: false,
            install_hint: None,
        })),
        ..Identity::default()
    });
    let used = || {
        heads
            .lock()
            .unwrap()
            .pop()
            .unwrap()
            .lines()
            .find(|line| line.starts_with("auth"))
            .unwrap()
            .to_owned()
    };
    let request = get("/x");
    let all = futures::future::join_all((0..8).map(|_| connection.get(&request))).await;
    let numbers: Vec<u64> = all.into_iter().map(|answer| answer.unwrap().credential).collect();
    assert!(numbers.iter().all(|number| *number == numbers[0]));
    assert_eq!(used(), "authorization: bearer token-1");
    // Eight that were refused with the same credential get one new one, also those that say so late.
    for number in numbers {
        connection.renew(number).await;
        connection.get(&request).await.unwrap();
    }
    assert_eq!(used(), "authorization: bearer token-2");
    assert_eq!(std::fs::read_to_string(runs).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn nothing_is_tried_again_behind_our_back() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let server = testing::http_server(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        (503, "{}".to_owned())
    });
    let connection = Connection::new(Arc::new(testing::context(&server)), ExecPolicy::Deny);
    assert_eq!(connection.get(&get("/x")).await.unwrap().status, 503);
    assert_eq!(count.load(Ordering::Relaxed), 1);
}
