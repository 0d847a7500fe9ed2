//! Makes `data/protobuf.txt`: the numbers of the fields of every type that clients send as protobuf, from the
//! `generated.proto` files of Kubernetes' Go modules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// What is posted: the kinds that can be written, reviews, and the objects of subresources.
const ROOTS: &[&str] = &[
    "apps.v1.DaemonSet",
    "apps.v1.Deployment",
    "apps.v1.ReplicaSet",
    "apps.v1.StatefulSet",
    "authentication.v1.SelfSubjectReview",
    "authentication.v1.TokenRequest",
    "authentication.v1.TokenReview",
    "authorization.v1.LocalSubjectAccessReview",
    "authorization.v1.SelfSubjectAccessReview",
    "authorization.v1.SelfSubjectRulesReview",
    "authorization.v1.SubjectAccessReview",
    "autoscaling.v1.Scale",
    "autoscaling.v2.HorizontalPodAutoscaler",
    "batch.v1.CronJob",
    "batch.v1.Job",
    "coordination.v1.Lease",
    "core.v1.Binding",
    "core.v1.ConfigMap",
    "core.v1.Event",
    "core.v1.LimitRange",
    "core.v1.Namespace",
    "core.v1.Node",
    "core.v1.PersistentVolume",
    "core.v1.PersistentVolumeClaim",
    "core.v1.Pod",
    "core.v1.ResourceQuota",
    "core.v1.Secret",
    "core.v1.Service",
    "core.v1.ServiceAccount",
    "discovery.v1.EndpointSlice",
    "meta.v1.DeleteOptions",
    "networking.v1.Ingress",
    "networking.v1.NetworkPolicy",
    "policy.v1.Eviction",
    "policy.v1.PodDisruptionBudget",
    "rbac.v1.ClusterRole",
    "rbac.v1.ClusterRoleBinding",
    "rbac.v1.Role",
    "rbac.v1.RoleBinding",
    "scheduling.v1.PriorityClass",
    "storage.v1.StorageClass",
];

/// Types with a form of their own in JSON; `src/protobuf.rs` knows them.
const SPECIAL: &[&str] = &[
    "api.resource.Quantity",
    "meta.v1.FieldsV1",
    "meta.v1.MicroTime",
    "meta.v1.Time",
    "runtime.RawExtension",
    "util.intstr.IntOrString",
    "authentication.v1.ExtraValue",
    "authorization.v1.ExtraValue",
];

const HEAD: &str = "\
# The types that clients send as protobuf, a line each: its name, and its fields as number=name:type. A type is s (text),
# i (integer), b (boolean), y (bytes) or another type's name; * before it is a list, % a map from texts, and ~ before
# the name a part whose fields JSON shows among those of the type itself.
";

struct Proto {
    number: u32,
    name: String,
    holds: String,
    repeated: bool,
    map: bool,
}

#[test]
#[ignore = "rewrites a file of the source tree"]
fn regenerate_the_table_of_protobuf() -> Result<()> {
    let mut messages = BTreeMap::new();
    for module in ["k8s.io/api", "k8s.io/apimachinery"] {
        collect(&module_folder(module)?, &mut messages)?;
    }
    let schemas = schemas()?;
    let mut waiting: Vec<String> = ROOTS.iter().map(|name| (*name).to_owned()).collect();
    let mut done = BTreeSet::new();
    let mut lines = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if SPECIAL.contains(&name.as_str()) || !done.insert(name.clone()) {
            continue;
        }
        let fields = messages
            .get(&name)
            .with_context(|| format!("there is no message {name}"))?;
        let mut line = name.clone();
        for field in fields {
            let shown = json_name(&schemas, &name, field)?;
            let simple = ["s", "i", "b", "y"].contains(&field.holds.as_str());
            if !simple {
                waiting.push(field.holds.clone());
            }
            let many = if field.map {
                "%"
            } else if field.repeated {
                "*"
            } else {
                ""
            };
            write!(line, " {}={shown}:{many}{}", field.number, field.holds)?;
        }
        lines.insert(line);
    }
    let text: Vec<String> = lines.into_iter().collect();
    let file = Path::new("data/protobuf.txt");
    std::fs::write(file, format!("{HEAD}{}\n", text.join("\n")))?;
    Ok(())
}

fn module_folder(module: &str) -> Result<PathBuf> {
    let cluster = Path::new("../../end2end/cluster");
    let output = Command::new("go")
        .args(["list", "-m", "-f", "{{.Dir}}", module])
        .current_dir(cluster)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

/// The messages of all `generated.proto` files below a folder.
fn collect(folder: &Path, messages: &mut BTreeMap<String, Vec<Proto>>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, messages)?;
        } else if path.ends_with("generated.proto") {
            read(&std::fs::read_to_string(&path)?, messages).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn read(text: &str, messages: &mut BTreeMap<String, Vec<Proto>>) -> Result<()> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut package = "";
    let mut message = String::new();
    for line in lines {
        if let Some(name) = line.strip_prefix("package ") {
            package = name.trim_end_matches(';');
        } else if let Some(name) = line.strip_prefix("message ") {
            message = short(&format!("{package}.{}", name.trim_end_matches(" {")));
            messages.insert(message.clone(), Vec::new());
        } else if ["optional ", "repeated ", "map<"]
            .iter()
            .any(|rule| line.starts_with(rule))
        {
            let field = field(line, package)?;
            messages.entry(message.clone()).or_default().push(field);
        }
    }
    Ok(())
}

/// `core.v1`, `meta.v1`, `api.resource`: what tells the packages apart.
fn short(name: &str) -> String {
    let name = name.trim_start_matches("k8s.io.");
    let name = name.strip_prefix("apimachinery.pkg.apis.").unwrap_or(name);
    let name = name.strip_prefix("apimachinery.pkg.").unwrap_or(name);
    match name.strip_prefix("api.") {
        Some(rest) if !rest.starts_with("resource.Quantity") => rest.to_owned(),
        _ => name.to_owned(),
    }
}

fn field(line: &str, package: &str) -> Result<Proto> {
    let (left, number) = line
        .trim_end_matches(';')
        .split_once(" = ")
        .context("a field has a number")?;
    let number = number.parse()?;
    let holds = |text: &str| -> Result<String> {
        Ok(match text {
            "string" => "s".to_owned(),
            "int32" | "int64" => "i".to_owned(),
            "bool" => "b".to_owned(),
            "bytes" => "y".to_owned(),
            text if text.starts_with('.') => short(text.trim_start_matches('.')),
            text if text.starts_with(char::is_uppercase) => short(&format!("{package}.{text}")),
            // Of kinds that nobody sends.
            text => format!("?{text}"),
        })
    };
    if let Some(rest) = left.strip_prefix("map<") {
        let (types, name) = rest.split_once("> ").context("a map has types")?;
        let (key, value) = types.split_once(", ").context("a map has two types")?;
        ensure!(key == "string", "a map from {key}");
        return Ok(Proto {
            number,
            name: name.to_owned(),
            holds: holds(value)?,
            repeated: false,
            map: true,
        });
    }
    let words: Vec<&str> = left.split(' ').collect();
    let [rule, kind, name] = words.as_slice() else {
        bail!("{line}")
    };
    Ok(Proto {
        number,
        name: (*name).to_owned(),
        holds: holds(kind)?,
        repeated: *rule == "repeated",
        map: false,
    })
}

/// The field's name in JSON; with `~` where JSON has no such field.
fn json_name(schemas: &BTreeMap<String, Vec<String>>, message: &str, field: &Proto) -> Result<String> {
    // A part that is always flattened has no schema of its own.
    let Some(known) = schemas.get(message) else {
        return Ok(field.name.clone());
    };
    if known.contains(&field.name) {
        return Ok(field.name.clone());
    }
    let same = known.iter().find(|name| name.eq_ignore_ascii_case(&field.name));
    if let Some(same) = same {
        return Ok(same.clone());
    }
    let simple = field.holds.len() == 1 || field.repeated || field.map;
    ensure!(!simple, "{message} has no field {}", field.name);
    Ok(format!("~{}", field.name))
}

/// By short name, the fields of every type in OpenAPI.
fn schemas() -> Result<BTreeMap<String, Vec<String>>> {
    let packed = std::fs::read(Path::new("data/kubernetes.json.gz"))?;
    let data: Value = serde_json::from_reader(flate2::read::GzDecoder::new(packed.as_slice()))?;
    let mut all = BTreeMap::new();
    let documents = data["openapi"].as_object().context("the data has OpenAPI")?;
    for document in documents.values() {
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
        for (name, schema) in schemas.into_iter().flatten() {
            let fields = schema["properties"].as_object().into_iter().flatten();
            let fields = fields.map(|(name, _)| name.clone()).collect();
            all.insert(short(&name.replacen("io.k8s.", "k8s.io.", 1)), fields);
        }
    }
    Ok(all)
}
