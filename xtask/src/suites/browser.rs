//! The end-to-end stories: a real server and a real control plane, seen through Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use control_plane::ControlPlane;

use super::{build_tests, counted, faults, start_control_plane};
use crate::fingerprint::files;
use crate::site::{self, Flavour};
use crate::steps::Steps;
use crate::tally::{Runner, Tally};
use crate::tools;
use crate::workspace::Workspace;

/// Room for the story with a thousand pods: a node takes 110.
const NODES: usize = 12;

/// What running stories takes.
pub struct Stories {
    chromium: PathBuf,
    plane: ControlPlane,
}

/// All of them, with the server that the tests have compiled.
pub fn run(workspace: &Workspace) -> Result<Tally> {
    let mut steps = Steps::new(site::STEPS + 1 + Stories::STEPS);
    let site = site::build(workspace, &mut steps, Flavour::Release)?;
    build_tests(workspace, &mut steps, &site)?;
    let stories = Stories::prepare(workspace, &mut steps)?;

    let screenshots = workspace.target.join("screenshots");
    fs::create_dir_all(&screenshots).with_context(|| format!("cannot make {}", screenshots.display()))?;
    let server = workspace.target.join("debug/kubilitics");
    let tally = stories.run(workspace, &server, |node| {
        node.env("KUBILITICS_TEST_SCREENSHOTS", &screenshots)
            .args(files(&workspace.root, &["end2end/stories"])?);
        counted("node --test", node, Runner::Node)
    })?;
    eprintln!("screenshots: {}", screenshots.display());
    Ok(tally)
}

impl Stories {
    /// How many steps [`prepare`](Self::prepare) counts.
    pub const STEPS: usize = 4;

    /// Gets the browser and starts a control plane.
    pub fn prepare(workspace: &Workspace, steps: &mut Steps) -> Result<Self> {
        tools::npm_packages(workspace, steps, "end2end")?;
        let chromium = tools::chromium(steps)?;
        let plane = start_control_plane(steps, NODES)?;
        Ok(Self { chromium, plane })
    }

    /// Hands `work` a `node --test` that needs only the names of the stories.
    pub fn run<T>(
        self,
        workspace: &Workspace,
        server: &Path,
        work: impl FnOnce(&mut Command) -> Result<T>,
    ) -> Result<T> {
        let socket = self.plane.dir().join("faults.sock");
        let mut node = workspace.command("node");
        // Forced: a story that fails half-way may leave a connection open that node would wait for.
        node.args([
            "--test",
            "--test-concurrency=1",
            "--test-force-exit",
            "--test-reporter=spec",
        ])
        .env("KUBILITICS_TEST_CONTROL_PLANE", self.plane.dir())
        .env("KUBILITICS_TEST_FAULTS", &socket)
        .env("KUBILITICS_TEST_CHROMIUM", &self.chromium)
        .env("KUBILITICS_TEST_SERVER", server);
        let result = faults::serve(&self.plane, &socket, || work(&mut node))?;
        self.plane.shutdown()?;
        Ok(result)
    }
}
