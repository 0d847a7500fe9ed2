//! Connections: each is served on a task of its own, and none is kept that does not say what it wants.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long a client may take from the opening of a connection, or the end of an answer, to the end of a request's head.
pub const HEAD: Duration = Duration::from_secs(30);
/// How long to wait when no connection can be taken, as when too many files are open.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until `stopping`. Then idle connections are closed, and requests that run are answered first.
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((socket, _)) => {
                connections.spawn(connection(socket, router.clone(), stopping.clone()));
            }
            // The client has gone already.
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                tracing::error!(error = %error, "no connection can be taken: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(socket: TcpStream, router: Router, stopping: CancellationToken) {
    // A frame is worth more early than full.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(error = %error, "a connection could not be set to send at once");
    }
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stopping.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended: {error}");
    }
}

/// Whether an error is about one connection and not about all that may come.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn start(stopping: &CancellationToken) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "hello"));
        (address, tokio::spawn(serve(listener, router, stopping.clone())))
    }

    /// All that comes until the server closes.
    async fn rest(socket: &mut TcpStream) -> String {
        let mut text = String::new();
        socket.read_to_string(&mut text).await.unwrap();
        text
    }

    // Time stands still while anything is to be done, and else goes on at once.
    #[tokio::test(start_paused = true)]
    async fn who_does_not_say_what_it_wants_is_cut_off() {
        let (address, _serving) = start(&CancellationToken::new()).await;
        for said in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nAcc"] {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(said.as_bytes()).await.unwrap();
            let answer = rest(&mut socket).await;
            assert!(!answer.contains("hello"), "{said:?}: {answer}");
        }
        // A connection that is kept after an answer, too.
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let answer = rest(&mut socket).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_keep_it_from_stopping() {
        let stopping = CancellationToken::new();
        let (address, serving) = start(&stopping).await;
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 12];
        socket.read_exact(&mut first).await.unwrap();
        stopping.cancel();
        assert!(rest(&mut socket).await.ends_with("hello"));
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
