//! Runs the test executables, several at once: each of them waits much of its life, for a server, a time-out or its one
//! long test, and cargo runs one after the other.

use std::collections::VecDeque;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::command;
use crate::tally::{Runner, Tally};

/// Those that take longest, which start first, so that none of them is left alone at the end. `simulator/behaviour` makes many
/// definitions on the control plane that all share, and keeps its API server busy: what watches that comes before.
const LONG: [&str; 7] = [
    "cluster/real",
    "cluster/simulated",
    "simulator/behaviour",
    "topology/naive",
    "simulator/kubectl",
    "control-plane/lifecycle",
    "server/suite",
];

/// A test executable.
#[derive(Debug, PartialEq, Eq)]
pub struct Binary {
    /// `package/target`, as in `simulator/behaviour`.
    name: String,
    executable: PathBuf,
    /// Its package's folder, in which it runs.
    folder: PathBuf,
}

/// What `cargo test --no-run --message-format=json` says of an artifact.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
    manifest_path: PathBuf,
    profile: Profile,
    target: Target,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Binary {
    /// The executables of a `cargo test --no-run`, to which the format of its answer is added.
    pub fn all(cargo: &mut Command) -> Result<Vec<Self>> {
        let messages = command::read(cargo.args(["--no-run", "--quiet", "--message-format=json"]))?;
        let mut binaries: Vec<Self> = messages.lines().filter_map(Self::of).collect();
        ensure!(!binaries.is_empty(), "`{}` names no test", command::line(cargo));
        binaries.sort_by_key(Self::turn);
        Ok(binaries)
    }

    /// Its place in the order in which they start; the same for all that are short.
    fn turn(&self) -> usize {
        let place = LONG.iter().position(|long| *long == self.name);
        place.unwrap_or(LONG.len())
    }

    fn of(message: &str) -> Option<Self> {
        // The other messages have other fields.
        let artifact: Artifact = serde_json::from_str(message).ok()?;
        let folder = artifact.manifest_path.parent()?.to_owned();
        let package = folder.file_name()?.to_string_lossy().into_owned();
        Some(Self {
            name: format!("{package}/{}", artifact.target.name),
            executable: artifact.executable.filter(|_| artifact.profile.test)?,
            folder,
        })
    }

    fn run(&self, environment: &[(&str, &Path)]) -> Result<(Tally, String)> {
        let output = Command::new(&self.executable)
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.executable.display()))?;
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat();
        let mut tally = Tally::default();
        text.lines().for_each(|line| tally.read(Runner::Libtest, line));
        tally.end(&self.name, output.status.success());
        Ok((tally, text))
    }
}

/// Runs them, `at_once` at a time. The output of each is shown when it has ended.
pub fn run(binaries: Vec<Binary>, at_once: usize, environment: &[(&str, &Path)]) -> Result<Tally> {
    let waiting = Mutex::new(VecDeque::from(binaries));
    let total = Mutex::new(Tally::default());
    let work = || -> Result<()> {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(binary) = next else { return Ok(()) };
            eprintln!("     Running {}", binary.name);
            let begun = Instant::now();
            let (tally, text) = binary.run(environment)?;
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            let seconds = begun.elapsed().as_secs_f64();
            writeln!(
                stdout(),
                "\n     {} ({seconds:.1} s)\n{}",
                binary.name,
                text.trim_end()
            )?;
            total.add(tally);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            let done = worker.join();
            done.unwrap_or_else(|_| anyhow::bail!("a runner of tests has panicked"))
        })
    })?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_test_executables_are_taken() {
        let artifact = |test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/w/crates/store/Cargo.toml","target":{{"name":"sqlite"}},"profile":{{"test":{test}}},"executable":"/t/sqlite-1"}}"#
            )
        };
        let expected = Binary {
            name: "store/sqlite".into(),
            executable: "/t/sqlite-1".into(),
            folder: "/w/crates/store".into(),
        };
        assert_eq!(Binary::of(&artifact(true)), Some(expected));
        assert_eq!(Binary::of(&artifact(false)), None);
        assert_eq!(Binary::of(r#"{"reason":"build-finished","success":true}"#), None);
    }

    #[test]
    fn what_takes_long_starts_first() {
        let binary = |name: &str| Binary {
            name: name.into(),
            executable: "/bin/true".into(),
            folder: "/".into(),
        };
        let mut binaries = ["app/app", "topology/naive", "model/model", "cluster/simulated"].map(binary);
        binaries.sort_by_key(Binary::turn);
        let order = binaries.map(|binary| binary.name);
        assert_eq!(
            order,
            ["cluster/simulated", "topology/naive", "app/app", "model/model"]
        );
    }

    #[test]
    fn what_cannot_start_is_an_error_and_what_fails_is_counted() {
        let binary = |executable: &str| Binary {
            name: "a/b".into(),
            executable: executable.into(),
            folder: "/".into(),
        };
        assert!(run(vec![binary("/nowhere/at/all")], 2, &[]).is_err());
        let tally = run(vec![binary("/bin/false"), binary("/bin/true")], 2, &[]).unwrap();
        assert_eq!((tally.failed, tally.failures.len()), (1, 1));
    }
}
