//! Filters, orders and selectors on the fixtures, and what is said of those that cannot be read.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "scale/cluster.rs"]
mod cluster;

use model::list::ListQuery;
use model::{ApiError, ErrorCode, KindId, Timestamp};
use topology::{Index, ListView, State, kinds};

fn now() -> Timestamp {
    "2026-01-31T10:00:00Z".parse().unwrap()
}

fn query(kind: &str) -> ListQuery {
    serde_json::from_value(serde_json::json!({ "kind": kind })).unwrap()
}

fn index(kinds: &[&str]) -> Index {
    let mut index = Index::new();
    for kind in kinds {
        let path = format!("tests/fixtures/{kind}.json");
        let objects: Vec<Box<serde_json::value::RawValue>> =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for object in objects {
            let kind = KindId::of(kind).unwrap();
            let facts = kinds::read(kind, object.get().as_bytes(), index.symbols()).unwrap();
            index.upsert(facts);
        }
    }
    index
}

fn names(index: &Index, query: &ListQuery) -> Vec<String> {
    let state = index.state();
    let window = ListView::parse(query, &state).unwrap().window(&state, now());
    window.rows.into_iter().map(|row| row.key.name).collect()
}

#[test]
fn filters_find_what_is_printed() {
    let index = index(&["Pod", "Service"]);
    let table = [
        ("pods", "", "cart-7c5b8-x2kqz web-0"),
        ("pods", "CRASHLOOP", "cart-7c5b8-x2kqz"),
        ("pods", "shop node-1", "web-0"),
        ("pods", "10.244.1.7", "web-0"),
        ("pods", "-web", "cart-7c5b8-x2kqz"),
        ("pods", "status:running", "web-0"),
        ("pods", "-status:running", "cart-7c5b8-x2kqz"),
        ("pods", "restarts>0", "cart-7c5b8-x2kqz"),
        ("pods", "restarts<14", "web-0"),
        ("pods", "restarts>14", ""),
        ("pods", "age>1d", "web-0"),
        ("pods", "age<2h", "cart-7c5b8-x2kqz"),
        ("pods", "health:unhealthy", "cart-7c5b8-x2kqz"),
        ("pods", "readiness-gates:1/1", "web-0"),
        ("pods", "ready<1/2", "cart-7c5b8-x2kqz"),
        ("pods", "namespace:shop name:web", "web-0"),
        ("pods", "\"5m ago\"", "cart-7c5b8-x2kqz"),
        ("pods", "status:\"crash loop\"", ""),
        ("services", "\"80:30080\"", "web"),
        ("services", "type:load -external-ip:pending", "web"),
    ];
    for (kind, filter, expected) in table {
        let query = ListQuery {
            filter: filter.to_owned(),
            ..query(kind)
        };
        assert_eq!(names(&index, &query).join(" "), expected, "{kind} {filter}");
    }
}

#[test]
fn orders_go_by_what_columns_mean() {
    let index = index(&["Pod", "Job"]);
    let sorted = |kind: &str, sort: &str| {
        let query = ListQuery {
            sort: vec![sort.parse().unwrap()],
            ..query(kind)
        };
        names(&index, &query).join(" ")
    };
    assert_eq!(
        sorted("pods", "age"),
        "cart-7c5b8-x2kqz web-0",
        "the youngest first"
    );
    assert_eq!(sorted("pods", "-age"), "web-0 cart-7c5b8-x2kqz");
    assert_eq!(sorted("pods", "restarts"), "web-0 cart-7c5b8-x2kqz");
    assert_eq!(
        sorted("pods", "-health"),
        "cart-7c5b8-x2kqz web-0",
        "the worst first"
    );
    assert_eq!(sorted("jobs.batch", "duration"), "import reconcile-1");
}

#[test]
fn rows_that_tie_go_by_namespace_and_name_in_every_window() {
    let index = cluster::index(600);
    let mut query = ListQuery {
        sort: vec!["-status".parse().unwrap()],
        len: 600,
        ..query("pods")
    };
    let state = index.state();
    let keys = |query: &ListQuery| -> Vec<(Option<String>, String)> {
        let rows = ListView::parse(query, &state).unwrap().window(&state, now()).rows;
        rows.into_iter()
            .map(|row| (row.key.namespace, row.key.name))
            .collect()
    };
    let all = keys(&query);
    assert!(all.is_sorted() && all.len() == 600);
    for sort in ["-status", "-name"] {
        query.sort = vec![sort.parse().unwrap()];
        (query.offset, query.len) = (0, 600);
        let all = keys(&query);
        (query.offset, query.len) = (250, 50);
        assert_eq!(keys(&query), all[250..300], "{sort}");
    }
}

#[test]
fn queries_that_cannot_be_read_say_what_could_stand_there() {
    let error = |query: &ListQuery| ListView::parse(query, &State::default()).unwrap_err();
    let unknown = error(&query("podz"));
    assert_eq!((unknown.field, unknown.value.as_str()), ("kind", "podz"));
    let api = ApiError::from(unknown);
    assert_eq!(api.code, ErrorCode::KindNotFound);
    let sort = error(&ListQuery {
        sort: vec!["-cpu".parse().unwrap()],
        ..query("pods")
    });
    assert_eq!((sort.field, sort.value.as_str()), ("sort", "cpu"));
    assert!(sort.allowed.contains("restarts"), "{}", sort.allowed);
    for (filter, value) in [
        ("cpu>5", "cpu"),
        ("status:", "status:"),
        ("\"open", "\"open"),
        ("x restarts>many", "restarts>many"),
        ("-restarts<3d", "-restarts<3d"),
        ("age>5", "age>5"),
    ] {
        let filter = error(&ListQuery {
            filter: filter.to_owned(),
            ..query("pods")
        });
        assert_eq!((filter.field, filter.value.as_str()), ("filter", value));
        assert_eq!(ApiError::from(filter).code, ErrorCode::BadRequest);
    }
    let selector = error(&ListQuery {
        selector: "a in b".to_owned(),
        ..query("pods")
    });
    assert_eq!(selector.field, "selector");
}

#[test]
fn a_kind_that_is_not_served_is_told_what_is_near_to_it() {
    for (text, advice) in [
        ("Deployment", "near to it are deployments.apps"),
        (
            "podz",
            "near to it are pods, poddisruptionbudgets.policy, podmonitors.monitoring.coreos.com",
        ),
        (
            "po",
            "near to it are pods, poddisruptionbudgets.policy, podmonitors.monitoring.coreos.com",
        ),
        ("svc", "near to it are services"),
        ("n", "the cluster serves none of a name like it"),
        ("xyz", "the cluster serves none of a name like it"),
        ("", "the cluster serves none of a name like it"),
    ] {
        let error = ListView::parse(&query(text), &State::default()).unwrap_err();
        assert_eq!((error.field, error.allowed.as_str()), ("kind", advice), "{text}");
    }
}

#[test]
fn a_list_is_touched_by_its_kind_in_its_namespaces_only() {
    let mut index = index(&["Pod"]);
    let change = index.take_change();
    let touched = |kind: &str, namespaces: &[&str]| {
        let query = ListQuery {
            namespaces: namespaces.iter().map(ToString::to_string).collect(),
            ..query(kind)
        };
        ListView::parse(&query, &State::default())
            .unwrap()
            .is_touched_by(&change)
    };
    assert!(touched("pods", &[]) && touched("pods", &["shop"]));
    assert!(!touched("pods", &["payments"]) && !touched("services", &[]));
}
