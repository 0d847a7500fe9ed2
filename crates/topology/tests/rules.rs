//! Each rule: there, not there, missing, in another namespace, in any order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use model::graph::{Derivation, Edge, End, Layer, NodeState, Relation};
use model::{Health, KindId, NodeKey};
use serde_json::{Value, json};
use topology::{Index, Seen, kinds};

/// An index in which every kind is visible.
fn index() -> Index {
    let mut index = Index::new();
    for kind in KindId::all() {
        index.set_kind_visible(kind, true);
    }
    index
}

/// An object with a UID made of its address, unless it brings one.
fn object(kind: &str, address: &str, body: Value) -> (KindId, Value) {
    let kind = KindId::of(kind).unwrap();
    let (namespace, name) = address.split_once('/').map_or(("", address), |parts| parts);
    let mut object = body;
    object["metadata"]["name"] = name.into();
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    if object["metadata"]["uid"].is_null() {
        object["metadata"]["uid"] = format!("uid of {kind} {address}").into();
    }
    if kind.get().watch == model::kind::WatchForm::Table {
        object = json!({"cells": [name, 1, "1d"], "object": object});
    }
    (kind, object)
}

fn add(index: &mut Index, kind: &str, address: &str, body: Value) {
    let (kind, object) = object(kind, address, body);
    let facts = kinds::read(kind, object.to_string().as_bytes(), index.symbols()).unwrap();
    index.upsert(facts);
}

fn remove(index: &mut Index, kind: &str, address: &str) {
    let (namespace, name) = address
        .split_once('/')
        .map_or((None, address), |(ns, name)| (Some(ns), name));
    index.remove(KindId::of(kind).unwrap(), namespace, name, None);
}

fn key(text: &str) -> NodeKey {
    text.parse().unwrap()
}

/// The edges as `source relation target`, sorted; unhealthy ones with `!` in front.
fn edges(index: &Index) -> Vec<String> {
    let state = index.state();
    let name = |id| state.node(id).unwrap().key().node_key();
    let mut edges: Vec<String> = state
        .edges()
        .map(|(edge, proof)| {
            let mark = if proof.healthy { "" } else { "!" };
            format!(
                "{mark}{} {} {}",
                name(edge.source),
                edge.relation.word(),
                name(edge.target)
            )
        })
        .collect();
    edges.sort();
    edges
}

fn edge(index: &Index, source: &str, relation: Relation, target: &str) -> Edge {
    let state = index.state();
    let id = |text: &str| {
        state
            .node_by_key(&key(text))
            .unwrap_or_else(|| panic!("no {text}"))
            .id()
    };
    let edge = model::graph::EdgeKey {
        source: id(source),
        target: id(target),
        relation,
    };
    state
        .edge(&edge)
        .unwrap_or_else(|| panic!("no {source} {relation:?} {target}: {:?}", edges(index)))
}

/// The paths that prove an edge.
fn paths(edge: &Edge) -> Vec<&str> {
    edge.fields.iter().map(|field| field.path.as_str()).collect()
}

fn state_of(index: &Index, text: &str) -> Option<NodeState> {
    index.state().node_by_key(&key(text)).map(topology::Entry::state)
}

/// A pod that runs as no one, so that a test sees only its own edges.
fn mirror(spec: Value) -> Value {
    json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": spec})
}

#[test]
fn owners_are_found_by_uid_within_the_namespace() {
    let owned_by = |uid: &str| {
        let mut pod = mirror(json!({}));
        pod["metadata"]["ownerReferences"] = json!([
            {"kind": "Other", "name": "x", "uid": "not there"},
            {"kind": "ReplicaSet", "name": "web", "uid": uid, "controller": true},
        ]);
        pod
    };
    let mut index = index();
    add(
        &mut index,
        "Pod",
        "shop/web-1",
        owned_by("uid of ReplicaSet shop/web"),
    );
    assert!(
        edges(&index).is_empty(),
        "an owner that is not there is no edge and no missing node"
    );
    assert_eq!(index.state().node_count(), 1);
    add(
        &mut index,
        "ReplicaSet",
        "shop/web",
        json!({"spec": {"template": {"spec": {"serviceAccountName": "web"}}}}),
    );
    let owns = edge(&index, "ReplicaSet/shop/web", Relation::Owns, "Pod/shop/web-1");
    assert_eq!(paths(&owns), ["metadata.ownerReferences[1]"]);
    assert_eq!(
        (owns.fields[0].on, owns.derivation, owns.layer),
        (End::Target, Derivation::Owner, Layer::Ownership)
    );
    // Made again, it owns nothing.
    add(
        &mut index,
        "ReplicaSet",
        "shop/web",
        json!({"metadata": {"uid": "another"}}),
    );
    assert!(!edges(&index).iter().any(|edge| edge.contains("owns")));
    // In another namespace, it owns nothing; without a namespace, it does.
    add(
        &mut index,
        "Pod",
        "shop/web-2",
        owned_by("uid of ReplicaSet other/web"),
    );
    add(&mut index, "ReplicaSet", "other/web", json!({}));
    assert!(!edges(&index).iter().any(|edge| edge.contains("owns")));
    add(&mut index, "Pod", "shop/web-3", owned_by("uid of Node n1"));
    add(&mut index, "Node", "n1", json!({}));
    edge(&index, "Node/n1", Relation::Owns, "Pod/shop/web-3");
}

#[test]
fn a_service_selects_pods_of_its_namespace_that_have_all_labels() {
    let labelled = |app: &str, tier: &str| {
        let mut pod = mirror(json!({}));
        pod["metadata"]["labels"] = json!({"app": app, "tier": tier});
        pod
    };
    let service = json!({"spec": {"type": "ClusterIP", "selector": {"app": "web", "tier": "front"}}});
    let mut index = index();
    add(&mut index, "Pod", "shop/a", labelled("web", "front"));
    add(&mut index, "Service", "shop/web", service.clone());
    add(&mut index, "Pod", "shop/b", labelled("web", "front"));
    add(&mut index, "Pod", "shop/c", labelled("web", "back"));
    add(&mut index, "Pod", "other/d", labelled("web", "front"));
    let both = [
        "Service/shop/web selects Pod/shop/a",
        "Service/shop/web selects Pod/shop/b",
    ];
    assert_eq!(edges(&index), both);
    let selects = edge(&index, "Service/shop/web", Relation::Selects, "Pod/shop/a");
    assert_eq!(
        (paths(&selects), selects.derivation),
        (vec!["spec.selector"], Derivation::Selector)
    );
    add(&mut index, "Pod", "shop/a", labelled("api", "front"));
    assert_eq!(edges(&index), both[1..]);
    remove(&mut index, "Pod", "shop/b");
    assert!(edges(&index).is_empty());
    add(&mut index, "Pod", "shop/a", labelled("web", "front"));
    assert_eq!(edges(&index), both[..1]);
    for without in [json!({"spec": {"type": "ClusterIP"}}), {
        let mut external = service;
        external["spec"]["type"] = "ExternalName".into();
        external
    }] {
        add(&mut index, "Service", "shop/web", without);
        assert!(edges(&index).is_empty(), "no selector, or one that means nothing");
    }
}

#[test]
fn slices_belong_to_services_and_lead_to_pods_and_nodes() {
    let mut index = index();
    let slice = json!({
        "metadata": {"labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [
            {"conditions": {"ready": true}, "targetRef": {"kind": "Pod", "namespace": "shop", "name": "a"}},
            {"conditions": {"ready": false, "serving": false}, "targetRef": {"kind": "Pod", "namespace": "shop", "name": "b"}},
            {"targetRef": {"kind": "Node", "name": "n1"}},
            {"addresses": ["10.0.0.9"]},
        ],
    });
    add(&mut index, "EndpointSlice", "shop/web-x", slice);
    add(&mut index, "Node", "n1", json!({}));
    add(&mut index, "Pod", "shop/b", mirror(json!({})));
    assert_eq!(
        edges(&index),
        [
            "!EndpointSlice/shop/web-x targets Pod/shop/a",
            "!Service/shop/web publishes EndpointSlice/shop/web-x",
            "EndpointSlice/shop/web-x targets Node/n1",
            "EndpointSlice/shop/web-x targets Pod/shop/b",
        ]
    );
    assert_eq!(
        state_of(&index, "Service/shop/web"),
        Some(NodeState::Missing),
        "a missing source is drawn"
    );
    let publishes = edge(
        &index,
        "Service/shop/web",
        Relation::Publishes,
        "EndpointSlice/shop/web-x",
    );
    assert_eq!(
        paths(&publishes),
        ["metadata.labels[\"kubernetes.io/service-name\"]"]
    );
    assert_eq!(publishes.fields[0].on, End::Target);
    assert_eq!(
        publishes.reason.as_deref(),
        Some("Service shop/web does not exist")
    );
    let targets = edge(
        &index,
        "EndpointSlice/shop/web-x",
        Relation::Targets,
        "Pod/shop/b",
    );
    assert_eq!(paths(&targets), ["endpoints[1].targetRef.name"]);
    assert_eq!(targets.reason.as_deref(), Some("Not ready, gets no traffic"));
    remove(&mut index, "EndpointSlice", "shop/web-x");
    assert_eq!(
        index.state().node_count(),
        2,
        "what was missing is forgotten with what named it"
    );
}

#[test]
fn an_ingress_routes_to_services_and_their_ports_are_checked() {
    let backend = |name: &str, port: Value| json!({"service": {"name": name, "port": port}});
    let mut index = index();
    let spec = json!({
        "defaultBackend": backend("web", json!({"number": 80})),
        "rules": [
            {"http": {"paths": [
                {"backend": backend("web", json!({"name": "http"}))},
                {"backend": backend("api", json!({"number": 81}))},
                {"backend": {"resource": {"kind": "Bucket", "name": "x"}}},
            ]}},
            {"host": "no-paths.example.org"},
        ],
    });
    add(&mut index, "Ingress", "shop/front", json!({"spec": spec}));
    let service = |ports: Value| json!({"spec": {"type": "ClusterIP", "ports": ports}});
    add(
        &mut index,
        "Service",
        "shop/web",
        service(json!([{"name": "http", "port": 80}])),
    );
    add(&mut index, "Service", "other/api", service(json!([{"port": 81}])));
    let routes = edge(&index, "Ingress/shop/front", Relation::Routes, "Service/shop/web");
    assert!(routes.healthy);
    assert_eq!(
        paths(&routes),
        [
            "spec.defaultBackend.service.name",
            "spec.rules[0].http.paths[0].backend.service.name"
        ],
        "two fields, one edge"
    );
    let missing = edge(&index, "Ingress/shop/front", Relation::Routes, "Service/shop/api");
    assert_eq!(missing.reason.as_deref(), Some("Service shop/api does not exist"));
    add(
        &mut index,
        "Service",
        "shop/api",
        service(json!([{"port": 8080}, {"name": "m", "port": 9090}])),
    );
    let wrong = edge(&index, "Ingress/shop/front", Relation::Routes, "Service/shop/api");
    assert_eq!(
        wrong.reason.as_deref(),
        Some("Service shop/api has no port 81: it has 8080, 9090 (`m`)")
    );
    add(&mut index, "Service", "shop/api", service(json!([{"port": 81}])));
    assert!(edge(&index, "Ingress/shop/front", Relation::Routes, "Service/shop/api").healthy);
    add(
        &mut index,
        "Service",
        "shop/web",
        service(json!([{"name": "web", "port": 80}])),
    );
    let half = edge(&index, "Ingress/shop/front", Relation::Routes, "Service/shop/web");
    assert!(!half.healthy, "unhealthy if one of its fields is");
    assert_eq!(
        half.reason.as_deref(),
        Some("Service shop/web has no port `http`: it has 80 (`web`)")
    );
}

/// Every field of a pod's spec that names a ConfigMap, a Secret or a claim, with what the edge must be.
#[test]
fn pods_mount_by_every_kind_of_volume() {
    let secret_ref = json!({"secretRef": {"name": "s"}});
    let table = [
        (
            json!({"configMap": {"name": "c"}}),
            "ConfigMap/shop/c",
            "configMap.name",
        ),
        (
            json!({"secret": {"secretName": "s"}}),
            "Secret/shop/s",
            "secret.secretName",
        ),
        (
            json!({"persistentVolumeClaim": {"claimName": "p"}}),
            "PersistentVolumeClaim/shop/p",
            "persistentVolumeClaim.claimName",
        ),
        (
            json!({"projected": {"sources": [{"serviceAccountToken": {}}, {"configMap": {"name": "c"}}]}}),
            "ConfigMap/shop/c",
            "projected.sources[1].configMap.name",
        ),
        (
            json!({"projected": {"sources": [{"secret": {"name": "s"}}]}}),
            "Secret/shop/s",
            "projected.sources[0].secret.name",
        ),
        (
            json!({"csi": {"driver": "d", "nodePublishSecretRef": {"name": "s"}}}),
            "Secret/shop/s",
            "csi.nodePublishSecretRef.name",
        ),
        (
            json!({"azureFile": {"secretName": "s"}}),
            "Secret/shop/s",
            "azureFile.secretName",
        ),
        (
            json!({"cephfs": secret_ref}),
            "Secret/shop/s",
            "cephfs.secretRef.name",
        ),
        (
            json!({"cinder": secret_ref}),
            "Secret/shop/s",
            "cinder.secretRef.name",
        ),
        (
            json!({"flexVolume": secret_ref}),
            "Secret/shop/s",
            "flexVolume.secretRef.name",
        ),
        (
            json!({"iscsi": secret_ref}),
            "Secret/shop/s",
            "iscsi.secretRef.name",
        ),
        (json!({"rbd": secret_ref}), "Secret/shop/s", "rbd.secretRef.name"),
        (
            json!({"scaleIO": secret_ref}),
            "Secret/shop/s",
            "scaleIO.secretRef.name",
        ),
        (
            json!({"storageos": secret_ref}),
            "Secret/shop/s",
            "storageos.secretRef.name",
        ),
    ];
    for (volume, target, field) in table {
        let mut index = index();
        let spec = json!({"volumes": [{"name": "first", "emptyDir": {}}, volume]});
        add(&mut index, "Pod", "shop/a", mirror(spec));
        let mounts = edge(&index, "Pod/shop/a", Relation::Mounts, target);
        assert_eq!(paths(&mounts), [format!("spec.volumes[1].{field}")]);
        assert!(!mounts.healthy);
        assert_eq!(state_of(&index, target), Some(NodeState::Missing));
        let layer = if target.starts_with("Persistent") {
            Layer::Storage
        } else {
            Layer::Config
        };
        assert_eq!(mounts.layer, layer, "{target}");
        let (kind, address) = target.split_once('/').unwrap();
        add(&mut index, kind, address, json!({}));
        assert!(
            edge(&index, "Pod/shop/a", Relation::Mounts, target).healthy,
            "{target}"
        );
        assert_eq!(state_of(&index, target), Some(NodeState::Live));
        remove(&mut index, kind, address);
        assert!(
            !edge(&index, "Pod/shop/a", Relation::Mounts, target).healthy,
            "{target}"
        );
        remove(&mut index, "Pod", "shop/a");
        assert_eq!(index.state().node_count(), 0, "{target}");
    }
}

#[test]
fn the_claim_of_an_ephemeral_volume_is_not_missing_before_it_is_made() {
    let mut index = index();
    add(
        &mut index,
        "Pod",
        "shop/a",
        mirror(json!({"volumes": [{"name": "scratch", "ephemeral": {}}]})),
    );
    assert_eq!(index.state().node_count(), 1);
    add(&mut index, "PersistentVolumeClaim", "shop/a-scratch", json!({}));
    let mounts = edge(
        &index,
        "Pod/shop/a",
        Relation::Mounts,
        "PersistentVolumeClaim/shop/a-scratch",
    );
    assert_eq!(paths(&mounts), ["spec.volumes[0].ephemeral.volumeClaimTemplate"]);
    remove(&mut index, "PersistentVolumeClaim", "shop/a-scratch");
    assert_eq!(index.state().node_count(), 1);
}

#[test]
fn pods_read_in_all_their_containers() {
    let mut index = index();
    let key_ref = |field: &str, name: &str| json!({"valueFrom": {field: {"name": name, "key": "k"}}});
    let spec = json!({
        "containers": [
            {"name": "a", "env": [{"name": "PLAIN", "value": "x"}, key_ref("configMapKeyRef", "c")]},
            {"name": "b", "envFrom": [{"prefix": "P"}, {"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}]},
        ],
        "initContainers": [{"name": "i", "env": [key_ref("secretKeyRef", "s")]}],
        "ephemeralContainers": [{"name": "e", "env": [key_ref("configMapKeyRef", "d")]}],
    });
    add(&mut index, "Pod", "shop/a", mirror(spec));
    let reads = |target: &str| edge(&index, "Pod/shop/a", Relation::Reads, target);
    assert_eq!(
        paths(&reads("ConfigMap/shop/c")),
        [
            "spec.containers[0].env[1].valueFrom.configMapKeyRef.name",
            "spec.containers[1].envFrom[1].configMapRef.name",
        ]
    );
    assert_eq!(
        paths(&reads("Secret/shop/s")),
        [
            "spec.containers[1].envFrom[2].secretRef.name",
            "spec.initContainers[0].env[0].valueFrom.secretKeyRef.name",
        ]
    );
    assert_eq!(
        paths(&reads("ConfigMap/shop/d")),
        ["spec.ephemeralContainers[0].env[0].valueFrom.configMapKeyRef.name"]
    );
}

#[test]
fn an_edge_is_healthy_without_its_object_only_if_all_references_are_optional() {
    let mut index = index();
    let from = |optional: bool| json!({"configMapRef": {"name": "c", "optional": optional}});
    let pod = |sources: Value| mirror(json!({"containers": [{"name": "a", "envFrom": sources}]}));
    add(&mut index, "Pod", "shop/a", pod(json!([from(true)])));
    assert!(edge(&index, "Pod/shop/a", Relation::Reads, "ConfigMap/shop/c").healthy);
    assert_eq!(
        state_of(&index, "ConfigMap/shop/c"),
        Some(NodeState::Missing),
        "the node stays"
    );
    add(&mut index, "Pod", "shop/a", pod(json!([from(true), from(false)])));
    let reads = edge(&index, "Pod/shop/a", Relation::Reads, "ConfigMap/shop/c");
    assert_eq!((reads.healthy, reads.fields.len()), (false, 2));
}

#[test]
fn what_is_missing_is_unhealthy_for_as_long_as_something_needs_it() {
    let mut index = index();
    let from = |optional: bool| {
        let source = json!({"configMapRef": {"name": "c", "optional": optional}});
        mirror(json!({"containers": [{"name": "c", "envFrom": [source]}]}))
    };
    let health = |index: &mut Index| {
        let state = index.state();
        let entry = state.node_by_key(&key("ConfigMap/shop/c")).unwrap();
        let told = index.take_change().node(entry.id()).is_some();
        (entry.status(&state).health, told)
    };
    add(&mut index, "Pod", "shop/a", from(true));
    assert_eq!(health(&mut index), (Health::Unknown, true));
    add(&mut index, "Pod", "shop/b", from(false));
    assert_eq!(health(&mut index), (Health::Unhealthy, true));
    add(&mut index, "Pod", "shop/c", from(false));
    assert_eq!(health(&mut index), (Health::Unhealthy, false));
    remove(&mut index, "Pod", "shop/b");
    assert_eq!(health(&mut index), (Health::Unhealthy, false));
    remove(&mut index, "Pod", "shop/c");
    assert_eq!(health(&mut index), (Health::Unknown, true));
    add(&mut index, "Pod", "shop/b", from(false));
    index.set_kind_visible(KindId::of("ConfigMap").unwrap(), false);
    assert_eq!(health(&mut index), (Health::Unknown, true));
    index.set_kind_visible(KindId::of("ConfigMap").unwrap(), true);
    assert_eq!(health(&mut index), (Health::Unhealthy, true));
}

#[test]
fn an_object_of_a_kind_that_is_not_listed_is_hidden_not_missing() {
    let mut index = index();
    let secret = KindId::of("Secret").unwrap();
    index.set_kind_visible(secret, false);
    add(
        &mut index,
        "Pod",
        "shop/a",
        mirror(json!({"volumes": [{"secret": {"secretName": "s"}}]})),
    );
    assert_eq!(state_of(&index, "Secret/shop/s"), Some(NodeState::Hidden));
    assert!(edge(&index, "Pod/shop/a", Relation::Mounts, "Secret/shop/s").healthy);
    index.take_change();
    index.set_kind_visible(secret, true);
    assert_eq!(state_of(&index, "Secret/shop/s"), Some(NodeState::Missing));
    assert!(!edge(&index, "Pod/shop/a", Relation::Mounts, "Secret/shop/s").healthy);
    assert!(!index.take_change().is_empty());
    index.set_kind_visible(secret, true);
    assert!(index.take_change().is_empty(), "said again, it changes nothing");
}

#[test]
fn an_object_in_a_namespace_that_is_not_listed_is_hidden_not_missing() {
    let mut index = index();
    let secret = KindId::of("Secret").unwrap();
    for place in ["shop/a", "other/a"] {
        let names = mirror(json!({"volumes": [{"secret": {"secretName": "s"}}]}));
        add(&mut index, "Pod", place, names);
    }
    let states = |index: &Index| ["Secret/shop/s", "Secret/other/s"].map(|key| state_of(index, key).unwrap());
    assert_eq!(states(&index), [NodeState::Missing, NodeState::Missing]);
    index.take_change();
    index.set_seen(secret, Seen::In(["shop".into()].into()));
    assert_eq!(states(&index), [NodeState::Missing, NodeState::Hidden]);
    assert_eq!(
        index.take_change().nodes().count(),
        1,
        "only what differs is touched"
    );
    let healthy = |index: &Index, place: &str| {
        let (pod, secret) = (format!("Pod/{place}/a"), format!("Secret/{place}/s"));
        edge(index, &pod, Relation::Mounts, &secret).healthy
    };
    assert!(!healthy(&index, "shop") && healthy(&index, "other"));
    // Whoever names one later finds the same.
    add(
        &mut index,
        "Pod",
        "third/a",
        mirror(json!({"volumes": [{"secret": {"secretName": "s"}}]})),
    );
    assert_eq!(state_of(&index, "Secret/third/s"), Some(NodeState::Hidden));
    index.set_seen(secret, Seen::Everywhere);
    assert_eq!(states(&index), [NodeState::Missing, NodeState::Missing]);
}

#[test]
fn pods_run_as_an_account_and_on_a_node() {
    let mut index = index();
    add(&mut index, "Pod", "shop/a", json!({"spec": {"nodeName": "n1"}}));
    add(
        &mut index,
        "Pod",
        "shop/b",
        json!({"spec": {"serviceAccountName": "web"}}),
    );
    add(
        &mut index,
        "Pod",
        "shop/static-n1",
        mirror(json!({"serviceAccountName": "web"})),
    );
    add(&mut index, "ServiceAccount", "shop/default", json!({}));
    add(&mut index, "ServiceAccount", "other/web", json!({}));
    assert_eq!(
        edges(&index),
        [
            "!Pod/shop/a runs-on Node/n1",
            "!Pod/shop/b runs-as ServiceAccount/shop/web",
            "Pod/shop/a runs-as ServiceAccount/shop/default",
        ]
    );
    let by_default = edge(
        &index,
        "Pod/shop/a",
        Relation::RunsAs,
        "ServiceAccount/shop/default",
    );
    assert_eq!(paths(&by_default), ["spec.serviceAccountName"]);
    assert!(by_default.fields[0].default);
    assert_eq!(by_default.layer, Layer::Identity);
    let named = edge(&index, "Pod/shop/b", Relation::RunsAs, "ServiceAccount/shop/web");
    assert!(!named.fields[0].default);
    let on = edge(&index, "Pod/shop/a", Relation::RunsOn, "Node/n1");
    assert_eq!((paths(&on), on.layer), (vec!["spec.nodeName"], Layer::Scheduling));
}

#[test]
fn claims_and_volumes_must_name_each_other() {
    let claim = |volume: &str| json!({"spec": {"volumeName": volume}});
    let volume = |namespace: &str, name: &str, uid: &str| json!({"spec": {"claimRef": {"namespace": namespace, "name": name, "uid": uid}}});
    let uid = "uid of PersistentVolumeClaim shop/data";
    let mut index = index();
    add(&mut index, "PersistentVolume", "v1", volume("shop", "data", uid));
    let gone = edge(
        &index,
        "PersistentVolumeClaim/shop/data",
        Relation::Binds,
        "PersistentVolume/v1",
    );
    assert_eq!(
        gone.reason.as_deref(),
        Some("PersistentVolumeClaim shop/data does not exist")
    );
    assert_eq!(
        (paths(&gone), gone.fields[0].on),
        (vec!["spec.claimRef.name"], End::Target)
    );
    add(&mut index, "PersistentVolumeClaim", "shop/data", json!({}));
    let waiting = edge(
        &index,
        "PersistentVolumeClaim/shop/data",
        Relation::Binds,
        "PersistentVolume/v1",
    );
    assert!(waiting.healthy, "the claim does not name its volume yet");
    add(&mut index, "PersistentVolumeClaim", "shop/data", claim("v1"));
    let bound = edge(
        &index,
        "PersistentVolumeClaim/shop/data",
        Relation::Binds,
        "PersistentVolume/v1",
    );
    assert_eq!(
        (bound.healthy, paths(&bound)),
        (true, vec!["spec.claimRef.name", "spec.volumeName"])
    );
    add(&mut index, "PersistentVolumeClaim", "shop/data", claim("v2"));
    assert_eq!(
        edges(&index),
        [
            "!PersistentVolumeClaim/shop/data binds PersistentVolume/v1",
            "!PersistentVolumeClaim/shop/data binds PersistentVolume/v2",
        ]
    );
    let other = edge(
        &index,
        "PersistentVolumeClaim/shop/data",
        Relation::Binds,
        "PersistentVolume/v1",
    );
    assert_eq!(
        other.reason.as_deref(),
        Some("PersistentVolumeClaim shop/data wants PersistentVolume v2")
    );
    add(&mut index, "PersistentVolume", "v2", volume("other", "data", ""));
    let taken = edge(
        &index,
        "PersistentVolumeClaim/shop/data",
        Relation::Binds,
        "PersistentVolume/v2",
    );
    assert_eq!(
        taken.reason.as_deref(),
        Some("PersistentVolume v2 is bound to PersistentVolumeClaim other/data")
    );
    // A claim made again does not get the old one's volume.
    let mut again = claim("v1");
    again["metadata"]["uid"] = "another".into();
    add(&mut index, "PersistentVolumeClaim", "shop/data", again);
    let earlier = edge(
        &index,
        "PersistentVolumeClaim/shop/data",
        Relation::Binds,
        "PersistentVolume/v1",
    );
    assert_eq!(
        earlier.reason.as_deref(),
        Some("It holds an earlier PersistentVolumeClaim shop/data that is gone")
    );
}

#[test]
fn templates_keep_the_edges_of_workloads_without_pods() {
    let spec = || {
        json!({
            "containers": [{"name": "a", "envFrom": [{"configMapRef": {"name": "c"}}]}],
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "d"}},
                {"name": "key", "secret": {"secretName": "s"}},
                {"name": "scratch", "ephemeral": {}},
            ],
        })
    };
    for kind in [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
        "CronJob",
    ] {
        let mut index = index();
        let (body, at) = match kind {
            "CronJob" => (
                json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec()}}}}}),
                "spec.jobTemplate.spec.template.spec",
            ),
            _ => (
                json!({"spec": {"template": {"spec": spec()}}}),
                "spec.template.spec",
            ),
        };
        add(&mut index, kind, "shop/w", body);
        let from = format!("{kind}/shop/w");
        let expect = |relation, target: &str, field: &str| {
            let edge = edge(&index, &from, relation, target);
            assert_eq!(paths(&edge), [format!("{at}.{field}")]);
            assert_eq!(edge.layer, Layer::Template);
        };
        expect(
            Relation::Reads,
            "ConfigMap/shop/c",
            "containers[0].envFrom[0].configMapRef.name",
        );
        expect(Relation::Mounts, "Secret/shop/s", "volumes[1].secret.secretName");
        expect(
            Relation::Mounts,
            "PersistentVolumeClaim/shop/d",
            "volumes[0].persistentVolumeClaim.claimName",
        );
        expect(
            Relation::RunsAs,
            "ServiceAccount/shop/default",
            "serviceAccountName",
        );
        assert_eq!(
            edges(&index).len(),
            4,
            "an ephemeral volume has no claim before there is a pod"
        );
    }
}

#[test]
fn a_claim_template_replaces_the_volume_of_its_name() {
    let mut index = index();
    let spec = json!({
        "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
        "template": {"spec": {"serviceAccountName": "x", "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "never"}},
            {"name": "more", "persistentVolumeClaim": {"claimName": "more"}},
        ]}},
    });
    add(&mut index, "StatefulSet", "shop/db", json!({"spec": spec}));
    assert_eq!(
        edges(&index),
        [
            "!StatefulSet/shop/db mounts PersistentVolumeClaim/shop/more",
            "!StatefulSet/shop/db runs-as ServiceAccount/shop/x",
        ]
    );
}

#[test]
fn deletes_of_what_is_not_there_or_another_uid_are_ignored() {
    let mut index = index();
    add(&mut index, "ConfigMap", "shop/c", json!({}));
    index.take_change();
    let kind = KindId::of("ConfigMap").unwrap();
    index.remove(kind, Some("shop"), "nothing", None);
    index.remove(kind, Some("shop"), "c", Some("another uid"));
    assert!(index.take_change().is_empty());
    index.remove(kind, Some("shop"), "c", Some("uid of ConfigMap shop/c"));
    assert_eq!(index.state().node_count(), 0);
}

#[test]
fn the_worst_of_what_is_owned_is_told_with_its_cause_and_forgotten_when_it_is_over() {
    let owner =
        |kind: &str, address: &str| json!({"ownerReferences": [{"uid": format!("uid of {kind} {address}")}]});
    let pod = |state: Value| {
        let mut pod = mirror(json!({"containers": [{"name": "cart"}]}));
        pod["metadata"]["ownerReferences"] = owner("ReplicaSet", "shop/cart-1")["ownerReferences"].clone();
        pod["status"] = json!({"phase": "Running", "containerStatuses": [
            {"name": "cart", "restartCount": 14, "state": state,
             "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}},
        ]});
        pod
    };
    let mut index = index();
    add(
        &mut index,
        "Pod",
        "shop/cart-1-x",
        pod(json!({"waiting": {"reason": "CrashLoopBackOff"}})),
    );
    add(
        &mut index,
        "ReplicaSet",
        "shop/cart-1",
        json!({"metadata": owner("Deployment", "shop/cart")}),
    );
    add(&mut index, "Deployment", "shop/cart", json!({}));
    let owned = |index: &Index| {
        let state = index.state();
        let entry = state.node_by_key(&key("Deployment/shop/cart")).unwrap();
        entry.status(&state).owned
    };
    let worst = owned(&index).unwrap();
    assert_eq!(
        (worst.health, worst.cause.to_string()),
        (Health::Unhealthy, "Pod/shop/cart-1-x".to_owned())
    );
    assert_eq!(
        worst.reason.as_deref(),
        Some("Container cart keeps crashing: exit code 1 (Error), 14 restarts")
    );
    remove(&mut index, "Pod", "shop/cart-1-x");
    let rest = owned(&index).unwrap();
    assert_eq!(rest.cause.to_string(), "ReplicaSet/shop/cart-1");
    remove(&mut index, "ReplicaSet", "shop/cart-1");
    assert_eq!(owned(&index), None);
}

/// Adds the objects one by one, then the other way round, and expects the same edges; then takes the first away.
fn in_any_order(objects: &[(&str, &str, Value)], expected: &[&str], without_first: &[&str]) {
    let add_all = |objects: &mut dyn Iterator<Item = &(&str, &str, Value)>| {
        let mut index = index();
        for (kind, address, body) in objects {
            add(&mut index, kind, address, body.clone());
        }
        index
    };
    let mut forward = add_all(&mut objects.iter());
    assert_eq!(edges(&forward), expected);
    assert_eq!(edges(&add_all(&mut objects.iter().rev())), expected, "in reverse");
    let (kind, address, _) = &objects[0];
    remove(&mut forward, kind, address);
    assert_eq!(edges(&forward), without_first, "without {kind} {address}");
}

fn labels(labels: Value) -> Value {
    let mut pod = mirror(json!({"priority": 0}));
    pod["metadata"]["labels"] = labels;
    pod
}

#[test]
fn ingresses_have_classes_and_certificates() {
    let default = |created: &str| {
        json!({"metadata": {"creationTimestamp": created, "annotations":
        {"ingressclass.kubernetes.io/is-default-class": "true"}}})
    };
    in_any_order(
        &[
            ("IngressClass", "new", default("2026-01-02T00:00:00Z")),
            ("IngressClass", "old", default("2026-01-01T00:00:00Z")),
            (
                "Ingress",
                "shop/a",
                json!({"spec": {"tls": [{"secretName": "tls"}]}}),
            ),
            ("Ingress", "shop/b", json!({"spec": {"ingressClassName": "gone"}})),
            (
                "Ingress",
                "shop/c",
                json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": "gone-too"}}}),
            ),
            (
                "Ingress",
                "shop/d",
                json!({"metadata": {"annotations": {"kubernetes.io/ingress.class": "old"}}}),
            ),
            ("Secret", "other/tls", json!({})),
        ],
        &[
            "!Ingress/shop/a terminates-tls Secret/shop/tls",
            "!Ingress/shop/b uses-class IngressClass/gone",
            "Ingress/shop/a uses-class IngressClass/new",
            "Ingress/shop/d uses-class IngressClass/old",
        ],
        &[
            "!Ingress/shop/a terminates-tls Secret/shop/tls",
            "!Ingress/shop/b uses-class IngressClass/gone",
            "Ingress/shop/a uses-class IngressClass/old",
            "Ingress/shop/d uses-class IngressClass/old",
        ],
    );
    let mut index = index();
    add(&mut index, "Ingress", "shop/a", json!({}));
    add(&mut index, "IngressClass", "new", default("2026-01-02T00:00:00Z"));
    let class = edge(&index, "Ingress/shop/a", Relation::UsesClass, "IngressClass/new");
    assert_eq!(
        (paths(&class), class.fields[0].on, class.fields[0].default),
        (
            vec!["metadata.annotations[\"ingressclass.kubernetes.io/is-default-class\"]"],
            End::Target,
            false
        )
    );
    add(&mut index, "IngressClass", "new", json!({}));
    assert!(edges(&index).is_empty(), "it is the default no longer");
}

#[test]
fn claims_have_classes_while_they_wait() {
    let annotated = json!({"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": "slow"}},
        "spec": {"storageClassName": "fast"}});
    in_any_order(
        &[
            (
                "StorageClass",
                "fast",
                json!({"provisioner": "csi", "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
                       "parameters": {"csi.storage.k8s.io/provisioner-secret-name": "key",
                                      "csi.storage.k8s.io/provisioner-secret-namespace": "kube-system",
                                      "csi.storage.k8s.io/node-stage-secret-name": "${pvc.name}"}}),
            ),
            ("CSIDriver", "csi", json!({})),
            ("PersistentVolumeClaim", "shop/default", json!({})),
            (
                "PersistentVolumeClaim",
                "shop/none",
                json!({"spec": {"storageClassName": ""}}),
            ),
            (
                "PersistentVolumeClaim",
                "shop/bound",
                json!({"spec": {"volumeName": "v", "storageClassName": "gone"}}),
            ),
            ("PersistentVolumeClaim", "shop/annotated", annotated),
            (
                "PersistentVolume",
                "v",
                json!({"spec": {"storageClassName": "fast", "csi": {"driver": "none",
                "nodeStageSecretRef": {"name": "key", "namespace": "kube-system"}}}}),
            ),
            ("Secret", "kube-system/key", json!({})),
        ],
        &[
            "!PersistentVolumeClaim/shop/annotated uses-class StorageClass/slow",
            "PersistentVolume/v authenticates-with Secret/kube-system/key",
            "PersistentVolume/v uses-class StorageClass/fast",
            "PersistentVolumeClaim/shop/bound binds PersistentVolume/v",
            "PersistentVolumeClaim/shop/default uses-class StorageClass/fast",
            "StorageClass/fast authenticates-with Secret/kube-system/key",
            "StorageClass/fast provided-by CSIDriver/csi",
        ],
        &[
            "!PersistentVolumeClaim/shop/annotated uses-class StorageClass/slow",
            "PersistentVolume/v authenticates-with Secret/kube-system/key",
            "PersistentVolumeClaim/shop/bound binds PersistentVolume/v",
        ],
    );
}

#[test]
fn pods_and_templates_name_classes_and_registries() {
    let spec = json!({"priorityClassName": "high", "runtimeClassName": "gvisor", "imagePullSecrets": [{"name": "registry"}],
                      "serviceAccountName": "web"});
    let pod = mirror(spec.clone());
    in_any_order(
        &[
            ("PriorityClass", "high", json!({})),
            ("RuntimeClass", "gvisor", json!({})),
            ("Pod", "shop/a", pod),
            (
                "ServiceAccount",
                "shop/web",
                json!({"imagePullSecrets": [{"name": "registry"}], "secrets": [{"name": "token"}]}),
            ),
            ("Job", "shop/j", json!({"spec": {"template": {"spec": spec}}})),
            ("Secret", "shop/registry", json!({})),
        ],
        &[
            "!ServiceAccount/shop/web holds Secret/shop/token",
            "Job/shop/j pulls-with Secret/shop/registry",
            "Job/shop/j runs-as ServiceAccount/shop/web",
            "Job/shop/j uses-class PriorityClass/high",
            "Job/shop/j uses-class RuntimeClass/gvisor",
            "Pod/shop/a pulls-with Secret/shop/registry",
            "Pod/shop/a uses-class PriorityClass/high",
            "Pod/shop/a uses-class RuntimeClass/gvisor",
            "ServiceAccount/shop/web pulls-with Secret/shop/registry",
        ],
        &[
            "!Job/shop/j uses-class PriorityClass/high",
            "!Pod/shop/a uses-class PriorityClass/high",
            "!ServiceAccount/shop/web holds Secret/shop/token",
            "Job/shop/j pulls-with Secret/shop/registry",
            "Job/shop/j runs-as ServiceAccount/shop/web",
            "Job/shop/j uses-class RuntimeClass/gvisor",
            "Pod/shop/a pulls-with Secret/shop/registry",
            "Pod/shop/a uses-class RuntimeClass/gvisor",
            "ServiceAccount/shop/web pulls-with Secret/shop/registry",
        ],
    );
    // The default, of a pod that admission has not seen.
    in_any_order(
        &[
            ("PriorityClass", "usual", json!({"globalDefault": true})),
            ("Pod", "shop/new", mirror(json!({}))),
            ("Pod", "shop/old", mirror(json!({"priority": 0}))),
        ],
        &["Pod/shop/new uses-class PriorityClass/usual"],
        &[],
    );
}

#[test]
fn network_policies_apply_and_allow() {
    let policy = json!({"spec": {
        "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {}, "namespaceSelector": {"matchLabels": {"team": "x"}}}, {"podSelector": {"matchLabels": {"app": "db"}}}]},
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}]},
            {},
        ],
        "egress": [{}],
    }});
    let team = |team: &str| json!({"metadata": {"labels": {"team": team}}});
    let objects = [
        ("Namespace", "other", team("x")),
        ("Namespace", "shop", json!({})),
        ("NetworkPolicy", "shop/web", policy),
        (
            "NetworkPolicy",
            "shop/none",
            json!({"spec": {"podSelector": {"matchLabels": {"app": "none"}}}}),
        ),
        ("Pod", "shop/web", labels(json!({"app": "web"}))),
        ("Pod", "shop/db", labels(json!({"app": "db"}))),
        ("Pod", "other/any", labels(json!({}))),
    ];
    let own = [
        "NetworkPolicy/shop/web allows-from Anywhere/all",
        "NetworkPolicy/shop/web allows-from CIDR/10.0.0.0%2F8",
        "NetworkPolicy/shop/web allows-from Namespace/shop",
    ];
    let expected = [
        own[0],
        own[1],
        own[2],
        "NetworkPolicy/shop/web allows-from Pod/other/any",
        "NetworkPolicy/shop/web allows-from Pod/shop/db",
        "NetworkPolicy/shop/web applies-to Pod/shop/web",
    ];
    let without = [own[0], own[1], own[2], expected[4], expected[5]];
    in_any_order(&objects, &expected, &without);
    let mut index = index();
    for (kind, address, body) in &objects {
        add(&mut index, kind, address, body.clone());
    }
    assert_eq!(state_of(&index, "Anywhere/all"), Some(NodeState::Virtual));
    let anywhere = edge(
        &index,
        "NetworkPolicy/shop/web",
        Relation::AllowsFrom,
        "Anywhere/all",
    );
    assert_eq!(
        (paths(&anywhere), anywhere.fields[0].default, anywhere.healthy),
        (vec!["spec.ingress[2].from"], true, true)
    );
    // Another label on the namespace, and its pods are no longer let in; the namespace itself now is not either.
    add(&mut index, "Namespace", "other", team("y"));
    assert_eq!(edges(&index), without);
    add(&mut index, "Namespace", "shop", team("x"));
    assert!(edges(&index).contains(&"NetworkPolicy/shop/web allows-from Pod/shop/web".to_owned()));
    // An empty selector applies to all pods of the namespace.
    add(
        &mut index,
        "NetworkPolicy",
        "shop/none",
        json!({"spec": {"podSelector": {}}}),
    );
    let all = edges(&index)
        .into_iter()
        .filter(|edge| edge.starts_with("NetworkPolicy/shop/none applies-to"));
    assert_eq!(all.count(), 2);
}

#[test]
fn budgets_quotas_and_autoscalers_name_what_they_hold_down() {
    let target = |version: &str, kind: &str| json!({"spec": {"scaleTargetRef": {"apiVersion": version, "kind": kind, "name": "web"}}});
    in_any_order(
        &[
            (
                "Deployment",
                "shop/web",
                json!({"spec": {"template": {"spec": {"serviceAccountName": "a"}}}}),
            ),
            ("ServiceAccount", "shop/a", json!({})),
            (
                "HorizontalPodAutoscaler",
                "shop/h",
                target("apps/v1", "Deployment"),
            ),
            (
                "HorizontalPodAutoscaler",
                "other/h",
                target("apps/v1", "Deployment"),
            ),
            (
                "HorizontalPodAutoscaler",
                "shop/i",
                target("example.org/v1", "Deployment"),
            ),
            (
                "PodDisruptionBudget",
                "shop/all",
                json!({"spec": {"selector": {}}}),
            ),
            ("PodDisruptionBudget", "shop/none", json!({"spec": {}})),
            (
                "PodDisruptionBudget",
                "other/all",
                json!({"spec": {"selector": {}}}),
            ),
            ("Pod", "shop/p", labels(json!({}))),
            ("ResourceQuota", "shop/q", json!({})),
            ("LimitRange", "shop/l", json!({})),
            ("Namespace", "shop", json!({})),
        ],
        &[
            "!HorizontalPodAutoscaler/other/h scales Deployment/other/web",
            "Deployment/shop/web runs-as ServiceAccount/shop/a",
            "HorizontalPodAutoscaler/shop/h scales Deployment/shop/web",
            "LimitRange/shop/l limits Namespace/shop",
            "PodDisruptionBudget/shop/all protects Pod/shop/p",
            "ResourceQuota/shop/q limits Namespace/shop",
        ],
        &[
            "!HorizontalPodAutoscaler/other/h scales Deployment/other/web",
            "!HorizontalPodAutoscaler/shop/h scales Deployment/shop/web",
            "LimitRange/shop/l limits Namespace/shop",
            "PodDisruptionBudget/shop/all protects Pod/shop/p",
            "ResourceQuota/shop/q limits Namespace/shop",
        ],
    );
}

#[test]
fn stateful_sets_govern_and_claim() {
    let set = |service: &str| {
        json!({"spec": {"serviceName": service, "template": {"spec": {"serviceAccountName": "a"}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}})
    };
    let claim = || json!({"spec": {"storageClassName": ""}});
    in_any_order(
        &[
            ("StatefulSet", "shop/my-db", set("db")),
            ("StatefulSet", "shop/db", set("")),
            ("ServiceAccount", "shop/a", json!({})),
            ("PersistentVolumeClaim", "shop/data-my-db-0", claim()),
            ("PersistentVolumeClaim", "shop/data-my-db-12", claim()),
            ("PersistentVolumeClaim", "shop/data-my-db-01", claim()),
            ("PersistentVolumeClaim", "shop/data-my-db-x", claim()),
            ("PersistentVolumeClaim", "shop/logs-my-db-0", claim()),
            ("PersistentVolumeClaim", "other/data-my-db-0", claim()),
        ],
        &[
            "!StatefulSet/shop/my-db governs Service/shop/db",
            "StatefulSet/shop/db runs-as ServiceAccount/shop/a",
            "StatefulSet/shop/my-db claims PersistentVolumeClaim/shop/data-my-db-0",
            "StatefulSet/shop/my-db claims PersistentVolumeClaim/shop/data-my-db-12",
            "StatefulSet/shop/my-db runs-as ServiceAccount/shop/a",
        ],
        &["StatefulSet/shop/db runs-as ServiceAccount/shop/a"],
    );
}

#[test]
fn storage_and_nodes_belong_together() {
    in_any_order(
        &[
            ("Node", "n1", json!({})),
            (
                "VolumeAttachment",
                "a",
                json!({"spec": {"nodeName": "n1", "source": {"persistentVolumeName": "v"}}}),
            ),
            ("CSINode", "n1", json!({})),
            ("Lease", "kube-node-lease/n1", json!({})),
            ("Lease", "kube-system/n1", json!({})),
            (
                "PersistentVolumeClaim",
                "shop/copy",
                json!({"spec": {"storageClassName": "",
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "origin"},
                "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "origin"}}}),
            ),
        ],
        &[
            "!PersistentVolumeClaim/shop/copy restores-from PersistentVolumeClaim/shop/origin",
            "!VolumeAttachment/a attaches-volume PersistentVolume/v",
            "CSINode/n1 describes Node/n1",
            "Lease/kube-node-lease/n1 renews Node/n1",
            "VolumeAttachment/a attaches-volume Node/n1",
        ],
        &[
            "!CSINode/n1 describes Node/n1",
            "!Lease/kube-node-lease/n1 renews Node/n1",
            "!PersistentVolumeClaim/shop/copy restores-from PersistentVolumeClaim/shop/origin",
            "!VolumeAttachment/a attaches-volume Node/n1",
            "!VolumeAttachment/a attaches-volume PersistentVolume/v",
        ],
    );
}

#[test]
fn bindings_grant_roles_to_subjects() {
    let role = |kind: &str, name: &str| json!({"kind": kind, "name": name});
    let selector = json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "view"}}]},
                          "metadata": {"labels": {"to": "view"}}});
    let mut token = json!({"metadata": {"annotations": {"kubernetes.io/service-account.name": "ci"}}});
    in_any_order(
        &[
            ("ServiceAccount", "shop/ci", json!({})),
            ("Role", "shop/view", json!({})),
            ("ClusterRole", "view", selector),
            (
                "ClusterRole",
                "part",
                json!({"metadata": {"labels": {"to": "view"}}}),
            ),
            (
                "RoleBinding",
                "shop/a",
                json!({"roleRef": role("Role", "view"), "subjects": [
                {"kind": "ServiceAccount", "name": "ci"}, {"kind": "User", "name": "system:serviceaccount:shop:ci"}]}),
            ),
            (
                "RoleBinding",
                "other/b",
                json!({"roleRef": role("Role", "view"), "subjects": [{"kind": "User", "name": "ann/x"}]}),
            ),
            (
                "ClusterRoleBinding",
                "c",
                json!({"roleRef": role("ClusterRole", "view"), "subjects": [{"kind": "Group", "name": "devs"}]}),
            ),
            (
                "ClusterRoleBinding",
                "d",
                json!({"roleRef": role("Role", "view")}),
            ),
            ("Secret", "shop/token", token.take()),
        ],
        &[
            "!RoleBinding/other/b grants Role/other/view",
            "ClusterRole/view aggregates ClusterRole/part",
            "ClusterRoleBinding/c binds-subject Group/devs",
            "ClusterRoleBinding/c grants ClusterRole/view",
            "RoleBinding/other/b binds-subject User/ann%2Fx",
            "RoleBinding/shop/a binds-subject ServiceAccount/shop/ci",
            "RoleBinding/shop/a grants Role/shop/view",
        ],
        &[
            "!RoleBinding/other/b grants Role/other/view",
            "!RoleBinding/shop/a binds-subject ServiceAccount/shop/ci",
            "ClusterRole/view aggregates ClusterRole/part",
            "ClusterRoleBinding/c binds-subject Group/devs",
            "ClusterRoleBinding/c grants ClusterRole/view",
            "RoleBinding/other/b binds-subject User/ann%2Fx",
            "RoleBinding/shop/a grants Role/shop/view",
        ],
    );
}

#[test]
fn a_default_binding_to_an_account_that_the_cluster_does_not_have_is_no_fault() {
    let subjects = json!([{"kind": "ServiceAccount", "name": "x", "namespace": "kube-system"}]);
    let labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
    in_any_order(
        &[
            ("ClusterRoleBinding", "own", json!({"subjects": subjects.clone()})),
            (
                "ClusterRoleBinding",
                "system:x",
                json!({"subjects": subjects, "metadata": {"labels": labels}}),
            ),
        ],
        &[
            "!ClusterRoleBinding/own binds-subject ServiceAccount/kube-system/x",
            "ClusterRoleBinding/system:x binds-subject ServiceAccount/kube-system/x",
        ],
        &["ClusterRoleBinding/system:x binds-subject ServiceAccount/kube-system/x"],
    );
}

#[test]
fn a_token_secret_is_held_by_its_account() {
    let token = |kind: &str| {
        json!({"cells": ["token", kind, 3, "1d"], "object": {"metadata": {
        "name": "token", "namespace": "shop", "uid": "t", "annotations": {"kubernetes.io/service-account.name": "ci"}}}})
    };
    let mut index = index();
    let put = |index: &mut Index, kind: &str| {
        let secret = KindId::of("Secret").unwrap();
        let facts = kinds::read(secret, token(kind).to_string().as_bytes(), index.symbols()).unwrap();
        index.upsert(facts);
    };
    put(&mut index, "kubernetes.io/service-account-token");
    assert_eq!(index.state().node_count(), 1, "no ghost of an account");
    add(&mut index, "ServiceAccount", "shop/ci", json!({}));
    let holds = edge(
        &index,
        "ServiceAccount/shop/ci",
        Relation::Holds,
        "Secret/shop/token",
    );
    assert_eq!(
        (paths(&holds), holds.fields[0].on),
        (
            vec!["metadata.annotations[\"kubernetes.io/service-account.name\"]"],
            End::Target
        )
    );
    put(&mut index, "Opaque");
    assert!(edges(&index).is_empty());
}

#[test]
fn the_api_server_calls_webhooks() {
    let service = |name: &str| json!({"namespace": "hooks", "name": name});
    in_any_order(
        &[
            ("Service", "hooks/a", json!({"spec": {"type": "ClusterIP"}})),
            (
                "MutatingWebhookConfiguration",
                "m",
                json!({"webhooks": [{"clientConfig": {"url": "https://x"}}, {"clientConfig": {"service": service("a")}}]}),
            ),
            (
                "ValidatingWebhookConfiguration",
                "v",
                json!({"webhooks": [{"clientConfig": {"service": service("gone")}}]}),
            ),
            (
                "CustomResourceDefinition",
                "things.example.org",
                json!({"spec": {"conversion": {"webhook": {"clientConfig": {"service": service("a")}}}}}),
            ),
            (
                "APIService",
                "v1.things",
                json!({"spec": {"service": service("a")}}),
            ),
            ("APIService", "v1.local", json!({"spec": {}})),
        ],
        &[
            "!ValidatingWebhookConfiguration/v calls-webhook Service/hooks/gone",
            "APIService/v1.things calls-webhook Service/hooks/a",
            "CustomResourceDefinition/things.example.org calls-webhook Service/hooks/a",
            "MutatingWebhookConfiguration/m calls-webhook Service/hooks/a",
        ],
        &[
            "!APIService/v1.things calls-webhook Service/hooks/a",
            "!CustomResourceDefinition/things.example.org calls-webhook Service/hooks/a",
            "!MutatingWebhookConfiguration/m calls-webhook Service/hooks/a",
            "!ValidatingWebhookConfiguration/v calls-webhook Service/hooks/gone",
        ],
    );
}

#[test]
fn bindings_take_the_kind_of_their_parameters_from_the_policy() {
    let binding = |namespace: &str, action: &str| {
        json!({"spec": {"policyName": "p", "paramRef":
        {"name": "limits", "namespace": namespace, "parameterNotFoundAction": action}}})
    };
    in_any_order(
        &[
            (
                "ValidatingAdmissionPolicy",
                "p",
                json!({"spec": {"paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}}),
            ),
            ("ValidatingAdmissionPolicyBinding", "a", binding("shop", "Deny")),
            ("ValidatingAdmissionPolicyBinding", "b", binding("other", "Allow")),
            ("ValidatingAdmissionPolicyBinding", "c", binding("", "Deny")),
            (
                "MutatingAdmissionPolicyBinding",
                "d",
                json!({"spec": {"policyName": "p"}}),
            ),
            ("ConfigMap", "shop/limits", json!({})),
        ],
        &[
            "!MutatingAdmissionPolicyBinding/d binds-policy MutatingAdmissionPolicy/p",
            "ValidatingAdmissionPolicyBinding/a binds-policy ValidatingAdmissionPolicy/p",
            "ValidatingAdmissionPolicyBinding/a configured-by ConfigMap/shop/limits",
            "ValidatingAdmissionPolicyBinding/b binds-policy ValidatingAdmissionPolicy/p",
            "ValidatingAdmissionPolicyBinding/b configured-by ConfigMap/other/limits",
            "ValidatingAdmissionPolicyBinding/c binds-policy ValidatingAdmissionPolicy/p",
        ],
        &[
            "!MutatingAdmissionPolicyBinding/d binds-policy MutatingAdmissionPolicy/p",
            "!ValidatingAdmissionPolicyBinding/a binds-policy ValidatingAdmissionPolicy/p",
            "!ValidatingAdmissionPolicyBinding/b binds-policy ValidatingAdmissionPolicy/p",
            "!ValidatingAdmissionPolicyBinding/c binds-policy ValidatingAdmissionPolicy/p",
        ],
    );
    in_any_order(
        &[(
            "IngressClass",
            "c",
            json!({"spec": {"parameters": {"kind": "ConfigMap", "namespace": "shop", "name": "x"}}}),
        )],
        &["!IngressClass/c configured-by ConfigMap/shop/x"],
        &[],
    );
}

#[test]
fn events_tell_of_the_object_that_they_mean() {
    let event = |uid: &str| json!({"involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "a", "uid": uid}});
    in_any_order(
        &[
            ("Pod", "shop/a", labels(json!({}))),
            ("Event", "shop/a.1", event("uid of Pod shop/a")),
            ("Event", "shop/a.2", event("an earlier one")),
            ("Event", "shop/a.3", event("")),
        ],
        &[
            "Event/shop/a.1 about Pod/shop/a",
            "Event/shop/a.3 about Pod/shop/a",
        ],
        &[],
    );
}

#[test]
fn events_are_drawn_with_their_layer_only() {
    let mut index = index();
    add(&mut index, "Pod", "shop/a", labels(json!({})));
    let about = json!({"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "a"});
    add(&mut index, "Event", "shop/a.1", json!({"involvedObject": about}));
    let drawn = |layers: &[Layer]| {
        let query = model::graph::GraphQuery {
            layers: layers.to_vec(),
            ..Default::default()
        };
        let mut view = topology::GraphView::parse(&query).unwrap();
        let graph = view.snapshot(&index.state()).unwrap();
        (graph.nodes.len(), graph.edges.len())
    };
    assert_eq!(drawn(&[]), (1, 0));
    assert_eq!(drawn(&[Layer::Events]), (2, 1));
}

#[test]
fn host_names_are_guesses() {
    let spec = json!({"priority": 0, "containers": [{"env": [{"name": "TO", "value": "http://cart.shop.svc:80"}, {"name": "BARE", "value": "cart"}],
                      "args": ["--upstream=api:8080"], "command": ["run", "db.data"]}]});
    let service = || json!({"spec": {"type": "ClusterIP"}});
    in_any_order(
        &[
            ("Service", "shop/cart", service()),
            ("Service", "web/api", service()),
            ("Service", "web/cart", service()),
            ("Pod", "web/a", mirror(spec.clone())),
            (
                "CronJob",
                "web/j",
                json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}),
            ),
            ("ServiceAccount", "web/default", json!({})),
        ],
        &[
            "CronJob/web/j calls Service/shop/cart",
            "CronJob/web/j calls Service/web/api",
            "CronJob/web/j runs-as ServiceAccount/web/default",
            "Pod/web/a calls Service/shop/cart",
            "Pod/web/a calls Service/web/api",
        ],
        &[
            "CronJob/web/j calls Service/web/api",
            "CronJob/web/j runs-as ServiceAccount/web/default",
            "Pod/web/a calls Service/web/api",
        ],
    );
    let mut index = index();
    add(&mut index, "Service", "shop/cart", service());
    let spec = json!({"containers": [{"env": [{"value": "cart:80"}]}]});
    add(&mut index, "Pod", "shop/a", mirror(spec));
    let calls = edge(&index, "Pod/shop/a", Relation::Calls, "Service/shop/cart");
    assert_eq!(
        (paths(&calls), calls.derivation, calls.layer),
        (
            vec!["spec.containers[0].env[0].value"],
            Derivation::Inferred,
            Layer::Inferred
        )
    );
    assert!((calls.confidence - 0.7).abs() < f32::EPSILON);
}

const GATEWAYS: &str = "gateway.networking.k8s.io";

#[test]
fn routes_across_namespaces_need_a_grant() {
    let route = json!({"spec": {
        "parentRefs": [{"name": "edge"}],
        "rules": [{
            "backendRefs": [{"name": "web", "port": 80}, {"name": "api", "namespace": "back", "port": 80}, {"name": "api", "namespace": "back", "port": 81}],
            "filters": [{"requestMirror": {"backendRef": {"name": "copy"}}}],
        }],
    }});
    let grant = |name: &str| {
        json!({"spec": {"from": [{"group": GATEWAYS, "kind": "HTTPRoute", "namespace": "shop"}],
                                             "to": [{"group": "", "kind": "Service", "name": name}]}})
    };
    let gateway = json!({"spec": {"gatewayClassName": "c", "listeners": [{"tls": {"certificateRefs": [{"name": "tls"}]}}]}});
    let service = || json!({"spec": {"type": "ClusterIP", "ports": [{"port": 80}, {"port": 81}]}});
    let (http, attached) = (format!("HTTPRoute.{GATEWAYS}"), format!("Gateway.{GATEWAYS}"));
    let (grants, class) = (
        format!("ReferenceGrant.{GATEWAYS}"),
        format!("GatewayClass.{GATEWAYS}"),
    );
    let expected = |granted: &str| {
        let mut expected = vec![
            format!("!{attached}/shop/edge terminates-tls Secret/shop/tls"),
            format!("!{http}/shop/r routes Service/shop/copy"),
            format!("{attached}/shop/edge uses-class {class}/c"),
            format!("{http}/shop/r attaches {attached}/shop/edge"),
            format!("{granted}{http}/shop/r routes Service/back/api"),
            format!("{http}/shop/r routes Service/shop/web"),
        ];
        expected.sort();
        expected
    };
    let texts = |edges: &[String]| {
        edges
            .iter()
            .map(|edge| Box::leak(edge.clone().into_boxed_str()) as &str)
            .collect::<Vec<_>>()
    };
    in_any_order(
        &[
            (&grants, "back/g", grant("api")),
            (&http, "shop/r", route),
            (&attached, "shop/edge", gateway),
            (&class, "c", json!({})),
            ("Service", "shop/web", service()),
            ("Service", "back/api", service()),
            (&grants, "back/h", grant("other")),
        ],
        &texts(&expected("")),
        &texts(&expected("!")),
    );
}

#[test]
fn other_projects_name_what_they_work_on() {
    let service = || json!({"spec": {"type": "ClusterIP"}});
    in_any_order(
        &[
            ("Secret", "shop/tls", json!({})),
            (
                "Certificate.cert-manager.io",
                "shop/c",
                json!({"spec": {"secretName": "tls", "issuerRef": {"name": "i", "kind": "ClusterIssuer"}}}),
            ),
            ("ClusterIssuer.cert-manager.io", "i", json!({})),
            (
                "ExternalSecret.external-secrets.io",
                "shop/tls",
                json!({"spec": {"secretStoreRef": {"name": "vault"}}}),
            ),
            (
                "ServiceMonitor.monitoring.coreos.com",
                "watch/all",
                json!({"spec": {"selector": {}, "namespaceSelector": {"matchNames": ["shop"]}}}),
            ),
            (
                "PodMonitor.monitoring.coreos.com",
                "watch/any",
                json!({"spec": {"selector": {"matchLabels": {"app": "web"}}, "namespaceSelector": {"any": true}}}),
            ),
            (
                "PodMonitor.monitoring.coreos.com",
                "watch/own",
                json!({"spec": {"selector": {}}}),
            ),
            ("Pod", "shop/web", labels(json!({"app": "web"}))),
            ("Service", "shop/web", service()),
            ("Service", "back/api", service()),
            (
                "VirtualService.networking.istio.io",
                "shop/v",
                json!({"spec": {"gateways": ["mesh", "edge/main"], "http": [
                {"route": [{"destination": {"host": "web"}}, {"destination": {"host": "api.back.svc.cluster.local"}}, {"destination": {"host": "*.example.org"}}]}]}}),
            ),
            (
                "DestinationRule.networking.istio.io",
                "shop/d",
                json!({"spec": {"host": "web"}}),
            ),
            (
                "Rollout.argoproj.io",
                "shop/r",
                json!({"spec": {"strategy": {"canary": {"stableService": "web"}}}}),
            ),
            (
                "Application.argoproj.io",
                "argo/a",
                json!({"status": {"resources": [{"kind": "Service", "namespace": "shop", "name": "web"}, {"kind": "Service", "namespace": "shop", "name": "gone"}]}}),
            ),
            (
                "Kustomization.kustomize.toolkit.fluxcd.io",
                "flux/k",
                json!({"status": {"inventory": {"entries": [{"id": "back_api__Service", "v": "v1"}]}}}),
            ),
            (
                "ScaledObject.keda.sh",
                "shop/s",
                json!({"spec": {"scaleTargetRef": {"name": "web"}}}),
            ),
            (
                "VerticalPodAutoscaler.autoscaling.k8s.io",
                "shop/v",
                json!({"spec": {"targetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "r"}}}),
            ),
            (
                "VolumeSnapshot.snapshot.storage.k8s.io",
                "shop/s",
                json!({"spec": {"source": {"persistentVolumeClaimName": "data"}}, "status": {"boundVolumeSnapshotContentName": "content"}}),
            ),
            (
                "VolumeSnapshotContent.snapshot.storage.k8s.io",
                "content",
                json!({}),
            ),
        ],
        &[
            "!ExternalSecret.external-secrets.io/shop/tls syncs-from SecretStore.external-secrets.io/shop/vault",
            "!ScaledObject.keda.sh/shop/s scales Deployment/shop/web",
            "!VirtualService.networking.istio.io/shop/v attaches Gateway.networking.istio.io/edge/main",
            "!VolumeSnapshot.snapshot.storage.k8s.io/shop/s snapshots PersistentVolumeClaim/shop/data",
            "Application.argoproj.io/argo/a manages Service/shop/web",
            "Certificate.cert-manager.io/shop/c issued-by ClusterIssuer.cert-manager.io/i",
            "Certificate.cert-manager.io/shop/c issues Secret/shop/tls",
            "DestinationRule.networking.istio.io/shop/d tunes Service/shop/web",
            "ExternalSecret.external-secrets.io/shop/tls syncs-to Secret/shop/tls",
            "Kustomization.kustomize.toolkit.fluxcd.io/flux/k manages Service/back/api",
            "PodMonitor.monitoring.coreos.com/watch/any monitors Pod/shop/web",
            "Rollout.argoproj.io/shop/r routes Service/shop/web",
            "ServiceMonitor.monitoring.coreos.com/watch/all monitors Service/shop/web",
            "VerticalPodAutoscaler.autoscaling.k8s.io/shop/v scales Rollout.argoproj.io/shop/r",
            "VirtualService.networking.istio.io/shop/v routes Service/back/api",
            "VirtualService.networking.istio.io/shop/v routes Service/shop/web",
            "VolumeSnapshot.snapshot.storage.k8s.io/shop/s snapshots VolumeSnapshotContent.snapshot.storage.k8s.io/content",
        ],
        &[
            "!ExternalSecret.external-secrets.io/shop/tls syncs-from SecretStore.external-secrets.io/shop/vault",
            "!ScaledObject.keda.sh/shop/s scales Deployment/shop/web",
            "!VirtualService.networking.istio.io/shop/v attaches Gateway.networking.istio.io/edge/main",
            "!VolumeSnapshot.snapshot.storage.k8s.io/shop/s snapshots PersistentVolumeClaim/shop/data",
            "Application.argoproj.io/argo/a manages Service/shop/web",
            "Certificate.cert-manager.io/shop/c issued-by ClusterIssuer.cert-manager.io/i",
            "DestinationRule.networking.istio.io/shop/d tunes Service/shop/web",
            "Kustomization.kustomize.toolkit.fluxcd.io/flux/k manages Service/back/api",
            "PodMonitor.monitoring.coreos.com/watch/any monitors Pod/shop/web",
            "Rollout.argoproj.io/shop/r routes Service/shop/web",
            "ServiceMonitor.monitoring.coreos.com/watch/all monitors Service/shop/web",
            "VerticalPodAutoscaler.autoscaling.k8s.io/shop/v scales Rollout.argoproj.io/shop/r",
            "VirtualService.networking.istio.io/shop/v routes Service/back/api",
            "VirtualService.networking.istio.io/shop/v routes Service/shop/web",
            "VolumeSnapshot.snapshot.storage.k8s.io/shop/s snapshots VolumeSnapshotContent.snapshot.storage.k8s.io/content",
        ],
    );
}
