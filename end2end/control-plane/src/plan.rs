//! The files and the command lines of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::certificates::{Authority, signing_key};
use crate::kubeconfig::kubeconfig;
use crate::ports::Ports;
use crate::process::Plan;
use crate::state::State;
use crate::{Binaries, Component, Result, User, folder, stages};

/// Where a run keeps what its processes are told about.
struct Files {
    pki: PathBuf,
    kubeconfigs: PathBuf,
    kwok: PathBuf,
}

impl Files {
    fn of(dir: &Path) -> Self {
        Self {
            pki: dir.join("pki"),
            kubeconfigs: dir.join("kubeconfigs"),
            kwok: dir.join("kwok.yaml"),
        }
    }

    fn pki(&self, name: &str) -> PathBuf {
        self.pki.join(name)
    }

    fn kubeconfig(&self, user: &str) -> PathBuf {
        self.kubeconfigs.join(format!("{user}.yaml"))
    }
}

/// The certificate of the run's authority.
pub(crate) fn ca_file(dir: &Path) -> PathBuf {
    Files::of(dir).pki("ca.crt")
}

/// Writes the certificates, kubeconfigs and configuration of a run that is about to start.
pub(crate) fn write_files(dir: &Path, binaries: &Binaries, ports: Ports) -> Result<State> {
    let files = Files::of(dir);
    folder::create_private(&files.pki)?;
    folder::create_private(&files.kubeconfigs)?;
    stages::write_config(&binaries.stages(), dir, &files.kwok)?;

    let authority = Authority::new()?;
    let ca = authority.pem();
    folder::write(&files.pki("ca.crt"), ca.as_bytes())?;
    let (private, public) = signing_key()?;
    folder::write(&files.pki("service-accounts.key"), private.as_bytes())?;
    folder::write(&files.pki("service-accounts.pub"), public.as_bytes())?;
    let names = [
        "localhost",
        "127.0.0.1",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "10.0.0.1",
    ];
    authority
        .server("kube-apiserver", &names)?
        .write(&files.pki, "kube-apiserver")?;
    authority
        .server("kubelet", &["localhost", "127.0.0.1"])?
        .write(&files.pki, "kubelet")?;
    authority
        .client("kube-apiserver-kubelet-client", Some("system:masters"))?
        .write(&files.pki, "kubelet-client")?;

    let server = format!("https://127.0.0.1:{}", ports.api_server);
    let write_kubeconfig = |name: &str, user: &str, group: Option<&str>, namespace: Option<&str>| {
        let file = files.kubeconfig(name);
        let text = kubeconfig(&server, &ca, user, namespace, &authority.client(user, group)?);
        folder::write(&file, text.as_bytes()).map(|()| file)
    };
    for component in [Component::ControllerManager, Component::Scheduler] {
        write_kubeconfig(component.binary(), &format!("system:{component}"), None, None)?;
    }
    let mut kubeconfigs = BTreeMap::new();
    for user in User::ALL {
        kubeconfigs.insert(
            user,
            write_kubeconfig(user.name(), user.name(), user.group(), user.namespace())?,
        );
    }
    Ok(State {
        ready: false,
        server,
        ports,
        processes: Vec::new(),
        kubeconfigs,
        kubectl: binaries.kubectl(),
    })
}

/// How to run a component.
pub(crate) fn plan(component: Component, dir: &Path, binaries: &Binaries, ports: Ports) -> Plan {
    let files = Files::of(dir);
    let mut args = Args::default();
    match component {
        Component::Etcd => etcd(&mut args, dir, ports),
        Component::ApiServer => api_server(&mut args, &files, ports),
        Component::ControllerManager => {
            args.path("kubeconfig", files.kubeconfig(component.binary()));
            args.path(
                "service-account-private-key-file",
                files.pki("service-accounts.key"),
            );
            args.path("root-ca-file", files.pki("ca.crt"));
            args.text("use-service-account-credentials", "true");
            args.text("leader-elect", "false");
            args.text(
                "controllers",
                "*,-nodeipam,-node-route-controller,-cloud-node-lifecycle",
            );
            args.text("secure-port", "0");
            args.quick_client();
        }
        Component::Scheduler => {
            args.path("kubeconfig", files.kubeconfig(component.binary()));
            args.text("leader-elect", "false");
            args.text("secure-port", "0");
            args.quick_client();
        }
        Component::Kwok => kwok(&mut args, &files, ports),
    }
    Plan {
        component,
        program: binaries.component(component),
        args: args.0,
        dir: dir.to_owned(),
    }
}

fn etcd(args: &mut Args, dir: &Path, ports: Ports) {
    let clients = format!("http://127.0.0.1:{}", ports.etcd);
    args.path("data-dir", dir.join("etcd"));
    args.text("listen-client-urls", &clients);
    args.text("advertise-client-urls", &clients);
    // There are no peers; any port does.
    args.text("listen-peer-urls", "http://127.0.0.1:0");
    // What a power cut would lose is a test's data.
    args.text("unsafe-no-fsync", "true");
    // Alone, it wins its election when this many milliseconds are over.
    args.text("heartbeat-interval", "20");
    args.text("election-timeout", "100");
    args.text("log-level", "warn");
}

fn api_server(args: &mut Args, files: &Files, ports: Ports) {
    args.text("etcd-servers", &format!("http://127.0.0.1:{}", ports.etcd));
    args.text("bind-address", "127.0.0.1");
    args.text("advertise-address", "127.0.0.1");
    args.text("secure-port", &ports.api_server.to_string());
    args.path("tls-cert-file", files.pki("kube-apiserver.crt"));
    args.path("tls-private-key-file", files.pki("kube-apiserver.key"));
    args.path("client-ca-file", files.pki("ca.crt"));
    args.path("service-account-key-file", files.pki("service-accounts.pub"));
    args.path(
        "service-account-signing-key-file",
        files.pki("service-accounts.key"),
    );
    args.text("service-account-issuer", "https://kubernetes.default.svc");
    args.text("authorization-mode", "Node,RBAC");
    args.text("service-cluster-ip-range", "10.0.0.0/16");
    args.text("allow-privileged", "true");
    args.text("endpoint-reconciler-type", "none");
    // For logs and port-forward: the "kubelets" are kwok's, and their host names resolve nowhere.
    args.path("kubelet-client-certificate", files.pki("kubelet-client.crt"));
    args.path("kubelet-client-key", files.pki("kubelet-client.key"));
    args.text("kubelet-preferred-address-types", "InternalIP");
}

fn kwok(args: &mut Args, files: &Files, ports: Ports) {
    args.path("kubeconfig", files.kubeconfig(User::Admin.name()));
    args.path("config", files.kwok.clone());
    args.text("manage-all-nodes", "true");
    args.text("node-ip", "127.0.0.1");
    args.text("node-lease-duration-seconds", "40");
    args.text("node-port", &ports.kubelet.to_string());
    args.text("server-address", &format!("127.0.0.1:{}", ports.kubelet));
    args.path("tls-cert-file", files.pki("kubelet.crt"));
    args.path("tls-private-key-file", files.pki("kubelet.key"));
}

/// `--name=value` arguments.
#[derive(Default)]
struct Args(Vec<OsString>);

impl Args {
    fn text(&mut self, name: &str, value: &str) {
        self.0.push(format!("--{name}={value}").into());
    }

    /// No brake on requests to the API server: with the usual one the controller manager takes 5 s to start,
    /// since it gets a token for each of its controllers first.
    fn quick_client(&mut self) {
        self.text("kube-api-qps", "1000");
        self.text("kube-api-burst", "2000");
    }

    fn path(&mut self, name: &str, value: PathBuf) {
        let mut arg = OsString::from(format!("--{name}="));
        arg.push(value);
        self.0.push(arg);
    }
}
