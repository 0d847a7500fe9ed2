//! Scenario files that are wrong: what is said, and that nothing is left.

use std::path::PathBuf;

use simulator::{Clock, Scenario, Simulator, StartError};

use crate::cluster::Cluster;

async fn refusal(name: &str, text: Option<&str>) -> StartError {
    let file: PathBuf = std::env::temp_dir().join(format!("simulator-{}-{name}.yaml", std::process::id()));
    if let Some(text) = text {
        std::fs::write(&file, text).unwrap();
    }
    let started = Simulator::new()
        .scenario(Scenario::File(file.clone()))
        .start()
        .await;
    let _ = std::fs::remove_file(&file);
    started.expect_err("the file is wrong")
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let error = refusal("absent", None).await;
    assert!(matches!(error, StartError::ScenarioFile { .. }));
    assert!(error.to_string().contains("-absent.yaml"));
}

#[tokio::test]
async fn a_document_that_is_no_yaml_is_named_with_its_line() {
    let error = refusal("syntax", Some("apiVersion: v1\nkind: [\n---\n")).await;
    assert!(error.to_string().contains(" line 3 "), "{error}");
    let StartError::ScenarioSyntax { document, source, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(document, 1);
    assert!(source.location().is_some(), "{source}");
}

#[tokio::test]
async fn a_field_that_is_wrong_is_named() {
    let good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n";
    for (name, text, expected) in [
        (
            "kind",
            "apiVersion: v1\nkind: Cheese\nmetadata: {name: a}\n",
            "kind",
        ),
        (
            "name",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n",
            "metadata.name",
        ),
        ("version", "kind: ConfigMap\nmetadata: {name: a}\n", "apiVersion"),
        (
            "unknown",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replica: 3}\n",
            "spec.replica",
        ),
    ] {
        let error = refusal(name, Some(&format!("{good}{text}"))).await;
        let StartError::Scenario { document, field, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((*document, field.as_str()), (2, expected), "{error}");
    }
}

const FAULTS: &str = "apiVersion: simulator.kubilitics.io/v1\nkind: Faults\n";

#[tokio::test]
async fn a_file_may_say_what_clients_suffer() {
    let file = std::env::temp_dir().join(format!("simulator-{}-faults.yaml", std::process::id()));
    let rules = "rules:\n- fault: {refuse: {code: 500}}\n  path: /readyz\n  times: 1\n- fault: noBookmarks\n";
    std::fs::write(&file, format!("{FAULTS}{rules}")).unwrap();
    let cluster = Simulator::new()
        .scenario(Scenario::File(file.clone()))
        .start()
        .await;
    let _ = std::fs::remove_file(&file);
    let cluster = cluster.unwrap();
    let kubeconfig = kube::config::Kubeconfig::from_yaml(&cluster.kubeconfig("a")).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await;
    let client = kube::Client::try_from(config.unwrap()).unwrap();
    let ready = async || {
        let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
        client.request_text(request).await.is_ok()
    };
    assert!(!ready().await);
    assert!(ready().await);
    cluster.shutdown().await;
}

#[tokio::test]
async fn a_fault_that_is_wrong_is_named() {
    for (name, rules, expected) in [
        ("faults-none", "", "rules"),
        (
            "faults-wrong",
            "rules:\n- fault: noBookmarks\n- fault: explode\n",
            "rules[1]",
        ),
    ] {
        let error = refusal(name, Some(&format!("{FAULTS}{rules}"))).await;
        let StartError::Scenario { document, field, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((*document, field.as_str()), (1, expected), "{error}");
    }
}
const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, minimum: 1}, color: {type: string, default: red}}}
";

fn widget(spec: &str) -> String {
    format!("apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: a}}\nspec: {spec}\n---\n")
}

#[tokio::test]
async fn a_custom_resource_that_is_wrong_is_named() {
    for (name, text, expected) in [
        (
            "size",
            format!("{}{DEFINITION}", widget("{size: 0}")),
            (1, "spec.size"),
        ),
        (
            "more",
            format!("{}{DEFINITION}", widget("{more: 0}")),
            (1, "spec.more"),
        ),
        (
            "cel",
            DEFINITION.replace("minimum: 1", "x-kubernetes-validations: [{rule: itself > 0}]"),
            (
                1,
                "spec.validation.openAPIV3Schema.properties[spec].properties[size].x-kubernetes-validations[0].rule",
            ),
        ),
        (
            "rule",
            DEFINITION.replace("minimum: 1", "x-kubernetes-validations: [{rule: self > 2}]")
                + "\n---\n"
                + &widget("{size: 2}"),
            (2, "spec.size"),
        ),
        (
            "plural",
            DEFINITION.replace("plural: widgets", "plural: gadgets"),
            (1, "metadata.name"),
        ),
    ] {
        let error = refusal(name, Some(&text)).await;
        let StartError::Scenario { document, field, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((*document, field.as_str()), expected, "{error}");
    }
}

#[tokio::test]
async fn custom_resources_of_a_file_are_served() {
    let file = std::env::temp_dir().join(format!("simulator-{}-custom.yaml", std::process::id()));
    // The definition may come after its objects.
    std::fs::write(&file, format!("{}{DEFINITION}", widget("{size: 2}"))).unwrap();
    let simulator = Simulator::new().scenario(Scenario::File(file.clone()));
    let cluster = Cluster::start(simulator.clock(Clock::manual(1_795_262_900))).await;
    std::fs::remove_file(&file).unwrap();
    let widgets = cluster.list("apis/example.com/v1/widgets").await;
    assert_eq!(widgets[0]["spec"], serde_json::json!({"size": 2, "color": "red"}));
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

#[tokio::test]
async fn the_line_of_a_mistake_is_named_and_every_mistake() {
    for (name, text, expected) in [
        (
            "api",
            format!(
                "{MAP}---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: A_b\nspec: {{containers: [{{name: c, image: i}}]}}\n"
            ),
            &[
                "document 2, line 8: metadata.name is wrong: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain",
            ][..],
        ),
        (
            "type",
            format!("{MAP}data:\n  x: 1\n"),
            &["document 1, line 4: data cannot be read: ConfigMap in version \"v1\" cannot be handled"],
        ),
        (
            "twice",
            format!("{MAP}---\n{MAP}"),
            &["document 2, line 7: metadata.name \"a\" is that of an object of document 1, too"],
        ),
        (
            "space",
            MAP.replace("name: a", "name: a, namespace: nowhere"),
            &["document 1, line 3: metadata.namespace is wrong: namespaces \"nowhere\" not found"],
        ),
        (
            "two",
            format!(
                "{}---\n{}",
                MAP.replace("ConfigMap", "Cheese"),
                MAP.replace("name: a", "name: B!")
            ),
            &[
                "document 1, line 2: kind is Cheese of v1",
                "document 2, line 7: metadata.name is wrong",
            ],
        ),
        (
            "fault",
            format!("{FAULTS}rules:\n- fault: noBookmarks\n- fault: {{cutAfter: x}}\n"),
            &["document 1, line 5: rules[1] "],
        ),
        (
            "key",
            format!("{MAP}data: {{a: b, a: c}}\n"),
            &["line 4 ", "the key \"a\" is there twice"],
        ),
        (
            "list",
            "[1, 2]\n".to_owned(),
            &["document 1, line 1: it is no object"],
        ),
    ] {
        let error = refusal(name, Some(&text)).await.to_string();
        for part in expected {
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn a_file_without_a_manifest_is_refused() {
    for (name, text) in [("none", ""), ("comment", "# nothing\n---\n")] {
        let error = refusal(name, Some(text)).await;
        assert!(matches!(error, StartError::ScenarioEmpty { .. }), "{error}");
    }
}

#[tokio::test]
async fn pods_of_a_file_have_what_the_api_server_adds() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n";
    let cluster = Cluster::of(pod).await;
    let pod = cluster.get("api/v1/namespaces/default/pods/a").await;
    assert_eq!(pod["spec"]["serviceAccountName"], "default");
    assert_eq!(pod["spec"]["tolerations"][0]["tolerationSeconds"], 300);
    assert_eq!(pod["spec"]["priority"], 0);
}
