//! The limits of this release: each is reached once.

use crate::harness::TestServer;
use futures::SinkExt;
use model::ErrorCode;
use model::stream::{ClientMessage, ServerMessage, Topic};
use server::http::limits::BODY_BYTES;
use server::stream::{LIMITS, SOCKETS_PER_SESSION};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn limits_are_reached_cleanly() {
    let server = TestServer::empty().await;

    // A body: by its length, and by what comes.
    let ask = || {
        server
            .ask("POST", "/api/v1/link")
            .header("Authorization", &server.bearer())
    };
    let answer = ask().body(vec![b'x'; BODY_BYTES + 1]).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    let chunk = format!(
        "{:x}\r\n{}\r\n0\r\n\r\n",
        BODY_BYTES + 1,
        "x".repeat(BODY_BYTES + 1)
    );
    let answer = ask()
        .body(chunk)
        .header("Content-Length", "")
        .header("Transfer-Encoding", "chunked")
        .send()
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    assert_eq!(
        ask().body(vec![b'x'; BODY_BYTES]).send().await.status,
        201,
        "the limit itself is allowed"
    );

    // Sockets of a session; another session has its own.
    let bearer = server.bearer();
    let mut clients = Vec::new();
    for _ in 0..SOCKETS_PER_SESSION {
        clients.push(
            server
                .open("/api/v1/stream", &[("Authorization", &bearer)])
                .await
                .ok()
                .unwrap(),
        );
    }
    let refused = server
        .open("/api/v1/stream", &[("Authorization", &bearer)])
        .await
        .err()
        .unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    let origin = server.origin();
    let other = [("Cookie", server.cookie()), ("Origin", origin.as_str())];
    assert!(server.open("/api/v1/stream", &other).await.is_ok());
    let metrics = server.get("/metrics").await.text();
    assert!(metrics.contains("kubilitics_stream_sockets 1"), "{metrics}");
    drop(clients);

    // Topics of a socket.
    let mut client = loop {
        // The places come back when the server has noticed that the sockets are gone.
        match server.open("/api/v1/stream", &[("Authorization", &bearer)]).await {
            Ok(client) => break client,
            Err(answer) => assert_eq!(answer.status, 429),
        }
    };
    assert!(matches!(client.next().await, ServerMessage::Welcome { limits, .. } if limits == LIMITS));
    client.say(&ClientMessage::Hello { version: 1 }).await;
    for id in 0..=LIMITS.topics {
        client.subscribe(id, Topic::Clusters, None).await;
    }
    let refused = loop {
        if let ServerMessage::Error { id, error } = client.next().await {
            break (id, error.code);
        }
    };
    assert_eq!(
        refused,
        (Some(model::stream::TopicId(LIMITS.topics)), ErrorCode::TooMany)
    );

    // A frame.
    client
        .socket
        .send(Message::Binary(vec![1; LIMITS.frame_bytes as usize + 1].into()))
        .await
        .unwrap();
    assert_eq!(client.close_code().await, Some(1009));
    server.stop().await;
}
