//! Processes end, and come back, when they should.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process, thread};

use anyhow::{Result, ensure};
use control_plane::{Component, ControlPlane, Options};

use crate::{deployment, eventually, eventually_prints};

/// Set in the process that the test of a killed parent kills.
const VICTIM: &str = "CONTROL_PLANE_TEST_VICTIM";

/// What is there of a process: a zombie has no command line any more.
fn is_alive(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|command_line| !command_line.is_empty())
}

#[test]
fn the_api_server_comes_back_after_it_was_killed() -> Result<()> {
    let plane = ControlPlane::start(Options {
        nodes: 1,
        ..Options::default()
    })?;
    let namespace = plane.namespace("restart")?;
    plane.apply(&namespace, &deployment("before", 1, ""))?;
    let url = plane.server_url().to_owned();
    let before = plane.pids();

    plane.stop_api_server()?;
    ensure!(
        plane.run_kubectl(["get", "nodes"]).is_err(),
        "a killed API server answered"
    );
    plane.start_api_server()?;
    ensure!(plane.server_url() == url);
    ensure!(plane.pids()[&Component::ApiServer] != before[&Component::ApiServer]);
    ensure!(plane.pids()[&Component::Etcd] == before[&Component::Etcd]);

    // It has kept the objects, and the controllers, the scheduler and kwok find it again.
    let ready = "jsonpath={.status.readyReplicas}";
    eventually_prints(
        &plane,
        &["-n", &namespace, "get", "deployment", "before", "-o", ready],
        "1",
    )?;
    plane.apply(&namespace, &deployment("after", 2, ""))?;
    eventually_prints(
        &plane,
        &["-n", &namespace, "get", "deployment", "after", "-o", ready],
        "2",
    )?;

    plane.pause(Component::ApiServer)?;
    ensure!(
        plane
            .run_kubectl(["get", "nodes", "--request-timeout=500ms"])
            .is_err(),
        "a paused API server answered"
    );
    plane.resume(Component::ApiServer)?;
    eventually("an answer", || plane.run_kubectl(["get", "nodes"]).is_ok())?;
    plane.shutdown()?;
    Ok(())
}

#[test]
fn a_dropped_control_plane_leaves_nothing() -> Result<()> {
    let parent = tempdir()?;
    // A thread that ends must not take the processes with it: the death signal is per thread.
    let options = Options {
        nodes: 1,
        dir: Some(parent.clone()),
    };
    let plane = thread::spawn(move || ControlPlane::start(options))
        .join()
        .expect("start panicked")?;
    let pids: Vec<u32> = plane.pids().into_values().collect();
    ensure!(pids.len() == 5 && pids.iter().all(|&pid| is_alive(pid)));
    ensure!(fs::read_dir(&parent)?.count() == 1);
    // One that is stopped can be killed all the same.
    plane.pause(Component::Etcd)?;
    drop(plane);
    ensure!(
        !pids.iter().any(|&pid| is_alive(pid)),
        "a process outlived its control plane"
    );
    ensure!(fs::read_dir(&parent)?.count() == 0, "the folder is still there");
    fs::remove_dir(&parent)?;
    Ok(())
}

#[test]
fn a_killed_parent_leaves_no_process() -> Result<()> {
    let parent = tempdir()?;
    let mut victim = Command::new(env::current_exe()?)
        .args(["--exact", "processes::victim", "--ignored", "--nocapture"])
        .env(VICTIM, &parent)
        .stdout(Stdio::null())
        .spawn()?;
    let marker = parent.join("up");
    eventually("the victim's control plane", || marker.exists())?;
    let pids: Vec<u32> = fs::read_to_string(&marker)?
        .lines()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    ensure!(pids.len() == 5 && pids.iter().all(|&pid| is_alive(pid)));

    victim.kill()?;
    victim.wait()?;
    eventually("the end of its processes", || {
        !pids.iter().any(|&pid| is_alive(pid))
    })?;

    // What it could not remove, the next one does.
    let left = run_folders(&parent)?;
    ensure!(left.len() == 1, "{left:?}");
    let next = ControlPlane::start(Options {
        nodes: 0,
        dir: Some(parent.clone()),
    })?;
    ensure!(
        run_folders(&parent)? == [next.dir()],
        "the folder of a killed run is still there"
    );
    next.shutdown()?;
    fs::remove_dir_all(&parent)?;
    Ok(())
}

/// The parent that is killed; on its own it is no test.
#[test]
#[ignore = "started by a_killed_parent_leaves_no_process"]
fn victim() -> Result<()> {
    let Some(parent) = env::var_os(VICTIM).map(PathBuf::from) else {
        return Ok(());
    };
    let plane = ControlPlane::start(Options {
        nodes: 1,
        dir: Some(parent.clone()),
    })?;
    let pids: Vec<_> = plane.pids().into_values().map(|pid| pid.to_string()).collect();
    fs::write(parent.join("writing"), pids.join("\n"))?;
    fs::rename(parent.join("writing"), parent.join("up"))?;
    loop {
        thread::park();
    }
}

fn run_folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(parent)?.map(|entry| Ok(entry?.path()));
    let entries = entries.collect::<Result<Vec<_>>>()?;
    Ok(entries.into_iter().filter(|path| path.is_dir()).collect())
}

fn tempdir() -> Result<PathBuf> {
    let name = thread::current().name().unwrap_or("test").to_owned();
    let dir = env::temp_dir().join(format!("{name}-{}", process::id()));
    fs::create_dir_all(&dir)?;
    Ok(dir)
}
