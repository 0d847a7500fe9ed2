//! Search against walking over all objects, after random histories; and what it finds in a small cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

#[allow(dead_code, reason = "made for more tests than these")]
#[path = "naive/world.rs"]
mod world;

use model::list::ListWindow;
use model::search::{SearchField, SearchQuery};
use model::{Health, KindId, NodeKey, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cmp::{Ordering, Reverse};
use topology::facts::{Facts, Key};
use topology::{Change, Index, SearchView, State, kinds};
use world::World;

/// The world orders lists by it.
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn view(text: &str, limit: u32) -> SearchView {
    view_in(&[], text, limit)
}

fn view_in(namespaces: &[&str], text: &str, limit: u32) -> SearchView {
    let query = SearchQuery {
        text: text.to_owned(),
        limit,
        namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
    };
    SearchView::parse(&query).unwrap()
}

fn found(state: &State, text: &str) -> Vec<String> {
    let found = view(text, 50).found(state);
    assert_eq!(found.total as usize, found.hits.len());
    found.hits.iter().map(|hit| hit.id.to_string()).collect()
}

/// A search, written again in the plainest way from the objects' JSON.
mod plain {
    use super::*;

    #[derive(Debug)]
    pub struct Word {
        pub text: String,
        pub quoted: bool,
    }

    pub struct Found<'w> {
        reach: u8,
        pub facts: &'w Facts,
    }

    fn names_kind(word: &str, kind: KindId) -> bool {
        let kind = kind.get();
        let short = match kind.id {
            "Pod" => "po",
            "Service" => "svc",
            "ConfigMap" => "cm",
            "Application.argoproj.io" => "app",
            _ => "",
        };
        [&kind.kind.to_lowercase(), kind.plural, short].contains(&word)
    }

    /// How far an object has a word: 0 for a name that is it, 1 one that begins with it, 2 one that has it, 3 anything else.
    fn reach(word: &Word, facts: &Facts, json: &Value, narrows: bool) -> Option<u8> {
        let has = |text: &str| {
            let text = text.to_lowercase();
            if word.quoted {
                text == word.text
            } else {
                text.contains(&word.text)
            }
        };
        let name = facts.key.name.to_lowercase();
        let is_event = facts.key.kind.get().id == "Event";
        if has(&name) {
            return Some(match () {
                () if name == word.text => 0,
                () if is_event => 3,
                () if name.starts_with(&word.text) => 1,
                () => 2,
            });
        }
        let kind = facts.key.kind.get();
        let begins = [kind.kind.to_lowercase().as_str(), kind.plural]
            .iter()
            .any(|name| name.starts_with(&word.text));
        let is_kind = names_kind(&word.text, facts.key.kind) || (begins && !narrows && !word.quoted);
        let mut texts = vec![facts.status.word.to_string()];
        texts.extend(facts.key.namespace.iter().map(ToString::to_string));
        let empty = serde_json::Map::new();
        for (key, value) in json["metadata"]["labels"].as_object().unwrap_or(&empty) {
            let value = value.as_str().unwrap();
            texts.extend([key.clone(), value.to_owned(), format!("{key}={value}")]);
        }
        texts.extend(images(json));
        let has_text = texts.iter().any(|text| !text.is_empty() && has(text));
        (is_kind || (!narrows && has_text)).then_some(3)
    }

    fn images(json: &Value) -> Vec<String> {
        let spec = &json["spec"];
        let pods = [
            spec,
            &spec["template"]["spec"],
            &spec["jobTemplate"]["spec"]["template"]["spec"],
        ];
        let containers = pods
            .iter()
            .filter_map(|spec| spec["containers"].as_array())
            .flatten();
        containers
            .filter_map(|container| container["image"].as_str())
            .map(str::to_owned)
            .collect()
    }

    pub fn search<'w>(world: &'w World, namespaces: &[&str], words: &[Word]) -> Vec<Found<'w>> {
        let mut all: Vec<Found<'_>> = Vec::new();
        for (key, facts) in &world.objects {
            let own = key.namespace.as_deref();
            if !namespaces.is_empty() && own.is_none_or(|own| !namespaces.contains(&own)) {
                continue;
            }
            let reaches: Option<Vec<u8>> = words
                .iter()
                .map(|word| {
                    let narrows =
                        !word.quoted && world.objects.keys().any(|key| names_kind(&word.text, key.kind));
                    reach(word, facts, &world.json[key], narrows)
                })
                .collect();
            if let Some(reach) = reaches.and_then(|reaches| reaches.into_iter().min()) {
                all.push(Found { reach, facts });
            }
        }
        all.sort_by(order);
        all
    }

    fn order(a: &Found<'_>, b: &Found<'_>) -> Ordering {
        let key = |found: &Found<'_>| (found.reach, Reverse(found.facts.status.health));
        let kind = |key: &Key| {
            let is_found = key.kind.is_discovered();
            (
                is_found,
                if is_found { key.kind.get().id } else { "" },
                if is_found { None } else { Some(key.kind) },
            )
        };
        // Names of the world end with one digit at most.
        let place = |key: &Key| (key.name.to_lowercase(), key.namespace.clone(), key.name.clone());
        let (left, right) = (&a.facts.key, &b.facts.key);
        key(a)
            .cmp(&key(b))
            .then(kind(left).cmp(&kind(right)))
            .then(place(left).cmp(&place(right)))
    }
}

fn a_word() -> impl Strategy<Value = plain::Word> {
    let texts = [
        "p",
        "p1",
        "P0",
        "a",
        "b",
        "app",
        "app=x",
        "p=",
        "=y",
        "shop/cart:1.2",
        "cart",
        "x",
        "run",
        "0/",
        "pod",
        "po",
        "svc",
        "service",
        "cm",
        "widget",
        "wid",
        "dep",
        "e",
        "zzz",
        "1",
        "kube",
        "node",
        "team=y",
        "pending",
        "default",
    ];
    (prop::sample::select(texts.to_vec()), prop::bool::weighted(0.2)).prop_map(|(text, quoted)| plain::Word {
        text: text.to_lowercase(),
        quoted,
    })
}

/// Mostly none: all.
fn some_namespaces() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["a", "b", "nowhere"], 0..3)
}

/// What is typed for it.
fn typed(words: &[plain::Word]) -> String {
    let word = |word: &plain::Word| {
        if word.quoted {
            format!("\"{}\"", word.text)
        } else {
            word.text.to_uppercase()
        }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_finds_what_a_walk_over_all_objects_finds(
        events in world::history(1, 120),
        queries in prop::collection::vec((some_namespaces(), prop::collection::vec(a_word(), 1..4), 1_u32..8), 1..12),
    ) {
        let mut index = Index::new();
        let mut world = World::default();
        for event in &events {
            world.play(event, &mut index);
        }
        let state = index.state();
        for (namespaces, words, limit) in queries {
            let text = typed(&words);
            let found = |limit| view_in(&namespaces, &text, limit).found(&state);
            let (all, some) = (found(500), found(limit));
            let wanted = plain::search(&world, &namespaces, &words);
            let wanted: Vec<NodeKey> = wanted.iter().map(|found| found.facts.key.node_key()).collect();
            let hits: Vec<NodeKey> = all.hits.iter().map(|hit| hit.id.clone()).collect();
            prop_assert_eq!(&hits, &wanted, "{}", text);
            prop_assert_eq!((all.total, some.total), (hits.len() as u32, hits.len() as u32));
            let first: Vec<_> = all.hits.iter().take(limit as usize).cloned().collect();
            prop_assert_eq!(some.hits, first);
            for hit in &all.hits {
                prop_assert!(!hit.matched.is_empty() && hit.matched.len() <= words.len());
            }
        }
    }

    #[test]
    fn who_is_woken_only_when_touched_misses_nothing(
        events in world::history(1, 120),
        queries in prop::collection::vec((some_namespaces(), prop::collection::vec(a_word(), 1..3)), 4),
    ) {
        let mut index = Index::new();
        let mut world = World::default();
        let mut since = Change::default();
        let mut before = index.state();
        let views: Vec<SearchView> = queries
            .iter()
            .map(|(namespaces, words)| view_in(namespaces, &typed(words), 4))
            .collect();
        let mut shown: Vec<ListWindow> = views.iter().map(|view| view.window(&before)).collect();
        for event in &events {
            world.play(event, &mut index);
            since.merge(&index.take_change());
            if !world.wakes_up(event) {
                continue;
            }
            let after = index.state();
            for (view, shown) in views.iter().zip(&mut shown) {
                let fresh = view.window(&after);
                let same = (shown.matched, &shown.rows) == (fresh.matched, &fresh.rows);
                prop_assert!(same || view.is_touched_by(&since, &before, &after));
                *shown = fresh;
            }
            (before, since) = (after, Change::default());
        }
    }
}

/// An index of some objects; pods are healthy if they are ready.
fn cluster() -> Index {
    let mut index = Index::new();
    for kind in KindId::all() {
        index.set_kind_visible(kind, true);
    }
    let pod = |name: &str, ready: bool, labels: Value| {
        json!({"kind": "Pod", "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": labels},
               "spec": {"containers": [{"name": "app", "image": "registry.example.org/Cart:1.4"}],
                        "volumes": [{"name": "c", "configMap": {"name": "cart-gone"}}]},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
                          "containerStatuses": [{"name": "app", "ready": ready, "restartCount": 3,
                            "state": if ready { json!({"running": {}}) } else { json!({"waiting": {"reason": "CrashLoopBackOff"}}) }}]}})
    };
    let other = |kind: &str, name: &str| json!({"kind": kind, "metadata": {"name": name, "namespace": "shop", "uid": format!("{kind}/{name}")}});
    let objects = [
        pod(
            "cart-7c5b8-10",
            true,
            json!({"app": "cart", "pod-template-hash": "7c5b8"}),
        ),
        pod(
            "cart-7c5b8-9",
            true,
            json!({"app": "cart", "pod-template-hash": "7c5b8"}),
        ),
        pod(
            "cart-7c5b8-11",
            false,
            json!({"app": "cart", "pod-template-hash": "7c5b8"}),
        ),
        pod("node-exporter-x", true, json!({"app": "exporter"})),
        other("Service", "cart"),
        other("Deployment", "cart"),
        other("ReplicaSet", "old-cart"),
        json!({"kind": "Namespace", "metadata": {"name": "shop", "uid": "shop"}}),
        json!({"kind": "Node", "metadata": {"name": "n1", "uid": "n1", "labels": {"role": "cart"}}}),
    ];
    for object in objects {
        let kind = KindId::of(object["kind"].as_str().unwrap()).unwrap();
        let facts = kinds::read(kind, object.to_string().as_bytes(), index.symbols()).unwrap();
        index.upsert(facts);
    }
    index
}

#[test]
fn the_best_comes_first() {
    let state = cluster().state();
    let cart = [
        "Deployment/shop/cart",
        "Service/shop/cart",
        "Pod/shop/cart-7c5b8-11",
        "Pod/shop/cart-7c5b8-9",
        "Pod/shop/cart-7c5b8-10",
        "ReplicaSet/shop/old-cart",
        "Node/n1",
        "Pod/shop/node-exporter-x",
    ];
    let all = found(&state, "cart");
    // Among those of the same reach, what nothing is known of stands before what is well.
    assert_eq!(
        all.iter().position(|id| id.starts_with("Pod")),
        Some(2),
        "{all:?}"
    );
    let (mut sorted, mut wanted) = (all.clone(), cart.map(str::to_owned).to_vec());
    sorted.sort();
    wanted.sort();
    assert_eq!(sorted, wanted);
    assert_eq!(all[2..6], cart[2..6], "{all:?}");
    assert_eq!(found(&state, "\"cart\" svc"), ["Service/shop/cart"]);
}

#[test]
fn words_narrow() {
    let state = cluster().state();
    let pods = [
        "Pod/shop/cart-7c5b8-11",
        "Pod/shop/cart-7c5b8-9",
        "Pod/shop/cart-7c5b8-10",
    ];
    for text in [
        "pod cart-7c",
        "PODS 7c5b8",
        "po shop app=cart",
        "cart 7c5b8",
        "b8-",
    ] {
        assert_eq!(found(&state, text), pods, "{text}");
    }
    assert_eq!(found(&state, "crashloop"), ["Pod/shop/cart-7c5b8-11"]);
    assert_eq!(found(&state, "deploy cart"), ["Deployment/shop/cart"]);
    assert_eq!(found(&state, "node exporter"), ["Pod/shop/node-exporter-x"]);
    assert_eq!(found(&state, "no"), ["Pod/shop/node-exporter-x", "Node/n1"]);
    assert_eq!(found(&state, "cart nothing"), [""; 0]);
    assert_eq!(found(&state, "\"7c5b\""), [""; 0]);
    assert_eq!(found(&state, "\"7c5b8\" 9"), ["Pod/shop/cart-7c5b8-9"]);
    assert_eq!(found(&state, "gone"), [""; 0], "what is only named is not found");
}

#[test]
fn a_hit_says_where_the_words_were_found() {
    let state = cluster().state();
    let hits = view("cart:1.4 exporter running", 5).found(&state).hits;
    assert_eq!(hits.len(), 1);
    let matched: Vec<_> = hits[0]
        .matched
        .iter()
        .map(|own| (own.field, own.text.as_str()))
        .collect();
    assert_eq!(
        matched,
        [
            (SearchField::Image, "registry.example.org/Cart:1.4"),
            (SearchField::Name, "node-exporter-x"),
            (SearchField::Status, "Running"),
        ]
    );
    assert_eq!(hits[0].health, Health::Healthy);
    let window = view("exporter", 5).window(&state);
    let cells: Vec<_> = window.rows[0].cells.iter().map(|cell| cell.print(NOW)).collect();
    assert_eq!(cells, ["Pod", "node-exporter-x", "Running", ""]);
    assert_eq!((window.matched, window.total), (1, 1));
    assert_eq!(window.columns.len(), cells.len());
}

#[test]
fn a_limit_has_bounds() {
    for limit in [0, 501] {
        let query = SearchQuery {
            text: "x".to_owned(),
            limit,
            namespaces: Vec::new(),
        };
        assert_eq!(SearchView::parse(&query).unwrap_err().field, "limit");
    }
}
