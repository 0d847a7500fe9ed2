//! Kinds that the table does not have, and what other objects complete.

#![allow(clippy::unwrap_used, reason = "a test may")]

use model::kind::Discovered;
use model::list::ListQuery;
use model::{Health, KindId, Timestamp};
use serde_json::{Value, json};
use topology::{Index, ListView, State, kinds};

const WIDGET: Discovered<'static> = Discovered {
    group: "example.org",
    version: "v1",
    kind: "Widget",
    plural: "widgets",
    short_names: &["wd"],
    namespaced: true,
};

fn upsert(index: &mut Index, kind: &str, object: &Value) {
    let facts = kinds::read(
        KindId::of(kind).unwrap(),
        object.to_string().as_bytes(),
        index.symbols(),
    );
    index.upsert(facts.unwrap());
}

fn object(name: &str, more: Value) -> Value {
    let mut object = json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "generation": 2}});
    for (field, value) in more.as_object().unwrap() {
        object[field] = value.clone();
    }
    object
}

/// `Widget.example.org/shop/a refers Secret/shop/s by spec.aRef.name`, sorted.
fn edges(state: &State) -> Vec<String> {
    let key = |id| state.node(id).unwrap().key().node_key().to_string();
    let mut edges: Vec<String> = state
        .edges()
        .map(|(edge, proof)| {
            let paths: Vec<&str> = proof.fields.iter().map(|field| field.path.as_str()).collect();
            let broken = if proof.healthy { "" } else { " (broken)" };
            format!(
                "{} {} {} by {}{broken}",
                key(edge.source),
                edge.relation.word(),
                key(edge.target),
                paths.join(", ")
            )
        })
        .collect();
    edges.sort();
    edges
}

#[test]
fn a_custom_resource_is_a_node_with_health_and_references() {
    let mut index = Index::new();
    let widget = index.register(&WIDGET).unwrap();
    index.set_kind_visible(widget, true);
    let status = |ready: &str, observed: i64| {
        json!({
            "spec": {"secretRef": {"kind": "Secret", "name": "s"}, "otherRef": {"kind": "Widget", "name": "b"},
                     "goneRef": {"kind": "Secret", "name": "gone"}, "nameRef": {"name": "s"}},
            "status": {"observedGeneration": observed,
                       "conditions": [{"type": "Ready", "status": ready, "message": "No disk"}]},
        })
    };
    upsert(&mut index, "Widget.example.org", &object("a", status("False", 2)));
    upsert(&mut index, "Widget.example.org", &object("b", json!({"spec": 7})));
    let secret = json!({"cells": ["s", "Opaque", 0, "1d"], "object": object("s", json!({}))});
    upsert(&mut index, "Secret", &secret);
    let state = index.state();
    assert_eq!(
        edges(&state),
        [
            "Widget.example.org/shop/a refers Secret/shop/s by spec.secretRef.name",
            "Widget.example.org/shop/a refers Widget.example.org/shop/b by spec.otherRef.name",
        ],
        "a guess makes no ghost"
    );
    let edge = state.edges().next().unwrap();
    assert!((edge.1.edge(edge.0).confidence - 0.6).abs() < f32::EPSILON);
    let find = |state: &State, name: &str| {
        let key = format!("Widget.example.org/shop/{name}").parse().unwrap();
        state.node_by_key(&key).unwrap().node(state, false)
    };
    let node = find(&state, "a");
    assert_eq!(
        (node.status.health, node.status.reason.as_deref()),
        (Health::Unhealthy, Some("No disk"))
    );
    assert_eq!(node.api_version, "example.org/v1");
    assert_eq!(
        find(&state, "b").status.health,
        Health::Healthy,
        "it says nothing of itself"
    );
    upsert(&mut index, "Widget.example.org", &object("a", status("True", 1)));
    assert_eq!(find(&index.state(), "a").status.health, Health::Progressing);
}

#[test]
fn a_list_of_a_discovered_kind_has_the_columns_and_the_version_of_its_cluster() {
    let definition = json!({"metadata": {"name": "widgets.example.org"}, "spec": {"versions": [{"name": "v1", "additionalPrinterColumns": [
        {"name": "Disk size", "type": "integer", "jsonPath": ".spec.size"}]}]}});
    let definition = kinds::Definition::read(definition.to_string().as_bytes()).unwrap();
    let printer = &definition.versions[0].printer;
    let query = |more: Value| -> ListQuery {
        let mut query = json!({"kind": "widgets.v2.example.org"});
        for (field, value) in more.as_object().unwrap() {
            query[field] = value.clone();
        }
        serde_json::from_value(query).unwrap()
    };
    let mut index = Index::new();
    let later = Discovered {
        version: "v2",
        ..WIDGET
    };
    let widget = index.register_printed(&later, printer).unwrap();
    for (name, size) in [("a", 20), ("b", 3)] {
        let object = object(name, json!({"spec": {"size": size}})).to_string();
        let facts = kinds::read_printed(widget, printer, object.as_bytes(), index.symbols());
        index.upsert(facts.unwrap());
    }
    let state = index.state();
    let names = |more: Value| -> Vec<String> {
        let view = ListView::parse(&query(more), &state).unwrap();
        let window = view.window(&state, Timestamp(0));
        assert_eq!(window.columns.len(), 2);
        window.rows.into_iter().map(|row| row.key.name).collect()
    };
    assert_eq!(names(json!({})), ["a", "b"]);
    assert_eq!(names(json!({"sort": ["disk-size"]})), ["b", "a"]);
    assert_eq!(names(json!({"filter": "disk-size>10"})), ["a"]);
    let error = ListView::parse(&query(json!({"sort": ["ready"]})), &state).unwrap_err();
    assert_eq!(error.allowed, "use one of name, disk-size, namespace, health");
    // Another version, other columns, or no such kind: the view does not fit.
    let view = ListView::parse(&query(json!({"kind": "widgets"})), &state).unwrap();
    assert!(view.fits(&state) && !view.fits(&State::default()));
    index.register(&later).unwrap();
    assert!(!view.fits(&index.state()));
    let error = ListView::parse(&query(json!({})), &State::default()).unwrap_err();
    assert_eq!(error.field, "kind", "another cluster does not have it");
}

#[test]
fn a_kind_that_comes_late_gets_its_edges_and_one_that_goes_loses_them() {
    let mut index = Index::new();
    let scaler =
        json!({"spec": {"scaleTargetRef": {"apiVersion": "example.org/v1", "kind": "Widget", "name": "a"}}});
    upsert(&mut index, "HorizontalPodAutoscaler", &object("h", scaler));
    assert_eq!(index.state().node_count(), 1, "nobody knows what a Widget is yet");
    let widget = index.register(&WIDGET).unwrap();
    index.set_kind_visible(widget, true);
    let broken = "HorizontalPodAutoscaler/shop/h scales Widget.example.org/shop/a by spec.scaleTargetRef.name (broken)";
    assert_eq!(edges(&index.state()), [broken]);
    upsert(&mut index, "Widget.example.org", &object("a", json!({})));
    let whole = broken.strip_suffix(" (broken)").unwrap();
    assert_eq!(edges(&index.state()), [whole]);
    index.take_change();
    index.register(&WIDGET).unwrap();
    assert!(index.take_change().is_empty(), "the same again is no news");
    index
        .register(&Discovered {
            version: "v2",
            ..WIDGET
        })
        .unwrap();
    assert_eq!(
        index.take_change().nodes().count(),
        1,
        "its apiVersion is another"
    );
    assert_eq!(edges(&index.state()), [whole], "its edges are the same");
    index.forget(widget);
    assert_eq!((index.state().node_count(), index.state().edge_count()), (1, 0));
}

#[test]
fn a_kind_of_another_cluster_means_nothing_here() {
    Index::new().register(&WIDGET).unwrap();
    let mut index = Index::new();
    let refers = json!({"spec": {"issuerRef": {"group": "example.org", "kind": "Widget", "name": "a"}}});
    upsert(&mut index, "Certificate.cert-manager.io", &object("c", refers));
    assert_eq!(index.state().node_count(), 1);
    assert!(index.state().kinds().all(|kind| !kind.is_discovered()));
}

#[test]
fn known_fields_are_not_guessed_again() {
    let mut index = Index::new();
    let certificate = json!({"spec": {"issuerRef": {"kind": "Issuer", "name": "i", "group": "cert-manager.io"},
                                      "keystoreRef": {"kind": "Secret", "name": "s"}}});
    upsert(
        &mut index,
        "Certificate.cert-manager.io",
        &object("c", certificate),
    );
    upsert(&mut index, "Issuer.cert-manager.io", &object("i", json!({})));
    let secret = json!({"cells": ["s", "Opaque", 0, "1d"], "object": object("s", json!({}))});
    upsert(&mut index, "Secret", &secret);
    assert_eq!(
        edges(&index.state()),
        [
            "Certificate.cert-manager.io/shop/c issued-by Issuer.cert-manager.io/shop/i by spec.issuerRef.name",
            "Certificate.cert-manager.io/shop/c refers Secret/shop/s by spec.keystoreRef.name",
        ]
    );
}

#[test]
fn a_snapshot_without_class_takes_the_one_default_of_its_driver() {
    let mut index = Index::new();
    let snapshot = json!({"spec": {"source": {"persistentVolumeClaimName": "data"}}});
    upsert(
        &mut index,
        "VolumeSnapshot.snapshot.storage.k8s.io",
        &object("s", snapshot),
    );
    upsert(
        &mut index,
        "PersistentVolumeClaim",
        &object("data", json!({"spec": {"volumeName": "v"}})),
    );
    upsert(
        &mut index,
        "PersistentVolume",
        &object("v", json!({"spec": {"csi": {"driver": "d"}}})),
    );
    let class = |index: &mut Index, name: &str, driver: &str, default: &str| {
        let mut class = object(name, json!({"driver": driver}));
        class["metadata"]["annotations"] =
            json!({"snapshot.storage.kubernetes.io/is-default-class": default});
        upsert(index, "VolumeSnapshotClass.snapshot.storage.k8s.io", &class);
    };
    let taken = |index: &Index| {
        let all = edges(&index.state());
        all.into_iter()
            .find(|edge| edge.starts_with("VolumeSnapshot.") && edge.contains("uses-class"))
    };
    class(&mut index, "other", "e", "true");
    class(&mut index, "plain", "d", "false");
    assert_eq!(taken(&index), None);
    class(&mut index, "one", "d", "true");
    let edge = taken(&index).unwrap();
    assert!(edge.contains("VolumeSnapshotClass.snapshot.storage.k8s.io/one by metadata.annotations"));
    class(&mut index, "two", "d", "true");
    assert_eq!(taken(&index), None, "of two the controller takes none");
    class(&mut index, "one", "d", "false");
    assert!(
        taken(&index)
            .unwrap()
            .contains("VolumeSnapshotClass.snapshot.storage.k8s.io/two")
    );
    index.remove(KindId::of("PersistentVolume").unwrap(), None, "v", None);
    assert_eq!(taken(&index), None, "nobody knows the driver");
}

#[test]
fn policy_parameters_are_selected_by_labels() {
    let mut index = Index::new();
    let widget = index.register(&WIDGET).unwrap();
    let policy = json!({"spec": {"paramKind": {"apiVersion": "example.org/v1", "kind": "Widget"}}});
    upsert(&mut index, "ValidatingAdmissionPolicy", &object("p", policy));
    let binding = |namespace: Value| {
        let params = json!({"selector": {"matchLabels": {"tier": "1"}}, "namespace": namespace});
        object("b", json!({"spec": {"policyName": "p", "paramRef": params}}))
    };
    upsert(
        &mut index,
        "ValidatingAdmissionPolicyBinding",
        &binding(json!("shop")),
    );
    let labelled = |name: &str, tier: &str| {
        let mut object = object(name, json!({}));
        object["metadata"]["labels"] = json!({"tier": tier});
        object
    };
    let selected = |index: &Index| {
        let all = edges(&index.state()).into_iter();
        all.filter(|edge| edge.contains("configured-by")).count()
    };
    upsert(&mut index, "Widget.example.org", &labelled("a", "1"));
    upsert(&mut index, "Widget.example.org", &labelled("b", "2"));
    assert_eq!(selected(&index), 1);
    upsert(&mut index, "Widget.example.org", &labelled("b", "1"));
    assert_eq!(selected(&index), 2);
    upsert(
        &mut index,
        "ValidatingAdmissionPolicyBinding",
        &binding(Value::Null),
    );
    assert_eq!(
        selected(&index),
        0,
        "those of the namespace of whatever is admitted: no one place"
    );
    upsert(
        &mut index,
        "ValidatingAdmissionPolicyBinding",
        &binding(json!("shop")),
    );
    assert_eq!(selected(&index), 2);
    index.forget(widget);
    assert_eq!(selected(&index), 0);
}
