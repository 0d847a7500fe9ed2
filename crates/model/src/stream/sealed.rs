//! A part of a frame that only those open who want it.

use super::CodecError;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that travels in a binary frame as bytes of its own: a page that never opens one does not have the code that
/// reads it. In JSON it is the value itself.
#[derive(Clone, Debug)]
pub struct Sealed<T>(Form<T>);

#[derive(Clone, Debug)]
enum Form<T> {
    Open(T),
    Closed(Vec<u8>),
}

impl<T> Sealed<T> {
    /// Seals a value.
    pub const fn new(value: T) -> Self {
        Self(Form::Open(value))
    }
}

impl<T: Clone + DeserializeOwned> Sealed<T> {
    /// The value. An error if the bytes are none of its type.
    pub fn open(&self) -> Result<T, CodecError> {
        match &self.0 {
            Form::Open(value) => Ok(value.clone()),
            Form::Closed(bytes) => Ok(postcard::from_bytes(bytes)?),
        }
    }
}

impl<T: Clone + DeserializeOwned + PartialEq> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        matches!((self.open(), other.open()), (Ok(own), Ok(other)) if own == other)
    }
}

impl<T: Clone + DeserializeOwned + Serialize> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.open().map_err(S::Error::custom)?.serialize(serializer);
        }
        match &self.0 {
            Form::Open(value) => {
                let bytes = postcard::to_stdvec(value).map_err(S::Error::custom)?;
                serializer.serialize_bytes(&bytes)
            }
            Form::Closed(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return T::deserialize(deserializer).map(Self::new);
        }
        let bytes = <&[u8]>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self(Form::Closed(bytes.to_vec())))
    }
}
