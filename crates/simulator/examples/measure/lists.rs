//! A list of all pods: megabytes per second of the server's processor time.

use std::io::{Read as _, Write as _, stdout};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::process::{processor_time, resident};
use crate::server::Server;

/// How often: the first one warms up.
const TIMES: usize = 4;

/// Measures lists of a cluster of so many pods.
pub fn measure(pods: u32) -> Result<()> {
    let server = Server::start(pods, 0)?;
    let mut figures = json!(null);
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..TIMES {
        let (begun, used) = (Instant::now(), processor_time(server.process())?);
        let mut stream = TcpStream::connect(&server.address)?;
        stream.write_all(server.request("/api/v1/pods").as_bytes())?;
        let mut bytes = 0.0;
        loop {
            match stream.read(&mut buffer)? {
                0 => break,
                read => bytes += read as f64,
            }
        }
        let processor = (processor_time(server.process())? - used).as_secs_f64();
        let megabytes = bytes / 1e6;
        figures = json!({
            "megabytes": megabytes,
            "seconds": begun.elapsed().as_secs_f64(),
            "perCore": megabytes / processor.max(0.01),
            "resident": resident(server.process())?,
        });
    }
    server.stop()?;
    writeln!(stdout(), "{figures}")?;
    Ok(())
}
