//! The walk through both clusters.

use std::fmt::Write as _;

use control_plane::{ControlPlane, User};
use serde_json::json;
use simulator::{Scenario, Simulator};

use crate::kubectl::{Kubectl, Ran};
use crate::normal::normal;

/// A command, and what of it has to be the same.
struct Step {
    args: Vec<String>,
    input: String,
    same: Same,
}

enum Same {
    /// Everything that it prints.
    Output,
    /// The same lines, in any order.
    Lines,
    /// The last line: how many there are before depends on how fast the pods are.
    Last,
    /// Only whether it succeeds.
    Code,
}

fn step(line: &str) -> Step {
    Step {
        args: words(line),
        input: String::new(),
        same: Same::Output,
    }
}

fn lines(line: &str) -> Step {
    Step {
        same: Same::Lines,
        ..step(line)
    }
}

fn last(line: &str) -> Step {
    Step {
        same: Same::Last,
        ..step(line)
    }
}

fn code(line: &str) -> Step {
    Step {
        same: Same::Code,
        ..step(line)
    }
}

fn given(line: &str, input: &str) -> Step {
    Step {
        input: input.to_owned(),
        ..step(line)
    }
}

/// Words at spaces, but for those in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        match index % 2 {
            0 => all.extend(part.split_whitespace().map(str::to_owned)),
            _ => all.push(part.to_owned()),
        }
    }
    all
}

fn node(name: &str) -> serde_json::Value {
    let resources = json!({"cpu": "32", "memory": "256Gi", "pods": "110"});
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": resources, "capacity": resources},
    })
}

fn steps(space: &str) -> Vec<Step> {
    let manifests = include_str!("walk.yaml");
    let changed = manifests.replace(
        "\"nginx:1\", ports: [{containerPort: 80}]}]}",
        "\"nginx:2\", env: [{name: A, value: '1'}], ports: [{containerPort: 81}, {containerPort: 80}]}]}",
    );
    let changed = changed
        .replace("schedule: \"0 0 1 1 *\"", "schedule: \"0 0 2 1 *\"")
        .replace("name: http", "name: web");
    // Other tests use the same cluster: their DaemonSets stay away.
    let node = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{walk: {space}}}}}, spec: {{taints: [{{key: walk, effect: NoSchedule}}]}}, status: {{allocatable: {{cpu: '4', memory: 8Gi, pods: '10'}}}}}}"
        )
    };
    let pods = "
apiVersion: v1
kind: Pod
metadata: {name: one, labels: {app: bare}}
spec: {nodeName: NODE, tolerations: [{operator: Exists}], containers: [{name: c, image: 'busybox:1'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two, labels: {app: bare}}
spec: {nodeName: NODE, tolerations: [{operator: Exists}], containers: [{name: c, image: 'busybox:1'}]}
"
    .replace("NODE", &format!("{space}-a"));
    let mut all = vec![
        step(&format!("create namespace {space}")),
        step("create serviceaccount robot"),
        step("create configmap made --from-literal=a=1 --from-literal=b=2"),
        step("create secret generic made --from-literal=password=x"),
        step("create role reader --verb=get,list --resource=pods,configmaps"),
        step(
            "create rolebinding readers --role=reader --serviceaccount=SPACE:robot --user=alice --group=team",
        ),
        step("create deployment created --image=nginx:1 --replicas=0 --port=80"),
        step("create service clusterip created --tcp=80:8080"),
        step("create quota made --hard=pods=50,requests.cpu=4,limits.memory=8Gi"),
        step("create poddisruptionbudget made --selector=app=none --min-available=1"),
        step("create job made --image=busybox:1 --dry-run=server"),
        step("create cronjob made --image=busybox:1 --schedule='0 0 1 1 *' --dry-run=server"),
        step("create ingress made --rule=a.example.org/*=web:80,tls=cert --dry-run=server -o yaml"),
        step("create clusterrole made --verb=get --resource=nodes --dry-run=server -o yaml"),
        step("create priorityclass made --value=7 --dry-run=server -o yaml"),
        step("create configmap made --from-literal=a=1"),
        given("apply -f -", manifests),
        given("apply -f -", manifests),
        step("wait --for=condition=Available deployment/web --timeout=30s"),
        step("wait --for=jsonpath={.status.readyReplicas}=2 deployment/web --timeout=30s"),
        last("rollout status deployment/web --timeout=30s"),
        given("diff -f -", &changed),
        given("apply -f -", &changed),
        given("diff -f -", &changed),
        step("rollout history deployment/web"),
    ];
    all.extend([
        step("get cm,secret,sa,role,rolebinding,quota,pdb,limits,pvc,ingress,netpol"),
        step("get deployments,rs,sts,ds,jobs,cronjobs,services"),
        step("get pods"),
        step("get all"),
    ]);
    for line in [
        "get pods -o wide",
        "get deploy,sts,ds,svc -o wide",
        "get rolebindings -o wide",
        "get all -o name",
        "get deployment/idle -o yaml",
        "get deployment idle -o json",
        "get configmap made -o yaml",
        "get service web -o yaml",
        "get role reader -o yaml",
        "get cm made -o jsonpath={.data.a}",
        "get pods -l app=web -o name",
        "get pods -l 'app in (web),tier!=x' --no-headers",
        "get pods -A --field-selector=metadata.namespace=SPACE",
        "get pods --field-selector=status.phase=Running -o custom-columns=NAME:.metadata.name,PHASE:.status.phase",
        "get deployments --sort-by=.metadata.name -o custom-columns=N:.metadata.name,R:.spec.replicas",
        "get deployments --show-labels",
        "get pods -L app",
        "get deployment none",
        "get nonsense",
        "get pods none -o yaml",
        "get events --field-selector=involvedObject.kind=Deployment,involvedObject.name=web -o custom-columns=R:.reason,M:.message",
        "describe configmap made",
        "describe secret made",
        "describe serviceaccount robot",
        "describe role reader",
        "describe rolebinding readers",
        "describe deployment idle",
        "describe deployment web",
        "describe job held",
        "describe pvc data",
        "describe service web",
        "describe statefulset idle",
        "describe cronjob sleepy",
        "describe ingress web",
        "describe networkpolicy closed",
        "describe quota made",
        "describe service idle",
        "describe pdb made --show-events=false",
        "auth can-i get pods",
        "auth can-i '*' '*'",
        "auth can-i list secrets --as=system:serviceaccount:SPACE:robot",
        "auth can-i list pods --as=system:serviceaccount:SPACE:robot",
        "auth can-i get /version --as=alice",
        "auth can-i create deployments.apps --as=alice",
        "auth whoami --as=alice --as-group=team",
        "scale deployment/web --replicas=3",
        "wait --for=jsonpath={.status.readyReplicas}=3 deployment/web --timeout=30s",
        "scale deployment/web --replicas=2 --current-replicas=3",
        "scale deployment/web --replicas=1 --current-replicas=9",
        "wait --for=jsonpath={.status.replicas}=2 deployment/web --timeout=30s",
        "label configmap made x=y",
        "label configmap made x=z",
        "label configmap made x=z --overwrite",
        "label configmap made x-",
        "annotate configmap made note=hello",
        "get configmap made --show-labels",
        "patch configmap made -p '{\"data\":{\"c\":\"3\"}}'",
        "patch configmap made --type=merge -p '{\"data\":{\"c\":null}}'",
        "patch configmap made --type=json -p '[{\"op\":\"remove\",\"path\":\"/data/b\"}]'",
        "patch deployment idle -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"nginx:9\"}]}}}}'",
        "set image deployment/idle c=nginx:10",
        "get configmap made -o jsonpath={.data}",
        "rollout restart deployment/web",
        "rollout status deployment/web --timeout=30s",
        "rollout history deployment/web",
        "rollout undo deployment/web",
        "rollout status deployment/web --timeout=30s",
        "rollout pause deployment/idle",
        "rollout pause deployment/idle",
        "rollout resume deployment/idle",
        "expose deployment idle --port=80 --name=exposed",
        "autoscale deployment idle --min=1 --max=3 --dry-run=server",
        "run runner --image=busybox:1 --restart=Never --dry-run=server",
        "delete configmap made",
        "delete configmap made",
        "delete configmap made --ignore-not-found",
        "delete deployment idle --dry-run=server",
        "delete deployment idle --wait=false",
        "delete role,rolebinding --all",
        "delete pods -l app=none",
    ] {
        let wide = line.contains("pods -o wide");
        all.push(match line {
            line if line.starts_with("rollout status") => last(line),
            line if wide => lines(line),
            line => step(line),
        });
    }
    all.push(lines("auth can-i --list --as=system:serviceaccount:SPACE:robot"));
    all.push(lines("auth can-i --list"));
    all.push(code("create token robot --duration=20m"));
    // Sorted by names with random ends.
    all.push(lines("describe replicaset -l app=idle"));
    // kubectl goes through limits and quotas as they come.
    all.push(lines("describe limitrange limits"));
    all.push(lines("describe namespace SPACE"));
    // Their containers have ids here, and were never anywhere on the real one.
    all.push(code("describe pods -l app=web"));
    all.extend([
        given("create -f - -o name", &node(&format!("{space}-a"))),
        code(&format!(
            "wait --for=condition=Ready node/{space}-a --timeout=30s"
        )),
        given("apply -f -", &pods),
        step("wait --for=jsonpath={.status.phase}=Running pod/one pod/two --timeout=30s"),
        step(&format!("get nodes -l walk={space}")),
        step(&format!("cordon {space}-a")),
        step(&format!("cordon {space}-a")),
        step(&format!("get nodes -l walk={space}")),
        step(&format!("drain {space}-a")),
        lines(&format!("drain {space}-a --force --dry-run=server")),
        lines(&format!("drain {space}-a --force --grace-period=1 --timeout=30s")),
        step("get pods -l app=bare"),
        step(&format!("uncordon {space}-a")),
        step(&format!("delete node {space}-a")),
        code("delete deployment web --wait=false"),
    ]);
    for step in &mut all {
        for arg in &mut step.args {
            *arg = arg.replace("SPACE", space);
        }
        step.args.extend(["--namespace".to_owned(), space.to_owned()]);
        if step.args.first().is_some_and(|first| first == "create")
            && step.args.get(1).is_some_and(|kind| kind == "namespace")
        {
            step.args.truncate(3);
        }
    }
    all
}

fn difference(step: &Step, simulated: &Ran, real: &Ran) -> Option<String> {
    let shown = |ran: &Ran| {
        let mut lines: Vec<String> = normal(&format!("{}\n{}", ran.out, ran.err))
            .lines()
            .map(str::to_owned)
            .collect();
        if matches!(step.same, Same::Lines) {
            lines.sort();
        }
        lines.retain(|line| !line.is_empty());
        match step.same {
            Same::Code => Vec::new(),
            Same::Last => lines.pop().into_iter().collect(),
            _ => lines,
        }
    };
    let (ours, theirs) = (shown(simulated), shown(real));
    if ours == theirs && simulated.code == real.code {
        return None;
    }
    let mut text = format!(
        "== kubectl {}  (code {} and {})\n",
        step.args.join(" "),
        simulated.code,
        real.code
    );
    let only = |some: &[String], others: &[String]| -> Vec<String> {
        let mut others = others.to_vec();
        let mut only = some.to_vec();
        only.retain(|line| match others.iter().position(|other| other == line) {
            Some(index) => {
                others.swap_remove(index);
                false
            }
            None => true,
        });
        only
    };
    for line in only(&ours, &theirs) {
        let _ = writeln!(text, "  simulator {line}");
    }
    for line in only(&theirs, &ours) {
        let _ = writeln!(text, "  real      {line}");
    }
    Some(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_commands_print_the_same() {
    let simulator = Simulator::new()
        .tls()
        .scenario(Scenario::Empty)
        .objects(["node-0", "node-1"].map(node));
    let running = simulator.start().await.unwrap();
    let simulated = running.kubeconfig("cluster");
    let failures = tokio::task::spawn_blocking(move || {
        let plane = ControlPlane::shared().unwrap();
        let real = std::fs::read_to_string(plane.kubeconfig(User::Admin)).unwrap();
        let clusters = [
            Kubectl::with("simulated", &simulated),
            Kubectl::with("real", &real),
        ];
        let space = format!("walk-{:06x}", std::process::id() & 0xff_ffff);
        let steps = steps(&space);
        let steps_of = &steps;
        let walk = |kubectl: Kubectl| {
            let run = move |step: &Step| {
                let args: Vec<&str> = step.args.iter().map(String::as_str).collect();
                kubectl.run_with(&args, &step.input)
            };
            move || steps_of.iter().map(run).collect::<Vec<Ran>>()
        };
        let ran = std::thread::scope(|scope| {
            // Both begin before one of them is waited for.
            let walks = clusters.map(|kubectl| scope.spawn(walk(kubectl)));
            walks.map(|walk| walk.join().unwrap())
        });
        let [simulated, real] = ran;
        let pairs = steps.iter().zip(simulated.iter().zip(&real));
        let failures: Vec<String> = pairs
            .filter_map(|(step, (simulated, real))| difference(step, simulated, real))
            .collect();
        eprintln!(
            "kubectl: {} of {} commands print the same",
            steps.len() - failures.len(),
            steps.len()
        );
        failures
    });
    let failures = failures.await.unwrap();
    running.shutdown().await;
    assert!(
        failures.is_empty(),
        "{} commands differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
