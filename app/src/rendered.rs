//! Pages as the server renders them, from a fixture: what is in them without script, and what must never be.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

use crate::fixture::{Fixture, HOSTILE, NOW, broken_cluster, cluster, denied};
use crate::shell;
use crate::source::{Assets, SetStatus, SharedSource, Visit};
use crate::theme::Theme;
use axum::body::Body;
use http_body_util::BodyExt;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::stream::TopicState;
use model::{ClusterStatus, Timestamp};
use std::sync::Arc;
use tower::ServiceExt;

const POD: &str = "Pod/shop/cart-7c5b8-x2kqz";

struct Page {
    status: u16,
    location: Option<String>,
    html: String,
}

impl Page {
    /// Whether the page says all of these, in this order.
    #[track_caller]
    fn says(&self, texts: &[&str]) {
        let mut rest = self.html.as_str();
        for text in texts {
            match rest.find(text) {
                Some(at) => rest = &rest[at + text.len()..],
                None => panic!("`{text}` is not where it should be in {}", self.html),
            }
        }
    }

    /// The text between two marks.
    #[track_caller]
    fn between(&self, from: &str, to: &str) -> &str {
        let start = self.html.find(from).unwrap_or_else(|| panic!("no `{from}`")) + from.len();
        let rest = &self.html[start..];
        &rest[..rest.find(to).unwrap()]
    }
}

/// Renders a page as the server does, through the same integration.
async fn get_as(fixture: Fixture, theme: Theme, uri: &str) -> Page {
    // Also sets up the executor that Leptos spawns on.
    routes();
    let source: SharedSource = Arc::new(fixture);
    let context = move || {
        provide_context(Arc::clone(&source));
        provide_context(Visit { now: NOW, theme });
        let options = expect_context::<ResponseOptions>();
        provide_context(SetStatus(Arc::new(move |status| {
            options.set_status(axum::http::StatusCode::from_u16(status).unwrap());
        })));
    };
    let assets = Assets {
        script: Some("/pkg/main.js".into()),
        wasm: Some("/pkg/app.wasm".into()),
        parts: [("tables".to_owned(), vec!["/pkg/tables.wasm".to_owned()])].into(),
        style: Some("/pkg/main.css".into()),
        fonts: vec!["/pkg/fonts/ibm-plex-sans-latin-400-normal.woff2".into()],
    };
    let app: axum::Router = axum::Router::new().fallback(leptos_axum::render_app_to_stream_with_context(
        context,
        move || shell(assets.clone()),
    ));
    let request = axum::http::Request::get(uri)
        .header("accept", "text/html")
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    let (status, location) = (
        response.status().as_u16(),
        response
            .headers()
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned()),
    );
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Page {
        status,
        location,
        html: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// The routes that the integration finds.
fn routes() -> &'static [String] {
    static ROUTES: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    ROUTES.get_or_init(|| {
        leptos_axum::generate_route_list(crate::App)
            .iter()
            .map(|route| route.path().to_owned())
            .collect()
    })
}

async fn get(uri: &str) -> Page {
    get_as(Fixture::default(), Theme::System, uri).await
}

#[tokio::test]
async fn the_routes_are_those_that_are_said() {
    let mut routes = routes().to_vec();
    routes.sort();
    let mut said = crate::state::url::ROUTES.map(str::to_owned);
    said.sort();
    assert_eq!(routes, said);
}

#[tokio::test]
async fn a_search_is_complete_without_script() {
    let page = get("/c/demo/search?q=cart&ns=shop").await;
    assert_eq!(page.status, 200);
    page.says(&[
        "<title>Search, demo",
        "action=\"/c/demo/search\"",
        "name=\"ns\" value=\"shop\"",
        "name=\"q\"",
        "value=\"cart\"",
        "Found in",
        "data-key=\"Deployment/shop/cart\"",
        "href=\"/c/demo/deployments.apps?ns=shop&amp;sel=Deployment/shop/cart\"",
    ]);
    let page = get("/c/demo/search").await;
    assert_eq!(page.status, 200);
    page.says(&["Type a part of a name"]);
    let page = get("/c/demo/search?q=%22cart").await;
    assert_eq!(page.status, 400);
    page.says(&["close the quotes"]);
    let page = get("/c/demo/pods").await;
    page.says(&[
        "action=\"/c/demo/search\"",
        "data-field=\"Search\"",
        "data-field=\"Filter\"",
    ]);
}

#[tokio::test]
async fn the_map_is_complete_without_script() {
    let page = get("/c/demo/map?ns=shop").await;
    assert_eq!(page.status, 200);
    page.says(&[
        "<title>Map, demo",
        "3 pods, 1 failing in 1 namespace",
        "href=\"/c/demo/map?ns=shop&amp;q=unwell\"",
        "data-testid=\"map-list\"",
        ">shop</a>",
        "data-testid=\"map-application\"",
        "data-health=\"unhealthy\"",
        "1 of 3 failing",
    ]);
    assert!(!page.html.contains(HOSTILE), "a name became markup");
    assert_eq!(get("/c/nowhere/map").await.status, 404);
}

#[tokio::test]
async fn diagnostics_are_complete_without_script() {
    let page = get("/c/demo/diagnostics").await;
    assert_eq!(page.status, 200);
    page.says(&[
        "href=\"/pkg/tables.wasm\"",
        "<title>Diagnostics, demo",
        "data-testid=\"list-table\"",
    ]);
}

#[tokio::test]
async fn the_topology_is_complete_without_script() {
    let page = get("/c/demo/topology").await;
    assert_eq!(page.status, 200);
    assert!(
        !page.html.contains("/pkg/tables.wasm"),
        "the code of another page"
    );
    page.says(&[
        "data-testid=\"topology-tree\"",
        "data-id=\"Deployment/shop/cart\"",
        "data-id=\"ReplicaSet/shop/cart-7c5b8\"",
        POD,
    ]);
    page.says(&[
        POD,
        "data-health=\"unhealthy\"",
        "href=\"/c/demo/topology?sel=Pod/shop/cart-7c5b8-x2kqz\"",
        "CrashLoopBackOff",
        "Starts without REDIS_URL",
    ]);
    page.says(&["data-id=\"Service/shop/web-canary\"", "missing"]);
    let nodes = page.html.matches("data-testid=\"topology-node\"").count();
    assert_eq!(
        nodes,
        crate::fixture::graph().nodes.len(),
        "every object is in the tree"
    );
}

#[tokio::test]
async fn a_selection_shows_the_panel_with_every_edge_and_its_proof() {
    let page = get(&format!("/c/demo/topology?sel={POD}")).await;
    page.says(&[
        "data-testid=\"detail\"",
        "cart-7c5b8-x2kqz",
        "Starts without REDIS_URL",
        "Connected, with proof",
        "key REDIS_URL missing",
        "spec.containers[0].env[3].valueFrom.configMapKeyRef.name",
        "owned by",
        "metadata.ownerReferences[0]",
        "selected by",
        "spec.selector",
    ]);
    let gone = get("/c/demo/topology?sel=Pod/shop/gone").await;
    gone.says(&["data-testid=\"detail\"", "It is not there, or no longer."]);
}

#[tokio::test]
async fn a_list_has_its_rows_totals_links_and_forms() {
    let page = get("/c/demo/pods?q=cart&ns=shop").await;
    assert_eq!(page.status, 200);
    page.says(&["href=\"/pkg/app.wasm\"", "href=\"/pkg/tables.wasm\""]);
    page.says(&[
        "data-testid=\"list-total\"",
        "2 of 7",
        "name=\"q\"",
        "value=\"cart\"",
    ]);
    page.says(&[
        "data-testid=\"list-table\"",
        "?ns=shop&amp;q=cart&amp;sort=restarts",
        "data-key=\"Pod/shop/cart-7c5b8-m8w4n\"",
        "CrashLoopBackOff",
        "14 (2m ago)",
    ]);
    assert!(!page.html.contains("Kernel"), "wide columns are asked for");
    let wide = get("/c/demo/pods?cols=wide").await;
    wide.says(&["IP", "10.0.3.17"]);
    let sorted = get("/c/demo/pods?sort=restarts").await;
    sorted.says(&["aria-sort=\"ascending\"", "sort=-restarts"]);
}

#[tokio::test]
async fn every_kind_has_a_list() {
    for kind in model::KindId::all() {
        let page = get(&format!("/c/demo/{}", kind.get().plural_group())).await;
        assert_eq!(page.status, 200, "{kind}");
        page.says(&["data-testid=\"list-table\""]);
    }
}

#[tokio::test]
async fn no_link_leads_nowhere() {
    let mut seen = std::collections::BTreeSet::new();
    for uri in [
        "/clusters",
        "/c/demo/topology",
        "/c/demo/pods?sel=Pod/shop/cart-7c5b8-x2kqz&ns=shop",
    ] {
        let page = get(uri).await;
        let links = page
            .html
            .split("<a ")
            .skip(1)
            .filter_map(|tag| tag.split("href=\"").nth(1)?.split('"').next());
        seen.extend(
            links
                .map(|link| link.replace("&amp;", "&"))
                .filter(|link| link.starts_with('/')),
        );
    }
    assert!(seen.len() > 40, "{seen:?}");
    for link in seen {
        let known = crate::state::url::Place::parse(link.split('?').next().unwrap());
        assert!(known.path() == link.split('?').next().unwrap(), "{link}");
        assert!(
            !link.starts_with("/c/prod-eu") || link == "/c/prod-eu/topology",
            "{link}"
        );
    }
}

#[tokio::test]
async fn the_start_leads_to_the_first_connected_cluster() {
    let page = get("/").await;
    assert_eq!(
        (page.status, page.location.as_deref()),
        (302, Some("/c/demo/topology"))
    );
}

#[tokio::test]
async fn without_a_cluster_it_says_how_to_get_one() {
    let problems = vec!["/home/ops/.kube/config: line 7: mapping values are not allowed here".to_owned()];
    let empty = || Fixture {
        clusters: Vec::new(),
        problems: problems.clone(),
        ..Fixture::default()
    };
    for uri in ["/", "/clusters"] {
        let page = get_as(empty(), Theme::System, uri).await;
        assert_eq!(page.status, 200);
        page.says(&[
            "line 7",
            "data-testid=\"first-start\"",
            "--kubeconfig",
            "KUBECONFIG",
            "clusterrolebinding",
        ]);
    }
}

#[tokio::test]
async fn a_broken_cluster_says_why_and_what_next() {
    let page = get("/clusters").await;
    page.says(&[
        "data-id=\"demo\"",
        "connected",
        "412",
        "v1.36.3",
        "data-id=\"prod-eu\"",
        "refuses connections",
        "Nothing listens at",
        "Start the cluster",
        "&lt;unknown&gt;",
    ]);
    assert!(!page.html.contains(">0<"), "unknown is never zero");
}

#[tokio::test]
async fn what_is_not_there_is_404_with_its_own_code() {
    for (uri, code) in [
        ("/nowhere", "route_not_found"),
        ("/c/demo/gadgets", "kind_not_found"),
        ("/c/other/pods", "cluster_not_found"),
        ("/c/other/topology", "cluster_not_found"),
    ] {
        let page = get(uri).await;
        assert_eq!(page.status, 404, "{uri}");
        page.says(&["data-testid=\"problem\"", &format!("data-code=\"{code}\"")]);
    }
}

#[tokio::test]
async fn the_connection_state_tells_troubles_apart() {
    let say = async |fixture: Fixture| {
        let page = get_as(fixture, Theme::System, "/c/demo/pods").await;
        page.between("data-testid=\"connection-state\"", "</div>")
            .to_owned()
    };
    let with = |state| Fixture {
        state,
        ..Fixture::default()
    };
    assert!(say(with(TopicState::Live)).await.contains("as of "));
    let partial = say(with(TopicState::Partial {
        kinds: vec![denied("Secret", "secrets")],
    }))
    .await;
    assert!(
        partial.contains("partial: secrets not visible (list secrets in all namespaces)"),
        "{partial}"
    );
    assert!(
        say(with(TopicState::Syncing { synced: 3, kinds: 17 }))
            .await
            .contains("loading, 3 of 17 kinds")
    );
    let stale = cluster("demo");
    let stale = model::Cluster {
        status: ClusterStatus::Disconnected,
        stale_since: Some(Timestamp(NOW.0 - 12_000)),
        ..stale
    };
    assert!(
        say(Fixture {
            clusters: vec![stale],
            ..Fixture::default()
        })
        .await
        .contains("stale since 12s")
    );
    let broken = Fixture {
        clusters: vec![broken_cluster("demo")],
        ..Fixture::default()
    };
    assert!(say(broken).await.contains("cluster refuses connections"));
}

#[tokio::test]
async fn hostile_cluster_is_inert() {
    for uri in [
        "/c/demo/topology",
        "/c/demo/configmaps",
        "/c/demo/topology?sel=ConfigMap/payments/%3Cimg%20src=x%20onerror=alert(1)%3E",
    ] {
        let page = get(uri).await;
        assert!(!page.html.contains(HOSTILE), "{uri}: a name became markup");
        assert!(
            page.html.contains("&lt;img src=x onerror=alert(1)&gt;"),
            "{uri}: the name is shown as text"
        );
        assert!(!page.html.contains("href=\"javascript:"), "{uri}");
    }
}

#[tokio::test]
async fn csp_has_no_violation() {
    for uri in [
        "/",
        "/clusters",
        "/c/demo/topology?sel=Pod/shop/cart-7c5b8-x2kqz",
        "/c/demo/pods",
        "/nowhere",
    ] {
        let page = get(uri).await;
        for script in page.html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(
                tag.contains("nonce=\""),
                "{uri}: a script without a nonce: <script{tag}>"
            );
        }
        let outside_scripts: String = page
            .html
            .split("<script")
            .map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest))
            .collect();
        assert!(!outside_scripts.contains(" style=\""), "{uri}: an inline style");
        for handler in [" onclick=", " onload=", " onchange=", " onsubmit="] {
            assert!(!outside_scripts.contains(handler), "{uri}: {handler}");
        }
    }
}

#[tokio::test]
async fn the_theme_is_there_with_the_first_byte() {
    for theme in Theme::ALL {
        let page = get_as(Fixture::default(), theme, "/clusters").await;
        page.says(&[&format!("data-theme=\"{}\"", theme.word())]);
    }
}

/// Writes pages to look at: `KUBILITICS_DUMP=DIR cargo test -p app --features ssr dump`.
#[tokio::test]
async fn dump() {
    let Some(folder) = std::env::var_os("KUBILITICS_DUMP").map(std::path::PathBuf::from) else {
        return;
    };
    let partial = TopicState::Partial {
        kinds: vec![denied("Secret", "secrets")],
    };
    let pages = [
        (
            "topology",
            "/c/demo/topology?sel=Pod/shop/cart-7c5b8-x2kqz",
            Fixture::default(),
        ),
        (
            "tree",
            "/c/demo/topology",
            Fixture {
                state: partial,
                ..Fixture::default()
            },
        ),
        (
            "pods",
            "/c/demo/pods?sel=Pod/shop/cart-7c5b8-x2kqz",
            Fixture::default(),
        ),
        (
            "deployments",
            "/c/demo/deployments.apps?cols=wide",
            Fixture::default(),
        ),
        (
            "clusters",
            "/clusters",
            Fixture {
                problems: vec!["/home/ops/broken.yaml: line 7: mapping values are not allowed here.".into()],
                ..Fixture::default()
            },
        ),
        (
            "first",
            "/clusters",
            Fixture {
                clusters: Vec::new(),
                ..Fixture::default()
            },
        ),
        ("nowhere", "/c/demo/gadgets", Fixture::default()),
    ];
    for (name, uri, fixture) in pages {
        for theme in [Theme::Dark, Theme::Light] {
            let page = get_as(fixture.clone(), theme, uri).await;
            std::fs::write(folder.join(format!("{name}-{}.html", theme.word())), page.html).unwrap();
        }
    }
}
