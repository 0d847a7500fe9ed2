//! Kinds that the table does not have, which come, change and go while the engine runs.

use cluster::{Engine, Published};
use control_plane::{ControlPlane, User};
use model::list::{ListQuery, ListWindow};
use model::{KindId, NodeKey};
use serde_json::{Value, json};
use topology::ListView;

use crate::plane::{blocking, shared};
use crate::rig::{Rig, equals_a_fresh_list, is_live, wait};

/// A definition of `things` in a group of its own, and its versions.
fn definition(group: &str, versions: &[Value]) -> String {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "versions": versions,
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "shortNames": ["th"]},
        },
    })
    .to_string()
}

fn version(name: &str, storage: bool, columns: Value) -> Value {
    json!({
        "name": name, "served": true, "storage": storage, "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
    })
}

fn thing(group: &str, name: &str, more: &Value) -> String {
    let mut object = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Thing",
        "metadata": {"name": name, "labels": {"example.org/of": "me"}},
        "spec": {"size": 3, "ratio": 2.5, "heavy": true, "since": "2020-01-31T10:00:00Z", "parts": [{"kind": "Left", "state": "new"}, {"kind": "Right", "state": "worn"}]},
    });
    for (field, value) in more.as_object().unwrap() {
        object[field] = value.clone();
    }
    object.to_string()
}

async fn apply(plane: &'static ControlPlane, namespace: &str, manifest: String) {
    let namespace = namespace.to_owned();
    blocking(move || plane.apply(&namespace, &manifest).unwrap()).await;
}

async fn kubectl(plane: &'static ControlPlane, args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    blocking(move || plane.run_kubectl(args).unwrap()).await
}

/// The list of a kind, if the cluster has it.
fn list(state: &Published, plural: &str) -> Option<ListWindow> {
    let query: ListQuery = serde_json::from_value(json!({"kind": plural})).unwrap();
    let view = ListView::parse(&query, &state.state).ok()?;
    state
        .is_synced(view.kind())
        .then(|| view.window(&state.state, state.at))
}

/// Headings and rows, as kubectl prints them.
fn table(state: &Published, plural: &str) -> Vec<String> {
    let Some(window) = list(state, plural) else {
        return Vec::new();
    };
    let heading: Vec<String> = window
        .columns
        .iter()
        .map(|column| column.name.to_uppercase())
        .collect();
    let rows = window.rows.iter().map(|row| {
        let cells: Vec<String> = row.cells.iter().map(|cell| cell.print(state.at)).collect();
        cells.join(" ")
    });
    std::iter::once(heading.join(" ")).chain(rows).collect()
}

/// `Thing/a refers Thing/b`, for the edges that start at an object.
fn edges_from(state: &Published, key: &NodeKey) -> Vec<String> {
    let Some(entry) = state.state.node_by_key(key) else {
        return Vec::new();
    };
    let edges = state.state.outgoing(entry.id());
    edges
        .filter_map(|(edge, _)| {
            let target = state.state.node(edge.target)?.key().node_key();
            Some(format!("{} {target}", edge.relation.word()))
        })
        .collect()
}

fn has_problem(engine: &Engine, api: &str, word: &str) -> bool {
    let apis = engine.diagnostics().apis;
    apis.iter()
        .any(|problem| problem.api == api && problem.message.contains(word))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_comes_changes_and_goes_is_followed() {
    let plane = shared().await;
    let namespace = blocking(|| plane.namespace("kinds").unwrap()).await;
    let group = format!("{namespace}.example.org");
    let plural = format!("things.{group}");
    let rig = Rig::new(vec![plane.kubeconfig(User::Admin)]);
    let engine = rig.engine();
    let (state, _) = wait(&engine, "synced", is_live).await;
    assert!(list(&state, &plural).is_none());

    // It comes.
    let columns = json!([
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Right", "type": "string", "jsonPath": ".spec.parts[?(@.kind==\"Right\")].state"},
        {"name": "Some", "type": "string", "jsonPath": ".spec.parts[0:1].state"},
    ]);
    let first = version("v1", true, columns);
    apply(plane, "default", definition(&group, std::slice::from_ref(&first))).await;
    let (state, took) = wait(&engine, "the kind is there", |state| {
        list(state, &plural).is_some()
    })
    .await;
    println!("a definition is followed after {took:?}");
    assert_eq!(table(&state, &plural), ["NAME SIZE RIGHT"]);
    assert!(
        has_problem(&engine, &format!("{plural}/v1"), "`Some`"),
        "{:?}",
        engine.diagnostics().apis
    );

    kubectl(
        plane,
        &["wait", "--for=condition=Established", &format!("crd/{plural}")],
    )
    .await;
    apply(plane, &namespace, thing(&group, "a", &json!({}))).await;
    let uid = kubectl(
        plane,
        &[
            "get",
            &plural,
            "a",
            "-n",
            &namespace,
            "-o",
            "jsonpath={.metadata.uid}",
        ],
    )
    .await;
    let owner =
        json!([{"apiVersion": format!("{group}/v1"), "kind": "Thing", "name": "a", "uid": uid.trim()}]);
    let owned = json!({
        "metadata": {"name": "b", "ownerReferences": owner},
        "spec": {"size": 5, "otherRef": {"kind": "Thing", "name": "a"},
                 "accountRef": {"kind": "ServiceAccount", "name": "default"}},
    });
    apply(plane, &namespace, thing(&group, "b", &owned)).await;
    let key = |name: &str| NodeKey::new(format!("Thing.{group}"), Some(&namespace), name);
    let (state, _) = wait(&engine, "both are there, with edges", |state| {
        edges_from(state, &key("b")).len() == 2 && edges_from(state, &key("a")).len() == 1
    })
    .await;
    assert_eq!(table(&state, &plural), ["NAME SIZE RIGHT", "a 3 worn", "b 5 "]);
    assert_eq!(edges_from(&state, &key("a")), [format!("owns {}", key("b"))]);
    let account = NodeKey::new("ServiceAccount", Some(&namespace), "default");
    for target in [key("a"), account] {
        let edge = format!("refers {target}");
        assert!(edges_from(&state, &key("b")).contains(&edge), "{edge}");
    }
    let kind = KindId::of_plural(&plural).unwrap();
    assert_eq!(state.state.api_version(kind), format!("{group}/v1"));
    equals_a_fresh_list(&engine, plane.kubeconfig(User::Admin)).await;

    // It changes: another version is preferred, with other columns.
    let columns = json!([
        {"name": "How big", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Heavy", "type": "boolean", "jsonPath": ".spec.heavy"},
        {"name": "Ratio", "type": "number", "jsonPath": ".spec.ratio"},
        {"name": "Rounded", "type": "integer", "jsonPath": ".spec.ratio"},
        {"name": "Parts", "type": "string", "jsonPath": ".spec.parts"},
        {"name": "States", "type": "string", "jsonPath": ".spec.parts[*].state"},
        {"name": "Last", "type": "string", "jsonPath": ".spec.parts[-1].kind"},
        {"name": "Since", "type": "date", "jsonPath": ".spec.since"},
        {"name": "Of", "type": "string", "jsonPath": r".metadata.labels.example\.org/of"},
        {"name": "Again", "type": "string", "jsonPath": r".metadata.labels['example\.org/of']"},
        {"name": "Nested", "type": "string", "jsonPath": r".metadata['labels.example\.org/of']"},
        {"name": "Wrong", "type": "integer", "jsonPath": ".spec.since"},
        {"name": "None", "type": "string", "jsonPath": ".spec.none"},
        {"name": "End", "type": "string", "jsonPath": ".metadata.name"},
    ]);
    let second = version("v2", false, columns);
    apply(plane, "default", definition(&group, &[first, second.clone()])).await;
    let (state, took) = wait(&engine, "v2 is watched", |state| {
        table(state, &plural).len() == 3 && state.state.api_version(kind) == format!("{group}/v2")
    })
    .await;
    println!("another version is followed after {took:?}");
    let printed = kubectl(plane, &["get", &plural, "-n", &namespace]).await;
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let ours: Vec<Vec<String>> = table(&state, &plural).iter().map(|line| words(line)).collect();
    let kubectls: Vec<Vec<String>> = printed.lines().map(words).collect();
    assert_eq!(ours, kubectls);
    assert_eq!(edges_from(&state, &key("b")).len(), 2);
    assert!(!has_problem(&engine, &format!("{plural}/v1"), "`Some`"));
    equals_a_fresh_list(&engine, plane.kubeconfig(User::Admin)).await;

    // It goes.
    kubectl(plane, &["delete", "crd", &plural]).await;
    let (state, took) = wait(&engine, "the kind is gone", |state| {
        is_live(state) && !state.state.serves(kind)
    })
    .await;
    println!("its end is followed after {took:?}");
    assert!(state.state.nodes().all(|entry| entry.key().kind != kind));
    assert!(engine.diagnostics().kinds.iter().all(|of| of.kind != kind));
    equals_a_fresh_list(&engine, plane.kubeconfig(User::Admin)).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregated_api_that_is_down_is_named_and_harms_nothing() {
    let plane = shared().await;
    let rig = Rig::new(vec![plane.kubeconfig(User::Admin)]);
    let engine = rig.engine();
    wait(&engine, "synced", is_live).await;
    let service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": "v1.down.example.org"},
        "spec": {"group": "down.example.org", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100,
                 "insecureSkipTLSVerify": true, "service": {"name": "nobody", "namespace": "default"}},
    });
    apply(plane, "default", service.to_string()).await;
    let start = std::time::Instant::now();
    while !has_problem(&engine, "down.example.org/v1", "does not answer") {
        assert!(
            start.elapsed() < crate::rig::LIMIT,
            "{:?}",
            engine.diagnostics().apis
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    println!("an API that is down is named after {:?}", start.elapsed());
    // Kinds of other tests may come and go meanwhile.
    let (state, _) = wait(&engine, "all is well", is_live).await;
    assert!(state.sync.failed.is_empty(), "{:?}", state.sync.failed);
    kubectl(plane, &["delete", "apiservice", "v1.down.example.org"]).await;
    while has_problem(&engine, "down.example.org/v1", "") {
        assert!(
            start.elapsed() < crate::rig::LIMIT * 2,
            "{:?}",
            engine.diagnostics().apis
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    rig.end().await;
}
