//! Many watches of the same pods: how far behind they are, and what they cost the server.
//!
//! The clients have to be cheap, as they run on the same cores: they only count bytes. One of them reads what it gets,
//! and as all get the same bytes, the others' counts tell which events they have.

use std::io::{Write as _, stdout};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::{processor_time, resident};
use crate::server::Server;

/// The annotation of a pod that says when it was changed, in microseconds.
pub const STAMP: &str = "measured-at";
const PODS: u32 = 1_000;
/// Until the watches have settled.
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(10);

/// Microseconds since 1970: what two processes agree on.
pub fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.ok()
        .and_then(|now| u64::try_from(now.as_micros()).ok())
        .unwrap_or_default()
}

/// How many bytes a watch had at which times.
type Reads = Vec<(u64, u64)>;

pub async fn measure(watches: u32, events: u32) -> Result<()> {
    let mut server = Server::start(PODS, events)?;
    let list: Value = serde_json::from_slice(&whole(&server, "/api/v1/pods").await?)?;
    let pods = list["items"].as_array().context("the list has no items")?;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    let path = format!("/api/v1/pods?watch=1&resourceVersion={version}");

    let reads: Arc<Mutex<Vec<Reads>>> = Arc::default();
    let mut clients = JoinSet::new();
    for _ in 0..watches {
        let stream = open(&server, &path).await?;
        clients.spawn(count(stream, reads.clone()));
    }
    let (first, lines) = (open(&server, &path).await?, Arc::default());
    clients.spawn(read(first, Arc::clone(&lines)));

    server.change(pods)?;
    tokio::time::sleep(WARM_UP).await;
    let (begun, used, from) = (Instant::now(), processor_time(server.process())?, now());
    tokio::time::sleep(MEASURED).await;
    let (until, seconds) = (now(), begun.elapsed().as_secs_f64());
    let processor = (processor_time(server.process())? - used).as_secs_f64();
    let memory = resident(server.process())?;
    // What was made last has a second to arrive; what has not is counted as late as that.
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.stop()?;
    while clients.join_next().await.is_some() {}

    let lines = lines.lock().map(|lines| lines.clone()).unwrap_or_default();
    let reads = reads.lock().map(|reads| reads.clone()).unwrap_or_default();
    ensure!(
        reads.len() == watches as usize,
        "{} of {watches} watches were read",
        reads.len()
    );
    let mut lags = lags(&lines, &reads, from, until);
    lags.sort_unstable();
    let expected = f64::from(events) * f64::from(watches) * seconds;
    let at = |part: usize| {
        lags.get(lags.len() * part / 100)
            .map_or(f64::NAN, |lag| *lag as f64 / 1e3)
    };
    let figures = json!({
        "lagP50": at(50), "lagP99": at(99),
        "delivered": lags.len() as f64 / expected,
        "cores": processor / seconds,
        "resident": memory,
    });
    writeln!(stdout(), "{figures}")?;
    Ok(())
}

async fn open(server: &Server, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(&server.address).await?;
    stream.write_all(server.request(path).as_bytes()).await?;
    Ok(stream)
}

/// The body of an answer.
async fn whole(server: &Server, path: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(server, path).await?.read_to_end(&mut bytes).await?;
    let body = after_head(&bytes).context("an answer without a body")?;
    Ok(bytes.split_off(body))
}

fn after_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map(|at| at + 4)
}

/// Counts the bytes of a body.
async fn count(mut stream: TcpStream, into: Arc<Mutex<Vec<Reads>>>) -> Result<()> {
    let mut buffer = vec![0; 1 << 17];
    let (mut total, mut reads) = (0, Reads::new());
    let mut in_head = true;
    loop {
        // Shared by all: what is in it does not matter.
        let read = stream.read(&mut buffer).await.unwrap_or_default();
        if read == 0 {
            break;
        }
        let mut bytes = read as u64;
        if in_head {
            // The head is small, and comes at once.
            let head = after_head(buffer.get(..read).unwrap_or_default()).context("a head in parts")?;
            bytes -= head as u64;
            in_head = false;
        }
        total += bytes;
        reads.push((total, now()));
    }
    into.lock().map(|mut all| all.push(reads)).unwrap_or_default();
    Ok(())
}

/// Reads the events: where each ends, and when it was made.
async fn read(mut stream: TcpStream, into: Arc<Mutex<Vec<(u64, u64)>>>) -> Result<()> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap_or_default();
    let body = bytes.split_off(after_head(&bytes).context("a watch without a head")?);
    let mut end = 0;
    let mut lines = Vec::new();
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        end += line.len() as u64;
        let event: Value = serde_json::from_slice(line).unwrap_or_default();
        let made = event["object"]["metadata"]["annotations"][STAMP].as_str();
        lines.push((end, made.and_then(|made| made.parse().ok()).unwrap_or_default()));
    }
    into.lock().map(|mut all| *all = lines).unwrap_or_default();
    Ok(())
}

/// How late each event of the time measured was at each watch, in microseconds.
fn lags(lines: &[(u64, u64)], watches: &[Reads], from: u64, until: u64) -> Vec<u64> {
    let mut lags = Vec::new();
    for reads in watches {
        let mut reads = reads.iter().peekable();
        for (end, made) in lines {
            while reads.peek().is_some_and(|(bytes, _)| bytes < end) {
                reads.next();
            }
            let Some((_, seen)) = reads.peek() else { break };
            if (from..until).contains(made) {
                lags.push(seen.saturating_sub(*made));
            }
        }
    }
    lags
}
