//! From nothing to a control plane that is ready.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use crate::ports::Ports;
use crate::process::{Lifetime, Process, log_file};
use crate::state::Recorded;
use crate::{Binaries, Component, ControlPlane, Error, Result, build, folder, objects, plan, wait};

/// How often to try, when somebody takes a port between our choosing it and listening on it.
const ATTEMPTS: usize = 5;

/// Starts one in the folder that `make_dir` makes, again in a new one when a port was taken. When it fails
/// no process is left, but the folder with the logs is.
pub(crate) fn launch(
    nodes: usize,
    lifetime: Lifetime,
    make_dir: impl Fn() -> Result<PathBuf>,
) -> Result<ControlPlane> {
    let binaries = build()?;
    let mut attempt = 1;
    loop {
        let dir = make_dir()?;
        match launch_in(&dir, &binaries, nodes, lifetime) {
            Err(error) if error.is_port_collision() && attempt < ATTEMPTS => {
                fs::remove_dir_all(&dir).map_err(Error::file("remove", &dir))?;
                attempt += 1;
            }
            launched => return launched,
        }
    }
}

fn launch_in(dir: &Path, binaries: &Binaries, nodes: usize, lifetime: Lifetime) -> Result<ControlPlane> {
    let ports = Ports::free()?;
    let state = plan::write_files(dir, binaries, ports)?;
    let ca_file = plan::ca_file(dir);
    let ca = fs::read_to_string(&ca_file).map_err(Error::file("read", &ca_file))?;
    let mut plane = ControlPlane {
        dir: dir.to_owned(),
        state,
        ca,
        lifetime: Some(lifetime),
        processes: Mutex::new(BTreeMap::new()),
    };
    plane.bring_up(binaries, nodes, lifetime).inspect_err(|_| {
        let _ = plane.kill();
        folder::keep(&plane.dir);
        // Nothing is left for its drop to do.
        plane.lifetime = None;
    })?;
    Ok(plane)
}

impl ControlPlane {
    fn bring_up(&mut self, binaries: &Binaries, nodes: usize, lifetime: Lifetime) -> Result<()> {
        self.start_process(Component::Etcd, binaries, lifetime)?;
        let etcd = self.state.ports.etcd;
        self.wait_for("etcd's health", Component::Etcd, || Ok(is_healthy(etcd)))?;

        self.start_process(Component::ApiServer, binaries, lifetime)?;
        self.wait_for_api_server()?;

        for component in [
            Component::ControllerManager,
            Component::Scheduler,
            Component::Kwok,
        ] {
            self.start_process(component, binaries, lifetime)?;
        }
        self.create(&objects::initial(nodes))?;
        self.wait_for_service_account("default")?;
        // Aggregated by a controller: before that, viewer sees nothing.
        self.wait_for(
            "the rules of ClusterRole view",
            Component::ControllerManager,
            || {
                let role = self.raw("/apis/rbac.authorization.k8s.io/v1/clusterroles/view");
                Ok(role.is_some_and(|role| role["rules"].as_array().is_some_and(|rules| !rules.is_empty())))
            },
        )?;
        self.wait_for("the nodes to be Ready", Component::Kwok, || {
            let ready = self.raw("/api/v1/nodes").map(|list| {
                list["items"]
                    .as_array()
                    .map_or(0, |items| items.iter().filter(|node| is_ready(node)).count())
            });
            Ok(ready == Some(nodes))
        })?;
        self.state.ready = true;
        self.state.write(&self.dir)
    }

    fn start_process(&mut self, component: Component, binaries: &Binaries, lifetime: Lifetime) -> Result<()> {
        let plan = plan::plan(component, &self.dir, binaries, self.state.ports);
        let process = Process::start(plan, lifetime)?;
        let recorded = Recorded {
            component,
            pid: process.pid(),
            program: process.program().to_owned(),
        };
        self.processes().insert(component, process);
        self.state.processes.push(recorded);
        self.state.write(&self.dir)
    }

    /// Until `/readyz` says so.
    pub(crate) fn wait_for_api_server(&self) -> Result<()> {
        let port = self.state.ports.api_server;
        self.wait_for("the API server's /readyz", Component::ApiServer, || {
            // The connection is the cheap question that spares the machine a kubectl for every try.
            Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() && self.raw_text("/readyz").is_some())
        })
    }

    /// Until Pods can be made in the namespace.
    pub(crate) fn wait_for_service_account(&self, namespace: &str) -> Result<()> {
        let awaited = format!("the default ServiceAccount in namespace {namespace}");
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        self.wait_for(&awaited, Component::ControllerManager, || {
            Ok(self.raw(&path).is_some())
        })
    }

    /// Asks until it is so. Fails when it takes too long, and at once when a process of ours has ended.
    fn wait_for(&self, awaited: &str, by: Component, mut probe: impl FnMut() -> Result<bool>) -> Result<()> {
        let seen = wait::poll(wait::PATIENCE, || {
            if let Some((component, status)) = self.ended()? {
                let (log, tail) = self.log(component);
                return Err(Error::Exited {
                    component,
                    status,
                    awaited: awaited.to_owned(),
                    log,
                    tail,
                });
            }
            Ok(probe()?.then_some(()))
        })?;
        seen.ok_or_else(|| {
            let (log, tail) = self.log(by);
            Error::Timeout {
                awaited: awaited.to_owned(),
                waited: wait::PATIENCE,
                component: by,
                log,
                tail,
            }
        })
    }

    fn ended(&self) -> Result<Option<(Component, ExitStatus)>> {
        for (component, process) in self.processes().iter_mut() {
            if let Some(status) = process.exited()? {
                return Ok(Some((*component, status)));
            }
        }
        Ok(None)
    }

    /// A component's log, and the last lines in it.
    fn log(&self, component: Component) -> (PathBuf, String) {
        let path = log_file(&self.dir, component);
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines
            .iter()
            .skip(lines.len().saturating_sub(15))
            .copied()
            .collect::<Vec<_>>()
            .join("\n");
        (path, tail)
    }
}

fn is_ready(node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    conditions.is_some_and(|all| {
        all.iter()
            .any(|one| one["type"] == "Ready" && one["status"] == "True")
    })
}

/// Whether etcd answers `GET /health` with 200.
fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.split_whitespace().nth(1) == Some("200"))
    };
    ask().unwrap_or(false)
}
