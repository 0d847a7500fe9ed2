//! A simulator that runs.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::access::User;
use crate::controllers::{self, Shift};
use crate::error::PutError;
use crate::fault::FaultRule;
use crate::shared::Shared;

/// A simulator that runs. It ends, and every connection with it, when this is dropped or [`shutdown`](Self::shutdown)
/// is called.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// The certificate that clients have to trust, PEM; none without TLS.
    authority: Option<String>,
    admin_token: String,
    shift: Option<Shift>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn new(
        shared: Arc<Shared>,
        address: SocketAddr,
        authority: Option<String>,
        admin_token: String,
        shift: Option<Shift>,
        task: JoinHandle<()>,
    ) -> Self {
        Self {
            shared,
            address,
            authority,
            admin_token,
            shift,
            task,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`, with TLS `https`.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The bearer token of the admin, who is in `system:masters`.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// A kubeconfig for the admin, whose context, cluster and user have this name.
    pub fn kubeconfig(&self, name: &str) -> String {
        self.kubeconfig_for(name, &self.admin_token)
    }

    /// A kubeconfig for the holder of a token.
    pub fn kubeconfig_for(&self, name: &str, token: &str) -> String {
        let name = Value::from(name);
        let authority = self.authority.as_ref().map(|pem| {
            let data = STANDARD.encode(pem);
            format!("    certificate-authority-data: {data}\n")
        });
        let authority = authority.unwrap_or_default();
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: {}\n{authority}users:\n\
             - name: {name}\n  user:\n    token: {token}\ncontexts:\n- name: {name}\n  context:\n    \
             cluster: {name}\n    user: {name}\ncurrent-context: {name}\n",
            self.url()
        )
    }

    /// Lets the controllers act on everything that is due now. Under a manual clock they act at no other time, so that
    /// a test sees every step; under that of the machine they act by themselves and this changes nothing.
    pub fn settle(&self) {
        if let Some(shift) = &self.shift {
            controllers::settle(shift);
        }
    }

    /// Lets time pass under a manual clock: it stops wherever a controller has something to do, as real time would.
    pub fn pass(&self, seconds: i64) {
        let clock = &self.shared.clock;
        let end = clock.seconds() + seconds;
        loop {
            let due = self.shift.as_ref().and_then(controllers::settle);
            let now = clock.seconds();
            match due.filter(|due| *due <= end && *due > now) {
                Some(due) => clock.advance(due - now),
                None if now >= end => return,
                None => clock.advance(end - now),
            }
            if !clock.is_manual() {
                return;
            }
        }
    }

    /// Lets somebody in, with a token.
    pub fn add_user(&self, token: impl Into<String>, user: User) {
        self.shared.add_user(token.into(), user);
    }

    /// Takes a token out of use: requests with it are answered with 401 from now on. Returns whether it was in use.
    pub fn revoke(&self, token: &str) -> bool {
        self.shared.revoke(token)
    }

    /// Writes an object as a controller would, past all checks, and returns its resourceVersion. Watches see it.
    pub fn put(&self, object: Value) -> Result<u64, PutError> {
        self.shared.put(object)
    }

    /// Removes an object at once, past finalizers. Watches see it. Returns whether there was one; the namespace is
    /// empty for objects of the cluster.
    pub fn remove(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<bool, PutError> {
        self.shared.remove(api_version, kind, namespace, name)
    }

    /// Cuts every connection that is open now, as a load balancer does that is restarted.
    pub fn disconnect(&self) {
        self.shared.cut.notify_one();
    }

    /// Forgets the past, as a compaction of etcd does: older resourceVersions and continue tokens are answered with
    /// 410 from now on.
    pub fn compact(&self) {
        self.shared.store.lock().compact();
    }

    /// The resourceVersion of the newest change.
    pub fn resource_version(&self) -> u64 {
        self.shared.store.lock().version()
    }

    /// Lets requests or connections suffer from now on. What is meant for a certificate does nothing without TLS.
    pub fn add_fault(&self, rule: FaultRule) {
        self.shared.add_fault(rule);
    }

    /// Ends all faults. What has begun to suffer, suffers to its end.
    pub fn clear_faults(&self) {
        self.shared.clear_faults();
    }

    /// Ends it and waits until every connection is closed.
    pub async fn shutdown(mut self) {
        self.shared.stop.cancel();
        // An error is a panic of a connection, which is in the log already.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.task.abort();
    }
}
