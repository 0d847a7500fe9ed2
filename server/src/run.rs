//! The life of the process: start, wait for a signal, stop.

use crate::api::Version;
use crate::auth::{Auth, Token, TokenError};
use crate::cli::Invocation;
use crate::config::{Config, ConfigError, Listen, LogFormat, Surroundings};
use crate::data_dir::{DataDir, DataDirError};
use crate::demo::{self, DemoError};
use crate::link::{self, LinkError};
use crate::ready::{self, ReadyError};
use crate::server::{Server, Shared, now};
use crate::simulate::{SimulateError, Simulation};
use crate::{config, http, known, log, open_files};
use cluster::{ExecPolicy, Registry, RegistryConfig, Source, TaskKind, Tasks};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use store::{Store, StoreError};
use tokio::net::TcpListener;

/// How long clients and tasks may take to end.
pub const GRACE: Duration = Duration::from_secs(10);
/// Fewer worker threads than this starve requests while a page is rendered.
const FEWEST_WORKERS: usize = 4;
/// How often expired sessions are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// Why the process ends with an error.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error("{}", cannot_listen(.addr, .source))]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database cannot be used.
    #[error("{0}; it was chosen by --database (KUBILITICS_DATABASE, key `database`)")]
    Store(#[from] StoreError),
    /// The demo cluster cannot be shown.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// There is nothing to simulate.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// There are no random numbers.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The URL could not be handed over.
    #[error(transparent)]
    Ready(#[from] ReadyError),
    /// No link could be had.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The system refuses something that every process needs.
    #[error("the system refuses to {operation}: {source}")]
    System {
        /// What.
        operation: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A task without which nothing works has ended.
    #[error("an essential part of the server has stopped; the log says why")]
    Defect,
    /// A second signal came while stopping.
    #[error("stopped at once by a second signal")]
    Impatient,
}

impl RunError {
    /// The exit status: 2 for a mistake in usage, configuration or a file that was named, 1 for anything else.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Ready(_) => 2,
            Self::Simulate(error) if error.is_of_input() => 2,
            Self::Demo(DemoError::Start(error)) if error.is_of_input() => 2,
            _ => 1,
        }
    }
}

fn cannot_listen(addr: &SocketAddr, source: &io::Error) -> String {
    let next = "choose another address with --addr (KUBILITICS_ADDR, key `addr`); port 0 takes any free one";
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{addr} is in use by another program, perhaps another kubilitics; stop it, or {next}")
        }
        _ => format!("cannot listen on {addr}: {source}; {next}"),
    }
}

/// Does what was asked for, and returns when it is done.
pub fn run(invocation: Invocation) -> Result<(), RunError> {
    let around = Surroundings::of_process();
    match invocation {
        Invocation::Version { json } => {
            let version = Version::of_build();
            let text = if json {
                serde_json::json!(version).to_string()
            } else {
                format!("kubilitics {}", version.version)
            };
            print(&format!("{text}\n"))
        }
        Invocation::PrintConfig(flags) => print(&Config::read(&flags, &around)?.print()),
        Invocation::Link(flags) => {
            let config = Config::read(&flags, &around)?;
            let link = link::request(&config.storage.data_dir)?;
            print(&format!("{}\n", link.url))
        }
        Invocation::Serve(flags) => {
            let config = Config::read(&flags, &around)?;
            log::start(config.log.format);
            open_files::raise_limit();
            runtime()?.block_on(serve(&config))
        }
        Invocation::Simulate(simulation) => {
            log::start(LogFormat::Text);
            open_files::raise_limit();
            runtime()?.block_on(simulate(simulation))
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, RunError> {
    let workers = available_parallelism()
        .map_or(FEWEST_WORKERS, usize::from)
        .max(FEWEST_WORKERS);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(|source| RunError::System {
            operation: "start threads",
            source,
        })
}

async fn simulate(simulation: Simulation) -> Result<(), RunError> {
    let mut signals = Signals::new()?;
    let (running, said) = simulation.start().await?;
    print(&said)?;
    tracing::info!("simulating a Kubernetes API server at {}", running.url());
    let name = signals.next().await;
    tracing::info!("{name}: stopping");
    running.shutdown().await;
    Ok(())
}

fn print(text: &str) -> Result<(), RunError> {
    let written = io::stdout().lock().write_all(text.as_bytes());
    match written {
        // Whoever reads has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|source| RunError::System {
            operation: "write to standard output",
            source,
        }),
    }
}

async fn serve(config: &Config) -> Result<(), RunError> {
    let mut signals = Signals::new()?;
    let running = Running::start(config).await?;
    let token = running.server.auth.first_visit()?;
    if let Err(error) = ready::announce(&running.server.link(&token), &config.ready) {
        running.stop().await;
        return Err(error.into());
    }
    tracing::info!(server.address = %running.address, "listening on {}", running.address);
    let defect = running.tasks.token();
    let outcome = tokio::select! {
        name = signals.next() => {
            tracing::info!("{name}: stopping");
            Ok(())
        }
        () = defect.cancelled() => Err(RunError::Defect),
    };
    tokio::select! {
        () = running.stop() => outcome,
        _ = signals.next() => Err(RunError::Impatient),
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    /// What requests share.
    pub server: Shared,
    /// Where it listens.
    pub address: SocketAddr,
    /// The bearer token of scripts.
    pub token: Token,
    /// All its tasks.
    pub tasks: Tasks,
    data: DataDir,
    demo: Option<simulator::Running>,
}

impl Running {
    /// Starts everything. When it returns, the listener accepts, every cluster is known by name, and connecting to them
    /// goes on by itself.
    pub async fn start(config: &Config) -> Result<Self, RunError> {
        let addr = config.listen.addr;
        let listen_error = |source| RunError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let data = DataDir::take(&config.storage.data_dir)?;
        let token = Token::new()?;
        let store = Store::open(&config.storage.database).await?;
        let auth = Auth::new(&token, store.clone());
        let tasks = Tasks::new();
        let mut demo = None;
        let registry = {
            let mut sources = Source::discover(&config.kubernetes.kubeconfigs);
            let kubernetes = &config.kubernetes;
            if let Some(scenario) = demo::scenario(kubernetes.demo, &kubernetes.kubeconfigs, &sources) {
                let (running, source) = demo::start(scenario, &data).await?;
                sources.push(source);
                demo = Some(running);
            }
            // Local mode: the kubeconfig is the user's own, on the user's machine.
            let config = RegistryConfig {
                known: known::ids(&store).await?,
                ..RegistryConfig::new(sources, ExecPolicy::AllowAll)
            };
            Registry::start(config, &tasks)
        };
        let url = format!("http://{}", authority(&config.listen, address));
        let clients = tasks.child();
        let server = Arc::new(Server::new(&config.listen, url, auth, store, registry, clients));
        spawn_services(&server, &tasks);
        let router = http::router(&server);
        let stopping = server.tasks.token();
        // Of this kind because it says goodbye.
        let serving = http::serve(listener, router, stopping.clone());
        server.tasks.spawn("http: listener", TaskKind::Session, serving);
        data.announce(&token, reachable(address))?;
        Ok(Self {
            server,
            address,
            token,
            tasks,
            data,
            demo,
        })
    }

    /// Stops in order: no more connections, a goodbye on every socket, then the clusters' tasks, then the database.
    pub async fn stop(self) {
        let mut late = self.server.tasks.shutdown(GRACE).await;
        late.extend(self.tasks.shutdown(GRACE).await);
        for name in late {
            tracing::warn!(task.name = name, "the task `{name}` did not stop in time");
        }
        if let Some(demo) = self.demo {
            demo.shutdown().await;
        }
        self.server.store.close().await;
        if let Err(error) = self.data.leave() {
            tracing::warn!(error = %error, "{error}");
        }
    }
}

fn spawn_services(server: &Shared, tasks: &Tasks) {
    tasks.spawn(
        "store: known clusters",
        TaskKind::Service,
        known::remember(server.clone()),
    );
    let server = server.clone();
    tasks.spawn("store: expired sessions", TaskKind::Service, async move {
        let mut tick = tokio::time::interval(FORGET_EVERY);
        loop {
            tick.tick().await;
            if let Err(error) = server.auth.forget_expired(now()).await {
                tracing::warn!(error = %error, "{error}");
            }
        }
    });
}

/// The host and port that a browser finds us under.
fn authority(listen: &Listen, address: SocketAddr) -> String {
    let named = listen
        .allowed_hosts
        .first()
        .filter(|_| address.ip().is_unspecified());
    match named {
        Some(config::AllowedHost { name, port }) => format!("{name}:{}", port.unwrap_or(address.port())),
        None => reachable(address).to_string(),
    }
}

/// The address under which this machine reaches itself.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The signals that end the process.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, RunError> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(
                |source| RunError::System {
                    operation: "watch for signals",
                    source,
                },
            )?,
        })
    }

    /// Waits for one, and names it.
    async fn next(&mut self) -> &'static str {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
        #[cfg(not(unix))]
        {
            let _ = tokio::signal::ctrl_c().await;
            "Ctrl-C"
        }
    }
}
