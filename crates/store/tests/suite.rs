//! The same behaviour on SQLite and on a real PostgreSQL.

// Helpers of tests may fail as tests do; clippy's exception knows only the functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "suite/postgres.rs"]
mod postgres;

use model::{ClusterId, Timestamp};
use store::{DatabaseUrl, KnownCluster, Session, SessionKey, Store};

/// Every test body runs on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(&store::DatabaseUrl::in_folder(folder.path())).await;
            })+
        }
        mod postgresql {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::postgres::database(stringify!($name)).await).await;
            })+
        }
    };
}

on_both!(
    a_session_survives_a_restart,
    an_expired_session_is_not_found,
    a_touched_session_lives_longer,
    a_removed_session_is_not_found,
    a_cluster_keeps_its_slug,
    a_slug_has_one_cluster_and_a_cluster_one_slug,
    a_closed_store_does_not_answer,
    two_open_it_at_once,
);

fn session(byte: u8, expires_at: i64) -> Session {
    Session {
        key: SessionKey([byte; 32]),
        created_at: Timestamp(1),
        last_seen_at: Timestamp(2),
        expires_at: Timestamp(expires_at),
    }
}

fn cluster(id: &str, context: &str, source: &str) -> KnownCluster {
    KnownCluster {
        id: ClusterId::from(id),
        context: context.to_owned(),
        source: source.to_owned(),
    }
}

async fn a_session_survives_a_restart(url: &DatabaseUrl) {
    let kept = session(7, 1000);
    let store = Store::open(url).await.unwrap();
    store.add_session(&kept).await.unwrap();
    store.close().await;

    let store = Store::open(url).await.unwrap();
    assert_eq!(store.session(kept.key, Timestamp(999)).await.unwrap(), Some(kept));
    assert_eq!(
        store.session(SessionKey([8; 32]), Timestamp(999)).await.unwrap(),
        None
    );
    store.close().await;
}

async fn an_expired_session_is_not_found(url: &DatabaseUrl) {
    let store = Store::open(url).await.unwrap();
    store.add_session(&session(1, 1000)).await.unwrap();
    store.add_session(&session(2, 2000)).await.unwrap();
    assert_eq!(
        store.session(SessionKey([1; 32]), Timestamp(1000)).await.unwrap(),
        None
    );
    assert_eq!(store.remove_expired_sessions(Timestamp(1000)).await.unwrap(), 1);
    assert_eq!(store.remove_expired_sessions(Timestamp(1000)).await.unwrap(), 0);
    assert_eq!(
        store.session(SessionKey([1; 32]), Timestamp(0)).await.unwrap(),
        None
    );
    assert!(
        store
            .session(SessionKey([2; 32]), Timestamp(1000))
            .await
            .unwrap()
            .is_some()
    );
    store.close().await;
}

async fn a_touched_session_lives_longer(url: &DatabaseUrl) {
    let store = Store::open(url).await.unwrap();
    let kept = session(1, 1000);
    store.add_session(&kept).await.unwrap();
    store
        .touch_session(kept.key, Timestamp(900), Timestamp(5000))
        .await
        .unwrap();
    let expected = Session {
        last_seen_at: Timestamp(900),
        expires_at: Timestamp(5000),
        ..kept
    };
    assert_eq!(
        store.session(kept.key, Timestamp(4000)).await.unwrap(),
        Some(expected)
    );
    store.close().await;
}

async fn a_removed_session_is_not_found(url: &DatabaseUrl) {
    let store = Store::open(url).await.unwrap();
    let kept = session(1, 1000);
    store.add_session(&kept).await.unwrap();
    store.remove_session(kept.key).await.unwrap();
    assert_eq!(store.session(kept.key, Timestamp(0)).await.unwrap(), None);
    store.close().await;
}

async fn a_cluster_keeps_its_slug(url: &DatabaseUrl) {
    let store = Store::open(url).await.unwrap();
    store
        .remember_cluster(&cluster("dev", "dev", "/a"))
        .await
        .unwrap();
    store
        .remember_cluster(&cluster("dev-2", "dev", "/b"))
        .await
        .unwrap();
    store
        .remember_cluster(&cluster("dev", "dev", "/a"))
        .await
        .unwrap();
    assert_eq!(
        store.known_clusters().await.unwrap(),
        [cluster("dev", "dev", "/a"), cluster("dev-2", "dev", "/b")]
    );
    store.close().await;
}

async fn a_slug_has_one_cluster_and_a_cluster_one_slug(url: &DatabaseUrl) {
    let store = Store::open(url).await.unwrap();
    store
        .remember_cluster(&cluster("dev", "dev", "/a"))
        .await
        .unwrap();
    store
        .remember_cluster(&cluster("dev", "other", "/b"))
        .await
        .unwrap();
    store
        .remember_cluster(&cluster("other", "other", "/b"))
        .await
        .unwrap();
    assert_eq!(
        store.known_clusters().await.unwrap(),
        [cluster("other", "other", "/b")]
    );
    store.close().await;
}

async fn a_closed_store_does_not_answer(url: &DatabaseUrl) {
    let store = Store::open(url).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    let error = store.ping().await.unwrap_err().to_string();
    assert!(error.starts_with("the database could not answer"), "{error}");
}

/// Migrations take a lock: replicas that start together do not trip over each other.
async fn two_open_it_at_once(url: &DatabaseUrl) {
    let (one, two) = tokio::join!(Store::open(url), Store::open(url));
    let (one, two) = (one.unwrap(), two.unwrap());
    one.add_session(&session(1, 1000)).await.unwrap();
    assert!(
        two.session(SessionKey([1; 32]), Timestamp(0))
            .await
            .unwrap()
            .is_some()
    );
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn an_unwritable_folder_is_named() {
    let error = Store::open(&DatabaseUrl::Sqlite("/proc/nowhere/kubilitics.db".into()))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("/proc/nowhere/kubilitics.db"), "{text}");
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_its_password() {
    let url: DatabaseUrl = "postgres://ann:canary@127.0.0.1:1/shop".parse().unwrap();
    let error = Store::open(&url).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("postgres://ann:***@127.0.0.1:1/shop"), "{text}");
    assert!(!text.contains("canary"), "{text}");
    // What is wrong, and not that a wait for it has ended.
    assert!(text.contains("refused"), "{text}");
}
