//! The configuration as text: `config print`, `--help` and `.env.example`.

use super::setting::{self, SETTINGS, Setting, Shape};
use super::{Config, Demo, Layer};
use std::fmt::Write;

/// What `--help` says of a setting: meaning, default and all three names.
pub fn help_of(setting: &Setting) -> String {
    let mut text = format!(
        "{} [default: {}] [env: {}]",
        setting.help, setting.default, setting.variable
    );
    if let Some(key) = setting.key {
        // Writing to a String cannot fail.
        let _ = write!(text, " [key: {key}]");
    }
    text
}

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Every setting of `kubilitics serve`, as an environment variable. Made from the table of settings;\n\
         # `kubilitics config print` shows what is in force and where it comes from.\n",
    );
    for setting in SETTINGS {
        let _ = write!(text, "\n# {}.\n# Default: {}.\n", setting.help, setting.default);
        let value = match setting.shape {
            Shape::One(value) => value,
            Shape::Many(value, _) => value,
            Shape::Switch => "true",
        };
        let _ = writeln!(text, "#{}={value}", setting.variable);
    }
    text
}

impl Config {
    /// What is in force, as a TOML file with each value's origin. Passwords are masked.
    pub fn print(&self) -> String {
        let mut text = String::new();
        for setting in SETTINGS {
            let (given, layer) = self.layers.get(setting);
            let values = self.effective(setting);
            let Some(key) = setting.key else {
                if let Some(path) = given.first() {
                    let _ = writeln!(text, "# settings from {path}, by the {layer}");
                }
                continue;
            };
            let line = match (setting.shape, values.as_slice()) {
                (Shape::Many(..), []) => format!("# {key}: {}", setting.default),
                (Shape::Many(..), values) => {
                    let list: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                    format!("{key} = [{}]", list.join(", "))
                }
                (_, []) => format!("# {key}: {}", setting.default),
                (Shape::Switch, [value, ..]) => format!("{key} = {value}"),
                (Shape::One(_), [value, ..]) => format!("{key} = {}", quoted(value)),
            };
            let _ = match layer {
                Layer::Default => writeln!(text, "{line} # default"),
                Layer::Flag => writeln!(text, "{line} # flag --{}", setting.flag),
                Layer::Variable => writeln!(text, "{line} # variable {}", setting.variable),
                Layer::File(path) => writeln!(text, "{line} # file {}", path.display()),
            };
        }
        text
    }

    /// The values in force. An exhaustive walk over the fields, so that a new one is not forgotten.
    fn effective(&self, setting: &Setting) -> Vec<String> {
        let Self {
            listen,
            kubernetes,
            storage,
            log,
            ready,
            layers: _,
        } = self;
        let paths =
            |paths: &[std::path::PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
        match setting.flag {
            flag if flag == setting::ADDR.flag => vec![listen.addr.to_string()],
            flag if flag == setting::MODE.flag => vec!["local".to_owned()],
            flag if flag == setting::ALLOWED_ORIGINS.flag => texts(&listen.allowed_origins),
            flag if flag == setting::ALLOWED_HOSTS.flag => texts(&listen.allowed_hosts),
            flag if flag == setting::KUBECONFIG.flag => paths(&kubernetes.kubeconfigs),
            flag if flag == setting::DEMO.flag => match kubernetes.demo {
                Demo::IfNothingElse | Demo::Scale(_) => Vec::new(),
                Demo::Never => vec!["false".to_owned()],
                Demo::Shop => vec!["true".to_owned()],
            },
            flag if flag == setting::DEMO_SCALE.flag => match kubernetes.demo {
                Demo::Scale(pods) => vec![pods.to_string()],
                Demo::IfNothingElse | Demo::Never | Demo::Shop => Vec::new(),
            },
            flag if flag == setting::DATA_DIR.flag => vec![storage.data_dir.display().to_string()],
            flag if flag == setting::DATABASE.flag => vec![storage.database.to_string()],
            flag if flag == setting::LOG_FORMAT.flag => vec![log.format.word().to_owned()],
            flag if flag == setting::NO_OPEN.flag => vec![(!ready.open_browser).to_string()],
            flag if flag == setting::READY_FILE.flag => paths(ready.file.as_slice()),
            flag if flag == setting::READY_FD.flag => ready.fd.iter().map(u32::to_string).collect(),
            // --config, which has no key of its own.
            _ => Vec::new(),
        }
    }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(T::to_string).collect()
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
