//! What tests do to a control plane to see how Kubilitics takes it.

use crate::process::{Process, signal};
use crate::{Component, ControlPlane, Error, Result};

impl ControlPlane {
    /// Kills kube-apiserver with SIGKILL: connections break, and new ones are refused.
    pub fn stop_api_server(&self) -> Result<()> {
        self.with(Component::ApiServer, Process::kill)
    }

    /// Starts kube-apiserver again on the same port, and waits until it is ready. etcd has kept everything.
    pub fn start_api_server(&self) -> Result<()> {
        self.with(Component::ApiServer, Process::restart)?;
        self.wait_for_api_server()
    }

    /// Stops a process with SIGSTOP: connections stay open and nobody answers.
    pub fn pause(&self, component: Component) -> Result<()> {
        self.with(component, |process| {
            signal(component, process.pid(), libc::SIGSTOP)
        })
    }

    /// Lets a process go on that was paused.
    pub fn resume(&self, component: Component) -> Result<()> {
        self.with(component, |process| {
            signal(component, process.pid(), libc::SIGCONT)
        })
    }

    fn with(&self, component: Component, act: impl FnOnce(&mut Process) -> Result<()>) -> Result<()> {
        self.processes()
            .get_mut(&component)
            .map_or(Err(Error::NotOurs { component }), act)
    }
}
