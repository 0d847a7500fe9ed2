//! The table of settings: the one place that names flags, variables and keys. The command line, the environment, the
//! file, `--help`, `config print` and `.env.example` are made from it.

/// One setting and its three names.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The flag without its dashes: `data-dir`. Unique: settings are told apart by it.
    pub flag: &'static str,
    /// `KUBILITICS_DATA_DIR`.
    pub variable: &'static str,
    /// The key in the TOML file; `None` for the file's own path.
    pub key: Option<&'static str>,
    /// What is written after the flag.
    pub shape: Shape,
    /// What holds if nobody says anything, in words.
    pub default: &'static str,
    /// What it does, in a sentence without a full stop.
    pub help: &'static str,
    /// Whether the value may hold a password: it is then masked wherever it is shown.
    pub secret: bool,
}

/// What the value of a setting looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value; the word stands for it in `--help`.
    One(&'static str),
    /// Several: a repeated flag, a list in the file, a separated text in the variable.
    Many(&'static str, Separator),
    /// On or off: a flag without value, `true` or `false` elsewhere.
    Switch,
}

/// What separates several values in a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// As in `PATH`: a colon, a semicolon on Windows.
    Path,
    /// A comma.
    Comma,
}

impl Setting {
    /// The three names as they stand in messages: ``--addr (KUBILITICS_ADDR, key `addr`)``.
    pub fn names(&self) -> String {
        match self.key {
            Some(key) => format!("--{} ({}, key `{key}`)", self.flag, self.variable),
            None => format!("--{} ({})", self.flag, self.variable),
        }
    }
}

/// The address that is listened on when nothing else is said. Port 8190 is stated here and nowhere else.
pub const DEFAULT_ADDR: &str = "127.0.0.1:8190";

/// Where to listen.
pub static ADDR: Setting = Setting {
    flag: "addr",
    variable: "KUBILITICS_ADDR",
    key: Some("addr"),
    shape: Shape::One("HOST:PORT"),
    default: DEFAULT_ADDR,
    help: "Address to listen on; port 0 takes any free one",
    secret: false,
};

/// Which kubeconfig files to read.
pub static KUBECONFIG: Setting = Setting {
    flag: "kubeconfig",
    variable: "KUBILITICS_KUBECONFIG",
    key: Some("kubeconfig"),
    shape: Shape::Many("FILE", Separator::Path),
    default: "KUBECONFIG, else ~/.kube/config, else the service account of the pod",
    help: "kubeconfig file whose contexts are shown; may be given several times",
    secret: false,
};

/// Whether to show the demo cluster.
pub static DEMO: Setting = Setting {
    flag: "demo",
    variable: "KUBILITICS_DEMO",
    key: Some("demo"),
    shape: Shape::Switch,
    default: "true when no kubeconfig and no service account is found",
    help: "Show the embedded demo cluster: simulated in this process, on loopback only",
    secret: false,
};

/// How large the demo cluster is.
pub static DEMO_SCALE: Setting = Setting {
    flag: "demo-scale",
    variable: "KUBILITICS_DEMO_SCALE",
    key: Some("demo-scale"),
    shape: Shape::One("N"),
    default: "the demo's own scenario of some 400 objects",
    help: "Show a demo cluster of N pods and what belongs to them instead",
    secret: false,
};

/// Where our own files are.
pub static DATA_DIR: Setting = Setting {
    flag: "data-dir",
    variable: "KUBILITICS_DATA_DIR",
    key: Some("data-dir"),
    shape: Shape::One("DIR"),
    default: "kubilitics in the platform's data folder",
    help: "Folder for the database, the bearer token and the server's address",
    secret: false,
};

/// Which database to use.
pub static DATABASE: Setting = Setting {
    flag: "database",
    variable: "KUBILITICS_DATABASE",
    key: Some("database"),
    shape: Shape::One("URL"),
    default: "a SQLite file in the data folder",
    help: "Database: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
    secret: true,
};

/// Who may use the server.
pub static MODE: Setting = Setting {
    flag: "mode",
    variable: "KUBILITICS_MODE",
    key: Some("mode"),
    shape: Shape::One("local|server"),
    default: "local",
    help: "Who may use it: local is one user on this machine, signed in by a link. This release has local only",
    secret: false,
};

/// Which other origins may call the API.
pub static ALLOWED_ORIGINS: Setting = Setting {
    flag: "allowed-origin",
    variable: "KUBILITICS_ALLOWED_ORIGINS",
    key: Some("allowed-origins"),
    shape: Shape::Many("ORIGIN", Separator::Comma),
    default: "its own",
    help: "Origin that may call the API and the stream besides our own, such as https://ops.example.com; may be given several times",
    secret: false,
};

/// Under which other names the server may be reached.
pub static ALLOWED_HOSTS: Setting = Setting {
    flag: "allowed-host",
    variable: "KUBILITICS_ALLOWED_HOSTS",
    key: Some("allowed-hosts"),
    shape: Shape::Many("HOST[:PORT]", Separator::Comma),
    default: "localhost and the loopback addresses",
    help: "Host name under which it may be reached besides the loopback ones; may be given several times. Needed to listen on other than a loopback address",
    secret: false,
};

/// How log lines look.
pub static LOG_FORMAT: Setting = Setting {
    flag: "log-format",
    variable: "KUBILITICS_LOG_FORMAT",
    key: Some("log-format"),
    shape: Shape::One("text|json"),
    default: "text",
    help: "Form of the log lines on standard error",
    secret: false,
};

/// Whether to leave the browser alone.
pub static NO_OPEN: Setting = Setting {
    flag: "no-open",
    variable: "KUBILITICS_NO_OPEN",
    key: Some("no-open"),
    shape: Shape::Switch,
    default: "false",
    help: "Do not open the browser; it is opened only when standard output is a terminal",
    secret: false,
};

/// Where to write the URL for the process that started us, as a descriptor.
pub static READY_FD: Setting = Setting {
    flag: "ready-fd",
    variable: "KUBILITICS_READY_FD",
    key: Some("ready-fd"),
    shape: Shape::One("N"),
    default: "none",
    help: "Open file descriptor to write the URL to when listening",
    secret: false,
};

/// Where to write the URL for the process that started us, as a file.
pub static READY_FILE: Setting = Setting {
    flag: "ready-file",
    variable: "KUBILITICS_READY_FILE",
    key: Some("ready-file"),
    shape: Shape::One("FILE"),
    default: "none",
    help: "File to write the URL to when listening",
    secret: false,
};

/// Which file holds the settings.
pub static CONFIG: Setting = Setting {
    flag: "config",
    variable: "KUBILITICS_CONFIG",
    key: None,
    shape: Shape::One("FILE"),
    default: "kubilitics/config.toml in the platform's configuration folder, if it exists",
    help: "TOML file with these settings",
    secret: false,
};

/// All settings, in the order of `--help`.
pub static SETTINGS: [&Setting; 14] = [
    &ADDR,
    &KUBECONFIG,
    &DEMO,
    &DEMO_SCALE,
    &DATA_DIR,
    &DATABASE,
    &MODE,
    &ALLOWED_ORIGINS,
    &ALLOWED_HOSTS,
    &LOG_FORMAT,
    &NO_OPEN,
    &READY_FD,
    &READY_FILE,
    &CONFIG,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_flag() {
        for setting in SETTINGS {
            let plural = matches!(setting.shape, Shape::Many(_, Separator::Comma));
            let name = format!("{}{}", setting.flag, if plural { "s" } else { "" });
            let variable = format!("KUBILITICS_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(setting.variable, variable);
            assert!(setting.key.is_none_or(|key| key == name), "{}", setting.flag);
        }
    }
}
