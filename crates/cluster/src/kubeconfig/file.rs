//! A kubeconfig file: its entries by name, each as good or bad as it is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_yaml_ng::{Mapping, Value};

use super::fields::{self, FieldProblem};
use super::small_file;

/// Something about a kubeconfig file that its user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, with line and column where they are known.
    pub message: String,
}

/// A file, parsed down to named entries. `None` for an entry's value that is missing or no mapping.
#[derive(Debug, Default)]
pub(super) struct File {
    pub path: PathBuf,
    pub contexts: Vec<Named>,
    pub clusters: Vec<Named>,
    pub users: Vec<Named>,
    pub current: Option<String>,
    pub problems: Vec<FileProblem>,
}

/// An entry of one of the three lists.
#[derive(Debug)]
pub(super) struct Named {
    pub name: String,
    pub value: Result<Mapping, FieldProblem>,
}

/// Files that were read, with the last good content of each.
#[derive(Debug, Default)]
pub(crate) struct Files {
    good: BTreeMap<PathBuf, Arc<File>>,
}

impl Files {
    /// Reads a file. A file that is malformed or empty now keeps its last good entries, and says so.
    pub(super) fn read(&mut self, path: &Path, optional: bool) -> (Option<Arc<File>>, Vec<FileProblem>) {
        let problem = |message: String| FileProblem {
            path: path.to_owned(),
            message,
        };
        let bytes = match small_file::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.good.remove(path);
                let absent = error.kind() == io::ErrorKind::NotFound;
                let message = if absent {
                    "the file does not exist".to_owned()
                } else {
                    format!("the file cannot be read: {error}")
                };
                let silent = absent && optional;
                return (
                    None,
                    if silent {
                        Vec::new()
                    } else {
                        vec![problem(message)]
                    },
                );
            }
        };
        match File::parse(path, &bytes) {
            Ok(file) => {
                let file = Arc::new(file);
                self.good.insert(path.to_owned(), file.clone());
                let problems = file.problems.clone();
                (Some(file), problems)
            }
            Err(message) => match self.good.get(path) {
                Some(last) => {
                    let message = format!("{message}; what it said before stays in use");
                    (Some(last.clone()), vec![problem(message)])
                }
                None => (None, vec![problem(message)]),
            },
        }
    }
}

impl File {
    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| format!("the file is not UTF-8 text (byte {})", error.valid_up_to()))?;
        if text.trim().is_empty() {
            return Err("the file is empty".to_owned());
        }
        let value: Value = serde_yaml_ng::from_str(text).map_err(|error| not_yaml(&error))?;
        let top = match value {
            Value::Mapping(top) => top,
            Value::Null => return Err("the file is empty".to_owned()),
            _ => {
                return Err(
                    "the file is no kubeconfig: it must be a mapping with `contexts`, `clusters` and `users`"
                        .to_owned(),
                );
            }
        };
        match fields::text(&top, "kind") {
            Ok(None) => {}
            Ok(Some(kind)) if kind == "Config" => {}
            Ok(Some(_)) | Err(_) => {
                return Err("the file is no kubeconfig: its kind is not Config".to_owned());
            }
        }
        let mut file = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        file.contexts = file.list(&top, "contexts", "context");
        file.clusters = file.list(&top, "clusters", "cluster");
        file.users = file.list(&top, "users", "user");
        if ["contexts", "clusters", "users"]
            .iter()
            .all(|list| !top.contains_key(*list))
        {
            file.problem("the file has no contexts, clusters or users".to_owned());
        }
        match fields::text(&top, "current-context") {
            Ok(current) => file.current = current,
            Err(problem) => file.problem(format!("{} {}", problem.field, problem.problem)),
        }
        Ok(file)
    }

    /// Whether a context of the file names a cluster or a user.
    pub fn uses(&self, what: &str, name: &str) -> bool {
        self.contexts.iter().any(|context| {
            let value = context.value.as_ref().ok();
            value.is_some_and(|value| fields::text(value, what).is_ok_and(|own| own.as_deref() == Some(name)))
        })
    }

    fn problem(&mut self, message: String) {
        let path = self.path.clone();
        self.problems.push(FileProblem { path, message });
    }

    fn list(&mut self, top: &Mapping, list: &str, entry: &str) -> Vec<Named> {
        let values = match fields::list(top, list) {
            Ok(values) => values,
            Err(problem) => {
                self.problem(format!("{} {}", problem.field, problem.problem));
                return Vec::new();
            }
        };
        let mut named = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let name = value.as_mapping().map(|map| fields::text(map, "name"));
            match (value.as_mapping(), name) {
                (Some(map), Some(Ok(Some(name)))) => {
                    let value = match fields::map(map, entry) {
                        Ok(Some(value)) => Ok(value.clone()),
                        // kubectl takes `user:` with nothing in it for an empty one.
                        Ok(None) => Ok(Mapping::new()),
                        Err(problem) => Err(problem),
                    };
                    named.push(Named { name, value });
                }
                (_, Some(Err(problem))) => {
                    self.problem(format!("{list}[{index}]: {} {}", problem.field, problem.problem));
                }
                (Some(_), _) => self.problem(format!("{list}[{index}] has no name")),
                (None, _) => self.problem(format!("{list}[{index}] must be a mapping")),
            }
        }
        named
    }
}

/// The parser's words. Its messages quote keys and structure; a scalar's text never.
fn not_yaml(error: &serde_yaml_ng::Error) -> String {
    match error.location() {
        Some(at) => {
            let text = error.to_string();
            // The parser puts the place at the end of its message in most cases, not in all.
            let bare = text.split(" at line ").next().unwrap_or(&text);
            format!(
                "the file is not valid YAML: {bare} at line {} column {}",
                at.line(),
                at.column()
            )
        }
        None => format!("the file is not valid YAML: {error}"),
    }
}
