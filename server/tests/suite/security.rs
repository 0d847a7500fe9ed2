//! The rules of docs/security that apply to this release, each under its name.

use crate::client::Answer;
use crate::fake_cluster::FakeCluster;
use crate::harness::TestServer;
use server::http::Access;
use server::http::table::Declared;

fn declared(server: &TestServer) -> Vec<Declared> {
    let (_, declared) = server::http::describe(&server.running().server);
    declared
}

/// A path that a pattern matches.
fn example(pattern: &str) -> String {
    pattern
        .replace("{clusterId}", "none")
        .replace("{kind}", "pods")
        .replace("{*file}", "x.js")
        .replace("{*page}", "none/pods")
}

#[tokio::test]
async fn every_route_declares_its_access() {
    let server = TestServer::empty().await;
    let (document, mut declared) = server::http::describe(&server.running().server);
    // The files of the site differ with what was built; they are public, and not the reviewer's to know.
    declared.retain(|route| {
        !(route.access == Access::Public && route.path.contains('.') && !route.path.starts_with("/api/"))
    });
    for (path, item) in &document.paths.paths {
        let route = declared
            .iter()
            .find(|route| route.path == *path)
            .unwrap_or_else(|| panic!("{path} declares nothing"));
        assert!(
            item.get.is_none() || route.methods.iter().any(|method| method == "GET"),
            "{path}"
        );
        assert!(
            item.post.is_none() || route.methods.iter().any(|method| method == "POST"),
            "{path}"
        );
    }
    insta::assert_json_snapshot!(declared);
    server.stop().await;
}

#[tokio::test]
async fn local_mode_needs_the_token() {
    let server = TestServer::empty().await;
    for route in declared(&server) {
        for method in &route.methods {
            let path = example(&route.path);
            let answer = server.ask(method, &path).send().await;
            if route.access == Access::Public {
                assert_ne!(answer.status, 401, "{method} {path}");
                continue;
            }
            assert_eq!(answer.status, 401, "{method} {path}");
            let wrong = server
                .ask(method, &path)
                .header("Cookie", "kubilitics_session=wrong")
                .send()
                .await;
            assert_eq!(wrong.status, 401, "{method} {path}");
            let wrong = server
                .ask(method, &path)
                .header("Authorization", "Bearer wrong")
                .send()
                .await;
            assert_eq!(wrong.status, 401, "{method} {path}");
            // The bearer token is for scripts: it opens the API and the stream, and no page.
            let script = server
                .ask(method, &path)
                .header("Authorization", &server.bearer())
                .send()
                .await;
            assert_eq!(
                script.status == 401,
                route.access == Access::Page,
                "{method} {path}"
            );
        }
    }
    let page = server.ask("GET", "/clusters").send().await;
    assert!(
        page.text()
            .contains("data-testid=\"problem\" data-code=\"unauthenticated\"")
    );
    assert!(page.text().contains("kubilitics link"));
    server.stop().await;
}

#[tokio::test]
async fn a_link_is_exchanged_for_a_cookie_once() {
    let server = TestServer::empty().await;
    let made = server
        .ask("POST", "/api/v1/link")
        .header("Authorization", &server.bearer())
        .send()
        .await;
    assert_eq!(made.status, 201);
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let token = url
        .strip_prefix(&format!("{}/?token=", server.origin()))
        .unwrap()
        .to_owned();

    let head = server
        .ask("HEAD", &format!("/clusters?token={token}"))
        .send()
        .await;
    assert_eq!(head.status, 401, "a HEAD, as of a link preview, uses nothing up");
    let first = server
        .ask("GET", &format!("/clusters?x=1&token={token}&y=2"))
        .send()
        .await;
    assert_eq!(
        (first.status, first.header("location")),
        (303, Some("/clusters?x=1&y=2"))
    );
    let cookie = first.header("set-cookie").unwrap();
    for part in [
        "kubilitics_session=",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        server
            .ask("GET", "/clusters")
            .header("Cookie", cookie)
            .send()
            .await
            .status,
        200
    );

    let second = server
        .ask("GET", &format!("/?token={token}"))
        .header("Cookie", cookie)
        .send()
        .await;
    assert_eq!(second.status, 401);
    assert!(second.text().contains("kubilitics link"));
    assert!(second.header("set-cookie").is_none());
    server.stop().await;
}

#[tokio::test]
async fn host_allow_list_on_every_listener() {
    let server =
        TestServer::start_with(&[("kubeconfig", "/nowhere"), ("allowed-host", "ops.example.com")]).await;
    let port = server.address().port();
    let foreign = [
        "evil.example.com".to_owned(),
        format!("evil.example.com:{port}"),
        format!("127.0.0.1.evil.example.com:{port}"),
        format!("localhost.:{port}"),
        "ops.example.com.evil.example.com".to_owned(),
    ];
    for route in declared(&server) {
        let path = example(&route.path);
        for host in &foreign {
            let ask = server.ask(&route.methods[0], &path).header("Host", host);
            let answer = ask
                .header("Authorization", &server.bearer())
                .header("Cookie", server.cookie())
                .send()
                .await;
            assert_eq!(answer.status, 421, "{path} as {host}");
        }
    }
    assert_eq!(
        server
            .ask("GET", "/healthz")
            .header("Host", "")
            .send()
            .await
            .status,
        421,
        "no Host at all"
    );
    for host in ["localhost", "[::1]:1234", "ops.example.com", "OPS.example.com:80"] {
        assert_eq!(
            server
                .ask("GET", "/healthz")
                .header("Host", host)
                .send()
                .await
                .status,
            200,
            "{host}"
        );
    }
    assert_eq!(
        server
            .ask("GET", "/api/v1/clusters")
            .header("Host", "evil")
            .send()
            .await
            .code(),
        "host_refused"
    );
    server.stop().await;
}

#[tokio::test]
async fn every_unsafe_route_needs_proof() {
    let server = TestServer::empty().await;
    let mut seen = 0;
    for route in declared(&server) {
        for method in route.methods.iter().filter(|method| *method != "GET") {
            seen += 1;
            let ask = || {
                server
                    .ask(method, &example(&route.path))
                    .header("Cookie", server.cookie())
            };
            assert_eq!(
                ask().send().await.code(),
                "csrf_refused",
                "{method} {}",
                route.path
            );
            let cross = ask().header("Sec-Fetch-Site", "cross-site").send().await;
            assert_eq!(cross.code(), "csrf_refused");
            let form = ask()
                .header("Sec-Fetch-Site", "same-origin")
                .header("Content-Type", "text/plain")
                .send()
                .await;
            assert_eq!(form.code(), "csrf_refused");
            let foreign = ask().header("Origin", "https://evil.example.com").send().await;
            assert_eq!(foreign.code(), "origin_refused");
            for (name, value) in [("Sec-Fetch-Site", "same-origin"), ("Origin", &server.origin())] {
                assert!(ask().header(name, value).send().await.status < 300);
            }
        }
    }
    assert!(seen > 0);
    server.stop().await;
}

fn preflight<'a>(server: &'a TestServer, origin: &str) -> impl Future<Output = Answer> + use<'a> {
    server
        .ask("OPTIONS", "/api/v1/clusters")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "GET")
        .header(
            "Access-Control-Request-Headers",
            "x-kubeconfig, x-kubeconfig-context, x-request-id, x-confirm-destructive",
        )
        .send()
}

#[tokio::test]
async fn tauri_preflight_is_allowed() {
    let server = TestServer::start_with(&[
        ("kubeconfig", "/nowhere"),
        ("allowed-origin", "https://ops.example.com"),
    ])
    .await;
    for origin in [
        "tauri://localhost",
        "http://tauri.localhost",
        "https://ops.example.com",
    ] {
        let answer = preflight(&server, origin).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        assert_eq!(answer.header("vary"), Some("Origin"));
        let headers = answer.header("access-control-allow-headers").unwrap();
        for name in [
            "X-Kubeconfig",
            "X-Kubeconfig-Context",
            "X-Request-ID",
            "X-Confirm-Destructive",
        ] {
            assert!(headers.split(", ").any(|allowed| allowed == name), "{name}");
        }
        let ask = server.ask("GET", "/api/v1/clusters").header("Origin", origin);
        let answer = ask.header("Authorization", &server.bearer()).send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    }
    server.stop().await;
}

#[tokio::test]
async fn foreign_preflight_is_not() {
    let server = TestServer::empty().await;
    for origin in [
        "https://evil.example.com",
        "null",
        "http://localhost:1",
        "https://tauri.localhost",
    ] {
        let answer = preflight(&server, origin).await;
        assert_eq!(answer.code(), "origin_refused");
        assert!(answer.header("access-control-allow-origin").is_none());
        let ask = server.ask("GET", "/api/v1/clusters").header("Origin", origin);
        assert_eq!(
            ask.header("Cookie", server.cookie()).send().await.code(),
            "origin_refused"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn ws_refuses_foreign_origin() {
    let server = TestServer::empty().await;
    let cookie = ("Cookie", server.cookie());
    for origin in [
        "https://evil.example.com",
        "null",
        "http://127.0.0.1:1",
        "tauri://localhost.evil",
    ] {
        let refused = server
            .open("/api/v1/stream", &[cookie, ("Origin", origin)])
            .await
            .err()
            .expect(origin);
        assert_eq!(refused.status, 403);
        let bearer = server.bearer();
        let refused = server
            .open(
                "/api/v1/stream",
                &[("Authorization", &bearer), ("Origin", origin)],
            )
            .await;
        assert_eq!(refused.err().expect(origin).status, 403);
    }
    for origin in [server.origin().as_str(), "tauri://localhost"] {
        assert!(
            server
                .open("/api/v1/stream", &[cookie, ("Origin", origin)])
                .await
                .is_ok(),
            "{origin}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn ws_refuses_missing_origin_with_cookie() {
    let server = TestServer::empty().await;
    let refused = server
        .open("/api/v1/stream", &[("Cookie", server.cookie())])
        .await
        .err()
        .unwrap();
    assert_eq!(refused.status, 403);
    let refused = server.open("/api/v1/stream", &[]).await.err().unwrap();
    assert_eq!(refused.status, 401);
    let bearer = server.bearer();
    assert!(
        server
            .open("/api/v1/stream", &[("Authorization", &bearer)])
            .await
            .is_ok(),
        "a script has no origin"
    );
    server.stop().await;
}

#[tokio::test]
async fn hostile_cluster_is_inert() {
    let cluster = FakeCluster::start().await;
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>&lt;/script";
    let mut pod = crate::fake_cluster::pod("shop", "cart");
    pod["metadata"]["labels"] = serde_json::json!({"note": hostile});
    pod["status"]["containerStatuses"][0]["ready"] = false.into();
    pod["status"]["containerStatuses"][0]["state"] =
        serde_json::json!({"waiting": {"reason": hostile, "message": hostile}});
    pod["spec"]["nodeName"] = hostile.into();
    cluster.put("pods", pod);
    let server = TestServer::start(&cluster.kubeconfig()).await;
    let id = server.synced().await;
    for path in [
        format!("/c/{id}/pods?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
        format!("/c/{id}/pods"),
        format!("/c/{id}/topology"),
        "/%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
    ] {
        let page = server.get(&path).await;
        assert!(
            page.header("content-type").unwrap().starts_with("text/html"),
            "{path}"
        );
        let html = page.text();
        assert!(
            !html.contains("<script>alert") && !html.contains("<img src=x"),
            "{path}: {html}"
        );
        assert_nonces(&page);
    }
    server.stop().await;
}

/// The title is made from the address, and ends where it should.
#[tokio::test]
async fn hostile_address_is_inert() {
    let server = TestServer::empty().await;
    let page = server
        .get("/c/%3C%2Ftitle%3E%3Cimg%20src=x%20onerror=alert(1)%3E/pods")
        .await;
    assert!(!page.text().contains("<img src=x"), "{}", page.text());
    assert_nonces(&page);
    server.stop().await;
}

/// Every script and style element has the nonce of the policy, and nothing runs from attributes or addresses.
fn assert_nonces(page: &Answer) {
    let policy = page.header("content-security-policy").unwrap();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert!(nonce.len() >= 20, "{policy}");
    assert!(
        !policy.contains("script-src 'self'") && !policy.contains("'unsafe-inline' 'nonce"),
        "{policy}"
    );
    let html = page.text();
    for tag in ["<script", "<style"] {
        for element in html.split(tag).skip(1) {
            let attributes = element.split('>').next().unwrap();
            assert!(
                attributes.contains(&format!("nonce=\"{nonce}\"")),
                "{tag}{attributes}>"
            );
        }
    }
    let tags = tags(&html);
    for forbidden in [" onclick=", " onerror=", " onload=", " onmouseover="] {
        assert!(!tags.contains(forbidden), "{forbidden} in {tags}");
    }
    assert!(!html.contains("=\"javascript:"));
}

/// What stands in tags, without text and without the values of attributes.
fn tags(html: &str) -> String {
    let (mut in_tag, mut in_value) = (false, false);
    html.chars()
        .filter(|c| {
            match c {
                '"' if in_tag => in_value = !in_value,
                '<' if !in_tag => in_tag = true,
                '>' if !in_value => in_tag = false,
                _ => {}
            }
            in_tag && !in_value
        })
        .collect()
}

#[tokio::test]
async fn every_page_protects_itself() {
    let server = TestServer::empty().await;
    let (one, two) = (server.get("/clusters").await, server.get("/clusters").await);
    assert_nonces(&one);
    let policy = |page: &Answer| page.header("content-security-policy").unwrap().to_owned();
    assert_ne!(policy(&one), policy(&two), "a nonce is for one page");
    for part in [
        "default-src 'self'",
        "'wasm-unsafe-eval'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy(&one).contains(part), "{part}");
    }
    for page in [
        one,
        server.ask("GET", "/clusters").send().await,
        server.get("/nowhere").await,
    ] {
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("permissions-policy").is_some());
        assert_nonces(&page);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("kept.db").display());
    let given = [("kubeconfig", "/nowhere"), ("database", database.as_str())];
    let server = TestServer::start_with(&given).await;
    let cookie = server.cookie().to_owned();
    let bearer = server.bearer();
    server.stop().await;

    let server = TestServer::start_with(&given).await;
    assert_eq!(
        server
            .ask("GET", "/api/v1/clusters")
            .header("Cookie", &cookie)
            .send()
            .await
            .status,
        200
    );
    let stale = server
        .ask("GET", "/api/v1/clusters")
        .header("Authorization", &bearer)
        .send()
        .await;
    assert_eq!(stale.status, 401, "the bearer token is new at each start");
    server.stop().await;
}
