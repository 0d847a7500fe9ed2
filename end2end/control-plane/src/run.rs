//! A running control plane.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use crate::process::{Lifetime, Process};
use crate::state::State;
use crate::{Component, Error, Result, User, folder, launch};

/// How to start a control plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many nodes there are: `node-0`, `node-1` and so on, each with room for 110 pods.
    pub nodes: usize,
    /// The folder in which the run's own folder is made; `None`: the system's temporary folder.
    pub dir: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { nodes: 2, dir: None }
    }
}

/// A control plane that is up: made by [`start`](Self::start), [`shared`](Self::shared) or
/// [`attach`](Self::attach).
///
/// Dropping one that was started kills its processes and removes its folder, unless `KUBILITICS_KEEP_RUN` is
/// set or the thread is panicking: then the folder stays and its path is printed. One that was attached to
/// goes on.
#[derive(Debug)]
pub struct ControlPlane {
    pub(crate) dir: PathBuf,
    pub(crate) state: State,
    pub(crate) ca: String,
    /// `None` when somebody else started it.
    pub(crate) lifetime: Option<Lifetime>,
    pub(crate) processes: Mutex<BTreeMap<Component, Process>>,
}

impl ControlPlane {
    /// Starts a control plane and waits until it is ready: about 5 s on two cores, when the
    /// binaries are built.
    pub fn start(options: Options) -> Result<Self> {
        launch::launch(options.nodes, Lifetime::Parent, || {
            folder::create_run(options.dir.as_deref())
        })
    }

    /// The kubeconfig of a user, with the certificates inside.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        self.state.kubeconfigs.get(&user).cloned().unwrap_or_default()
    }

    /// The URL of the API server: `https://127.0.0.1:<port>`.
    pub fn server_url(&self) -> &str {
        &self.state.server
    }

    /// The certificate that the API server's is signed by, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca
    }

    /// The run's folder: logs (`kube-apiserver.log` and so on), kubeconfigs, certificates, etcd's data.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The process ids, as the processes were started last.
    pub fn pids(&self) -> BTreeMap<Component, u32> {
        match self.lifetime {
            Some(_) => self
                .processes()
                .iter()
                .map(|(component, process)| (*component, process.pid()))
                .collect(),
            None => self
                .state
                .processes
                .iter()
                .map(|recorded| (recorded.component, recorded.pid))
                .collect(),
        }
    }

    /// `kubectl` as admin, for any arguments.
    pub fn kubectl(&self) -> Command {
        self.kubectl_as(User::Admin)
    }

    /// `kubectl` as a user, for any arguments.
    pub fn kubectl_as(&self, user: User) -> Command {
        let mut command = Command::new(&self.state.kubectl);
        command.arg("--kubeconfig").arg(self.kubeconfig(user));
        // Discovery is cached; not in the home folder, where it would outlive the cluster.
        command
            .env("KUBECACHEDIR", self.dir.join("kubectl-cache"))
            .stdin(Stdio::null());
        command
    }

    /// Runs `kubectl` as admin and returns what it printed.
    pub fn run_kubectl<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<String> {
        run(self.kubectl().args(args), None)
    }

    /// `kubectl apply` as admin in a namespace: a manifest in YAML or JSON, of any number of objects.
    pub fn apply(&self, namespace: &str, manifest: &str) -> Result<()> {
        let args = ["apply", "--namespace", namespace, "-f", "-"];
        run(self.kubectl().args(args), Some(manifest)).map(drop)
    }

    /// Makes a namespace of its own for a test, named `<prefix>-` and something unique, and waits until Pods
    /// can be made in it (they need its default ServiceAccount).
    pub fn namespace(&self, prefix: &str) -> Result<String> {
        let name = format!("{prefix}-{:08x}", RandomState::new().hash_one(()) as u32);
        self.run_kubectl(["create", "namespace", &name])?;
        self.wait_for_service_account(&name)?;
        Ok(name)
    }

    /// Kills the processes and removes the folder, as dropping does, but says when that fails. One that was
    /// attached to is left alone.
    pub fn shutdown(mut self) -> Result<()> {
        self.end()
    }

    /// One object of the API, read without discovery; `None` when there is no answer or not one of success.
    pub(crate) fn raw(&self, path: &str) -> Option<Value> {
        serde_json::from_str(&self.raw_text(path)?).ok()
    }

    /// The text that a path of the API answers with; `None` also when it takes long, as a paused server does.
    pub(crate) fn raw_text(&self, path: &str) -> Option<String> {
        let args = ["get", "--request-timeout=5s", "--raw", path];
        run(self.kubectl().args(args), None).ok()
    }

    pub(crate) fn create(&self, objects: &Value) -> Result<()> {
        run(
            self.kubectl().args(["create", "--validate=ignore", "-f", "-"]),
            Some(&objects.to_string()),
        )
        .map(drop)
    }

    pub(crate) fn processes(&self) -> MutexGuard<'_, BTreeMap<Component, Process>> {
        // A test that panicked while it held the lock has left a map that is still good for killing.
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills every process, the last started first; returns the first failure after trying all.
    pub(crate) fn kill(&self) -> Result<()> {
        let results: Vec<_> = self.processes().values_mut().rev().map(Process::kill).collect();
        results.into_iter().collect()
    }

    fn end(&mut self) -> Result<()> {
        if self.lifetime.take() != Some(Lifetime::Parent) {
            return Ok(());
        }
        self.kill()?;
        folder::remove_run(&self.dir)
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        if thread::panicking() && self.lifetime.is_some() {
            folder::keep(&self.dir);
        }
        if let Err(error) = self.end() {
            eprintln!("control plane: {error}");
        }
    }
}

/// Runs a `kubectl` command to its end.
fn run(command: &mut Command, input: Option<&str>) -> Result<String> {
    let spawn_error = |command: &Command| {
        let program = PathBuf::from(command.get_program());
        move |source| Error::Spawn { program, source }
    };
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let failed = spawn_error(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        // kubectl reads all of it before it prints; should it give up earlier, its own message says more.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(spawn_error(command))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // The first two arguments choose the cluster.
    let args: Vec<_> = command.get_args().skip(2).map(OsStr::to_string_lossy).collect();
    Err(Error::Kubectl {
        command: args.join(" "),
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
