//! Each category against the condition itself.

use super::*;
use crate::Connection;
use crate::engine::Probe;
use crate::exec::ExecPolicy;
use crate::kubeconfig::{Authority, Context, Credential, ExecPlugin};
use crate::testing::{self, Ca};
use model::cluster::ConnectionProblem as P;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

async fn look(context: Context) -> Result<Option<String>, StatusReason> {
    let connection = Arc::new(Connection::new(Arc::new(context), ExecPolicy::AllowAll));
    let seen = Probe::new(connection.clone()).run(false).await;
    seen.map(|seen| seen.version)
        .map_err(|error| reason(&error, connection.context()))
}

/// Checks the category and that the message has these words.
async fn expect(context: Context, code: P, words: &str) {
    let reason = look(context).await.unwrap_err();
    assert_eq!(reason.code, code, "{reason:?}");
    assert!(reason.message.contains(words), "{reason:?}");
    assert!(!reason.next.is_empty());
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_refused() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let context = testing::context(&format!("https://127.0.0.1:{port}"));
    let words = format!("https://127.0.0.1:{port} refuses the connection: nothing listens there");
    expect(context, P::Refused, &words).await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_dns() {
    let context = testing::context("https://no-such-host.invalid:6443");
    expect(
        context,
        P::Dns,
        "the host name `no-such-host.invalid` does not resolve",
    )
    .await;
}

#[tokio::test]
async fn a_fault_of_the_proxy_is_not_the_servers() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    for server in ["https://127.0.0.1:6443", "http://127.0.0.1:6443"] {
        for (proxy, code, words) in [
            (
                format!("http://me:secret@127.0.0.1:{port}"),
                P::Refused,
                format!("the proxy http://127.0.0.1:{port} refuses the connection: nothing listens there"),
            ),
            (
                format!("socks5://127.0.0.1:{port}"),
                P::Refused,
                format!("the proxy socks5://127.0.0.1:{port} "),
            ),
            (
                "http://no-such-host.invalid:3128".to_owned(),
                P::Dns,
                "the host name `no-such-host.invalid` of the proxy does not resolve".to_owned(),
            ),
        ] {
            let context = Context {
                proxy: Some(proxy.parse().unwrap()),
                ..testing::context(server)
            };
            let reason = look(context).await.unwrap_err();
            assert_eq!(reason.code, code, "{reason:?}");
            assert!(reason.message.contains(&words), "{reason:?}");
            assert!(reason.next.contains("proxy-url"), "{reason:?}");
        }
    }
}

#[tokio::test]
async fn certificates_are_checked_and_the_fault_is_named() {
    let (ours, theirs) = (Ca::new(), Ca::new());
    let good = ours.server("localhost", |_| {});
    let port = good.rsplit(':').next().unwrap();
    let server = format!("https://localhost:{port}");
    assert_eq!(look(ours.context(&server)).await, Ok(Some("v1.36.3".to_owned())));
    expect(theirs.context(&server), P::Tls, "not signed by an authority").await;
    let unnamed = Context {
        authority: Authority::System,
        ..theirs.context(&server)
    };
    let reason = look(unnamed).await.unwrap_err();
    assert!(reason.next.contains("names no authority"), "{reason:?}");
    let other_name = format!("https://127.0.0.1:{port}");
    expect(ours.context(&other_name), P::Tls, "for another host name").await;
    let renamed = Context {
        tls_server_name: Some("localhost".to_owned()),
        ..ours.context(&other_name)
    };
    assert!(look(renamed).await.is_ok());
    let expired = ours.server("localhost", |params| {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1)
    });
    let expired = expired.replace("127.0.0.1", "https://localhost");
    expect(ours.context(&expired), P::Tls, "has expired").await;
    let early = ours.server("localhost", |params| {
        params.not_before = rcgen::date_time_ymd(2090, 1, 1)
    });
    let early = early.replace("127.0.0.1", "https://localhost");
    expect(ours.context(&early), P::Tls, "not valid yet").await;
    assert!(
        look(testing::context(&server)).await.is_ok(),
        "insecure-skip-tls-verify"
    );
}

#[tokio::test]
async fn what_is_not_kubernetes_is_told_apart() {
    let html = testing::http_server(|_| (200, "<html>It works!</html>".to_owned()));
    expect(
        testing::context(&html),
        P::NotKubernetes,
        "something else than a version",
    )
    .await;
    let missing = testing::http_server(|_| (404, "not found".to_owned()));
    expect(
        testing::context(&missing),
        P::NotKubernetes,
        "/version answers with status 404",
    )
    .await;
    let ssh = testing::tcp_server(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        let _ = stream.read(&mut [0; 512]);
    });
    expect(
        testing::context(&format!("http://{ssh}")),
        P::NotKubernetes,
        "does not speak HTTP",
    )
    .await;
    expect(
        testing::context(&format!("https://{ssh}")),
        P::NotKubernetes,
        "does not speak TLS",
    )
    .await;
    let plain = testing::tcp_server(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    expect(
        testing::context(&format!("https://{plain}")),
        P::NotKubernetes,
        "is it an http:// address?",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_hangs_up_is_refused() {
    for scheme in ["http", "https"] {
        let closes = testing::tcp_server(|mut stream| {
            let _ = stream.read(&mut [0; 512]);
        });
        expect(testing::context(&format!("{scheme}://{closes}")), P::Refused, "").await;
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_a_timeout() {
    let silent = testing::tcp_server(|stream| {
        std::thread::sleep(std::time::Duration::from_secs(60));
        drop(stream);
    });
    expect(
        testing::context(&format!("https://{silent}")),
        P::Timeout,
        "did not answer within 3 s",
    )
    .await;
}

#[tokio::test]
async fn what_the_api_server_refuses_is_passed_on() {
    let status =
        |code: u16, message: &str| format!(r#"{{"kind":"Status","code":{code},"message":"{message}"}}"#);
    let server = testing::http_server(move |_| (401, status(401, "Unauthorized")));
    expect(
        testing::context(&server),
        P::Unauthorized,
        "does not accept the credentials (401): Unauthorized",
    )
    .await;
    let starting = testing::http_server(move |_| (500, "[-]poststarthook failed".to_owned()));
    expect(testing::context(&starting), P::Other, "starting or stopping").await;
    // Who may not even ask for the version may still see something.
    let strict = testing::http_server(move |_| (403, status(403, "no")));
    assert_eq!(look(testing::context(&strict)).await, Ok(None));
}

#[tokio::test]
async fn an_exec_plugin_that_fails_is_the_reason() {
    let mut context = testing::context("https://127.0.0.1:1");
    context.identity.credential = Credential::Exec(Box::new(ExecPlugin {
        command: "false".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        api_version: "client.authentication.k8s.io/v1".to_owned(),
        needs_terminal: false,
        provide_cluster_info: false,
        install_hint: None,
    }));
    expect(
        context.clone(),
        P::ExecPlugin,
        "the exec plugin `false` failed with exit status: 1; what it printed may be secret and is not kept",
    )
    .await;
    context.name = "it's mine".to_owned();
    context.files = ["/a b/c".into(), "/d".into()].into();
    let reason = look(context).await.unwrap_err();
    assert_eq!(
        reason.next,
        r"Run `KUBECONFIG='/a b/c:/d' kubectl --context 'it'\''s mine' get --raw /version` in a terminal to see what the plugin says."
    );
}

#[tokio::test]
async fn a_certificate_file_that_went_away_is_a_matter_of_the_kubeconfig() {
    let mut context = testing::context("https://127.0.0.1:1");
    context.authority =
        crate::kubeconfig::Authority::Bundle(crate::kubeconfig::Secret::File("/no/such".into()));
    expect(context, P::Kubeconfig, "the certificate authority cannot be read").await;
}
