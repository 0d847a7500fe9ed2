//! The configuration: one struct per concern, read and validated once at start.
//!
//! A value comes from a flag, else a `KUBILITICS_*` variable, else the TOML file, else a default; the three names of
//! each setting stand in one table, [`SETTINGS`]. What is wrong is said with all three names.

mod error;
mod layers;
mod print;
mod setting;
mod value;

pub use error::ConfigError;
pub use layers::{Flags, Layer, Layers, Surroundings};
pub use print::{env_example, help_of};
pub use setting::{CONFIG, DATA_DIR, READY_FD, READY_FILE, SETTINGS, Separator, Setting, Shape};
pub use value::{AllowedHost, LogFormat, Mode, Origin};

use setting::{
    ADDR, ALLOWED_HOSTS, ALLOWED_ORIGINS, DATABASE, DEFAULT_ADDR, DEMO, DEMO_SCALE, KUBECONFIG, LOG_FORMAT,
    MODE, NO_OPEN,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use store::DatabaseUrl;

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen and whom to answer.
    pub listen: Listen,
    /// Which clusters to show.
    pub kubernetes: Kubernetes,
    /// Where things are kept.
    pub storage: Storage,
    /// How to log.
    pub log: Log,
    /// Whom to tell when listening.
    pub ready: Ready,
    layers: Layers,
}

/// Where to listen and whom to answer.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address; port 0 for any.
    pub addr: SocketAddr,
    /// Who may use the server.
    pub mode: Mode,
    /// Origins besides our own.
    pub allowed_origins: Vec<Origin>,
    /// Hosts besides the loopback ones.
    pub allowed_hosts: Vec<AllowedHost>,
}

/// Which clusters to show.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    /// kubeconfig files that were named, in order. None: it is looked for where kubectl looks, see
    /// [`cluster::kubeconfig::Source::discover`].
    pub kubeconfigs: Vec<PathBuf>,
    /// Whether to show the demo cluster.
    pub demo: Demo,
}

/// Whether to show the demo cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// If no other cluster is found.
    IfNothingElse,
    /// Not at all.
    Never,
    /// The shop.
    Shop,
    /// One with so many pods.
    Scale(u32),
}

/// Where things are kept.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The data folder.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
}

/// How to log.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
}

/// Whom to tell when listening.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Whether to open the browser, if there is a terminal and a desktop.
    pub open_browser: bool,
    /// A file for the URL.
    pub file: Option<PathBuf>,
    /// An open file descriptor for the URL.
    pub fd: Option<u32>,
}

impl Config {
    /// Reads flags, environment and file, and validates the whole.
    pub fn read(flags: &Flags, around: &Surroundings) -> Result<Self, ConfigError> {
        let layers = Layers::read(flags, around)?;
        let storage = Storage::read(&layers, around)?;
        Ok(Self {
            listen: Listen::read(&layers)?,
            kubernetes: Kubernetes {
                kubeconfigs: layers.many(&KUBECONFIG, path)?,
                demo: Demo::read(&layers)?,
            },
            log: Log {
                format: layers.one(&LOG_FORMAT, str::parse)?.unwrap_or(LogFormat::Text),
            },
            ready: Ready::read(&layers)?,
            storage,
            layers,
        })
    }
}

impl Demo {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let pods = layers.one(&DEMO_SCALE, |text| match text.parse() {
            Ok(pods @ 1..) => Ok(pods),
            _ => Err("it must be a number of pods, at least 1".to_owned()),
        })?;
        Ok(match (layers.one(&DEMO, switch)?, pods) {
            (Some(false), Some(_)) => {
                return Err(ConfigError::Conflict {
                    setting: &DEMO_SCALE,
                    reason: format!("{} says that there is no demo cluster", DEMO.names()),
                });
            }
            (_, Some(pods)) => Self::Scale(pods),
            (Some(true), None) => Self::Shop,
            (Some(false), None) => Self::Never,
            (None, None) => Self::IfNothingElse,
        })
    }
}

impl Listen {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let addr = match layers.one(&ADDR, value::address)? {
            Some(addr) => addr,
            None => value::address(DEFAULT_ADDR).map_err(|reason| ConfigError::Conflict {
                setting: &ADDR,
                reason,
            })?,
        };
        let mode = layers.one(&MODE, |text| match text {
            "local" => Ok(Mode::Local),
            "server" => Err("this release has local mode only".to_owned()),
            _ => Err("it must be local; server comes with a later release".to_owned()),
        })?;
        let allowed_hosts = layers.many(&ALLOWED_HOSTS, str::parse)?;
        if !addr.ip().is_loopback() && allowed_hosts.is_empty() {
            return Err(ConfigError::Conflict {
                setting: &ADDR,
                reason: format!(
                    "{addr} is reachable from other machines, and local mode is for one user on this one; listen on \
                     127.0.0.1, or, in a container, name with {} the host under which it is reached",
                    ALLOWED_HOSTS.names()
                ),
            });
        }
        Ok(Self {
            addr,
            mode: mode.unwrap_or(Mode::Local),
            allowed_origins: layers.many(&ALLOWED_ORIGINS, str::parse)?,
            allowed_hosts,
        })
    }
}

impl Storage {
    fn read(layers: &Layers, around: &Surroundings) -> Result<Self, ConfigError> {
        let data_dir = match layers.one(&DATA_DIR, path)? {
            Some(folder) => folder,
            None => {
                let folder = around
                    .data_folder
                    .as_ref()
                    .ok_or(ConfigError::NoFolder { setting: &DATA_DIR })?;
                folder.join("kubilitics")
            }
        };
        let database = layers.one(&DATABASE, |text| {
            text.parse::<DatabaseUrl>().map_err(|error| error.to_string())
        })?;
        Ok(Self {
            database: database.unwrap_or_else(|| DatabaseUrl::in_folder(&data_dir)),
            data_dir,
        })
    }
}

impl Ready {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let no_open = layers.one(&NO_OPEN, switch)?;
        let fd = layers.one(&READY_FD, |text| {
            text.parse::<u32>()
                .map_err(|_| "it must be the number of an open file descriptor".to_owned())
        })?;
        Ok(Self {
            open_browser: !no_open.unwrap_or(false),
            file: layers.one(&READY_FILE, path)?,
            fd,
        })
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("it must be true or false".to_owned()),
    }
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    Ok(PathBuf::from(text))
}

#[cfg(test)]
mod tests;
