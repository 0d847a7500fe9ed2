//! The embedded demo cluster: a simulated API server in this process, on loopback, with a kubeconfig of its own.

use crate::config::Demo;
use crate::data_dir::{DataDir, DataDirError};
use cluster::Source;
use model::cluster::DEMO_SOURCE;
use simulator::{Running, Scale, Scenario, Simulator, StartError};
use std::path::PathBuf;

/// How many events a second happen in a demo cluster of a given size, in thousandths per pod: some ten per thousand pods.
const CHURN_PER_THOUSAND: u32 = 10;
/// More would keep a laptop busy for nothing.
const MOST_CHURN: u32 = 200;

/// The demo cluster cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// It does not start.
    #[error(
        "the demo cluster cannot be started: {0}; it was chosen by --demo or --demo-scale, or because there is no kubeconfig"
    )]
    Start(#[from] StartError),
    /// Its kubeconfig cannot be written.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

/// The scenario to show: the one that was asked for, or the shop where nothing else is found.
pub fn scenario(demo: Demo, kubeconfigs: &[PathBuf], sources: &[Source]) -> Option<Scenario> {
    match demo {
        Demo::Shop => Some(Scenario::Demo),
        Demo::Scale(pods) => {
            let churn = (pods / 1000)
                .saturating_mul(CHURN_PER_THOUSAND)
                .clamp(1, MOST_CHURN);
            Some(Scenario::Scale(Scale { pods, seed: 1, churn }))
        }
        // Whoever names a kubeconfig wants that one.
        Demo::IfNothingElse if kubeconfigs.is_empty() && Source::name_nothing(sources) => {
            Some(Scenario::Demo)
        }
        Demo::IfNothingElse | Demo::Never => None,
    }
}

/// Starts it and writes its kubeconfig into the data folder.
pub async fn start(scenario: Scenario, data: &DataDir) -> Result<(Running, Source), DemoError> {
    let running = Simulator::new().scenario(scenario).start().await?;
    let path = data.write_demo(&running.kubeconfig(DEMO_SOURCE))?;
    tracing::info!("the demo cluster is simulated at {}", running.url());
    Ok((running, Source::Demo { path }))
}
