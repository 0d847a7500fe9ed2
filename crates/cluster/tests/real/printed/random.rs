//! Objects that nobody thought of: their statuses are thrown from the fields that printers look at.

use serde_json::{Value, json};

use super::ago;
use super::api::{deleted, object};

/// The same seed, the same objects.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    fn time(&mut self) -> String {
        ago(*self.of(&[-90_000, 0, 40, 119, 300, 4000, 40_000, 900_000, 90_000_000]))
    }

    fn condition(&mut self, kind: &str, reasons: &[&str]) -> Value {
        let status = *self.of(&["True", "True", "False", "Unknown"]);
        json!({"type": kind, "status": status, "reason": self.of(reasons), "lastTransitionTime": self.time()})
    }
}

pub fn pods(seed: u64, count: usize) -> Vec<Value> {
    let mut dice = Dice::new(seed);
    (0..count)
        .map(|index| pod(&mut dice, &format!("random-{index}")))
        .collect()
}

fn pod(dice: &mut Dice, name: &str) -> Value {
    let containers =
        (0..=dice.below(3)).map(|index| json!({"name": format!("c{index}"), "image": "example/x:1"}));
    let containers: Vec<Value> = containers.collect();
    let init: Vec<Value> = (0..dice.below(4))
        .map(|index| {
            let mut container = json!({"name": format!("i{index}"), "image": "example/x:1"});
            if dice.once_in(2) {
                container["restartPolicy"] = "Always".into();
            }
            container
        })
        .collect();
    let gates: Vec<String> = (0..dice.below(5).saturating_sub(2))
        .map(|index| format!("example.org/g{index}"))
        .collect();
    let mut conditions = Vec::new();
    let reasons: [(&str, &[&str]); 4] = [
        ("PodScheduled", &["", "", "", "Unschedulable", "SchedulingGated"]),
        ("Initialized", &[""]),
        ("Ready", &["", "ContainersNotReady"]),
        ("DisruptionTarget", &["PreemptionByScheduler"]),
    ];
    for (kind, reasons) in reasons {
        if !dice.once_in(3) {
            conditions.push(dice.condition(kind, reasons));
        }
    }
    for gate in &gates {
        if dice.once_in(2) {
            conditions.push(dice.condition(gate, &[""]));
        }
    }
    let phase = *dice.of(&[
        "Pending",
        "Running",
        "Running",
        "Running",
        "Succeeded",
        "Failed",
        "Unknown",
        "",
    ]);
    let reason = *dice.of(&[
        "",
        "",
        "",
        "",
        "",
        "Evicted",
        "NodeLost",
        "Shutdown",
        "NodeAffinity",
    ]);
    let mut status = json!({"phase": phase, "conditions": conditions});
    if !reason.is_empty() {
        status["reason"] = reason.into();
    }
    status["initContainerStatuses"] = statuses(dice, &init);
    status["containerStatuses"] = statuses(dice, &containers);
    if dice.once_in(3) {
        status["podIP"] = "10.9.8.7".into();
        status["podIPs"] = json!([{"ip": "10.9.8.7"}]);
    }
    let spec = json!({"containers": containers, "initContainers": init,
        "readinessGates": gates.iter().map(|gate| json!({"conditionType": gate})).collect::<Vec<_>>()});
    let mut pod = object("Pod", name, json!({"spec": spec, "status": status}));
    if dice.once_in(3) {
        pod["spec"]["nodeName"] = "node-0".into();
    }
    if dice.once_in(5) { deleted(pod) } else { pod }
}

/// Statuses of most of the containers, mostly in their order.
fn statuses(dice: &mut Dice, containers: &[Value]) -> Value {
    let mut all = Vec::new();
    for container in containers {
        if dice.once_in(8) {
            continue;
        }
        let status = json!({"name": container["name"], "image": "example/x:1", "imageID": "", "ready": dice.once_in(2),
            "restartCount": dice.below(4).pow(3), "state": state(dice), "lastState": last_state(dice)});
        all.push(status);
        if dice.once_in(2) {
            all.last_mut().unwrap()["started"] = dice.once_in(2).into();
        }
    }
    if dice.once_in(10) {
        all.reverse();
    }
    all.into()
}

fn state(dice: &mut Dice) -> Value {
    let mut state = json!({});
    let which = dice.below(12);
    if which < 4 || which == 10 {
        state["running"] = json!({"startedAt": dice.time()});
    }
    if (4..6).contains(&which) || which >= 10 {
        let reasons = [
            "",
            "PodInitializing",
            "ContainerCreating",
            "CrashLoopBackOff",
            "ErrImagePull",
            "Completed",
            "Else",
        ];
        state["waiting"] = json!({"reason": dice.of(&reasons)});
    }
    if (6..10).contains(&which) || which == 11 {
        state["terminated"] = terminated(dice);
    }
    state
}

fn terminated(dice: &mut Dice) -> Value {
    let reasons = [
        "",
        "",
        "Completed",
        "Completed",
        "Completed",
        "Error",
        "OOMKilled",
        "DeadlineExceeded",
        "PodInitializing",
    ];
    json!({"exitCode": dice.of(&[0, 0, 0, 1, 137, 255]), "signal": dice.of(&[0, 0, 9, 15]), "reason": dice.of(&reasons),
        "startedAt": dice.time(), "finishedAt": dice.time()})
}

fn last_state(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({}),
        1 => state(dice),
        _ => json!({"terminated": terminated(dice)}),
    }
}

/// Nodes, Services, Ingresses and autoscalers.
pub fn others(seed: u64, count: usize) -> Vec<Value> {
    let mut dice = Dice::new(seed ^ 0xabcd);
    let mut all = Vec::new();
    for index in 0..count {
        let name = format!("random-{index}");
        all.push(node(&mut dice, &name));
        all.push(service(&mut dice, &name));
        all.push(ingress(&mut dice, &name));
        all.push(autoscaler(&mut dice, &name));
    }
    all
}

fn node(dice: &mut Dice, name: &str) -> Value {
    let mut labels = json!({});
    for role in ["a", "b", "c", "worker"] {
        if dice.once_in(3) {
            labels[format!("node-role.kubernetes.io/{role}")] = (*dice.of(&["", "x", "false"])).into();
        }
    }
    if dice.once_in(3) {
        labels["kubernetes.io/role"] = (*dice.of(&["", "a", "z"])).into();
    }
    let mut conditions = Vec::new();
    for kind in ["MemoryPressure", "Ready", "DiskPressure"] {
        if !dice.once_in(4) {
            conditions.push(dice.condition(kind, &["r"]));
        }
    }
    let mut addresses = Vec::new();
    for kind in [
        "Hostname",
        "ExternalIP",
        "InternalIP",
        "InternalIP",
        "ExternalDNS",
    ] {
        if dice.once_in(2) {
            addresses.push(json!({"type": kind, "address": format!("10.0.0.{}", dice.below(200))}));
        }
    }
    object(
        "Node",
        name,
        json!({"metadata": {"labels": labels}, "spec": {"unschedulable": dice.once_in(2)},
        "status": {"conditions": conditions, "addresses": addresses}}),
    )
}

fn service(dice: &mut Dice, name: &str) -> Value {
    let kind = *dice.of(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]);
    let ports: Vec<Value> = (0..=dice.below(4))
        .map(|index| json!({"name": format!("p{index}"), "port": 80 + index, "protocol": dice.of(&["TCP", "UDP"])}))
        .collect();
    let mut spec = json!({"type": kind, "ports": ports});
    if kind == "ExternalName" {
        spec["externalName"] = "db.example.org".into();
    }
    let ips: Vec<String> = (0..dice.below(4).saturating_sub(1))
        .map(|_| format!("192.0.2.{}", dice.below(99)))
        .collect();
    spec["externalIPs"] = json!(ips);
    let points = if kind == "LoadBalancer" { dice.below(4) } else { 0 };
    let points: Vec<Value> = (0..points)
        .map(|_| match dice.below(2) {
            0 => json!({"ip": format!("203.0.113.{}", dice.below(99)), "ipMode": "VIP"}),
            _ => json!({"hostname": format!("lb-{}.example.org", dice.below(99))}),
        })
        .collect();
    object(
        "Service",
        name,
        json!({"spec": spec, "status": {"loadBalancer": {"ingress": points}}}),
    )
}

fn ingress(dice: &mut Dice, name: &str) -> Value {
    let backend = json!({"service": {"name": "x", "port": {"number": 80}}});
    let rules: Vec<Value> = (0..dice.below(7))
        .map(|_| match dice.below(3) {
            0 => json!({"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}),
            _ => json!({"host": format!("h{}.example.org", dice.below(99))}),
        })
        .collect();
    let mut spec = json!({"defaultBackend": backend, "rules": rules});
    if dice.once_in(2) {
        spec["tls"] = json!([{"secretName": "x"}]);
    }
    object("Ingress", name, json!({"spec": spec}))
}

fn autoscaler(dice: &mut Dice, name: &str) -> Value {
    let metric = json!({"name": "m"});
    let thing = json!({"apiVersion": "v1", "kind": "Service", "name": "x"});
    let (mut wanted, mut current) = (Vec::new(), Vec::new());
    for _ in 0..=dice.below(3) {
        let (kind, field) = *dice.of(&[
            ("Resource", "resource"),
            ("Pods", "pods"),
            ("Object", "object"),
            ("External", "external"),
            ("ContainerResource", "containerResource"),
        ]);
        let mut source = match kind {
            "Resource" => json!({"name": "cpu"}),
            "ContainerResource" => json!({"name": "memory", "container": "main"}),
            "Object" => json!({"metric": metric, "describedObject": thing}),
            _ => json!({"metric": metric}),
        };
        let mut now = source.clone();
        source["target"] = match kind {
            "Resource" | "ContainerResource" if dice.once_in(2) => {
                json!({"type": "Utilization", "averageUtilization": 80})
            }
            "Object" | "External" if dice.once_in(2) => json!({"type": "Value", "value": "4k"}),
            _ => json!({"type": "AverageValue", "averageValue": "1500m"}),
        };
        now["current"] = json!({"value": "3"});
        if dice.once_in(2) {
            now["current"]["averageValue"] = (*dice.of(&["0", "12", "7500m", "1048576"])).into();
        }
        if dice.once_in(2) && field.contains("esource") {
            now["current"]["averageUtilization"] = dice.below(200).into();
        }
        wanted.push(json!({"type": kind, field: source}));
        if !dice.once_in(4) {
            current.push(json!({"type": kind, field: now}));
        }
    }
    object(
        "HorizontalPodAutoscaler",
        name,
        json!({
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}, "maxReplicas": 9, "metrics": wanted},
        "status": {"desiredReplicas": dice.below(9), "currentReplicas": dice.below(9), "currentMetrics": current}}),
    )
}
