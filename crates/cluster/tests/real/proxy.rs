//! A TCP proxy that cuts connections.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Passes bytes to an API server and back, and ends each connection after a while, in the middle of whatever it says.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// The longest life of a connection, in milliseconds.
    longest: AtomicU64,
    cuts: AtomicU64,
}

impl Proxy {
    /// A proxy to the server of a URL, that cuts nothing yet.
    pub fn to(url: &str) -> Self {
        let target = url.trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            longest: AtomicU64::new(u64::MAX),
            cuts: AtomicU64::new(0),
        });
        let passed = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let server = TcpStream::connect(&target).unwrap();
                pass(client.unwrap(), server, passed.clone());
            }
        });
        Self { address, shared }
    }

    /// The URL of the proxy.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// From now on no connection lives longer than this; how long exactly differs.
    pub fn cut_within(&self, longest: Duration) {
        let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        self.shared.longest.store(longest, Ordering::Relaxed);
    }

    /// Connections that were cut.
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Relaxed)
    }
}

fn pass(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    let over = Arc::new(AtomicBool::new(false));
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let over = over.clone();
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
            over.store(true, Ordering::Relaxed);
        });
    }
    let start = Instant::now();
    // Not all alike: a life depends on the port, which differs.
    let part = f64::from(client.peer_addr().map_or(0, |address| address.port()) % 97) / 97.0;
    thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
            let longest = shared.longest.load(Ordering::Relaxed);
            if longest != u64::MAX && start.elapsed().as_secs_f64() * 1000.0 > longest as f64 * part {
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.shutdown(Shutdown::Both);
                shared.cuts.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    });
}
