//! Where things are: the source tree and cargo's target folder.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::sources;

/// The two folders that everything is relative to, both absolute.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The root of the source tree.
    pub root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR` (relative to the root), else `target` in the root.
    pub target: PathBuf,
}

impl Workspace {
    /// The workspace of this command. Cargo says at run time where that is: a target folder that several clones share
    /// may hold an `xtask` that was compiled in another one.
    pub fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .parent()
            .context("the xtask package must lie in the workspace")?
            .to_owned();
        let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
        Ok(Self { root, target })
    }

    /// A command that runs in the root, and whose cargo (if it has one) uses our target folder.
    ///
    /// It is not told what cargo told us about our own package: build scripts that ask for it (that of `ring`) would run
    /// again, and half of all dependencies be compiled again, whenever cargo is called by hand in between.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        for (name, _) in env::vars_os().filter(|(name, _)| is_about_a_package(name)) {
            command.env_remove(name);
        }
        command
    }

    /// The cargo that runs us.
    pub fn cargo(&self) -> Command {
        self.command(&env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
    }

    /// Our own folder in the target folder: stamps and intermediate files.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// What `cargo xtask build` makes.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist").join("kubilitics")
    }

    /// Waits until no other `cargo xtask` builds in this target folder, and makes it ready for this source tree: see
    /// [`sources::settle`]. The lock goes with the returned value.
    pub fn lock(&self) -> Result<File> {
        let scratch = self.scratch();
        fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
        let path = scratch.join("lock");
        let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        if file.try_lock().is_err() {
            eprintln!("waiting for another `cargo xtask` to finish building");
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        sources::settle(&self.root, &scratch.join("sources.json"))?;
        Ok(file)
    }
}

/// Whether cargo sets a variable for what it runs, to say which package that is.
fn is_about_a_package(variable: &OsStr) -> bool {
    let prefixes = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ];
    variable
        .to_str()
        .is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}
