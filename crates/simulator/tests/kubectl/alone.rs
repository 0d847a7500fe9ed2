//! What needs kubelets, with the simulator alone: logs, exec, attach and top, in the demo.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::OnceLock;

use simulator::{Running, Scenario, Simulator};
use tokio::runtime::Runtime;

use crate::kubectl::Kubectl;

/// The demo, for all tests of this file; its processes end with ours.
fn demo() -> &'static Kubectl {
    static DEMO: OnceLock<(Runtime, Running, Kubectl)> = OnceLock::new();
    let (_, _, kubectl) = DEMO.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let running = runtime
            .block_on(Simulator::new().tls().scenario(Scenario::Demo).start())
            .unwrap();
        let kubectl = Kubectl::with("demo", &running.kubeconfig("demo"));
        (runtime, running, kubectl)
    });
    kubectl
}

/// A running pod, not on the node whose kubelet does not answer.
fn pod(kubectl: &Kubectl, namespace: &str, start: &str) -> String {
    let names = kubectl.ok(&[
        "get",
        "pods",
        "-n",
        namespace,
        "-o",
        "name",
        "--field-selector=status.phase=Running,spec.nodeName!=worker-3",
    ]);
    let found = names
        .lines()
        .find_map(|line| line.strip_prefix("pod/").filter(|name| name.starts_with(start)));
    found
        .unwrap_or_else(|| panic!("no pod {start} in {namespace}: {names}"))
        .to_owned()
}

#[test]
fn logs_are_read_in_parts_and_say_that_they_are_made_up() {
    let kubectl = demo();
    let name = pod(kubectl, "kube-system", "coredns-");
    let logs = |more: &[&str]| {
        let args = [&["logs", "-n", "kube-system", name.as_str()], more].concat();
        kubectl.ok(&args)
    };
    let all = logs(&[]);
    assert!(
        all.starts_with("[simulated] log of kube-system/"),
        "{}",
        all.lines().next().unwrap()
    );
    assert!(all.lines().count() > 100);
    assert_eq!(logs(&["--tail=5"]).lines().count(), 5);
    assert!(logs(&["--limit-bytes=10"]).len() == 10);
    let stamped = logs(&["--tail=1", "--timestamps"]);
    assert!(stamped.split(' ').next().unwrap().ends_with('Z'), "{stamped}");
    assert!(logs(&["--since=20s"]).lines().count() < all.lines().count());
    let none = kubectl.run_with(&["logs", "-n", "kube-system", &name, "--previous"], "");
    assert_ne!(none.code, 0);
    assert!(none.err.contains("previous terminated container"), "{}", none.err);
}

#[test]
fn the_logs_of_what_fails_tell_why() {
    let kubectl = demo();
    let names = kubectl.ok(&["get", "pods", "-n", "orders", "-o", "name"]);
    let find = |start: &str| {
        names
            .lines()
            .find(|line| line.contains(start))
            .unwrap()
            .to_owned()
    };
    let killed = kubectl.ok(&[
        "logs",
        "-n",
        "orders",
        &find("invoice-renderer"),
        "--previous",
        "--tail=1",
    ]);
    assert!(killed.contains("out of memory"), "{killed}");
    let waits = kubectl.run_with(&["logs", "-n", "orders", &find("notifications")], "");
    assert_eq!(waits.code, 1);
    assert!(
        waits
            .err
            .contains("is waiting to start: CreateContainerConfigError"),
        "{}",
        waits.err
    );
}

#[test]
fn a_log_that_is_followed_goes_on_until_the_pod_goes() {
    let kubectl = demo();
    let name = pod(kubectl, "storefront", "api-gateway-");
    let mut child = kubectl
        .command(&["logs", "-f", "--tail=0", "-n", "storefront", &name])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("HTTP/1.1"));
    kubectl.ok(&[
        "delete",
        "pod",
        "-n",
        "storefront",
        &name,
        "--grace-period=1",
        "--wait=false",
    ]);
    assert_eq!(lines.map(Result::unwrap).last().as_deref(), Some("exiting"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn commands_run_in_containers_and_tell_how_they_ended() {
    let kubectl = demo();
    let name = pod(kubectl, "storefront", "web-");
    let exec = |flags: &[&str], command: &[&str], input: &str| {
        let args = [
            &["exec", "-n", "storefront", name.as_str()],
            flags,
            &["--"],
            command,
        ]
        .concat();
        kubectl.run_with(&args, input)
    };
    assert_eq!(exec(&[], &["hostname"], "").out, format!("{name}\n"));
    assert!(exec(&[], &["cat", "/README"], "").out.contains("simulated"));
    let failed = exec(&[], &["sh", "-c", "echo out; nonsense; exit 3"], "");
    assert_eq!((failed.code, failed.out.as_str()), (3, "out\n"), "{}", failed.err);
    assert!(failed.err.contains("nonsense: not found"), "{}", failed.err);
    assert_eq!(exec(&[], &["nonsense"], "").code, 127);
    let shell = exec(&["-i"], &["sh"], "echo hello\nexit 7\n");
    assert_eq!((shell.code, shell.out.as_str()), (7, "hello\n"), "{}", shell.err);
    assert_eq!(exec(&["-i"], &["cat"], "as it came\n").out, "as it came\n");
    let forward = kubectl.run_with(&["port-forward", "-n", "storefront", &name, ":80"], "");
    assert!(forward.err.contains("pods/portforward"), "{}", forward.err);
}

#[test]
fn who_attaches_sees_what_is_said_from_then_on() {
    let kubectl = demo();
    let name = pod(kubectl, "storefront", "web-");
    let mut command = kubectl.command(&["attach", "-n", "storefront", &name]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains("HTTP/1.1"), "{first}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// `kubectl exec -it` wants a terminal; `script` gives it one.
#[test]
fn a_terminal_is_served() {
    let kubectl = demo();
    let name = pod(kubectl, "storefront", "web-");
    let line = format!(
        "{} --kubeconfig {} exec -it -n storefront {name} -- sh",
        kubectl.program.display(),
        kubectl.kubeconfig.display()
    );
    let mut command = std::process::Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("there is no `script` here to make a terminal with");
        return;
    };
    let mut input = child.stdin.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut seen = String::new();
    let mut until = |text: &str| {
        let mut bytes = [0; 256];
        while !seen.contains(text) {
            let count = output.read(&mut bytes).unwrap();
            assert!(count > 0, "{text} does not come: {seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        std::mem::take(&mut seen)
    };
    assert!(until("/ # ").contains("simulated shell"));
    input.write_all(b"echo one twx\x7fo\r").unwrap();
    assert!(until("/ # ").contains("one two\r\n"));
    input.write_all(b"exit 5\r").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn top_shows_what_nodes_pods_and_containers_use() {
    let kubectl = demo();
    let nodes = kubectl.ok(&["top", "nodes"]);
    assert!(nodes.contains("worker-1") && nodes.contains('%'), "{nodes}");
    let pods = kubectl.ok(&["top", "pods", "-n", "storefront"]);
    assert!(pods.lines().count() > 3 && pods.contains("web-"), "{pods}");
    let containers = kubectl.ok(&["top", "pods", "-A", "--containers", "--sort-by=cpu"]);
    assert!(containers.lines().count() > pods.lines().count());
    assert!(
        kubectl
            .ok(&["get", "podmetrics", "-n", "storefront"])
            .contains("15s")
    );
}

/// What there is to print and to describe of a cluster that lives.
#[test]
fn the_demo_can_be_looked_at() {
    let kubectl = demo();
    let all = kubectl.ok(&["get", "all", "-A"]);
    for kind in [
        "pod/",
        "service/",
        "deployment.apps/",
        "daemonset.apps/",
        "statefulset.apps/",
        "job.batch/",
        "cronjob.batch/",
        "horizontalpodautoscaler.autoscaling/",
    ] {
        assert!(all.contains(kind), "{kind}");
    }
    let kinds = "events,hpa,quota,limits,rolebindings,clusterrolebindings,clusterroles,roles,pvc,pv,sc,ingress,netpol,pdb,\
        endpointslices,priorityclasses,controllerrevisions,apiservices,sa,cm,secrets,nodes,namespaces,leases";
    assert!(kubectl.ok(&["get", kinds, "-A", "-o", "wide"]).lines().count() > 300);
    let kinds = "nodes,pods,hpa,deployments,statefulsets,jobs,services,pvc,quota";
    // kubectl lists first and then gets one by one: what ends in between is an error to it.
    let described = std::iter::repeat_with(|| kubectl.run_with(&["describe", kinds, "-A"], ""))
        .find(|ran| ran.code == 0 || !ran.err.contains("NotFound"))
        .unwrap();
    assert_eq!(described.code, 0, "{}", described.err);
    let described = described.out;
    for text in [
        "Allocated resources:",
        "OOMKilled",
        "CrashLoopBackOff",
        "AbleToScale",
    ] {
        assert!(described.contains(text), "{text}");
    }
    let pod = "app.kubernetes.io/name=fraud-detection";
    let pending = kubectl.ok(&["describe", "pods", "-n", "payments", "-l", pod]);
    assert!(pending.contains("FailedScheduling"), "{pending}");
    let rights = kubectl.ok(&["auth", "can-i", "--list"]);
    assert!(rights.contains("*.*"), "{rights}");
    let token = kubectl.ok(&["create", "token", "default", "-n", "storefront"]);
    let who = kubectl.ok(&["auth", "whoami", "-o", "name", "--token", token.trim()]);
    assert!(!who.is_empty());
}
