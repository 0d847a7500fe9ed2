//! Free ports on the loopback interface.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Below Linux's range for outgoing connections (from 32768), so that nobody gets our port by chance while
/// the API server is stopped and about to come back on it.
const RANGE: Range<u16> = 20_000..32_000;
const TRIES: usize = 1_000;

/// The ports of one control plane.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub etcd: u16,
    pub api_server: u16,
    pub kubelet: u16,
}

impl Ports {
    /// Ports that nobody listens on now. That can change until we do: the caller tries again with others.
    pub(crate) fn free() -> Result<Self> {
        let [etcd, api_server, kubelet] = free()?;
        Ok(Self {
            etcd,
            api_server,
            kubelet,
        })
    }
}

fn free<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // Held until all are found, which keeps them distinct.
    let mut held = Vec::with_capacity(N);
    let mut tries = 0..TRIES;
    for port in &mut ports {
        let listener = tries.find_map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, random())).ok());
        let listener = listener.ok_or(Error::NoFreePorts(N))?;
        *port = listener.local_addr().map_err(|_| Error::NoFreePorts(N))?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn random() -> u16 {
    let offset = RandomState::new().hash_one(()) % u64::from(RANGE.end - RANGE.start);
    RANGE.start + u16::try_from(offset).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_distinct_and_in_range() {
        let ports: [u16; 50] = free().unwrap();
        let distinct: std::collections::BTreeSet<_> = ports.iter().collect();
        assert_eq!(distinct.len(), ports.len());
        assert!(ports.iter().all(|port| RANGE.contains(port)));
    }
}
