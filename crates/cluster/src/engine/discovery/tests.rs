//! What is watched while an API server says now this, now that.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::exec::ExecPolicy;
use crate::testing::{context, http_server};

/// An API server that serves these groups, and nothing in them; and the discoverer that asks it.
struct Rig {
    groups: Arc<Mutex<Value>>,
    definitions: watch::Sender<Definitions>,
    inlets: mpsc::Receiver<Inlet>,
    counters: Arc<Counters>,
    tasks: Tasks,
    _link: watch::Sender<Link>,
    _namespaces: watch::Sender<Namespaces>,
}

impl Rig {
    fn new(groups: Value) -> Self {
        let groups = Arc::new(Mutex::new(groups));
        let served = groups.clone();
        let url = http_server(move |head| match head.split(' ').nth(1) {
            Some("/api") => (
                200,
                json!({"kind": "APIGroupDiscoveryList", "items": []}).to_string(),
            ),
            Some("/apis") => {
                let items = served.lock().unwrap().clone();
                (
                    200,
                    json!({"kind": "APIGroupDiscoveryList", "items": items}).to_string(),
                )
            }
            _ => (404, "{}".to_owned()),
        });
        let (output, inlets) = mpsc::channel(64);
        let (definitions, defined) = watch::channel(Definitions::default());
        let up = Link {
            up: true,
            ..Link::default()
        };
        let (link, links) = watch::channel(up);
        let (namespaces, known) = watch::channel(Namespaces::default());
        let (counters, tasks) = (Arc::new(Counters::default()), Tasks::new());
        let watches = Watches {
            cluster: "test".into(),
            transport: Arc::new(Connection::new(Arc::new(context(&url)), ExecPolicy::Deny)),
            output,
            link: links,
            suspect: Arc::default(),
            namespaces: known,
            gate: Arc::new(Semaphore::new(1)),
            counters: counters.clone(),
        };
        let discoverer = Discoverer::new(watches, defined, tasks.child());
        tasks.spawn("discovery", TaskKind::Service, discoverer.run());
        let rig = Self {
            groups,
            definitions,
            inlets,
            counters,
            tasks,
            _link: link,
            _namespaces: namespaces,
        };
        rig.change();
        rig
    }

    /// A definition has changed.
    fn change(&self) {
        self.definitions
            .send_modify(|definitions| definitions.changes += 1);
    }

    fn serve(&self, groups: Value) {
        *self.groups.lock().unwrap() = groups;
        self.change();
    }

    /// What the writer is told of kinds by the time that the API server has been asked once more.
    async fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.inlets.recv()).await;
            match next.expect("nothing is told for half a minute").unwrap() {
                Inlet::Watch(_) => {}
                Inlet::Served(served) => {
                    let columns = served.printer.columns().len();
                    told.push(format!("{} {} {columns}", served.kind, served.found.version));
                }
                Inlet::Withdrawn(kind) => told.push(format!("{kind} is gone")),
                Inlet::KindsKnown => return told,
            }
        }
    }

    /// The same, by the time that there is something to tell.
    async fn news(&mut self) -> Vec<String> {
        loop {
            let told = self.told().await;
            if !told.is_empty() {
                return told;
            }
        }
    }

    fn watched(&self) -> Vec<String> {
        let running = self.tasks.running().into_iter();
        let names =
            running.filter_map(|task| task.name.strip_prefix("cluster test: watch ").map(str::to_owned));
        names.collect()
    }
}

fn group(name: &str, version: &str, kinds: &[(&str, &str)]) -> Value {
    let resource = |(plural, kind): &(&str, &str)| json!({"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": ["list", "watch"]});
    let resources: Vec<Value> = kinds.iter().map(resource).collect();
    let freshness = if kinds.is_empty() { "Stale" } else { "Current" };
    json!({"metadata": {"name": name}, "versions": [{"version": version, "resources": resources, "freshness": freshness}]})
}

#[tokio::test]
async fn kinds_come_change_and_go_and_stay_while_their_api_is_down() {
    let (own, other) = ("follow.example.org", "other.example.org");
    let two = group(own, "v1", &[("nuts", "Nut"), ("screws", "Screw")]);
    let mut rig = Rig::new(json!([two, group(other, "v1", &[("pins", "Pin")])]));
    assert_eq!(rig.told().await, ["Nut v1 3", "Screw v1 3", "Pin v1 3"]);

    rig.serve(json!([
        group(own, "v2", &[("nuts", "Nut")]),
        group(other, "v1", &[("pins", "Pin")])
    ]));
    assert_eq!(rig.news().await, ["Nut v2 3", "Screw is gone"]);
    assert_eq!(
        rig.watched(),
        ["pins.other.example.org", "nuts.follow.example.org"]
    );

    // An API that is down takes nothing away; one that is gone does.
    rig.serve(json!([group(other, "v1", &[])]));
    assert_eq!(rig.news().await, ["Nut is gone"]);
    assert_eq!(rig.watched(), ["pins.other.example.org"]);
    assert_eq!(rig.counters.apis()[0].api, "other.example.org/v1");
    rig.serve(json!([group(other, "v1", &[("pins", "Pin")])]));
    while !rig.counters.apis().is_empty() {
        assert!(rig.told().await.is_empty(), "it was known all the time");
    }
    assert!(rig.tasks.shutdown(END).await.is_empty());
}

#[tokio::test]
async fn columns_of_a_definition_that_comes_later_are_taken_up() {
    let mut rig = Rig::new(json!([group("columns.example.org", "v1", &[("hooks", "Hook")])]));
    assert_eq!(rig.told().await, ["Hook v1 3"]);
    let definition = r#"{"metadata": {"name": "hooks.columns.example.org"}, "spec": {"versions": [{"name": "v1",
        "additionalPrinterColumns": [{"name": "A", "type": "string", "jsonPath": ".a"}, {"name": "B", "type": "string", "jsonPath": "b"}]}]}}"#;
    let definition = topology::kinds::Definition::read(definition.as_bytes()).ok();
    rig.definitions.send_modify(|definitions| {
        definitions.set(definition);
        definitions.changes += 1;
    });
    assert_eq!(rig.news().await, ["Hook v1 2"]);
    // The watch is told of before what could not be read is noted.
    while rig.counters.apis().is_empty() {
        rig.told().await;
    }
    let problem = &rig.counters.apis()[0];
    assert_eq!(problem.api, "hooks.columns.example.org/v1");
    assert!(problem.message.contains("the column `B`"), "{problem:?}");
    assert!(rig.tasks.shutdown(END).await.is_empty());
}
