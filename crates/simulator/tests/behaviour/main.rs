//! One behaviour suite, two servers: every case is a list of requests that is sent to the simulator and to a real
//! kube-apiserver, and the answers have to be the same but for times, uids and resourceVersions.
//!
//! The real one is that of `KUBILITICS_TEST_CONTROL_PLANE`, else one that is started. Read [`case::Case`] first.

mod access;
mod applies;
mod batches;
mod case;
mod containers;
mod costs;
mod customs;
mod discovery;
mod errors;
mod formats;
mod hands;
mod kinds;
mod limits;
mod lists;
mod normal;
mod odd;
mod parts;
mod pods;
mod protobuf;
mod published;
mod rules;
mod run;
mod strangers;
mod strategic;
mod strict;
mod watches;
mod writes;
