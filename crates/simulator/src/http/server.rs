//! The listener and its connections. All of them end with the task that runs them.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::container::exec::Session;
use crate::fault::Fault;
use crate::shared::Shared;
use crate::tls::Acceptors;

/// Serves until the simulator is told to stop. Dropping the future cuts every connection.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, tls: Option<Acceptors>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = shared.stop.cancelled() => break,
            () = shared.cut.notified() => {
                connections.abort_all();
                continue;
            }
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, mostly: one connection is lost, the listener lives.
                tracing::warn!(%error, "the simulator could not accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        // A watch sends single lines that must not wait for more.
        let _ = socket.set_nodelay(true);
        let (shared, tls) = (shared.clone(), tls.clone());
        let faults = shared.faults.take_of_connection();
        connections.spawn(async move {
            for fault in &faults {
                if let Fault::SlowHandshake(time) = fault {
                    tokio::time::sleep(*time).await;
                }
            }
            let has_expired = faults.contains(&Fault::ExpiredCertificate);
            let acceptor = tls.map(|tls| if has_expired { tls.expired } else { tls.valid });
            let ended = match acceptor {
                None => connection(shared, socket).await,
                Some(tls) => match tls.accept(socket).await {
                    Ok(socket) => connection(shared, socket).await,
                    Err(error) => Err(error.into()),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(%error, %peer, "a connection to the simulator ended early");
            }
        });
    }
    connections.shutdown().await;
}

async fn connection(
    shared: Arc<Shared>,
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let session = Session::default();
    let service = service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
        let shared = shared.clone();
        request.extensions_mut().insert(session.clone());
        async move { Ok::<_, Infallible>(super::handle(shared, request).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades()
        .await?;
    // A request has made a WebSocket of it.
    if let Some(play) = session.take() {
        play.await;
    }
    Ok(())
}
