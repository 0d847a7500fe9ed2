//! Which watches run, against a scripted API server, under paused time.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::watch::Input;
use crate::watch::tests::{Rig, Stream};

fn namespaces(names: &[&str]) -> Namespaces {
    names.iter().map(|name| Arc::from(*name)).collect()
}

/// The watch of pods of a user who may list those of `team-a` only, when it follows there.
async fn of_team_a(names: &[&str]) -> (Rig, watch::Sender<Namespaces>, Stream) {
    let (known, receiver) = watch::channel(namespaces(names));
    let mut rig = Rig::of_kind("Pod", receiver);
    rig.asked()
        .await
        .has("/api/v1/pods?")
        .status(403, "pods is forbidden");
    assert!(rig.trouble().await.0);
    assert!(matches!(rig.told().await, News::Namespaces(found) if *found == *namespaces(names)));
    rig.asked()
        .await
        .has("/api/v1/namespaces/team-a/pods?limit=500")
        .page("10", "", &["a"]);
    let stream = rig
        .asked()
        .await
        .has("/api/v1/namespaces/team-a/pods?watch=true")
        .stream();
    for _ in 0..2 {
        let Input { namespace, news, .. } = rig.told_by().await;
        assert_eq!(namespace.as_deref(), Some("team-a"));
        assert!(matches!(news, News::Page { last: true, .. } | News::Live(0)));
    }
    (rig, known, stream)
}

#[tokio::test(start_paused = true)]
async fn where_all_namespaces_are_denied_single_ones_are_watched() {
    let (mut rig, _known, stream) = of_team_a(&["team-a"]).await;
    stream.event("ADDED", "b", "11");
    let told = rig.told_by().await;
    assert!(matches!(told.news, News::Events(events) if events.len() == 1));
    assert_eq!(told.namespace.as_deref(), Some("team-a"));
}

#[tokio::test(start_paused = true)]
async fn all_namespaces_are_asked_for_once_a_minute_and_then_take_over() {
    let start = Instant::now();
    let (mut rig, _known, stream) = of_team_a(&["team-a"]).await;
    let (again, after) = rig.asked_after(start).await;
    assert_eq!(after, 60_000);
    again.has("/api/v1/pods?").status(403, "pods is forbidden");
    assert!(rig.trouble().await.0);
    assert!(matches!(rig.told().await, News::Namespaces(_)));
    // The watch of the namespace goes on as if nothing were.
    stream.event("ADDED", "b", "11");
    assert_eq!(rig.events().await.len(), 1);
    let again = rig.asked().await.has("/api/v1/pods?");
    again.page("20", "", &["a", "b", "c"]);
    let told = rig.told_by().await;
    assert!(matches!(told.news, News::Page { items, .. } if items.len() == 3));
    assert_eq!(told.namespace, None);
    let _stream = rig.asked().await.has("/api/v1/pods?watch=true").stream();
    assert!(matches!(rig.told().await, News::Live(0)));
    assert!(stream.is_closed(), "the watch of the namespace is given up");
    rig.stays_quiet(Duration::from_secs(200)).await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_come_and_go() {
    let (mut rig, known, stream) = of_team_a(&["team-a"]).await;
    known.send_replace(namespaces(&["team-a", "team-b"]));
    assert!(matches!(rig.told().await, News::Namespaces(found) if found.len() == 2));
    rig.asked()
        .await
        .has("/namespaces/team-b/pods?limit")
        .page("12", "", &[]);
    let other = rig.asked().await.has("/namespaces/team-b/pods?watch").stream();
    assert!(!stream.is_closed());
    for _ in 0..2 {
        assert_eq!(rig.told_by().await.namespace.as_deref(), Some("team-b"));
    }
    known.send_replace(namespaces(&["team-b"]));
    assert!(matches!(rig.told().await, News::Namespaces(found) if *found == *namespaces(&["team-b"])));
    other.event("ADDED", "b", "13");
    assert_eq!(rig.told_by().await.namespace.as_deref(), Some("team-b"));
    assert!(stream.is_closed() && !other.is_closed());
}

/// One that waits for its place in the queue may be given it while the others wait for theirs.
#[tokio::test(start_paused = true)]
async fn a_full_queue_stops_no_watch() {
    let (known, receiver) = watch::channel(namespaces(&["a", "b"]));
    let mut rig = Rig::with_queue("Pod", 1, receiver);
    rig.asked().await.status(403, "pods is forbidden");
    assert!(rig.trouble().await.0);
    assert!(matches!(rig.told().await, News::Namespaces(_)));
    for _ in 0..2 {
        rig.asked().await.has("limit=500").page("10", "", &[]);
    }
    // The list of one namespace fills the queue, that of the other waits.
    tokio::time::sleep(Duration::from_millis(10)).await;
    known.send_replace(namespaces(&["a", "b", "c"]));
    tokio::time::sleep(Duration::from_millis(10)).await;
    for _ in 0..2 {
        assert!(matches!(rig.told().await, News::Page { last: true, .. }));
    }
    assert!(matches!(rig.told().await, News::Namespaces(found) if found.len() == 3));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_denied_is_asked_for_less_and_less_often() {
    let (known, receiver) = watch::channel(namespaces(&["team-b"]));
    let mut rig = Rig::of_kind("Pod", receiver);
    let start = Instant::now();
    rig.asked().await.status(403, "pods is forbidden");
    let mut times = Vec::new();
    while times.len() < 4 {
        let (asked, after) = rig.asked_after(start).await;
        if asked.get.path.contains("team-b") {
            times.push(after / 1000);
        }
        asked.status(403, "pods is forbidden");
        while rig.output.try_recv().is_ok() {}
    }
    assert_eq!(times, [0, 60, 180, 420]);
    drop(known);
}

#[tokio::test(start_paused = true)]
async fn a_kind_without_namespaces_is_only_denied() {
    let (_known, receiver) = watch::channel(namespaces(&["team-a"]));
    let mut rig = Rig::of_kind("Node", receiver);
    rig.asked().await.status(403, "nodes is forbidden");
    assert!(rig.trouble().await.0);
    rig.stays_quiet(Duration::from_secs(59)).await;
}

#[tokio::test(start_paused = true)]
async fn only_so_many_namespaces_are_listed_at_once() {
    let (_known, receiver) = watch::channel(namespaces(&["a", "b", "c", "d"]));
    let mut rig = Rig::of_kind("Pod", receiver);
    rig.asked().await.status(403, "pods is forbidden");
    let two = [rig.asked().await, rig.asked().await];
    rig.stays_quiet(Duration::from_secs(4)).await;
    for asked in two {
        asked.status(403, "pods is forbidden");
    }
    for _ in 0..2 {
        rig.asked()
            .await
            .has("/namespaces/")
            .status(403, "pods is forbidden");
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_does_not_answer_holds_up_no_other() {
    let (_known, receiver) = watch::channel(namespaces(&["a", "b", "c", "d"]));
    let mut rig = Rig::of_kind("Pod", receiver);
    rig.asked().await.status(403, "pods is forbidden");
    let start = Instant::now();
    let _silent = [rig.asked().await, rig.asked().await];
    for _ in 0..2 {
        let (asked, after) = rig.asked_after(start).await;
        assert_eq!(after, 5000);
        asked.has("/namespaces/").page("10", "", &[]);
    }
}
