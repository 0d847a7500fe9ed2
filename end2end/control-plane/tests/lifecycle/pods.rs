//! Pods run, and fail when their annotation says so.

use anyhow::{Context, Result, ensure};
use control_plane::{ControlPlane, STATE_ANNOTATION};

use crate::{deployment, eventually, eventually_prints};

/// READY, STATUS and RESTARTS of a Pod, in the words of `kubectl get`.
fn row(plane: &ControlPlane, namespace: &str, pod: &str) -> String {
    let row = plane
        .run_kubectl(["-n", namespace, "get", "pod", pod, "--no-headers"])
        .unwrap_or_default();
    let columns: Vec<_> = row.split_whitespace().collect();
    columns
        .get(1..4)
        .map(|columns| columns.join(" "))
        .unwrap_or_default()
}

fn eventually_row(plane: &ControlPlane, namespace: &str, pod: &str, expected: &str) -> Result<()> {
    let mut last = String::new();
    eventually(expected, || {
        last = row(plane, namespace, pod);
        last == expected
    })
    .with_context(|| format!("pod {pod} is {last:?}"))
}

#[test]
fn a_deployment_becomes_running_pods() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace("deployment")?;
    plane.apply(&namespace, &deployment("web", 4, ""))?;
    let ready = "jsonpath={.status.readyReplicas}";
    eventually_prints(
        plane,
        &["-n", &namespace, "get", "deployment", "web", "-o", ready],
        "4",
    )?;
    let phases = "jsonpath={.items[*].status.phase}";
    let phases = plane.run_kubectl(["-n", &namespace, "get", "pods", "-o", phases])?;
    ensure!(phases == "Running Running Running Running", "{phases}");
    let nodes = plane.run_kubectl([
        "-n",
        &namespace,
        "get",
        "pods",
        "-o",
        "jsonpath={.items[*].spec.nodeName}",
    ])?;
    ensure!(nodes.contains("node-0") && nodes.contains("node-1"), "{nodes}");
    let logs = plane.run_kubectl(["-n", &namespace, "logs", "deployment/web", "--tail", "1"])?;
    ensure!(logs.contains("played by kwok"), "{logs}");
    Ok(())
}

#[test]
fn the_annotation_makes_pods_fail_from_their_creation() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace("states")?;
    let states = [
        ("crash-loop", "0/1 CrashLoopBackOff 3"),
        ("image-pull-back-off", "0/1 ImagePullBackOff 0"),
        ("oom-killed", "0/1 OOMKilled 3"),
        ("recovered", "1/1 Running 4"),
    ];
    for (state, _) in states {
        plane.apply(
            &namespace,
            &deployment(state, 1, &format!("{STATE_ANNOTATION}: {state}")),
        )?;
    }
    let mut pods = Vec::new();
    for (state, expected) in states {
        let select = format!("app={state}");
        let args = [
            "-n",
            &namespace,
            "get",
            "pods",
            "-l",
            &select,
            "-o",
            "jsonpath={.items[0].metadata.name}",
        ];
        eventually("a pod", || plane.run_kubectl(args).is_ok())?;
        let pod = plane.run_kubectl(args)?;
        eventually_row(plane, &namespace, &pod, expected)?;
        pods.push((pod, expected));
    }
    // They stay so: the stages for Pods that are well leave them alone. Other work passes through kwok
    // meanwhile.
    plane.apply(&namespace, &deployment("well", 3, ""))?;
    let ready = "jsonpath={.status.readyReplicas}";
    eventually_prints(
        plane,
        &["-n", &namespace, "get", "deployment", "well", "-o", ready],
        "3",
    )?;
    for (pod, expected) in pods {
        ensure!(
            row(plane, &namespace, &pod) == expected,
            "{pod} did not stay {expected}"
        );
        let written = "jsonpath={.metadata.managedFields[?(@.subresource=='status')].manager}";
        let writers = plane.run_kubectl(["-n", &namespace, "get", "pod", &pod, "-o", written])?;
        ensure!(writers.contains("kwok"), "{writers}");
    }
    Ok(())
}

#[test]
fn the_annotation_makes_a_running_pod_crash_and_recover() -> Result<()> {
    let plane = ControlPlane::shared()?;
    let namespace = plane.namespace("crash")?;
    plane.run_kubectl(["-n", &namespace, "run", "main", "--image", "example/main"])?;
    eventually_row(plane, &namespace, "main", "1/1 Running 0")?;

    let annotate = |state: &str| {
        let annotation = format!("{STATE_ANNOTATION}={state}");
        plane.run_kubectl([
            "-n",
            &namespace,
            "annotate",
            "--overwrite",
            "pod",
            "main",
            &annotation,
        ])
    };
    annotate("crash-loop")?;
    eventually_row(plane, &namespace, "main", "0/1 CrashLoopBackOff 3")?;
    let last = "jsonpath={.status.containerStatuses[0].lastState.terminated['exitCode','reason']}";
    let last = plane.run_kubectl(["-n", &namespace, "get", "pod", "main", "-o", last])?;
    ensure!(last == "1 Error", "{last}");
    let reason = "jsonpath={.items[?(@.type=='Warning')].reason}";
    eventually_prints(
        plane,
        &["-n", &namespace, "get", "events", "-o", reason],
        "BackOff",
    )?;

    annotate("image-pull-back-off")?;
    eventually_row(plane, &namespace, "main", "0/1 ImagePullBackOff 0")?;
    annotate("oom-killed")?;
    eventually_row(plane, &namespace, "main", "0/1 OOMKilled 3")?;
    annotate("recovered")?;
    eventually_row(plane, &namespace, "main", "1/1 Running 4")
}
