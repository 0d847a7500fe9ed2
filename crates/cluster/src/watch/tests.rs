//! The state machine against a scripted API server, under paused time.

use super::*;
use crate::client::ConnectError;
use bytes::BytesMut;
use futures::future::BoxFuture;
use futures::{FutureExt, stream};
use model::cluster::KindProblem;
use std::sync::atomic::AtomicU64;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A transport that passes every request to the test and waits for what the test answers.
pub(super) struct Script {
    asked: mpsc::UnboundedSender<Asked>,
    renewed: AtomicU64,
}

/// A request, for the test to answer.
pub(super) struct Asked {
    pub(super) get: Get,
    at: Instant,
    reply: oneshot::Sender<Result<Answer, Failure>>,
}

/// A body that the test writes as it goes.
pub(super) struct Stream(mpsc::UnboundedSender<Result<Bytes, Failure>>);

fn reset() -> Failure {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Arc::new(ConnectError::Body {
        server: "test".to_owned(),
        source: kube::Error::ReadEvents(error),
    })
}

impl Transport for Script {
    async fn get(&self, get: &Get) -> Result<Answer, Failure> {
        let (reply, answer) = oneshot::channel();
        let (get, at) = (get.clone(), Instant::now());
        let _ = self.asked.send(Asked { get, at, reply });
        match answer.await {
            Ok(answer) => answer,
            Err(_) => std::future::pending().await,
        }
    }

    async fn renew(&self, _: u64) {
        self.renewed.fetch_add(1, Ordering::Relaxed);
    }

    fn server(&self) -> &str {
        "https://test"
    }
}

impl Asked {
    pub(super) fn has(self, part: &str) -> Self {
        assert!(self.get.path.contains(part), "{} has no {part}", self.get.path);
        self
    }

    pub(super) fn lists(self) -> Self {
        assert!(
            !self.get.path.contains("watch=true"),
            "{} is no list",
            self.get.path
        );
        self
    }

    pub(super) fn status(self, status: u16, message: &str) {
        self.status_after(status, message, None);
    }

    fn status_after(self, status: u16, message: &str, retry_after: Option<u64>) {
        let body = format!(r#"{{"kind":"Status","code":{status},"message":"{message}"}}"#);
        self.answer(status, retry_after, stream::iter([Ok(Bytes::from(body))]).boxed());
    }

    pub(super) fn page(self, version: &str, token: &str, items: &[&str]) {
        let items: Vec<String> = items.iter().map(|name| object(name, version)).collect();
        let body = format!(
            r#"{{"kind":"PodList","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{}]}}"#,
            items.join(",")
        );
        self.answer(200, None, stream::iter([Ok(Bytes::from(body))]).boxed());
    }

    fn answers(self, body: &str) {
        self.answer(
            200,
            None,
            stream::iter([Ok(Bytes::from(body.to_owned()))]).boxed(),
        );
    }

    pub(super) fn stream(self) -> Stream {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let body = stream::poll_fn(move |context| receiver.poll_recv(context)).boxed();
        self.answer(200, None, body);
        Stream(sender)
    }

    fn breaks(self) {
        let _ = self.reply.send(Err(reset()));
    }

    fn answer(
        self,
        status: u16,
        retry_after: Option<u64>,
        body: stream::BoxStream<'static, Result<Bytes, Failure>>,
    ) {
        let answer = Answer {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            credential: 1,
            body,
        };
        assert!(
            self.reply.send(Ok(answer)).is_ok(),
            "nobody waits for {}",
            self.get.path
        );
    }
}

impl Stream {
    fn send(&self, text: &str) {
        self.0.send(Ok(Bytes::from(text.to_owned()))).unwrap();
    }

    /// Nobody reads it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(super) fn event(&self, kind: &str, name: &str, version: &str) {
        self.send(&format!(
            "{{\"type\":\"{kind}\",\"object\":{}}}\n",
            object(name, version)
        ));
    }

    fn gone(&self) {
        self.send(
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}}\n",
        );
    }

    fn reset(self) {
        let _ = self.0.send(Err(reset()));
    }
}

fn object(name: &str, version: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}"#)
}

/// A watch of pods with everything around it.
pub(super) struct Rig {
    asked: mpsc::UnboundedReceiver<Asked>,
    pub(super) output: mpsc::Receiver<Inlet>,
    pub(super) link: watch::Sender<Link>,
    suspect: Arc<Notify>,
    script: Arc<Script>,
    pub(super) counter: Arc<Counter>,
    task: JoinHandle<()>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Rig {
    fn new() -> Self {
        Self::of("Pod")
    }

    fn of(kind: &str) -> Self {
        Self::with(kind, 64, |context, script| {
            Watch::new(context, script).run().boxed()
        })
    }

    /// The watch of a kind in all namespaces, or in these.
    pub(super) fn of_kind(kind: &str, namespaces: watch::Receiver<Namespaces>) -> Self {
        Self::with_queue(kind, 64, namespaces)
    }

    /// As [`Self::of_kind`], with a writer that lets only so many news wait.
    pub(super) fn with_queue(kind: &str, queue: usize, namespaces: watch::Receiver<Namespaces>) -> Self {
        Self::with(kind, queue, |context, script| {
            KindWatch::new(context, script, namespaces).run().boxed()
        })
    }

    fn with(
        kind: &str,
        queue: usize,
        run: impl FnOnce(WatchContext, Arc<Script>) -> BoxFuture<'static, ()>,
    ) -> Self {
        let (asked_sender, asked) = mpsc::unbounded_channel();
        let (output_sender, output) = mpsc::channel(queue);
        let (link, links) = watch::channel(Link {
            up: true,
            ..Link::default()
        });
        let script = Arc::new(Script {
            asked: asked_sender,
            renewed: AtomicU64::new(0),
        });
        let (suspect, counter) = (Arc::new(Notify::new()), Arc::new(Counter::default()));
        let context = WatchContext {
            cluster: ClusterId::from("test"),
            kind: KindId::of(kind).unwrap(),
            version: "v1".into(),
            namespace: None,
            gate: Arc::new(Semaphore::new(2)),
            denied: watch::Sender::new(false),
            output: output_sender,
            link: links,
            suspect: suspect.clone(),
            counter: counter.clone(),
        };
        let task = tokio::spawn(run(context, script.clone()));
        Self {
            asked,
            output,
            link,
            suspect,
            script,
            counter,
            task,
        }
    }

    /// The next request, within the time that anything could take.
    pub(super) async fn asked(&mut self) -> Asked {
        let next = tokio::time::timeout(Duration::from_secs(600), self.asked.recv()).await;
        next.expect("nothing is asked for ten minutes").unwrap()
    }

    /// The next request, and how long after `since` it came, in milliseconds.
    pub(super) async fn asked_after(&mut self, since: Instant) -> (Asked, u128) {
        let asked = self.asked().await;
        let after = asked.at.duration_since(since).as_millis();
        (asked, after)
    }

    pub(super) async fn told(&mut self) -> News {
        self.told_by().await.news
    }

    pub(super) async fn told_by(&mut self) -> Input {
        let next = tokio::time::timeout(Duration::from_secs(600), self.output.recv()).await;
        match next.expect("nothing is told for ten minutes").unwrap() {
            Inlet::Watch(input) => input,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing is asked for this long.
    pub(super) async fn stays_quiet(&mut self, time: Duration) {
        if let Ok(Some(asked)) = tokio::time::timeout(time, self.asked.recv()).await {
            panic!("asked for {}", asked.get.path);
        }
    }

    /// Lists nothing at version 10 and follows.
    async fn following() -> (Self, Stream) {
        let mut rig = Self::new();
        rig.asked().await.lists().page("10", "", &[]);
        let stream = rig
            .asked()
            .await
            .has("watch=true")
            .has("resourceVersion=10&")
            .stream();
        assert!(matches!(
            rig.told().await,
            News::Page {
                first: true,
                last: true,
                ..
            }
        ));
        assert!(matches!(rig.told().await, News::Live(0)));
        (rig, stream)
    }

    pub(super) async fn events(&mut self) -> Vec<Event> {
        match self.told().await {
            News::Events(events) => events,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn trouble(&mut self) -> (bool, KindProblem) {
        match self.told().await {
            News::Trouble { denied, problem } => (denied, problem),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_in_pages_and_the_watch_starts_where_it_ends() {
    let mut rig = Rig::new();
    rig.asked()
        .await
        .has("/api/v1/pods?limit=500")
        .page("10", "next", &["a", "b"]);
    rig.asked().await.has("continue=next").page("10", "", &["c"]);
    let watch = rig
        .asked()
        .await
        .has("allowWatchBookmarks=true")
        .has("resourceVersion=10&");
    assert!(matches!(rig.told().await, News::Page { items, first: true, last: false } if items.len() == 2));
    assert!(matches!(rig.told().await, News::Page { items, first: false, last: true } if items.len() == 1));
    let stream = watch.stream();
    assert!(matches!(rig.told().await, News::Live(0)));
    stream.send(r#"{"type":"ADDED","obj"#);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stream.send(&format!(
        "ect\":{}}}\n{{\"type\":\"DELETED\",\"object\":{}}}\n",
        object("d", "11"),
        object("c", "12")
    ));
    let expected = [
        Event::Set {
            object: Bytes::from(object("d", "11")),
            version: Some(11),
        },
        Event::Gone {
            object: Bytes::from(object("c", "12")),
            version: Some(12),
        },
    ];
    assert_eq!(rig.events().await, expected);
}

#[tokio::test(start_paused = true)]
async fn gone_at_the_start_of_a_watch_lists_at_once_and_then_with_patience() {
    let mut rig = Rig::new();
    let start = Instant::now();
    rig.asked().await.lists().page("10", "", &[]);
    rig.asked().await.has("watch=true").status(410, "too old");
    let (list, after) = rig.asked_after(start).await;
    assert_eq!(after, 0);
    list.lists().page("11", "", &[]);
    rig.asked()
        .await
        .has("resourceVersion=11&")
        .status(410, "too old");
    let (list, after) = rig.asked_after(start).await;
    assert!((150..=200).contains(&after), "{after}");
    list.lists().page("12", "", &[]);
    rig.asked().await.has("resourceVersion=12&").stream();
}

#[tokio::test(start_paused = true)]
async fn gone_within_a_watch_lists_at_once() {
    let (mut rig, stream) = Rig::following().await;
    stream.event("ADDED", "a", "11");
    stream.gone();
    let (list, after) = rig.asked_after(Instant::now()).await;
    assert_eq!(after, 0);
    list.lists();
    assert_eq!(rig.events().await.len(), 1, "what came before it counts");
}

#[tokio::test(start_paused = true)]
async fn gone_while_paging_starts_anew_and_then_asks_for_all_at_once() {
    let mut rig = Rig::new();
    rig.asked().await.has("limit=500").page("10", "next", &["a"]);
    rig.asked()
        .await
        .has("continue=next")
        .status(410, "the continue token is too old");
    let again = rig.asked().await.has("limit=500");
    assert!(!again.get.path.contains("continue"));
    again.page("11", "next", &["a"]);
    rig.asked()
        .await
        .has("continue=next")
        .status(410, "the continue token is too old");
    let whole = rig.asked().await.lists();
    assert_eq!(whole.get.path, "/api/v1/pods");
    whole.page("12", "", &["a"]);
    rig.asked().await.has("resourceVersion=12&");
    let firsts = [true, true, true];
    for is_first in firsts {
        assert!(matches!(rig.told().await, News::Page { first, .. } if first == is_first));
    }
}

#[tokio::test(start_paused = true)]
async fn a_clean_close_resumes_at_once_from_the_last_version() {
    let (mut rig, mut stream) = Rig::following().await;
    // Every few seconds, ten times over, sometimes with nothing in between.
    for round in 0..10 {
        let version = 11 + round / 2;
        tokio::time::sleep(Duration::from_secs(3)).await;
        if round % 2 == 0 {
            stream.event("BOOKMARK", "", &version.to_string());
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let closed = Instant::now();
        drop(stream);
        let (watch, after) = rig.asked_after(closed).await;
        assert_eq!(after, 0);
        stream = watch.has(&format!("resourceVersion={version}&")).stream();
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_within_a_line_resumes_after_the_last_whole_event() {
    let (mut rig, stream) = Rig::following().await;
    stream.event("ADDED", "a", "11");
    stream.send(r#"{"type":"ADDED","object":{"metadata":{"name":"b","resourceVersion":"12"#);
    assert_eq!(rig.events().await.len(), 1);
    let broken = Instant::now();
    stream.reset();
    let (watch, after) = rig.asked_after(broken).await;
    assert!(after <= 200, "{after}");
    watch.has("resourceVersion=11&");
    // The link is asked to look.
    tokio::time::timeout(Duration::from_secs(1), rig.suspect.notified())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_says_nothing_for_longer_than_it_may_live_is_started_anew() {
    let (mut rig, stream) = Rig::following().await;
    let start = Instant::now();
    let (watch, after) = rig.asked_after(start).await;
    watch.has("resourceVersion=10&");
    assert!((240_000..=321_000).contains(&after), "{after}");
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_watch_whose_bookmarks_stop_is_started_anew_sooner() {
    let (mut rig, stream) = Rig::following().await;
    stream.event("BOOKMARK", "", "20");
    let start = Instant::now();
    let (watch, after) = rig.asked_after(start).await;
    watch.has("resourceVersion=20&");
    assert!((150_000..=152_000).contains(&after), "{after}");
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn the_time_asked_for_is_not_the_same_for_all() {
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let mut rig = Rig::new();
        rig.asked().await.page("10", "", &[]);
        let path = rig.asked().await.get.path;
        let seconds: u64 = path.split("timeoutSeconds=").nth(1).unwrap().parse().unwrap();
        assert!((217..=290).contains(&seconds), "{seconds}");
        seen.insert(seconds);
    }
    assert!(seen.len() > 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_waits_as_long_as_it_is_told() {
    let mut rig = Rig::new();
    let start = Instant::now();
    rig.asked().await.status_after(429, "slow down", Some(7));
    let (list, after) = rig.asked_after(start).await;
    assert!((7000..=7200).contains(&after), "{after}");
    let start = list.at;
    list.lists().status(429, "slow down");
    let (list, after) = rig.asked_after(start).await;
    assert!((300..=400).contains(&after), "{after}");
    list.lists();
}

#[tokio::test(start_paused = true)]
async fn server_errors_back_off_up_to_half_a_minute_and_are_told() {
    let mut rig = Rig::new();
    let mut last = Instant::now();
    for attempt in 0..12_u32 {
        let (list, after) = rig.asked_after(last).await;
        if attempt > 0 {
            let full = (200_u128 << (attempt - 1)).min(30_000);
            assert!(
                after <= full && after >= full * 3 / 4 - 1,
                "attempt {attempt}: {after}"
            );
        }
        last = list.at;
        let status = [500, 503, 504][attempt as usize % 3];
        list.lists().status(status, "etcd is away");
    }
    let (denied, problem) = rig.trouble().await;
    assert!(!denied);
    assert_eq!(
        (problem.verb.as_str(), problem.message.as_str()),
        ("list", "etcd is away")
    );
    // The page that failed is asked for again, not the first.
    let mut rig = Rig::new();
    rig.asked().await.page("10", "next", &[]);
    rig.asked().await.has("continue=next").status(500, "");
    rig.asked().await.has("continue=next");
}

#[tokio::test(start_paused = true)]
async fn unauthorized_renews_once_and_then_tells_the_link() {
    let mut rig = Rig::new();
    let start = Instant::now();
    rig.asked().await.status(401, "Unauthorized");
    let (list, after) = rig.asked_after(start).await;
    assert_eq!((after, rig.script.renewed.load(Ordering::Relaxed)), (0, 1));
    assert!(
        tokio::time::timeout(Duration::from_millis(1), rig.suspect.notified())
            .await
            .is_err()
    );
    list.status(401, "Unauthorized");
    tokio::time::timeout(Duration::from_secs(1), rig.suspect.notified())
        .await
        .unwrap();
    // Mid-watch it is the same, and the watch goes on where it was.
    let (mut rig, stream) = Rig::following().await;
    stream.event("BOOKMARK", "", "20");
    tokio::time::sleep(Duration::from_secs(6)).await;
    drop(stream);
    rig.asked()
        .await
        .has("resourceVersion=20&")
        .status(401, "Unauthorized");
    rig.asked().await.has("resourceVersion=20&").stream();
}

#[tokio::test(start_paused = true)]
async fn denied_is_told_and_tried_again_once_a_minute() {
    let mut rig = Rig::of("Secret");
    let start = Instant::now();
    rig.asked().await.status(403, "secrets is forbidden");
    let (denied, problem) = rig.trouble().await;
    assert!(denied);
    let expected = KindProblem {
        kind: "Secret".to_owned(),
        verb: "list".to_owned(),
        group: String::new(),
        resource: "secrets".to_owned(),
        namespace: None,
        seen_in: Vec::new(),
        message: "secrets is forbidden".to_owned(),
    };
    assert_eq!(problem, expected);
    let (list, after) = rig.asked_after(start).await;
    assert_eq!(after, 60_000);
    list.status(403, "secrets is forbidden");
    rig.trouble().await;
    // Unless somebody says that it is worth it.
    let start = Instant::now();
    rig.link.send_modify(|link| link.wake += 1);
    let (_, after) = rig.asked_after(start).await;
    assert_eq!(after, 0);
}

/// Rights are granted and the user presses "Retry" while the answer from before is on its way.
#[tokio::test(start_paused = true)]
async fn a_retry_while_an_answer_is_on_its_way_is_not_lost() {
    let mut rig = Rig::new();
    let start = Instant::now();
    let (list, _) = rig.asked_after(start).await;
    rig.link.send_modify(|link| link.wake += 1);
    list.status(403, "pods is forbidden");
    assert!(rig.trouble().await.0);
    let (list, after) = rig.asked_after(start).await;
    assert_eq!(after, 0);
    // Once: what is denied after it is denied.
    list.status(403, "pods is forbidden");
    let (_, after) = rig.asked_after(start).await;
    assert_eq!(after, 60_000);
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_is_not_taken_away_by_one_denial() {
    let (mut rig, stream) = Rig::following().await;
    drop(stream);
    let start = Instant::now();
    let (watch, _) = rig.asked_after(start).await;
    let start = watch.at;
    watch.status(403, "roles are not loaded yet");
    let (watch, after) = rig.asked_after(start).await;
    assert_eq!(after, 1000);
    watch.has("resourceVersion=10&").status(403, "pods is forbidden");
    assert!(rig.trouble().await.0);
    rig.asked().await.lists();
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_served_is_failing_and_tried_again_once_a_minute() {
    let mut rig = Rig::new();
    let start = Instant::now();
    rig.asked()
        .await
        .status(404, "the server could not find the requested resource");
    let (denied, problem) = rig.trouble().await;
    assert!(!denied);
    assert_eq!(
        problem.message,
        "the server could not find the requested resource"
    );
    let (list, after) = rig.asked_after(start).await;
    assert_eq!(after, 60_000);
    list.lists().page("10", "", &[]);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_not_every_cluster_serves_is_looked_for_once_a_minute() {
    let mut rig = Rig::of("MutatingAdmissionPolicy");
    let not_found = "the server could not find the requested resource";
    let mut start = Instant::now();
    rig.asked().await.status(404, not_found);
    assert!(matches!(rig.told().await, News::NotServed));
    for _ in 0..2 {
        let (list, after) = rig.asked_after(start).await;
        assert_eq!(after, 60_000);
        start = list.at;
        list.status(404, not_found);
        assert!(matches!(rig.told().await, News::NotServed));
    }
    // It is installed, followed, and taken away again.
    let (list, _) = rig.asked_after(start).await;
    list.page("10", "", &[]);
    assert!(matches!(rig.told().await, News::Page { last: true, .. }));
    rig.asked()
        .await
        .has("resourceVersion=10&")
        .status(404, not_found);
    assert!(matches!(rig.told().await, News::NotServed));
}

#[tokio::test(start_paused = true)]
async fn what_is_forbidden_may_not_be_served_at_all() {
    let mut rig = Rig::of("MutatingAdmissionPolicy");
    let mut start = Instant::now();
    for group in [None, Some(r#"{"resources":[{"name":"other"}]}"#)] {
        let (list, _) = rig.asked_after(start).await;
        start = list.at;
        list.lists().status(403, "forbidden");
        let discovery = rig.asked().await.has("/apis/admissionregistration.k8s.io/v1");
        match group {
            None => discovery.status(404, "no such group"),
            Some(group) => discovery.answers(group),
        }
        assert!(matches!(rig.told().await, News::NotServed));
    }
    let (list, after) = rig.asked_after(start).await;
    assert_eq!(after, 60_000);
    list.status(403, "forbidden");
    rig.asked()
        .await
        .answers(r#"{"resources":[{"name":"mutatingadmissionpolicies"}]}"#);
    assert!(rig.trouble().await.0, "it is served, and denied");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_no_event_is_passed_over_with_its_reason() {
    let (mut rig, stream) = Rig::following().await;
    stream.send("{\"type\":\"ADDED\",\"object\":{{{\n");
    stream.event("ADDED", "a", "11");
    let (first, second) = (rig.events().await, rig.events().await);
    assert!(matches!(&first[..], [Event::Unreadable(reason)] if reason.contains("not valid JSON")));
    assert!(matches!(&second[..], [Event::Set { .. }]));
    drop(stream);
    rig.asked().await.has("resourceVersion=11&");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_none_fails_without_being_hammered() {
    let mut rig = Rig::new();
    let start = Instant::now();
    for _ in 0..5 {
        let asked = rig.asked().await;
        asked.answer(200, None, stream::iter([Ok(Bytes::from("<html>"))]).boxed());
    }
    assert!(start.elapsed() > Duration::from_secs(1));
    assert!(rig.trouble().await.1.message.contains("not valid JSON"));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_stale_without_a_word_leads_to_a_list() {
    let (mut rig, stream) = Rig::following().await;
    drop(stream);
    for _ in 0..2 {
        drop(rig.asked().await.has("resourceVersion=10&").stream());
    }
    rig.asked().await.lists().page("50", "", &[]);
    // If that does not help, it is not hammered either.
    let start = Instant::now();
    for _ in 0..20 {
        let asked = rig.asked().await;
        if asked.get.path.contains("watch=true") {
            drop(asked.has("resourceVersion=50&").stream());
        } else {
            asked.page("50", "", &[]);
        }
        while rig.output.try_recv().is_ok() {}
    }
    assert!(start.elapsed() > Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_version_from_the_future_leads_to_a_list() {
    let (mut rig, stream) = Rig::following().await;
    drop(stream);
    rig.asked()
        .await
        .status(504, "Too large resource version: 10, current: 3");
    rig.asked().await.lists();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_while_the_link_is_down() {
    let (mut rig, stream) = Rig::following().await;
    stream.event("BOOKMARK", "", "15");
    tokio::time::sleep(Duration::from_millis(1)).await;
    // The stream has not noticed.
    rig.link.send_modify(|link| {
        link.up = false;
        link.generation += 1;
    });
    rig.stays_quiet(Duration::from_secs(500)).await;
    assert!(stream.0.is_closed());
    rig.link.send_modify(|link| {
        link.up = true;
        link.wake += 1;
    });
    let back = Instant::now();
    let (watch, after) = rig.asked_after(back).await;
    assert_eq!(after, 0);
    let _stream = watch.has("resourceVersion=15&").stream();
    assert!(matches!(rig.told().await, News::Live(1)));
    // Down and up between two looks of the watch: its stream is from before all the same.
    rig.link.send_modify(|link| link.generation += 1);
    rig.asked().await.has("resourceVersion=15&");
}

#[tokio::test(start_paused = true)]
async fn another_cluster_at_the_address_is_listed() {
    let (mut rig, stream) = Rig::following().await;
    rig.link.send_modify(|link| {
        link.generation += 1;
        link.relist += 1;
    });
    rig.asked().await.lists().page("3", "", &["x"]);
    rig.asked().await.has("resourceVersion=3&").stream();
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_is_a_suspicion_and_soon_tried_again() {
    let mut rig = Rig::new();
    let asked = rig.asked().await;
    let start = asked.at;
    asked.breaks();
    let (list, after) = rig.asked_after(start).await;
    assert!((150..=200).contains(&after), "{after}");
    tokio::time::timeout(Duration::from_secs(1), rig.suspect.notified())
        .await
        .unwrap();
    list.lists();
}

#[tokio::test(start_paused = true)]
async fn a_list_may_trickle_in() {
    let mut rig = Rig::new();
    let stream = rig.asked().await.stream();
    let mut body =
        BytesMut::from(&br#"{"kind":"PodList","metadata":{"resourceVersion":"10"},"items":[]}"#[..]);
    while !body.is_empty() {
        stream.send(std::str::from_utf8(&body.split_to(1)).unwrap());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    drop(stream);
    rig.asked().await.has("resourceVersion=10&");
    assert_eq!(rig.counter.lists.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_stops_is_asked_for_again() {
    let mut rig = Rig::new();
    let asked = rig.asked().await;
    let start = asked.at;
    let stream = asked.stream();
    stream.send(r#"{"kind":"PodList","#);
    let (list, after) = rig.asked_after(start).await;
    assert!((90_000..=91_000).contains(&after), "{after}");
    list.lists();
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_not_waited_for_when_the_link_is_lost() {
    let mut rig = Rig::new();
    let _list = rig.asked().await.lists();
    let lose = |link: &mut Link| {
        link.up = !link.up;
        link.generation += u64::from(!link.up);
    };
    rig.link.send_modify(lose);
    rig.link.send_modify(lose);
    let start = Instant::now();
    let (list, after) = rig.asked_after(start).await;
    assert_eq!(after, 0);
    list.lists().page("10", "", &[]);
    let _watch = rig.asked().await.has("watch=true");
    rig.link.send_modify(lose);
    rig.stays_quiet(Duration::from_secs(60)).await;
    rig.link.send_modify(lose);
    rig.asked().await.has("resourceVersion=10&");
}
