//! kubectl against the simulator: what it applies, compares and shows.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use simulator::{Running, Scenario, Simulator};

/// A cluster, and kubectl with its kubeconfig.
struct Kubectl {
    program: PathBuf,
    home: tempfile::TempDir,
}

/// What a call of kubectl came to.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Kubectl {
    async fn new(running: &Running) -> Result<Self> {
        let program = tokio::task::spawn_blocking(control_plane::build)
            .await??
            .kubectl();
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join("config"), running.kubeconfig("simulator"))?;
        Ok(Self { program, home })
    }

    /// Calls it with arguments and a manifest on its standard input.
    async fn call(&self, arguments: &str, manifest: &str) -> Result<Said> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments.split(' '))
            .env("KUBECONFIG", self.home.path().join("config"))
            .env("HOME", self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let manifest = manifest.to_owned();
        let output = tokio::task::spawn_blocking(move || -> Result<_> {
            let mut child = command.spawn()?;
            let mut input = child.stdin.take().context("it has an input")?;
            input.write_all(manifest.as_bytes())?;
            drop(input);
            Ok(child.wait_with_output()?)
        })
        .await??;
        Ok(Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    /// The same when it has to succeed; what it says.
    async fn run(&self, arguments: &str, manifest: &str) -> Result<String> {
        let said = self.call(arguments, manifest).await?;
        ensure!(said.code == Some(0), "{arguments}: {}{}", said.out, said.err);
        Ok(said.out)
    }
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

#[tokio::test]
async fn kubectl_applies_on_the_servers_side() -> Result<()> {
    let running = cluster().await?;
    let kubectl = Kubectl::new(&running).await?;
    let apply = "apply --server-side -f -";
    let said = kubectl.run(apply, &deployment("a:1", 2)).await?;
    assert_eq!(said, "deployment.apps/web serverside-applied\n");
    let diff = kubectl
        .call("diff --server-side -f -", &deployment("a:1", 2))
        .await?;
    assert_eq!(diff.code, Some(0), "{}{}", diff.out, diff.err);
    let diff = kubectl
        .call("diff --server-side -f -", &deployment("a:2", 2))
        .await?;
    assert_eq!(diff.code, Some(1), "{}", diff.err);
    assert!(
        diff.out.contains("-      - image: a:1\n+      - image: a:2\n"),
        "{}",
        diff.out
    );
    kubectl.run("scale deployment/web --replicas=3", "").await?;
    let conflict = kubectl.call(apply, &deployment("a:2", 2)).await?;
    assert_eq!(conflict.code, Some(1));
    let expected = "conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas";
    assert!(conflict.err.contains(expected), "{}", conflict.err);
    kubectl
        .run(
            "apply --server-side --force-conflicts -f -",
            &deployment("a:2", 2),
        )
        .await?;
    let replicas = kubectl
        .run("get deployment web -o jsonpath={.spec.replicas}", "")
        .await?;
    assert_eq!(replicas, "2");
    running.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn kubectl_applies_on_its_own_side_first() -> Result<()> {
    let running = cluster().await?;
    let kubectl = Kubectl::new(&running).await?;
    let said = kubectl.run("apply -f -", &deployment("a:1", 2)).await?;
    assert_eq!(said, "deployment.apps/web created\n");
    let said = kubectl.run("apply -f -", &deployment("a:1", 2)).await?;
    assert_eq!(said, "deployment.apps/web unchanged\n");
    let said = kubectl.run("apply -f -", &deployment("a:2", 2)).await?;
    assert_eq!(said, "deployment.apps/web configured\n");
    let diff = kubectl.call("diff -f -", &deployment("a:3", 2)).await?;
    assert_eq!(diff.code, Some(1), "{}", diff.err);
    // From now on the server does it, and what kubectl applied before is its own.
    let said = kubectl
        .run("apply --server-side -f -", &deployment("a:4", 2))
        .await?;
    assert_eq!(said, "deployment.apps/web serverside-applied\n");
    let managers =
        "get deployment web --show-managed-fields -o jsonpath={.metadata.managedFields[*].operation}";
    let managers = kubectl.run(managers, "").await?;
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

#[tokio::test]
async fn kubectl_knows_custom_resources() -> Result<()> {
    let running = cluster().await?;
    let kubectl = Kubectl::new(&running).await?;
    kubectl.run("apply --server-side -f -", DEFINITION).await?;
    kubectl
        .run(
            "wait --for=condition=Established crd/widgets.example.com --timeout=10s",
            "",
        )
        .await?;
    assert_eq!(
        kubectl.run("apply -f -", WIDGET).await?,
        "widget.example.com/one created\n"
    );
    let other = WIDGET.replace('3', "4");
    assert_eq!(
        kubectl.run("apply -f -", &other).await?,
        "widget.example.com/one configured\n"
    );
    let table = kubectl.run("get wd", "").await?;
    assert_eq!(table, "NAME   SIZE\none    4\n");
    kubectl.run("scale widget/one --replicas=5", "").await?;
    let size = kubectl.run("get widget one -o jsonpath={.spec.size}", "").await?;
    assert_eq!(size, "5");
    let told = kubectl.run("explain widget.spec.size", "").await?;
    assert!(told.contains("How large it is."), "{told}");
    let wrong = kubectl.call("apply -f -", &WIDGET.replace('3', "0")).await?;
    assert!(
        wrong
            .err
            .contains("spec.size in body should be greater than or equal to 1"),
        "{}",
        wrong.err
    );
    kubectl
        .run("delete crd widgets.example.com --timeout=10s", "")
        .await?;
    let gone = kubectl.call("get --raw /apis/example.com/v1/widgets", "").await?;
    assert!(gone.err.contains("NotFound"), "{}", gone.err);
    running.shutdown().await;
    Ok(())
}
