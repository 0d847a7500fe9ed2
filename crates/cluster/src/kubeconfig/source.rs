//! Where clusters come from.

use super::Kubeconfig;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A place that names clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Kubeconfig files, merged as kubectl merges those of `KUBECONFIG`: the first entry of a name wins.
    Files {
        /// The files, in order.
        paths: Vec<PathBuf>,
        /// A file that does not exist is no problem (`KUBECONFIG`, `~/.kube/config`); false if the user named it.
        optional: bool,
    },
    /// The service account of the pod that this process runs in.
    InCluster,
    /// The kubeconfig of the embedded demo cluster.
    Demo {
        /// The file.
        path: PathBuf,
    },
}

impl Source {
    /// The sources of this process: the files given, else `KUBECONFIG`, else `~/.kube/config`, else the service account
    /// of the pod. Where there is nothing at all, `~/.kube/config` is still looked at, in case it appears.
    pub fn discover(files: &[PathBuf]) -> Vec<Self> {
        let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        Self::choose(
            files,
            std::env::var_os("KUBECONFIG"),
            home.map(PathBuf::from),
            InCluster::default().is_there(),
        )
    }

    /// Whether these name no cluster at all, and nothing is wrong with them either.
    pub fn name_nothing(sources: &[Self]) -> bool {
        let nothing = |source: &Self| {
            let kubeconfig = Kubeconfig::load(source);
            kubeconfig.contexts.is_empty() && kubeconfig.problems.is_empty()
        };
        sources.iter().all(nothing)
    }

    fn choose(
        files: &[PathBuf],
        variable: Option<OsString>,
        home: Option<PathBuf>,
        in_cluster: bool,
    ) -> Vec<Self> {
        if !files.is_empty() {
            return vec![Self::Files {
                paths: files.to_vec(),
                optional: false,
            }];
        }
        let listed: Vec<PathBuf> = variable
            .map(|list| {
                std::env::split_paths(&list)
                    .filter(|path| !path.as_os_str().is_empty())
                    .collect()
            })
            .unwrap_or_default();
        if !listed.is_empty() {
            return vec![Self::Files {
                paths: listed,
                optional: true,
            }];
        }
        let default = home.map(|home| home.join(".kube").join("config"));
        match default {
            Some(path) if path.exists() || !in_cluster => vec![Self::Files {
                paths: vec![path],
                optional: true,
            }],
            _ if in_cluster => vec![Self::InCluster],
            _ => Vec::new(),
        }
    }

    /// How a cluster of this source names where it comes from; `file` is the one its context stands in.
    pub fn label(&self, file: &Path) -> String {
        match self {
            Self::Files { .. } => file.display().to_string(),
            Self::InCluster => "in-cluster".to_owned(),
            Self::Demo { .. } => model::cluster::DEMO_SOURCE.to_owned(),
        }
    }
}

/// What Kubernetes puts into every pod.
/// <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api>
pub(super) struct InCluster {
    pub host: Option<String>,
    pub port: Option<String>,
    pub folder: PathBuf,
}

impl Default for InCluster {
    fn default() -> Self {
        Self {
            host: std::env::var("KUBERNETES_SERVICE_HOST").ok(),
            port: std::env::var("KUBERNETES_SERVICE_PORT").ok(),
            folder: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount"),
        }
    }
}

impl InCluster {
    fn is_there(&self) -> bool {
        self.host.is_some() && self.port.is_some() && self.folder.join("token").exists()
    }

    /// The API server's URL.
    pub fn server(&self) -> Option<String> {
        let (host, port) = (self.host.as_deref()?, self.port.as_deref()?);
        let bare_v6 = host.contains(':') && !host.starts_with('[');
        Some(if bare_v6 {
            format!("https://[{host}]:{port}")
        } else {
            format!("https://{host}:{port}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_the_variable_before_the_home_folder_before_the_pod() {
        let home = tempfile::tempdir().unwrap();
        let default = home.path().join(".kube").join("config");
        let files = |paths: &[&Path], optional| {
            vec![Source::Files {
                paths: paths.iter().map(|path| path.to_path_buf()).collect(),
                optional,
            }]
        };
        let (a, b) = (Path::new("a"), Path::new("b"));
        let list = std::env::join_paths([a, Path::new(""), b]).unwrap();
        let at_home = Some(home.path().to_path_buf());
        let choose = |flags: &[PathBuf], variable: Option<&OsString>, pod| {
            Source::choose(flags, variable.cloned(), at_home.clone(), pod)
        };
        assert_eq!(
            choose(&[b.into(), a.into()], Some(&list), true),
            files(&[b, a], false)
        );
        assert_eq!(choose(&[], Some(&list), true), files(&[a, b], true));
        assert_eq!(choose(&[], Some(&OsString::new()), true), [Source::InCluster]);
        assert_eq!(choose(&[], None, false), files(&[&default], true));
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        std::fs::write(&default, "x").unwrap();
        assert_eq!(choose(&[], None, true), files(&[&default], true));
        assert!(Source::choose(&[], None, None, false).is_empty());
    }

    #[test]
    fn the_pods_server_is_a_url_also_for_ipv6() {
        let server = |host: &str| {
            InCluster {
                host: Some(host.to_owned()),
                port: Some("443".to_owned()),
                folder: PathBuf::new(),
            }
            .server()
        };
        assert_eq!(server("10.0.0.1").as_deref(), Some("https://10.0.0.1:443"));
        assert_eq!(server("fd00::1").as_deref(), Some("https://[fd00::1]:443"));
    }
}
