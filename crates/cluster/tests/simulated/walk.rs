//! A random walk over faults: several clusters, each of which suffers one fault or two after another while objects and
//! definitions come, change and go. After each step the engine has what a list has, and runs what it ran before.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cluster::Published;
use futures::future::join_all;
use simulator::{Running, Simulator};
use tempfile::TempDir;

use crate::rig::{LIMIT, Rig, equals_a_fresh_list, is_live};
use faults::Harm;
use world::World;

mod dice;
mod faults;
mod process;
mod world;

pub use dice::Dice;
pub use process::{resident, sockets_to};

/// How many steps are walked: a third of a second of work each, so few unless told otherwise.
const STEPS: &str = "KUBILITICS_WALK_STEPS";
/// Where the walk begins. The same number gives the same faults and writes, though not at the same moments.
const SEED: &str = "KUBILITICS_WALK_SEED";
/// How many clusters are walked at the same time: most of it is waiting.
const CLUSTERS: u64 = 8;
/// After how many steps all is compared, with its edges, to what an engine of its own finds.
const WHOLE: usize = 20;
/// A simulated cluster has more kinds than this.
const WATCHES: usize = 40;
/// How many sockets there may be beside those of watches: a probe's, and those of discovery.
const SLACK: usize = 6;
/// Steps that take longer are told.
const NOTABLE: Duration = Duration::from_secs(5);
/// What may be resident at the end of a long walk beyond what was after the first steps: pages that the allocator keeps.
const GROWTH: usize = 48 * 1024 * 1024;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not `{text}`"))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_random_walk_over_faults_always_comes_back() {
    let begun = Instant::now();
    let seed = number(SEED, 1);
    let steps = usize::try_from(number(STEPS, 64).div_ceil(CLUSTERS)).unwrap();
    println!("{SEED}={seed}, {CLUSTERS} clusters of {steps} steps");
    let mut walks: Vec<Walk> = join_all((0..CLUSTERS).map(|lane| Walk::begin(seed, lane))).await;
    // The first steps fill what is filled only once: pools, caches, the allocator's pages.
    let warm = steps.div_ceil(8);
    join_all(walks.iter_mut().map(|walk| walk.go(0..warm))).await;
    let before = resident();
    join_all(walks.iter_mut().map(|walk| walk.go(warm..steps))).await;
    let after = resident();
    let longest = walks.iter().map(|walk| walk.longest).max().unwrap();
    join_all(walks.into_iter().map(Walk::end)).await;
    println!(
        "{} steps in {:.0?}, the longest came back after {longest:.1?}; resident {} MiB after {warm}, {} MiB at the end",
        steps * usize::try_from(CLUSTERS).unwrap(),
        begun.elapsed(),
        before >> 20,
        after >> 20
    );
    // In a run of all tests others hold memory of this process too, fifty clusters among them: it says something in a walk by itself.
    let is_alone = std::env::var_os(STEPS).is_some();
    assert!(
        !is_alone || after <= before + GROWTH,
        "{SEED}={seed}: {} KiB more than after the first steps",
        after.saturating_sub(before) >> 10
    );
}

/// One cluster and the engine that follows it.
struct Walk {
    /// What to say when something fails.
    name: String,
    dice: Dice,
    world: World,
    simulated: Running,
    rig: Rig,
    /// The names of the tasks that ran before the first fault.
    tasks: BTreeSet<String>,
    longest: Duration,
    folder: TempDir,
}

fn cluster() -> Simulator {
    // What is remembered for watches is no leak.
    Simulator::new().history(200).admin_token("admin")
}

impl Walk {
    async fn begin(seed: u64, lane: u64) -> Self {
        let simulated = cluster().start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), simulated.kubeconfig("walk")).unwrap();
        let rig = Rig::new(vec![folder.path().join("config")]);
        let mut walk = Self {
            name: format!("{SEED}={seed} cluster {lane}"),
            dice: Dice::new(seed.wrapping_mul(1000) + lane),
            world: World::new(lane),
            simulated,
            rig,
            tasks: BTreeSet::new(),
            longest: Duration::ZERO,
            folder,
        };
        walk.settle("nothing").await;
        walk.tasks = walk.running();
        walk.count_sockets().await;
        walk
    }

    /// The tasks, but those of kinds that the walk itself defines.
    fn running(&self) -> BTreeSet<String> {
        let all = self.rig.tasks.running().into_iter().map(|task| task.name);
        all.filter(|name| !name.contains(world::GROUP)).collect()
    }

    async fn go(&mut self, steps: std::ops::Range<usize>) {
        for step in steps {
            let harms = faults::throw(&mut self.dice);
            let told = format!("step {step}: {harms:?}");
            // At random moments between the writes.
            self.write().await;
            for harm in &harms {
                self.harm(harm).await;
                self.write().await;
            }
            for harm in &harms {
                self.lift(harm);
            }
            self.simulated.clear_faults();
            self.write().await;
            self.settle(&told).await;
            if (step + 1) % WHOLE == 0 {
                self.count_sockets().await;
                let config = self.folder.path().join("config");
                equals_a_fresh_list(&self.rig.engine(), config).await;
            }
        }
    }

    async fn write(&mut self) {
        for _ in 0..self.dice.below(6) {
            self.world.write(&mut self.dice, &self.simulated);
            if self.dice.once_in(2) {
                let pause = Duration::from_millis(self.dice.below(30).try_into().unwrap());
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn harm(&mut self, harm: &Harm) {
        match harm {
            Harm::Rule(rule) => {
                self.simulated.add_fault(rule.clone());
                // Without it, streams that are open now suffer nothing.
                if self.dice.once_in(3) {
                    self.simulated.disconnect();
                }
            }
            Harm::Cut => self.simulated.disconnect(),
            Harm::Compacted => {
                self.simulated.compact();
                self.simulated.disconnect();
            }
            Harm::Revoked => {
                self.simulated.revoke("admin");
                self.simulated.disconnect();
            }
            Harm::Replaced => {
                let objects = self.world.begin_anew(&mut self.dice);
                let next = cluster().address(self.simulated.address()).objects(objects);
                let (address, config) = (self.simulated.address(), self.simulated.kubeconfig("walk"));
                let stopped = Simulator::new().start().await.unwrap();
                std::mem::replace(&mut self.simulated, stopped).shutdown().await;
                self.simulated = next.start().await.unwrap();
                assert_eq!(
                    (address, config),
                    (self.simulated.address(), self.simulated.kubeconfig("walk"))
                );
            }
        }
    }

    fn lift(&mut self, harm: &Harm) {
        match harm {
            Harm::Revoked => {
                let admin = simulator::User::new("admin", ["system:masters"]);
                self.simulated.add_user("admin", admin);
                self.rig.engine().retry();
            }
            // By itself what is denied is tried once a minute, and a silent stream is found out after two.
            Harm::Rule(rule) if faults::lasts(rule) => {
                self.simulated.clear_faults();
                self.simulated.disconnect();
                self.rig.engine().retry();
            }
            // The user does not always press "Retry"; then it takes as long as the pauses are.
            _ if self.dice.once_in(6) => {}
            _ => self.rig.engine().retry(),
        }
    }

    /// Waits until the engine has what there is, and nothing runs that did not run before.
    async fn settle(&mut self, told: &str) {
        let begun = Instant::now();
        let engine = self.rig.engine();
        let mut states = engine.subscribe();
        let is_so = |state: &Published| is_live(state) && self.world.differences(state).is_empty();
        let settled = tokio::time::timeout(LIMIT, states.wait_for(|state| is_so(state))).await;
        if settled.is_err() {
            let state = engine.published();
            panic!(
                "{} {told}: not within {LIMIT:?}\n{:?} {:?} stale since {:?}\n{:?}\n{}\n{:?}",
                self.name,
                state.status,
                state.reason,
                state.stale_since,
                state.sync,
                self.world.differences(&state).join("\n"),
                engine.diagnostics()
            );
        }
        drop(settled);
        self.longest = self.longest.max(begun.elapsed());
        if begun.elapsed() > NOTABLE {
            eprintln!("{} {told}: back after {:.1?}", self.name, begun.elapsed());
        }
        let tasks = self.running();
        assert!(
            self.tasks.is_empty() || tasks == self.tasks,
            "{} {told}: other tasks run: {:?}",
            self.name,
            tasks.symmetric_difference(&self.tasks).collect::<Vec<_>>()
        );
    }

    /// Only the sockets of watches are open when those that wait for their next use are closed. A watch that runs though
    /// nobody knows of it opens its own again too.
    async fn count_sockets(&mut self) {
        self.simulated.disconnect();
        let engine = self.rig.engine();
        let (begun, mut looks) = (Instant::now(), 0);
        while looks < 5 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let kinds = engine.diagnostics().kinds;
            let watches = kinds.iter().filter(|kind| kind.state == "watching").count();
            let sockets = sockets_to(self.simulated.address());
            let is_base = watches > WATCHES && (watches..=watches + SLACK).contains(&sockets);
            looks = if is_base { looks + 1 } else { 0 };
            assert!(
                begun.elapsed() < LIMIT,
                "{}: {sockets} sockets are open for {watches} watches",
                self.name
            );
        }
    }

    async fn end(mut self) {
        self.count_sockets().await;
        let config = self.folder.path().join("config");
        equals_a_fresh_list(&self.rig.engine(), config).await;
        self.rig.end().await;
        self.simulated.shutdown().await;
    }
}
