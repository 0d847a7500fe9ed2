//! Frames: postcard behind a version byte, or JSON text.

use super::VERSION;
use serde::{Serialize, de::DeserializeOwned};

/// A frame's form, settled by the sub-protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `kubilitics.v1`.
    Binary,
    /// `kubilitics.v1.json`.
    Json,
}

/// A frame that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The version byte is not ours.
    #[error("the frame is of protocol version {found}, this side speaks {VERSION}")]
    Version {
        /// The byte found.
        found: u8,
    },
    /// An empty binary frame.
    #[error("the frame is empty")]
    Empty,
    /// Not a message in binary form.
    #[error("the binary frame is not a message: {0}")]
    Binary(#[from] postcard::Error),
    /// Not a message in JSON form.
    #[error("the JSON frame is not a message: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes a message as one binary frame. For a side that speaks nothing else: the JSON half is then not linked.
pub fn encode_binary<T: Serialize>(message: &T) -> Result<Vec<u8>, CodecError> {
    Ok(postcard::to_extend(message, vec![VERSION])?)
}

/// Reads a message from one binary frame; see [`encode_binary`].
pub fn decode_binary<T: DeserializeOwned>(frame: &[u8]) -> Result<T, CodecError> {
    match frame.split_first() {
        None => Err(CodecError::Empty),
        Some((&VERSION, rest)) => Ok(postcard::from_bytes(rest)?),
        Some((&found, _)) => Err(CodecError::Version { found }),
    }
}

impl Format {
    /// The sub-protocol's name at the upgrade.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Format::Binary => "kubilitics.v1",
            Format::Json => "kubilitics.v1.json",
        }
    }

    /// Writes a message as one frame.
    pub fn encode<T: Serialize>(self, message: &T) -> Result<Vec<u8>, CodecError> {
        match self {
            Format::Binary => encode_binary(message),
            Format::Json => Ok(serde_json::to_vec(message)?),
        }
    }

    /// Reads a message from one frame.
    pub fn decode<T: DeserializeOwned>(self, frame: &[u8]) -> Result<T, CodecError> {
        match self {
            Format::Binary => decode_binary(frame),
            Format::Json => Ok(serde_json::from_slice(frame)?),
        }
    }
}
