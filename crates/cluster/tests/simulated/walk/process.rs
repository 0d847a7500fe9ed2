//! What this process holds, as Linux counts it.

use std::net::SocketAddr;

/// The resident bytes of this process.
pub fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// How many connections to an address of loopback are open, seen from those who made them.
pub fn sockets_to(address: SocketAddr) -> usize {
    let to = format!(":{:04X}", address.port());
    let text = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let open = text.lines().skip(1).filter(|line| {
        let mut fields = line.split_whitespace().skip(2);
        // The other end and the state, of which 1 is an established connection.
        fields.next().is_some_and(|remote| remote.ends_with(&to)) && fields.next() == Some("01")
    });
    open.count()
}
