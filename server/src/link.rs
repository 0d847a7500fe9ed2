//! `kubilitics link`: asks the running server for a new link.

use crate::auth::Token;
use crate::data_dir::{DataDir, DataDirError};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use utoipa::ToSchema;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A link, as `POST /api/v1/link` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The address to open; good for one visit.
    pub url: String,
}

/// No link could be had.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No server runs with the data folder.
    #[error(transparent)]
    Folder(#[from] DataDirError),
    /// It does not answer.
    #[error(
        "the server at {address} does not answer: {source}; if it is gone, start it again with `kubilitics serve`"
    )]
    Unreachable {
        /// Where it should be.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// What answers there is not the server that wrote the folder.
    #[error("what answers at {address} is not the server of this data folder: it said `{status}`")]
    Foreign {
        /// Where.
        address: SocketAddr,
        /// The first line of its answer.
        status: String,
    },
}

/// A new link of the server that runs with this data folder.
pub fn request(data_dir: &Path) -> Result<Link, LinkError> {
    let (token, address) = DataDir::of_running(data_dir)?;
    let answer = post(&token, address).map_err(|source| LinkError::Unreachable { address, source })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
    let status = head.lines().next().unwrap_or_default().to_owned();
    let link = status
        .contains(" 201 ")
        .then(|| serde_json::from_str(body).ok())
        .flatten();
    link.ok_or(LinkError::Foreign { address, status })
}

/// One request over one connection: not worth an HTTP client.
fn post(token: &Token, address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /api/v1/link HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n",
        token.reveal()
    )?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}
