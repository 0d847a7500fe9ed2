//! `cargo xtask cluster`: a thin wrapper around the crate `control-plane`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Cluster {
    /// Start one (unless it is up) that goes on until `cluster down`
    Up {
        /// Where to write the admin's kubeconfig; `FILE.viewer` and so on are those of the test users
        #[arg(long, value_name = "FILE")]
        kubeconfig: PathBuf,
        /// How many nodes it has, each with room for 110 pods
        #[arg(long, default_value_t = 2)]
        nodes: usize,
    },
    /// Stop it
    Down,
}

/// Starts or stops the control plane of this target folder.
pub fn cluster(action: Cluster) -> Result<()> {
    match action {
        Cluster::Up { kubeconfig, nodes } => {
            let up = control_plane::up(&kubeconfig, nodes)?;
            let state = if up.already { "was up already" } else { "is up" };
            eprintln!(
                "The control plane {state}: {}\nkubectl --kubeconfig {} get nodes\nlogs: {}",
                up.server_url,
                kubeconfig.display(),
                up.dir.display()
            );
        }
        Cluster::Down => {
            let was_up = control_plane::down()?;
            eprintln!(
                "{}",
                if was_up {
                    "The control plane is down."
                } else {
                    "No control plane was up."
                }
            );
        }
    }
    Ok(())
}
