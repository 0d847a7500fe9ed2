//! How a simulator is set up and started.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::access::User;
use crate::clock::Clock;
use crate::controllers::{self, Controller, Controllers, Manager};
use crate::data::Data;
use crate::error::StartError;
use crate::http::server;
use crate::metrics;
use crate::random;
use crate::running::Running;
use crate::scenario::{self, Scenario};
use crate::shared::Shared;
use crate::tls::Tls;

/// Namespaces that every cluster has.
pub(crate) const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// A simulator that is not started yet. Without further calls it is an empty cluster on a free port of loopback.
///
/// ```no_run
/// # async fn example() -> Result<(), simulator::StartError> {
/// let cluster = simulator::Simulator::new().start().await?;
/// println!("{}", cluster.kubeconfig("simulator"));
/// cluster.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    clock: Clock,
    history: usize,
    bookmark_interval: Duration,
    objects: Vec<Value>,
    scenario: Option<Scenario>,
    controllers: Option<Controllers>,
    users: Vec<(String, User)>,
    admin_token: Option<String>,
    tls: bool,
}

impl Default for Simulator {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::System,
            history: 20_000,
            bookmark_interval: Duration::from_secs(60),
            objects: Vec::new(),
            scenario: None,
            controllers: None,
            users: Vec::new(),
            admin_token: None,
            tls: false,
        }
    }
}

impl Simulator {
    /// An empty cluster.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where to listen; port 0 for a free one. Everybody who reaches it and has the token is admin: keep it on loopback.
    #[must_use]
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// What time it is in the cluster.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many events of each resource are remembered; a watch or page that needs an older one is told 410.
    #[must_use]
    pub fn history(mut self, events: usize) -> Self {
        self.history = events;
        self
    }

    /// The time between two bookmarks of a watch that asked for them: a minute, as by the API server.
    #[must_use]
    pub fn bookmark_interval(mut self, interval: Duration) -> Self {
        self.bookmark_interval = interval;
        self
    }

    /// Objects to start with, as manifests in JSON. They are taken as they are: nothing is defaulted or checked.
    #[must_use]
    pub fn objects(mut self, objects: impl IntoIterator<Item = Value>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// What to start with. Without it the cluster is empty and has no controllers.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = Some(scenario);
        self
    }

    /// Which controllers run, in place of those that the scenario has: all of them, but none in a large cluster.
    #[must_use]
    pub fn controllers(mut self, controllers: Controllers) -> Self {
        self.controllers = Some(controllers);
        self
    }

    /// With TLS, by a certificate authority made for it: kubectl sends no token without. Plain HTTP otherwise.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Somebody beside the admin, with their token.
    #[must_use]
    pub fn user(mut self, token: impl Into<String>, user: User) -> Self {
        self.users.push((token.into(), user));
        self
    }

    /// The admin's token; a random one otherwise.
    #[must_use]
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.admin_token = Some(token.into());
        self
    }

    /// Fills the store and starts to listen. The simulator is ready when this returns.
    pub async fn start(self) -> Result<Running, StartError> {
        let scale = match &self.scenario {
            Some(Scenario::Scale(scale)) => Some(scale.clone()),
            _ => None,
        };
        if let Some(scale) = &scale {
            scenario::check_memory(scale)?;
        }
        let listener = TcpListener::bind(self.address).await;
        let failed = |source| StartError::Listen {
            address: self.address,
            source,
        };
        let listener = listener.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tls = match self.tls {
            true => Some(Tls::new(address.ip())?),
            false => None,
        };
        let mut data = Data::read()?;
        let enabled = enabled(self.scenario.as_ref(), self.controllers);
        let measured = enabled.has(Controller::Kubelet);
        if measured {
            data.groups.items.extend(metrics::group());
        }
        let bootstrap = data.bootstrap.clone();
        let shared = Arc::new(Shared::new(
            data,
            self.clock,
            self.history,
            self.bookmark_interval,
            self.tls,
        ));
        let admin_token = self.admin_token.unwrap_or_else(random::token);
        shared.add_user(admin_token.clone(), User::new("admin", ["system:masters"]));
        for (token, user) in self.users {
            shared.add_user(token, user);
        }
        for name in NAMESPACES {
            shared.load(json!({
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
            }))?;
        }
        for object in bootstrap
            .into_iter()
            .chain(priority_classes())
            .chain(self.objects)
        {
            shared.load(object)?;
        }
        if let Some(scale) = &scale {
            scenario::load(&shared, scale)?;
        }
        if measured {
            for object in metrics::objects(&shared.clock.stamp()) {
                shared.load(object)?;
            }
        }
        let shift = staff(&shared, self.scenario, enabled)?;
        let churn = scale.filter(|scale| scale.churn > 0);
        let (acceptors, authority) = tls.map(|tls| (tls.acceptors, tls.authority)).unzip();
        let task = tokio::spawn({
            let (shared, shift) = (shared.clone(), shift.clone());
            async move {
                tokio::join!(
                    server::serve(shared.clone(), listener, acceptors),
                    scenario::churn(shared.clone(), churn),
                    controllers::drive(shared, shift),
                );
            }
        });
        Ok(Running::new(shared, address, authority, admin_token, shift, task))
    }
}

/// The two classes that every cluster has.
fn priority_classes() -> impl Iterator<Item = Value> {
    const NODE: &str = "Used for system critical pods that must not be moved from their current node.";
    const CLUSTER: &str = "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.";
    let classes = [("node", 2_000_001_000, NODE), ("cluster", 2_000_000_000, CLUSTER)];
    classes.into_iter().map(|(of, value, description)| {
        json!({
            "kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1",
            "metadata": {"name": format!("system-{of}-critical"), "generation": 1},
            "value": value, "description": description, "preemptionPolicy": "PreemptLowerPriority",
        })
    })
}

/// The controllers that run: those that were asked for, else those of the scenario.
fn enabled(scenario: Option<&Scenario>, controllers: Option<Controllers>) -> Controllers {
    controllers.unwrap_or_else(|| match scenario {
        None | Some(Scenario::Scale(_)) => Controllers::none(),
        Some(Scenario::Demo) => Controllers::all().with(Controller::Churn),
        Some(Scenario::Empty | Scenario::File(_)) => Controllers::all(),
    })
}

/// Fills the cluster with the objects of a scenario and hires its controllers.
fn staff(
    shared: &Arc<Shared>,
    scenario: Option<Scenario>,
    enabled: Controllers,
) -> Result<Option<controllers::Shift>, StartError> {
    let mut manager = Manager::new(shared.clone(), enabled.clone(), 1);
    match scenario {
        Some(Scenario::Demo) => {
            let objects = scenario::demo_manifests()?;
            scenario::play(shared, &mut manager, objects)?;
        }
        Some(Scenario::File(file)) => {
            let read = scenario::read_file(shared, &file)?;
            // What pods get of their own depends on what else there is.
            let (pods, others): (Vec<_>, Vec<_>) = read
                .objects
                .into_iter()
                .partition(|object| object["kind"] == "Pod");
            for object in others {
                scenario::load_manifest(shared, object)?;
            }
            manager.world.sync();
            for mut pod in pods {
                manager.world.admit(&mut pod);
                scenario::load_manifest(shared, pod)?;
            }
            read.faults.into_iter().for_each(|rule| shared.add_fault(rule));
        }
        _ => {}
    }
    if enabled.is_empty() {
        return Ok(None);
    }
    // Nobody else sets it.
    let _ = shared.controllers.set(enabled);
    manager.begin();
    Ok(Some(Arc::new(Mutex::new(manager))))
}
