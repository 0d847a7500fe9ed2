//! Stock kubectl, used as people use it: the same commands against the simulator and a real control plane, and what it
//! prints has to be the same but for ages, uids, addresses and names with random ends. What the real one of the tests
//! cannot do, as it has no kubelets, is done with the simulator alone.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod alone;
mod applies;
mod kubectl;
mod normal;
mod walk;
