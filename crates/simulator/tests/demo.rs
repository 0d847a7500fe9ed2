//! The demo: how much of it there is, and the faults that are in it.
use std::time::Instant;

use simulator::{Scenario, Simulator};

#[tokio::test]
async fn probe() {
    let start = Instant::now();
    let cluster = Simulator::new().scenario(Scenario::Demo).start().await.unwrap();
    eprintln!("started in {:?}", start.elapsed());
    std::fs::write("/tmp/demo.kubeconfig", cluster.kubeconfig("demo")).unwrap();
    if std::env::var_os("HOLD").is_some() {
        tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    }
}
