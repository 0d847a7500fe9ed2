//! What the tests of this crate share.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::SecretString;

use crate::kubeconfig::{Authority, Context, Identity, Secret};

/// A context that believes any certificate.
pub(crate) fn context(server: &str) -> Context {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Context {
        name: "test".to_owned(),
        files: Arc::default(),
        server: server.parse().unwrap(),
        namespace: None,
        authority: Authority::Any,
        tls_server_name: None,
        proxy: None,
        identity: Identity::default(),
    }
}

/// Waits until something is so, for at most half a minute.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within 30 s: {what}");
}

/// A server on a port of its own that does this with every connection, each on its thread, until the test ends.
pub(crate) fn tcp_server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (serve, stream) = (serve.clone(), stream.unwrap());
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Reads a request and returns its head: the request line and the headers.
pub(crate) fn read_head(stream: &mut impl Read) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0_u8]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Answers one request by its head: status and body.
pub(crate) fn answer(mut stream: impl Read + Write, respond: &dyn Fn(&str) -> (u16, String)) {
    if let Some(head) = read_head(&mut stream) {
        let (status, body) = respond(&head);
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes());
        let _ = stream.flush();
    }
}

/// A plain HTTP server; the URL.
pub(crate) fn http_server(respond: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> String {
    format!("http://{}", tcp_server(move |stream| answer(stream, &respond)))
}

/// What a healthy API server says to a probe.
pub(crate) fn healthy(head: &str) -> (u16, String) {
    match head.split(' ').nth(1) {
        Some("/readyz") => (200, "ok".to_owned()),
        Some("/version") => (200, r#"{"major":"1","gitVersion":"v1.36.3"}"#.to_owned()),
        Some("/api/v1/namespaces/kube-system") => (200, r#"{"metadata":{"uid":"u-1"}}"#.to_owned()),
        _ => (404, "{}".to_owned()),
    }
}

/// A certificate authority of a test.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A context that believes this authority.
    pub fn context(&self, server: &str) -> Context {
        Context {
            authority: Authority::Bundle(Secret::Inline(SecretString::from(self.0.pem()))),
            ..context(server)
        }
    }

    /// An https server for a host name, with a certificate that `change` may spoil; the address.
    pub fn server(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> String {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        tcp_server(move |stream| {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            answer(rustls::StreamOwned::new(connection, stream), &healthy);
        })
    }
}
