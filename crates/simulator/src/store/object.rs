//! An object as it is kept: JSON, packed against a dictionary of its resource.

use std::sync::OnceLock;

use serde_json::Value;

/// More than this of the first object does not help the others, and each packing has to look at all of it.
const LARGEST_DICTIONARY: usize = 8 * 1024;

/// One version of one object. Its text has neither `kind` nor `apiVersion`: they are those of the resource, and the
/// items of a list do not repeat them.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The resourceVersion of this version of the object.
    pub(crate) version: u64,
    length: u32,
    packed: Box<[u8]>,
}

/// What the objects of one resource have in common: the text of the first. Objects of a kind differ in names and
/// numbers; against this, a pod of 3 KB takes a few hundred bytes.
#[derive(Debug, Default)]
pub(crate) struct Dictionary(OnceLock<Box<[u8]>>);

impl Dictionary {
    /// Packs an object. The first one ever becomes the dictionary.
    pub(crate) fn pack(&self, version: u64, text: &[u8]) -> Stored {
        let sample = self
            .0
            .get_or_init(|| text.get(..LARGEST_DICTIONARY).unwrap_or(text).into());
        let packed = lz4_flex::block::compress_with_dict(text, sample);
        Stored {
            version,
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
            packed: packed.into_boxed_slice(),
        }
    }

    /// Adds the text of an object to `into`.
    pub(crate) fn unpack_into(&self, stored: &Stored, into: &mut Vec<u8>) {
        let start = into.len();
        into.resize(start + stored.length as usize, 0);
        let sample = self.0.get().map_or(&[][..], |sample| sample);
        if let Some(room) = into.get_mut(start..) {
            let done = lz4_flex::block::decompress_into_with_dict(&stored.packed, room, sample);
            debug_assert!(done.is_ok(), "what was packed here is unpacked here");
        }
    }

    /// The text of an object.
    pub(crate) fn unpack(&self, stored: &Stored) -> Vec<u8> {
        let mut text = Vec::with_capacity(stored.length as usize);
        self.unpack_into(stored, &mut text);
        text
    }
}

/// The text of an object as it is kept: metadata first, as that is what most readers look for.
pub(crate) fn text_of(object: &Value) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    text.push(b'{');
    if let Some(fields) = object.as_object() {
        let metadata = fields.iter().filter(|(key, _)| *key == "metadata");
        let rest = fields
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "metadata" | "kind" | "apiVersion"));
        for (index, (key, value)) in metadata.chain(rest).enumerate() {
            if index > 0 {
                text.push(b',');
            }
            // Writing JSON to memory cannot fail.
            let _ = serde_json::to_writer(&mut text, key);
            text.push(b':');
            let _ = serde_json::to_writer(&mut text, value);
        }
    }
    text.push(b'}');
    text
}
