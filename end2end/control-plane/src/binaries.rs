//! The six programs, built with Go from the module in `end2end/cluster`.
//!
//! They live in `<target>/control-plane/<key>/`, where the key covers the module's versions and the build
//! flags. The folder gets that name only when it is complete, so its presence is the whole check of a warm
//! run.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::process::spawn_bound;
use crate::{Component, Error, Result, folder, stages};

/// The version in here is what the API server reports as its own; `go.mod` has the same. Without it the
/// server calls itself v0.0.0-master, and clients that compare versions misbehave.
const LDFLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";
const ENVIRONMENT: [(&str, &str); 2] = [("CGO_ENABLED", "0"), ("GOFLAGS", "-buildvcs=false -mod=readonly")];
const FLAGS: [&str; 3] = ["-trimpath", "-ldflags", LDFLAGS];

/// Binary and package; the quick ones last, so that the long wait comes with the first line of progress.
const PACKAGES: [(&str, &str); 6] = [
    ("etcd", "go.etcd.io/etcd/server/v3"),
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    (
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
];

/// A complete set of programs.
#[derive(Clone, Debug)]
pub struct Binaries {
    dir: PathBuf,
}

impl Binaries {
    /// The folder that has them.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The `kubectl` of the same version: the oracle for columns and words.
    pub fn kubectl(&self) -> PathBuf {
        self.dir.join("kubectl")
    }

    /// The program of a component.
    pub fn component(&self, component: Component) -> PathBuf {
        self.dir.join(component.binary())
    }

    /// kwok's own stages, copied from its module so that a warm run needs neither Go nor its module cache.
    pub(crate) fn stages(&self) -> PathBuf {
        self.dir.join("stages")
    }
}

/// Builds the programs, unless they are there already. The first time takes about six minutes on two cores,
/// most of it kube-apiserver; progress goes to stderr. Any number of processes may call this at once: one
/// builds, the others wait for it. A build that was cut off goes on with the first program that it had not
/// finished.
pub fn build() -> Result<Binaries> {
    let module = folder::workspace().join("end2end/cluster");
    let key = key(&module)?;
    let home = folder::target().join("control-plane");
    let dir = home.join(&key);
    // The workspace's own target folder serves builds that have another one: a key never means two things.
    for complete in [&dir, &folder::workspace().join("target/control-plane").join(&key)] {
        if complete.is_dir() {
            return Ok(Binaries {
                dir: complete.clone(),
            });
        }
    }

    fs::create_dir_all(&home).map_err(Error::file("make the folder", &home))?;
    let lock = home.join(format!("{key}.lock"));
    let locked = File::create(&lock).map_err(Error::file("make", &lock))?;
    locked.lock().map_err(Error::file("lock", &lock))?;
    if !dir.is_dir() {
        let partial = home.join(format!("{key}.partial"));
        build_into(&partial, &module)?;
        fs::rename(&partial, &dir).map_err(Error::file("move the finished build to", &dir))?;
    }
    Ok(Binaries { dir })
}

/// What the folder is named by: the first 16 hexadecimal digits of the SHA-256 of `go.sum` and the build
/// flags.
fn key(module: &Path) -> Result<String> {
    let sums = module.join("go.sum");
    let mut hash = Sha256::new();
    hash.update(fs::read(&sums).map_err(Error::file("read", &sums))?);
    for (name, value) in ENVIRONMENT {
        hash.update(format!("{name}={value}\n"));
    }
    for flag in FLAGS {
        hash.update(format!("{flag}\n"));
    }
    let mut key = hex::encode(hash.finalize());
    key.truncate(16);
    Ok(key)
}

fn build_into(dir: &Path, module: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(Error::file("make the folder", dir))?;
    for (index, (name, package)) in PACKAGES.into_iter().enumerate() {
        let finished = dir.join(name);
        if finished.exists() {
            continue;
        }
        let count = format!("{} of {}", index + 1, PACKAGES.len());
        eprintln!("control plane: building {name} ({count})");
        let begun = Instant::now();
        // Go writes straight to its output, so a cut-off build must not bear the final name.
        let unfinished = dir.join(format!("{name}.unfinished"));
        let output = [OsStr::new("-o"), unfinished.as_os_str(), OsStr::new(package)];
        go(
            module,
            ["build"].into_iter().chain(FLAGS).map(OsStr::new).chain(output),
        )?;
        fs::rename(&unfinished, &finished).map_err(Error::file("write", &finished))?;
        eprintln!(
            "control plane: built {name} ({count}) in {} s",
            begun.elapsed().as_secs()
        );
    }
    let kwok = go(
        module,
        ["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"].map(OsStr::new),
    )?;
    stages::copy(
        &Path::new(kwok.trim()).join("kustomize/stage"),
        &dir.join("stages"),
    )
}

/// Runs the Go tool in the module's folder. Its caches are where `GOCACHE` and `GOMODCACHE` say: they are
/// inherited.
fn go<'a>(module: &Path, args: impl IntoIterator<Item = &'a OsStr>) -> Result<String> {
    let mut command = Command::new("go");
    command
        .args(args)
        .current_dir(module)
        .envs(ENVIRONMENT)
        .env("GOWORK", "off");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // One that outlived us would go on writing where the next build writes.
    let args: Vec<_> = command
        .get_args()
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let output = spawn_bound(command)
        .and_then(Child::wait_with_output)
        .map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::GoMissing,
            _ => Error::Spawn {
                program: "go".into(),
                source,
            },
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::Go {
        command: args.join(" "),
        status: output.status,
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
