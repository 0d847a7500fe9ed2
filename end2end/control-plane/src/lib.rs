//! A real Kubernetes control plane for the tests: etcd, kube-apiserver, kube-controller-manager,
//! kube-scheduler and kwok (which plays the kubelets), built from the Go module in `end2end/cluster` and
//! started on free loopback ports. A Deployment becomes ReplicaSet, Pods, scheduled, Running; everything but
//! the containers is real.
//!
//! This crate owns the binaries, the certificates, the users and the life of the processes. It must never end
//! up in the product, never touch a cluster that it did not start, and never leave a process behind: what
//! [`ControlPlane::start`] starts dies with the process that started it, also when that one is killed. Linux
//! only.
//!
//! It is plain blocking code: tests that are async call it from `spawn_blocking` or before their runtime
//! starts. Read [`ControlPlane`] first.
//!
//! | environment | effect |
//! | --- | --- |
//! | `CARGO_TARGET_DIR` | where the binaries and the state of `cargo xtask cluster up` go |
//! | `GOCACHE`, `GOMODCACHE` | Go's own caches, honoured by the build |
//! | `KUBILITICS_TEST_CONTROL_PLANE` | folder of a running one that [`ControlPlane::shared`] attaches to |
//! | `KUBILITICS_KEEP_RUN` | run folders (logs, etcd's data) stay when the control plane goes |

mod binaries;
mod certificates;
mod component;
mod detached;
mod error;
mod faults;
mod folder;
mod kubeconfig;
mod launch;
mod objects;
mod plan;
mod ports;
mod process;
mod run;
mod shared;
mod stages;
mod state;
mod user;
mod wait;

pub use binaries::{Binaries, build};
pub use component::Component;
pub use detached::{Up, down, up};
pub use error::{Error, Result};
pub use run::{ControlPlane, Options};
pub use stages::STATE_ANNOTATION;
pub use user::User;
