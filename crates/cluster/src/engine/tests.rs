//! The writer, fed by hand.

use super::discovery::{Found, Served};
use super::link::News as LinkNews;
use super::*;
use crate::watch::{Event, Input, News};
use bytes::Bytes;
use model::cluster::KindProblem;
use std::time::Duration;

struct Rig {
    input: mpsc::Sender<Inlet>,
    link: watch::Sender<LinkNews>,
    published: watch::Receiver<Arc<Published>>,
    ring: Arc<Mutex<Ring>>,
    counters: Arc<Counters>,
    namespaces: watch::Receiver<Namespaces>,
    tasks: Tasks,
}

impl Rig {
    fn new() -> Self {
        let tasks = Tasks::new();
        let counters = Arc::new(Counters::default());
        let ring = Arc::new(Mutex::new(Ring::starting_at(Epoch(1))));
        let first = Published::before_anything(Epoch(1), counters.kinds());
        let (publish, published) = watch::channel(Arc::new(first));
        let (input, inputs) = mpsc::channel(QUEUE);
        let (link, links) = watch::channel(LinkNews::default());
        let id = ClusterId::from("test");
        let notify = Arc::new(Notify::new());
        let (namespaces, known) = watch::channel(Namespaces::default());
        let writer = Writer::new(
            id,
            Epoch(1),
            counters.clone(),
            Outlets {
                ring: ring.clone(),
                publish,
                on_publish: notify,
                namespaces,
                definitions: watch::Sender::default(),
            },
            "own".into(),
        );
        tasks.spawn("writer", TaskKind::Service, writer.run(inputs, links));
        Self {
            input,
            link,
            published,
            ring,
            counters,
            namespaces: known,
            tasks,
        }
    }

    async fn tell(&self, kind: &str, news: News) {
        self.tell_of(kind, None, news).await;
    }

    async fn tell_of(&self, kind: &str, namespace: Option<&str>, news: News) {
        let input = Input {
            kind: KindId::of(kind).unwrap(),
            namespace: namespace.map(Arc::from),
            seen_at: clock::now(),
            news,
        };
        self.input.send(Inlet::Watch(input)).await.unwrap();
    }

    async fn list(&self, kind: &str, items: &[String]) {
        let items = items.iter().map(|item| Bytes::from(item.clone())).collect();
        let news = News::Page {
            items,
            first: true,
            last: true,
        };
        self.tell(kind, news).await;
    }

    async fn event(&self, event: Event) {
        self.tell("Pod", News::Events(vec![event])).await;
    }

    async fn until(&mut self, what: &str, is_so: impl Fn(&Published) -> bool) -> Arc<Published> {
        let wait = tokio::time::timeout(
            Duration::from_secs(5),
            self.published.wait_for(|state| is_so(state)),
        );
        let found = wait.await.map(|state| state.unwrap().clone());
        found.unwrap_or_else(|_| panic!("{what}: {:?}", self.published.borrow().sync))
    }

    /// The pods' names with a label of each, once the writer has taken everything in.
    async fn pods(&mut self) -> Vec<String> {
        // A kind that nothing else in these tests touches serves as a mark.
        self.list("CronJob", &[]).await;
        self.tell("CronJob", trouble("CronJob", false)).await;
        self.until("the mark", |state| !state.sync.failed.is_empty())
            .await;
        self.tell("CronJob", News::Live(u64::MAX)).await;
        let state = self
            .until("the mark is gone", |state| state.sync.failed.is_empty())
            .await;
        let pod = KindId::of("Pod").unwrap();
        let mut pods = Vec::new();
        for entry in state.state.objects(pod, &[]) {
            let facts = entry.facts().unwrap();
            pods.push(format!(
                "{}={}@{}",
                facts.key.name,
                facts.labels.get("v").unwrap(),
                facts.uid
            ));
        }
        pods
    }
}

fn trouble(kind: &str, denied: bool) -> News {
    News::Trouble {
        denied,
        problem: KindProblem {
            kind: kind.to_owned(),
            verb: "list".to_owned(),
            group: String::new(),
            resource: KindId::of(kind).unwrap().get().plural.to_owned(),
            namespace: None,
            seen_in: Vec::new(),
            message: "no".to_owned(),
        },
    }
}

fn pod(name: &str, uid: &str, label: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"{uid}","labels":{{"v":"{label}"}}}},"spec":{{"containers":[]}}}}"#
    )
}

fn broken(name: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","namespace":"n","uid":"u"}},"spec":{{"containers":"none"}}}}"#)
}

fn set(object: String, version: u64) -> Event {
    Event::Set {
        object: object.into(),
        version: Some(version),
    }
}

fn gone(object: String, version: u64) -> Event {
    Event::Gone {
        object: object.into(),
        version: Some(version),
    }
}

#[tokio::test]
async fn events_that_come_twice_late_or_for_nothing_change_nothing() {
    let mut rig = Rig::new();
    rig.list("Pod", &[pod("a", "1", "x")]).await;
    rig.event(set(pod("b", "2", "new"), 12)).await;
    rig.event(set(pod("b", "2", "new"), 12)).await;
    rig.event(set(pod("b", "2", "old"), 11)).await;
    rig.event(gone(pod("never-there", "9", "x"), 13)).await;
    assert_eq!(rig.pods().await, ["a=x@1", "b=new@2"]);
    // The end of one life does not end the next.
    rig.event(set(pod("a", "3", "y"), 15)).await;
    rig.event(gone(pod("a", "1", "x"), 16)).await;
    assert_eq!(rig.pods().await, ["a=y@3", "b=new@2"]);
    // Nor does a late word bring back what is gone.
    rig.event(gone(pod("b", "2", "new"), 20)).await;
    rig.event(set(pod("b", "2", "old"), 19)).await;
    assert_eq!(rig.pods().await, ["a=y@3"]);
}

#[tokio::test]
async fn a_list_in_pages_replaces_what_was_there() {
    let mut rig = Rig::new();
    rig.list(
        "Pod",
        &[pod("a", "1", "x"), pod("b", "2", "x"), pod("c", "3", "x")],
    )
    .await;
    rig.event(set(pod("b", "2", "y"), 100)).await;
    let page = |items: Vec<String>, first, last| News::Page {
        items: items.into_iter().map(Bytes::from).collect(),
        first,
        last,
    };
    // A list that breaks off and starts anew: only the second try counts.
    rig.tell("Pod", page(vec![pod("ghost", "8", "x")], true, false))
        .await;
    rig.tell("Pod", page(vec![pod("b", "4", "z")], true, false)).await;
    rig.tell("Pod", page(vec![pod("d", "5", "x")], false, true)).await;
    assert_eq!(rig.pods().await, ["b=z@4", "d=x@5"]);
    // Versions start anew with a list: another cluster counts from its own beginning.
    rig.event(set(pod("b", "4", "after"), 7)).await;
    assert_eq!(rig.pods().await, ["b=after@4", "d=x@5"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_skipped_counted_and_explained() {
    let mut rig = Rig::new();
    rig.list("Pod", &[pod("a", "1", "x"), broken("b"), "5".to_owned()])
        .await;
    let state = rig
        .until("two are skipped", |state| state.sync.skipped == 2)
        .await;
    assert!(state.is_synced(KindId::of("Pod").unwrap()));
    assert_eq!(rig.pods().await, ["a=x@1"]);
    // One object counts once, and no longer when it is well or gone; an object that breaks is no longer shown as it was.
    rig.event(set(broken("b"), 3)).await;
    rig.event(set(broken("a"), 4)).await;
    rig.until("three are skipped", |state| state.sync.skipped == 3)
        .await;
    assert!(rig.pods().await.is_empty());
    rig.event(set(pod("a", "1", "well"), 5)).await;
    rig.event(gone(broken("b"), 6)).await;
    rig.until("one is skipped", |state| state.sync.skipped == 1).await;
    assert_eq!(rig.pods().await, ["a=well@1"]);
    let pods = KindId::of("Pod").unwrap();
    let published = rig.published.borrow().clone();
    let found = rig
        .counters
        .snapshot(&published)
        .into_iter()
        .find(|found| found.kind == pods)
        .unwrap();
    assert_eq!((found.objects, found.skipped), (Some(1), 1));
    assert!(
        found.skip_reasons[0].contains("cannot read Pod n/b: invalid type"),
        "{:?}",
        found.skip_reasons
    );
}

#[tokio::test]
async fn what_is_not_served_is_neither_failed_nor_waited_for() {
    let mut rig = Rig::new();
    let policy = KindId::of("MutatingAdmissionPolicy").unwrap();
    let all = rig.published.borrow().sync.kinds;
    rig.list(
        "MutatingAdmissionPolicy",
        &[r#"{"metadata": {"name": "p", "uid": "1"}}"#.to_owned()],
    )
    .await;
    rig.until("it is there", |state| state.state.count(policy) == 1)
        .await;
    rig.tell("MutatingAdmissionPolicy", News::NotServed).await;
    let state = rig
        .until("it is not served", |state| state.is_unserved(policy))
        .await;
    assert_eq!((state.sync.kinds, state.sync.synced), (all - 1, 0));
    assert_eq!(state.state.count(policy), 0, "nothing of it is left");
    assert!(state.sync.failed.is_empty() && state.sync.denied.is_empty());
    rig.list("MutatingAdmissionPolicy", &[]).await;
    let state = rig.until("it is served", |state| state.is_synced(policy)).await;
    assert_eq!((state.sync.kinds, state.unserved.len()), (all, 0));
}

#[tokio::test]
async fn what_is_denied_is_not_shown_and_what_fails_is_kept() {
    let mut rig = Rig::new();
    rig.list("Pod", &[pod("a", "1", "x")]).await;
    rig.tell("Pod", trouble("Pod", false)).await;
    let state = rig.until("it fails", |state| state.sync.failed.len() == 1).await;
    assert_eq!(
        (state.sync.synced, state.state.count(KindId::of("Pod").unwrap())),
        (1, 1)
    );
    rig.tell("Pod", trouble("Pod", true)).await;
    let state = rig
        .until("it is denied", |state| state.sync.denied.len() == 1)
        .await;
    assert_eq!(
        (state.sync.synced, state.state.count(KindId::of("Pod").unwrap())),
        (0, 0)
    );
    assert!(state.sync.failed.is_empty() && !state.is_synced(KindId::of("Pod").unwrap()));
    rig.list("Pod", &[pod("a", "1", "x")]).await;
    rig.until("it is allowed again", |state| {
        state.sync.denied.is_empty() && state.sync.synced == 1
    })
    .await;
}

#[tokio::test]
async fn a_state_is_stale_from_the_loss_until_every_watch_follows_again() {
    let mut rig = Rig::new();
    let connected = |generation| LinkNews {
        generation,
        status: ClusterStatus::Connected,
        ..LinkNews::default()
    };
    rig.link.send_replace(connected(0));
    for kind in ["Pod", "Node"] {
        rig.list(kind, &[]).await;
        rig.tell(kind, News::Live(0)).await;
    }
    let state = rig
        .until("two are synced", |state| {
            state.sync.synced == 2 && state.status == ClusterStatus::Connected
        })
        .await;
    assert_eq!(state.stale_since, None);
    let lost_at = Timestamp(1_000_000);
    rig.link.send_replace(LinkNews {
        generation: 1,
        status: ClusterStatus::Disconnected,
        lost_at: Some(lost_at),
        ..LinkNews::default()
    });
    let state = rig
        .until("it is lost", |state| state.status == ClusterStatus::Disconnected)
        .await;
    assert_eq!(state.stale_since, Some(lost_at));
    rig.link.send_replace(connected(1));
    let state = rig
        .until("it is back", |state| state.status == ClusterStatus::Connected)
        .await;
    assert_eq!(state.stale_since, Some(lost_at), "back, but no watch follows yet");
    rig.tell("Pod", News::Live(1)).await;
    // Late word of a stream from before the loss.
    rig.tell("Node", News::Live(0)).await;
    rig.pods().await;
    assert_eq!(rig.published.borrow().stale_since, Some(lost_at));
    rig.tell("Node", News::Live(1)).await;
    rig.until("it is live", |state| state.stale_since.is_none()).await;
}

#[tokio::test]
async fn a_state_of_which_every_watch_fails_is_stale() {
    let mut rig = Rig::new();
    for kind in ["Pod", "Node"] {
        rig.list(kind, &[]).await;
    }
    rig.tell("Pod", trouble("Pod", false)).await;
    let state = rig
        .until("one fails", |state| {
            state.sync.failed.len() == 1 && state.sync.synced == 2
        })
        .await;
    assert_eq!(state.stale_since, None);
    rig.tell("Node", trouble("Node", false)).await;
    rig.until("all fail", |state| state.stale_since.is_some()).await;
    rig.tell("Node", News::Live(0)).await;
    rig.until("one follows", |state| state.stale_since.is_none())
        .await;
}

#[tokio::test]
async fn every_epoch_that_is_published_is_in_the_ring() {
    let mut rig = Rig::new();
    let mut seen = rig.published.clone();
    let mut last = seen.borrow_and_update().epoch;
    for number in 0..200 {
        rig.event(set(
            pod(&format!("p{}", number % 7), "1", &number.to_string()),
            number,
        ))
        .await;
        if seen.has_changed().unwrap() {
            let state = seen.borrow_and_update().clone();
            assert!(state.epoch >= last);
            let ring = rig.ring.lock().unwrap();
            match ring.since(last, state.clone()) {
                Since::Unchanged => assert_eq!(last, state.epoch),
                Since::Changed { to, .. } => assert_eq!(to, state.epoch),
                Since::TooOld => panic!("{last:?} is not in the ring"),
            }
            last = state.epoch;
        }
    }
    assert_eq!(rig.pods().await.len(), 7);
    assert!(rig.tasks.shutdown(Duration::from_secs(1)).await.is_empty());
}

#[tokio::test]
async fn a_kind_of_some_namespaces_is_known_in_these_only() {
    let mut rig = Rig::new();
    let pods = KindId::of("Pod").unwrap();
    let page = |items: Vec<String>| News::Page {
        items: items.into_iter().map(Bytes::from).collect(),
        first: true,
        last: true,
    };
    let names = |state: &Published| -> Vec<String> {
        let objects = state.state.objects(pods, &[]);
        objects.map(|entry| entry.key().node_key().to_string()).collect()
    };
    let namespaces = |names: &[&str]| News::Namespaces(names.iter().map(|name| Arc::from(*name)).collect());
    rig.list("Pod", &[pod("a", "1", "x")]).await;
    rig.tell("Pod", trouble("Pod", true)).await;
    rig.tell("Pod", namespaces(&["m", "n", "o"])).await;
    rig.tell_of("Pod", Some("o"), trouble("Pod", true)).await;
    rig.tell_of(
        "Pod",
        Some("n"),
        page(vec![pod("a", "1", "x"), pod("b", "2", "x")]),
    )
    .await;
    let state = rig
        .until("two are there", |state| state.state.count(pods) == 2)
        .await;
    assert!(!state.is_synced(pods), "m is not listed yet");
    let in_m = |name: &str| pod(name, name, "x").replace(r#""n""#, r#""m""#);
    rig.tell_of("Pod", Some("m"), page(vec![in_m("c")])).await;
    let state = rig.until("it is synced", |state| state.is_synced(pods)).await;
    assert_eq!(names(&state), ["Pod/m/c", "Pod/n/a", "Pod/n/b"]);
    assert!(state.sync.denied.is_empty(), "{:?}", state.sync.denied);
    let limit = state.limit(pods).unwrap();
    assert_eq!(
        (limit.namespaces.join(" "), limit.message.as_str()),
        ("m n".to_owned(), "no")
    );

    // A list of one namespace says nothing about another.
    rig.tell_of("Pod", Some("n"), page(vec![pod("b", "2", "y")]))
        .await;
    let state = rig
        .until("one is gone", |state| state.state.count(pods) == 2)
        .await;
    assert_eq!(names(&state), ["Pod/m/c", "Pod/n/b"]);
    // Nor does the denial that is heard again, or a whole that fails.
    rig.tell("Pod", trouble("Pod", true)).await;
    rig.tell("Pod", trouble("Pod", false)).await;
    rig.tell_of("Pod", Some("m"), page(vec![in_m("d")])).await;
    let state = rig
        .until("m has changed", |state| names(state)[0] == "Pod/m/d")
        .await;
    assert_eq!(state.state.count(pods), 2);
    assert!(state.is_synced(pods) && state.sync.failed.is_empty());

    // Rights that are withdrawn, a namespace that goes, and what a watch says that is given up.
    rig.tell_of("Pod", Some("m"), trouble("Pod", true)).await;
    let state = rig
        .until("m is denied", |state| state.state.count(pods) == 1)
        .await;
    assert_eq!(state.limit(pods).unwrap().namespaces, ["n"]);
    rig.tell("Pod", namespaces(&["m"])).await;
    rig.tell_of(
        "Pod",
        Some("n"),
        News::Events(vec![set(pod("late", "9", "x"), 30)]),
    )
    .await;
    let state = rig
        .until("nothing may be seen", |state| state.sync.denied.len() == 1)
        .await;
    assert!(names(&state).is_empty() && state.limit(pods).is_none() && !state.is_synced(pods));

    // The whole takes over; late words of the parts are not heard.
    rig.tell_of("Pod", Some("m"), page(vec![in_m("d")])).await;
    rig.list("Pod", &[pod("a", "1", "x"), in_m("e")]).await;
    rig.tell_of("Pod", Some("m"), News::Events(vec![set(in_m("late"), 40)]))
        .await;
    let state = rig
        .until("all is seen", |state| {
            state.limit(pods).is_none() && state.is_synced(pods)
        })
        .await;
    assert_eq!(names(&state), ["Pod/m/e", "Pod/n/a"]);
    // Nor is that they are to be looked into, which waited in the queue.
    rig.tell("Pod", namespaces(&["m"])).await;
    assert_eq!(rig.pods().await.len(), 2);
    assert!(rig.published.borrow().limit(pods).is_none());
}

#[tokio::test]
async fn the_namespaces_to_look_into_are_those_that_can_be_listed() {
    let mut rig = Rig::new();
    assert_eq!(rig.namespaces.borrow_and_update().join(" "), "own");
    let namespace = |name: &str| format!(r#"{{"metadata":{{"name":"{name}","uid":"{name}"}}}}"#);
    rig.list("Namespace", &[namespace("b"), namespace("a")]).await;
    rig.namespaces.changed().await.unwrap();
    assert_eq!(rig.namespaces.borrow_and_update().join(" "), "own a b");
    rig.tell("Namespace", trouble("Namespace", true)).await;
    rig.namespaces.changed().await.unwrap();
    assert_eq!(rig.namespaces.borrow_and_update().join(" "), "own");
}

/// A kind of a group of its own, as discovery tells of it.
fn served(group: &str, version: &str, columns: &str) -> (KindId, Inlet) {
    let found = Found {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: "Lever".to_owned(),
        plural: "levers".to_owned(),
        short_names: Vec::new(),
        namespaced: true,
    };
    let definition = format!(
        r#"{{"metadata":{{"name":"x"}},"spec":{{"versions":[{{"name":"v1","additionalPrinterColumns":[{columns}]}}]}}}}"#
    );
    let definition = topology::kinds::Definition::read(definition.as_bytes()).unwrap();
    let kind = found.with(KindId::discovered).unwrap();
    let served = Served {
        kind,
        found,
        printer: Arc::new(definition.versions[0].printer.clone()),
        counter: Arc::default(),
    };
    (kind, Inlet::Served(Arc::new(served)))
}

#[tokio::test]
async fn a_kind_that_is_found_is_there_until_it_is_withdrawn() {
    let mut rig = Rig::new();
    let column = r#"{"name":"Size","type":"integer","jsonPath":".spec.size"}"#;
    let (kind, first) = served("writer.example.org", "v1", column);
    let id = kind.get().id;
    let lever = r#"{"metadata":{"name":"a","namespace":"n","uid":"1"},"spec":{"size":3}}"#.to_owned();
    // What comes before the kind is not heard.
    rig.list(id, std::slice::from_ref(&lever)).await;
    rig.input.send(first).await.unwrap();
    let state = rig.until("it is served", |state| state.state.serves(kind)).await;
    assert!(!state.is_synced(kind) && state.state.count(kind) == 0);
    let kinds = state.sync.kinds;
    rig.list(id, std::slice::from_ref(&lever)).await;
    let state = rig.until("it is synced", |state| state.is_synced(kind)).await;
    assert_eq!(state.state.columns(kind).len(), 2);

    // Another version is no reason to drop anything; other columns are.
    let (_, later) = served("writer.example.org", "v2", column);
    rig.input.send(later).await.unwrap();
    let state = rig
        .until("it is v2", |state| state.state.version(kind) == "v2")
        .await;
    assert!(state.is_synced(kind) && state.state.count(kind) == 1);
    let (_, other) = served("writer.example.org", "v2", "");
    rig.input.send(other).await.unwrap();
    let state = rig
        .until("other columns", |state| state.state.columns(kind).len() == 3)
        .await;
    assert!(!state.is_synced(kind) && state.state.count(kind) == 0);

    rig.list(id, &[lever]).await;
    rig.until("it is synced again", |state| state.is_synced(kind))
        .await;
    rig.input.send(Inlet::Withdrawn(kind)).await.unwrap();
    let state = rig.until("it is gone", |state| !state.state.serves(kind)).await;
    assert_eq!((state.state.node_count(), state.sync.kinds), (0, kinds - 1));
    assert!(!state.sync.complete && !state.are_kinds_known);
    rig.input.send(Inlet::KindsKnown).await.unwrap();
    rig.until("all kinds are known", |state| state.are_kinds_known)
        .await;
}
