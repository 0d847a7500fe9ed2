//! From entries to contexts that are checked.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use http::Uri;

use super::context::{Authority, Context, Credential, Identity, Secret};
use super::entries::{Entries, Entry};
use super::fields;
use super::file::Files;
use super::identity::identity;
use super::problem::ContextProblem;
use super::reader::{Reader, Resolved};
use super::source::InCluster;
use super::{ContextEntry, Kubeconfig};

pub(super) fn files(paths: &[PathBuf], optional: bool, cache: &mut Files) -> Kubeconfig {
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for path in paths {
        let (file, found) = cache.read(path, optional);
        problems.extend(found);
        read.extend(file);
    }
    let entries = Entries::merge(&read);
    let names: Arc<[PathBuf]> = read.iter().map(|file| file.path.clone()).collect();
    let contexts = entries
        .contexts
        .iter()
        .map(|context| resolve(*context, &entries, &names))
        .collect();
    let current = entries.current.map(str::to_owned);
    problems.extend(entries.hidden);
    Kubeconfig {
        contexts,
        current,
        problems,
    }
}

pub(super) fn in_cluster(pod: &InCluster) -> Kubeconfig {
    let name = "in-cluster".to_owned();
    let server = pod.server();
    let mut hasher = DefaultHasher::new();
    server.hash(&mut hasher);
    let resolved = service_account(pod, &name).map(Arc::new).map_err(Arc::new);
    Kubeconfig {
        current: Some(name.clone()),
        contexts: vec![ContextEntry {
            name,
            file: pod.folder.clone(),
            server,
            fingerprint: hasher.finish(),
            resolved,
        }],
        problems: Vec::new(),
    }
}

fn service_account(pod: &InCluster, name: &str) -> Result<Context, ContextProblem> {
    let missing = |what: String| ContextProblem::ServiceAccount(what);
    let server = pod
        .server()
        .ok_or_else(|| missing("KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set".to_owned()))?;
    let (token, ca) = (pod.folder.join("token"), pod.folder.join("ca.crt"));
    for file in [&token, &ca] {
        if let Err(error) = std::fs::metadata(file) {
            return Err(missing(format!("{}: {error}", file.display())));
        }
    }
    let server: Uri = server
        .parse()
        .map_err(|_| missing(format!("{server} is not a URL")))?;
    Ok(Context {
        name: name.to_owned(),
        files: Arc::default(),
        server,
        namespace: std::fs::read_to_string(pod.folder.join("namespace")).ok(),
        authority: Authority::Bundle(Secret::File(ca)),
        tls_server_name: None,
        proxy: None,
        identity: Identity {
            credential: Credential::TokenFile(token),
            ..Identity::default()
        },
    })
}

fn resolve(context: Entry, entries: &Entries, files: &Arc<[PathBuf]>) -> ContextEntry {
    let mut hasher = DefaultHasher::new();
    // The folder counts: the same text elsewhere means other certificate files.
    (context.file, context.named.value.as_ref().ok()).hash(&mut hasher);
    let link = |field| {
        let value = context.value().ok()?;
        fields::text(value, field).ok().flatten()
    };
    let cluster = link("cluster").and_then(|name| entries.clusters.get(name.as_str()).copied());
    let user = link("user").and_then(|name| entries.users.get(name.as_str()).copied());
    for entry in [cluster, user] {
        entry
            .map(|entry| (entry.file, entry.named.value.as_ref().ok()))
            .hash(&mut hasher);
    }
    let server = cluster
        .and_then(|cluster| cluster.value().ok())
        .and_then(|value| fields::text(value, "server").ok().flatten())
        .map(|server| without_credentials(&server));
    ContextEntry {
        name: context.named.name.clone(),
        file: context.file.to_owned(),
        server,
        fingerprint: hasher.finish(),
        resolved: usable(context, entries, files).map(Arc::new).map_err(Arc::new),
    }
}

/// A URL as it may be shown.
pub(crate) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // The last one: a password that should have been encoded may hold another.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn usable(entry: Entry, entries: &Entries, files: &Arc<[PathBuf]>) -> Resolved<Context> {
    let context = Reader::new("context", entry)?;
    let cluster_name = context
        .text("cluster")?
        .ok_or_else(|| context.field("cluster", "is missing: the context names no cluster"))?;
    let dangling = |what, name: &str| ContextProblem::Dangling {
        context: entry.named.name.clone(),
        file: entry.file.to_owned(),
        what,
        name: name.to_owned(),
    };
    let cluster = entries
        .clusters
        .get(cluster_name.as_str())
        .ok_or_else(|| dangling("cluster", &cluster_name))?;
    let cluster = Reader::new("cluster", *cluster)?;
    // A context without a user is anonymous, as in kubectl.
    let identity = match context.text("user")? {
        None => Identity::default(),
        Some(name) => {
            let user = entries
                .users
                .get(name.as_str())
                .ok_or_else(|| dangling("user", &name))?;
            identity(&Reader::new("user", *user)?)?
        }
    };
    Ok(Context {
        name: entry.named.name.clone(),
        files: files.clone(),
        server: cluster.server()?,
        namespace: context.text("namespace")?,
        authority: cluster.authority()?,
        tls_server_name: cluster.tls_server_name()?,
        proxy: cluster.proxy()?,
        identity,
    })
}
