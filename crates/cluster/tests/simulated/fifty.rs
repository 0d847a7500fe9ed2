//! Fifty clusters in one registry, some of which are down, silent, slow, or another one all of a sudden: the others do not
//! notice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cluster::{Engine, Published};
use futures::future::join_all;
use model::{ClusterStatus, KindId};
use serde_json::{Value, json};
use simulator::{Fault, FaultRule, Running, Simulator};

use crate::rig::{Rig, is_live, wait};
use crate::walk::{resident, sockets_to};

/// How many clusters are as they should be.
const WELL: usize = 35;
/// How many of each kind of trouble there are: down, silent, slow.
const TROUBLED: usize = 5;
/// How many pods a cluster has.
const PODS: usize = 20;
/// What a cluster may cost in memory, its simulator included, which runs in this process.
const EACH: usize = 24 * 1024 * 1024;

fn pod(cluster: &str, number: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{cluster}-{number}"), "namespace": "default", "uid": format!("{cluster}-{number}")},
        "spec": {"containers": [{"name": "main", "image": "example/x:1"}]}, "status": {"phase": "Running"},
    })
}

/// A cluster, and the pods that it should have.
struct One {
    simulated: Running,
    config: PathBuf,
    pods: BTreeSet<String>,
}

async fn started(name: &str, simulator: Simulator, folder: &Path) -> One {
    let simulator = simulator.admin_token("admin").history(200);
    let pods = (0..PODS).map(|number| pod(name, number));
    let simulated = simulator.objects(pods).start().await.unwrap();
    let config = folder.join(name);
    std::fs::write(&config, simulated.kubeconfig(name)).unwrap();
    One {
        simulated,
        config,
        pods: (0..PODS).map(|number| format!("{name}-{number}")).collect(),
    }
}

impl One {
    /// A pod comes, or goes.
    fn change(&mut self, name: &str, round: usize) {
        let number = if round.is_multiple_of(2) {
            PODS + round
        } else {
            round
        };
        let pod_name = format!("{name}-{number}");
        if self.pods.remove(&pod_name) {
            assert!(self.simulated.remove("v1", "Pod", "default", &pod_name).unwrap());
        } else {
            self.simulated.put(pod(name, number)).unwrap();
            self.pods.insert(pod_name);
        }
    }

    fn is_in(&self, state: &Published) -> bool {
        let known = state.state.objects(KindId::of("Pod").unwrap(), &[]);
        let known: BTreeSet<String> = known.map(|entry| entry.key().name.to_string()).collect();
        known == self.pods
    }
}

/// The engine of a context.
fn engine(rig: &Rig, context: &str) -> Engine {
    let (_, clusters) = rig.registry.clusters();
    let cluster = clusters.iter().find(|cluster| cluster.context == context);
    rig.registry.engine(&cluster.unwrap().id).unwrap()
}

/// How long it takes until all of these are live and exact.
async fn until_live(rig: &Rig, clusters: &BTreeMap<String, One>) -> Duration {
    let begun = Instant::now();
    let waits = clusters.iter().map(async |(name, one)| {
        let engine = engine(rig, name);
        wait(&engine, name, |state| is_live(state) && one.is_in(state)).await;
    });
    join_all(waits).await;
    begun.elapsed()
}

/// Fifty clusters have some three thousand watches, each a connection with both ends in this process.
fn raise_the_limit_of_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clusters_do_not_disturb_each_other() {
    raise_the_limit_of_open_files();
    let folder = tempfile::tempdir().unwrap();
    let mut well = BTreeMap::new();
    for number in 0..WELL {
        let name = format!("well-{number}");
        let one = started(&name, Simulator::new(), folder.path()).await;
        well.insert(name, one);
    }
    let before = resident();

    // What is usual: the same clusters alone.
    let alone = Rig::new(well.values().map(|one| one.config.clone()).collect());
    let usual = until_live(&alone, &well).await;
    alone.end().await;

    let mut troubled = BTreeMap::new();
    let mut files: Vec<PathBuf> = Vec::new();
    for trouble in ["down", "silent", "slow"] {
        for number in 0..TROUBLED {
            let name = format!("{trouble}-{number}");
            let one = started(&name, Simulator::new(), folder.path()).await;
            let fault = match trouble {
                "silent" => Some(Fault::SilenceAfter(0)),
                "slow" => Some(Fault::DelayFirstByte(Duration::from_millis(1500))),
                _ => None,
            };
            if let Some(fault) = fault {
                one.simulated.add_fault(FaultRule::on("", fault));
            }
            files.push(one.config.clone());
            troubled.insert(name, one);
        }
    }
    let mut addresses = Vec::new();
    for number in 0..TROUBLED {
        let down = troubled.remove(&format!("down-{number}")).unwrap();
        addresses.push(down.simulated.address());
        down.simulated.shutdown().await;
    }
    files.extend(well.values().map(|one| one.config.clone()));
    let rig = Rig::new(files);
    let took = until_live(&rig, &well).await;
    println!("{WELL} clusters are live after {usual:.1?} alone, and after {took:.1?} among 50");
    assert!(
        took < usual * 2 + Duration::from_secs(5),
        "{took:?} among clusters in trouble, {usual:?} alone"
    );

    // They change while five of them become other clusters.
    for round in 0..6 {
        for (name, one) in &mut well {
            one.change(name, round);
        }
        if let Some(name) = [1, 3, 5].get(round / 2).filter(|_| round.is_multiple_of(2)) {
            let name = format!("well-{name}");
            let one = well.remove(&name).unwrap();
            let address = one.simulated.address();
            one.simulated.shutdown().await;
            let other = started(&name, Simulator::new().address(address), folder.path()).await;
            well.insert(name, other);
        }
    }
    let took = until_live(&rig, &well).await;
    println!("all is followed {took:.1?} after the last change");

    for number in 0..TROUBLED {
        let is = |trouble: &str| engine(&rig, &format!("{trouble}-{number}")).published();
        assert_eq!(is("down").status, ClusterStatus::Error, "{:?}", is("down").reason);
        assert!(!is_live(&is("silent")), "nobody has answered");
        assert_eq!(is("silent").counts, None, "unknown is not zero");
    }
    // Everybody gets well, and those that were down come up.
    for one in troubled.values() {
        one.simulated.clear_faults();
        one.simulated.disconnect();
    }
    for (number, address) in addresses.into_iter().enumerate() {
        let name = format!("down-{number}");
        let up = started(&name, Simulator::new().address(address), folder.path()).await;
        troubled.insert(name, up);
    }
    for name in troubled.keys() {
        engine(&rig, name).retry();
    }
    let took = until_live(&rig, &troubled).await;
    let all = well.len() + troubled.len();
    let memory = resident().saturating_sub(before) / all;
    let everybody = || well.values().chain(troubled.values());
    let sockets: usize = everybody().map(|one| sockets_to(one.simulated.address())).sum();
    println!(
        "the others are live {took:.1?} after they got well; {} KiB for each of {all} clusters, {sockets} sockets",
        memory >> 10
    );
    assert!(memory < EACH, "{memory} bytes for each cluster");
    rig.end().await;
    for one in everybody() {
        let begun = Instant::now();
        while sockets_to(one.simulated.address()) > 0 {
            assert!(begun.elapsed() < crate::rig::LIMIT, "sockets stay open");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
