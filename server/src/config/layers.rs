//! Where values come from: flag before variable before file before default.

use super::error::{ConfigError, closest};
use super::setting::{CONFIG, SETTINGS, Separator, Setting, Shape};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// On the command line.
    Flag,
    /// In the environment.
    Variable,
    /// In this TOML file.
    File(PathBuf),
    /// Nowhere.
    Default,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable => f.write_str("variable"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// What was given on the command line: values by flag. A switch has the value `true`.
pub type Flags = BTreeMap<&'static str, Vec<String>>;

/// What the process finds around it, as data, so that tests can say what it is.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// The platform's folder for configuration.
    pub config_folder: Option<PathBuf>,
    /// The platform's folder for data.
    pub data_folder: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let folders = directories::BaseDirs::new();
        let folder =
            |get: fn(&directories::BaseDirs) -> &Path| folders.as_ref().map(|dirs| get(dirs).to_owned());
        Self {
            variables: std::env::vars_os().collect(),
            config_folder: folder(directories::BaseDirs::config_dir),
            data_folder: folder(directories::BaseDirs::data_dir),
        }
    }
}

/// The value that wins for each setting, as text.
#[derive(Clone, Default)]
pub struct Layers {
    values: BTreeMap<&'static str, (Vec<String>, Layer)>,
}

/// Without the values: some are secret.
impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.values.iter().map(|(flag, (_, layer))| (flag, layer)))
            .finish()
    }
}

impl Layers {
    /// Reads the environment and the file, and puts the flags over them.
    pub fn read(flags: &Flags, around: &Surroundings) -> Result<Self, ConfigError> {
        let mut layers = Self::default();
        layers.take_variables(around)?;
        let from_flags = flags
            .iter()
            .map(|(flag, values)| (*flag, (values.clone(), Layer::Flag)));
        layers.values.extend(from_flags);
        if let Some((path, values)) = read_file(&layers, around)? {
            for (flag, values) in values {
                let value = (values, Layer::File(path.clone()));
                layers.values.entry(flag).or_insert(value);
            }
        }
        Ok(layers)
    }

    /// The values of a setting and where they were given; none if it was left to its default.
    pub fn get(&self, setting: &Setting) -> (&[String], Layer) {
        match self.values.get(setting.flag) {
            Some((values, layer)) => (values, layer.clone()),
            None => (&[], Layer::Default),
        }
    }

    /// The setting's value, parsed; `None` if it was left to its default.
    pub fn one<T>(
        &self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        Ok(self.many(setting, parse)?.pop())
    }

    /// The setting's values, parsed; none if it was left to its default.
    pub fn many<T>(
        &self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, ConfigError> {
        let (values, layer) = self.get(setting);
        let parsed = values.iter().map(|value| {
            parse(value).map_err(|reason| ConfigError::Value {
                setting,
                layer: layer.clone(),
                value: (!setting.secret).then(|| value.clone()),
                reason,
            })
        });
        parsed.collect()
    }

    fn take_variables(&mut self, around: &Surroundings) -> Result<(), ConfigError> {
        for (name, value) in &around.variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let Some(setting) = SETTINGS.iter().find(|setting| setting.variable == name) else {
                if is_foreign(name) {
                    continue;
                }
                return Err(ConfigError::UnknownVariable {
                    variable: name.to_owned(),
                    closest: closest(name, SETTINGS.iter().map(|setting| setting.variable)),
                });
            };
            if value.is_empty() {
                continue;
            }
            let text = value.to_str().ok_or_else(|| ConfigError::Value {
                setting,
                layer: Layer::Variable,
                value: None,
                reason: "it must be UTF-8".to_owned(),
            })?;
            self.values
                .insert(setting.flag, (split(setting, text), Layer::Variable));
        }
        Ok(())
    }
}

const PREFIX: &str = "KUBILITICS_";

/// Variables with our prefix that are no settings: those of the build and the tests, and those that Kubernetes puts
/// into every pod beside a Service whose name begins with `kubilitics`.
fn is_foreign(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    let service_link = rest == "PORT"
        || rest.starts_with("PORT_")
        || rest.ends_with("_PORT")
        || rest.ends_with("SERVICE_HOST")
        || ["SERVICE_PORT_", "_PORT_"].iter().any(|part| rest.contains(part))
        || rest == "SERVICE_PORT";
    matches!(rest, "SITE" | "KEEP_RUN") || rest.starts_with("TEST_") || service_link
}

fn split(setting: &Setting, text: &str) -> Vec<String> {
    match setting.shape {
        Shape::One(_) | Shape::Switch => vec![text.to_owned()],
        Shape::Many(_, Separator::Comma) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        }
        Shape::Many(_, Separator::Path) => std::env::split_paths(text)
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
    }
}

type FileValues = (PathBuf, BTreeMap<&'static str, Vec<String>>);

/// The file's values. A file that was named must exist, the default one need not.
fn read_file(layers: &Layers, around: &Surroundings) -> Result<Option<FileValues>, ConfigError> {
    let named = layers.get(&CONFIG).0.first().map(PathBuf::from);
    let must_exist = named.is_some();
    let default = || {
        around
            .config_folder
            .as_ref()
            .map(|folder| folder.join("kubilitics").join("config.toml"))
    };
    let Some(path) = named.or_else(default) else {
        return Ok(None);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(None),
        Err(source) => return Err(ConfigError::Read { file: path, source }),
    };
    let table: toml::Table = text.parse().map_err(|source| ConfigError::Syntax {
        file: path.clone(),
        source: Box::new(source),
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == Some(key.as_str())) else {
            return Err(ConfigError::UnknownKey {
                file: path,
                closest: closest(&key, SETTINGS.iter().filter_map(|setting| setting.key)),
                key,
            });
        };
        let texts = texts(setting, value).ok_or_else(|| ConfigError::Value {
            setting,
            layer: Layer::File(path.clone()),
            value: None,
            reason: wanted(setting).to_owned(),
        })?;
        values.insert(setting.flag, texts);
    }
    Ok(Some((path, values)))
}

/// A TOML value as the texts that a flag would have had; `None` if it is of another shape.
fn texts(setting: &Setting, value: toml::Value) -> Option<Vec<String>> {
    let one = |value| match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    match (setting.shape, value) {
        (Shape::Switch, toml::Value::Boolean(on)) => Some(vec![on.to_string()]),
        (Shape::Switch, _) => None,
        (Shape::Many(..), toml::Value::Array(values)) => values.into_iter().map(one).collect(),
        (_, value) => one(value).map(|text| vec![text]),
    }
}

fn wanted(setting: &Setting) -> &'static str {
    match setting.shape {
        Shape::One(_) => "it must be a string",
        Shape::Many(..) => "it must be a list of strings",
        Shape::Switch => "it must be true or false",
    }
}
