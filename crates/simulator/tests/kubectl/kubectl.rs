//! Running kubectl.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// kubectl with a cluster, and a folder for what it caches.
#[derive(Clone)]
pub struct Kubectl {
    pub program: PathBuf,
    pub kubeconfig: PathBuf,
    pub folder: PathBuf,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Kubectl {
    /// The kubectl that is built with the control plane, for a kubeconfig.
    pub fn with(name: &str, kubeconfig: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("simulator-kubectl-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("kubeconfig");
        std::fs::write(&file, kubeconfig).unwrap();
        let program = control_plane::build().unwrap().kubectl();
        Self {
            program,
            kubeconfig: file,
            folder,
        }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(args);
        command
            .env("KUBECACHEDIR", self.folder.join("cache"))
            .env("HOME", &self.folder);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).spawn().unwrap();
        // One that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What a command prints that has to succeed.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run_with(args, "");
        assert_eq!(ran.code, 0, "kubectl {}: {}{}", args.join(" "), ran.out, ran.err);
        ran.out
    }
}
