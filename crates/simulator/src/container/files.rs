//! What a process in a container would find: its environment, and a few files. What a manifest, a ConfigMap or a Secret
//! says is as it says it; the rest is made up.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Container;
use crate::controllers::json::{list, name, namespace, text};
use crate::shared::Shared;
use crate::store::Key;

const RELEASE: &str = "NAME=\"Kubilitics simulator\"\nID=simulator\nPRETTY_NAME=\"a simulated container\"\n";
const README: &str =
    "This container is simulated: no program runs in it. Type help for what its shell knows.\n";

/// All of it, as of now.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    pub(super) host: String,
    pub(super) environment: Vec<(String, String)>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Surroundings {
    pub(super) fn of(shared: &Shared, container: &Container) -> Self {
        let pod = &container.pod;
        let host = match text(pod, "/spec/hostname") {
            "" => name(pod),
            host => host,
        };
        let mut all = Self {
            host: host.to_owned(),
            ..Self::default()
        };
        all.files(shared, container);
        all.environment(shared, container);
        all
    }

    fn files(&mut self, shared: &Shared, container: &Container) {
        let pod = &container.pod;
        let space = namespace(pod);
        let address = text(pod, "/status/podIP");
        for (path, content) in [
            ("/README", README.to_owned()),
            ("/etc/hostname", format!("{}\n", self.host)),
            (
                "/etc/hosts",
                format!("127.0.0.1\tlocalhost\n{address}\t{}\n", self.host),
            ),
            ("/etc/os-release", RELEASE.to_owned()),
            (
                "/etc/resolv.conf",
                format!(
                    "search {space}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n"
                ),
            ),
        ] {
            self.files.insert(path.to_owned(), content.into_bytes());
        }
        for mount in list(container.spec(), "/volumeMounts") {
            let volumes = list(pod, "/spec/volumes");
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
            let Some(volume) = volume else {
                continue;
            };
            let path = text(mount, "/mountPath").trim_end_matches('/');
            let maps = [
                ("configmaps", text(volume, "/configMap/name")),
                ("secrets", text(volume, "/secret/secretName")),
            ];
            for (plural, name) in maps.into_iter().filter(|(_, name)| !name.is_empty()) {
                for (key, content) in data(shared, plural, space, name) {
                    let path = match text(mount, "/subPath") {
                        "" => format!("{path}/{key}"),
                        only if only == key => path.to_owned(),
                        _ => continue,
                    };
                    self.files.insert(path, content);
                }
            }
        }
    }

    fn environment(&mut self, shared: &Shared, container: &Container) {
        let space = namespace(&container.pod);
        let mut set = |name: &str, value: String| {
            self.environment.retain(|(own, _)| own != name);
            self.environment.push((name.to_owned(), value));
        };
        set(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        );
        set("HOSTNAME", self.host.clone());
        set("HOME", "/root".to_owned());
        set("KUBERNETES_SERVICE_HOST", "10.96.0.1".to_owned());
        set("KUBERNETES_SERVICE_PORT", "443".to_owned());
        let spec = container.spec();
        for source in list(spec, "/envFrom") {
            let prefix = text(source, "/prefix");
            for (plural, path) in [
                ("configmaps", "/configMapRef/name"),
                ("secrets", "/secretRef/name"),
            ] {
                for (key, value) in data(shared, plural, space, text(source, path)) {
                    set(
                        &format!("{prefix}{key}"),
                        String::from_utf8_lossy(&value).into_owned(),
                    );
                }
            }
        }
        for variable in list(spec, "/env") {
            if let Some(value) = value_of(shared, container, variable) {
                set(text(variable, "/name"), value);
            }
        }
    }
}

fn value_of(shared: &Shared, container: &Container, variable: &Value) -> Option<String> {
    let from = &variable["valueFrom"];
    let space = namespace(&container.pod);
    for (plural, field) in [("configmaps", "configMapKeyRef"), ("secrets", "secretKeyRef")] {
        if from[field].is_object() {
            let (object, key) = (text(&from[field], "/name"), text(&from[field], "/key"));
            let value = data(shared, plural, space, object).remove(key)?;
            return Some(String::from_utf8_lossy(&value).into_owned());
        }
    }
    if from["fieldRef"].is_object() {
        let path = text(from, "/fieldRef/fieldPath");
        let value = match path.split_once("['") {
            Some((map, key)) => container
                .pod
                .pointer(&pointer(map))?
                .get(key.trim_end_matches("']"))?,
            None => container.pod.pointer(&pointer(path))?,
        };
        return Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    if from["resourceFieldRef"].is_object() {
        let path = text(from, "/resourceFieldRef/resource");
        let (part, resource) = path.split_once('.')?;
        return Some(container.spec()["resources"][part][resource].as_str()?.to_owned());
    }
    Some(text(variable, "/value").to_owned())
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// The keys and values of a ConfigMap or Secret; nothing if there is none.
fn data(shared: &Shared, plural: &str, namespace: &str, name: &str) -> BTreeMap<String, Vec<u8>> {
    let found = shared.resources.core(plural);
    let found = found.and_then(|resource| shared.store.lock().get(resource.id, &Key::new(namespace, name)));
    let object: Value = found
        .and_then(|(_, text)| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    let mut all = BTreeMap::new();
    for (field, packed) in [("data", plural == "secrets"), ("binaryData", true)] {
        for (key, value) in object[field].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            let content = match packed {
                true => STANDARD.decode(value).unwrap_or_default(),
                false => value.as_bytes().to_vec(),
            };
            all.insert(key.clone(), content);
        }
    }
    all
}
