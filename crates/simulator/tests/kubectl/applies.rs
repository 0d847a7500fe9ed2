//! kubectl against the simulator: what it applies, compares and shows.

use anyhow::Result;
use simulator::{Running, Scenario, Simulator};

use crate::kubectl::{Kubectl, Ran};

/// Calls it with a manifest on its standard input.
fn call(kubectl: &Kubectl, arguments: &str, manifest: &str) -> Ran {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    kubectl.run_with(&arguments, manifest)
}

/// The same when it has to succeed; what it says.
fn run(kubectl: &Kubectl, arguments: &str, manifest: &str) -> String {
    let said = call(kubectl, arguments, manifest);
    assert_eq!(said.code, 0, "{arguments}: {}{}", said.out, said.err);
    said.out
}

async fn cluster() -> Result<Running> {
    Ok(Simulator::new().scenario(Scenario::Empty).tls().start().await?)
}

fn deployment(image: &str, replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {{app: web}}\nspec:\n  replicas: {replicas}\n  \
         selector:\n    matchLabels: {{app: web}}\n  template:\n    metadata:\n      labels: {{app: web}}\n    spec:\n      \
         containers:\n      - name: web\n        image: {image}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_on_the_servers_side() -> Result<()> {
    let running = cluster().await?;
    let kubectl = Kubectl::with("applies-1", &running.kubeconfig("simulator"));
    let apply = "apply --server-side -f -";
    let said = run(&kubectl, apply, &deployment("a:1", 2));
    assert_eq!(said, "deployment.apps/web serverside-applied\n");
    let diff = call(&kubectl, "diff --server-side -f -", &deployment("a:1", 2));
    assert_eq!(diff.code, 0, "{}{}", diff.out, diff.err);
    let diff = call(&kubectl, "diff --server-side -f -", &deployment("a:2", 2));
    assert_eq!(diff.code, 1, "{}", diff.err);
    assert!(
        diff.out.contains("-      - image: a:1\n+      - image: a:2\n"),
        "{}",
        diff.out
    );
    run(&kubectl, "scale deployment/web --replicas=3", "");
    let conflict = call(&kubectl, apply, &deployment("a:2", 2));
    assert_eq!(conflict.code, 1);
    let expected = "conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas";
    assert!(conflict.err.contains(expected), "{}", conflict.err);
    run(
        &kubectl,
        "apply --server-side --force-conflicts -f -",
        &deployment("a:2", 2),
    );
    let replicas = run(&kubectl, "get deployment web -o jsonpath={.spec.replicas}", "");
    assert_eq!(replicas, "2");
    running.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_applies_on_its_own_side_first() -> Result<()> {
    let running = cluster().await?;
    let kubectl = Kubectl::with("applies-2", &running.kubeconfig("simulator"));
    let said = run(&kubectl, "apply -f -", &deployment("a:1", 2));
    assert_eq!(said, "deployment.apps/web created\n");
    let said = run(&kubectl, "apply -f -", &deployment("a:1", 2));
    assert_eq!(said, "deployment.apps/web unchanged\n");
    let said = run(&kubectl, "apply -f -", &deployment("a:2", 2));
    assert_eq!(said, "deployment.apps/web configured\n");
    let diff = call(&kubectl, "diff -f -", &deployment("a:3", 2));
    assert_eq!(diff.code, 1, "{}", diff.err);
    // From now on the server does it, and what kubectl applied before is its own.
    let said = run(&kubectl, "apply --server-side -f -", &deployment("a:4", 2));
    assert_eq!(said, "deployment.apps/web serverside-applied\n");
    let managers =
        "get deployment web --show-managed-fields -o jsonpath={.metadata.managedFields[*].operation}";
    let managers = run(&kubectl, managers, "");
    assert!(managers.starts_with("Apply"), "{managers}");
    running.shutdown().await;
    Ok(())
}

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1, description: How large it is.}
          status:
            type: object
            properties:
              size: {type: integer}
";

const WIDGET: &str = "
apiVersion: example.com/v1
kind: Widget
metadata: {name: one, namespace: default}
spec: {size: 3}
";

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_knows_custom_resources() -> Result<()> {
    let running = cluster().await?;
    let kubectl = Kubectl::with("applies-3", &running.kubeconfig("simulator"));
    run(&kubectl, "apply --server-side -f -", DEFINITION);
    run(
        &kubectl,
        "wait --for=condition=Established crd/widgets.example.com --timeout=10s",
        "",
    );
    assert_eq!(
        run(&kubectl, "apply -f -", WIDGET),
        "widget.example.com/one created\n"
    );
    let other = WIDGET.replace('3', "4");
    assert_eq!(
        run(&kubectl, "apply -f -", &other),
        "widget.example.com/one configured\n"
    );
    let table = run(&kubectl, "get wd", "");
    assert_eq!(table, "NAME   SIZE\none    4\n");
    run(&kubectl, "scale widget/one --replicas=5", "");
    let size = run(&kubectl, "get widget one -o jsonpath={.spec.size}", "");
    assert_eq!(size, "5");
    let told = run(&kubectl, "explain widget.spec.size", "");
    assert!(told.contains("How large it is."), "{told}");
    let wrong = call(&kubectl, "apply -f -", &WIDGET.replace('3', "0"));
    assert!(
        wrong
            .err
            .contains("spec.size in body should be greater than or equal to 1"),
        "{}",
        wrong.err
    );
    run(&kubectl, "delete crd widgets.example.com --timeout=10s", "");
    let gone = call(&kubectl, "get --raw /apis/example.com/v1/widgets", "");
    assert!(gone.err.contains("NotFound"), "{}", gone.err);
    running.shutdown().await;
    Ok(())
}
