//! State that travels inside the page: what the server rendered from, so that hydration starts from exactly that.
//!
//! Binary (as on the stream) and base64: a third of the size of JSON, and no JSON reader in the WASM.

use leptos::prelude::SharedValue;
use model::stream::{decode_binary, encode_binary};
use serde::{Serialize, de::DeserializeOwned};

/// On the server: `make`s the value and writes it into the page. In the browser: the value of the page while it is
/// hydrated, `None` ever after.
pub fn seed<T: Serialize + DeserializeOwned>(make: impl FnOnce() -> Option<T>) -> Option<T> {
    let mut made = None;
    let text = SharedValue::new_str(|| {
        made = make();
        made.as_ref()
            .and_then(|value| encode_binary(value).ok())
            .map(|bytes| encode(&bytes))
            .unwrap_or_default()
    })
    .into_inner();
    made.or_else(|| decode_binary(&decode(&text)?).ok())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 without padding.
fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .enumerate()
            .fold(0_u32, |bits, (i, byte)| bits | u32::from(*byte) << (16 - 8 * i));
        for i in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * i)) & 63;
            out.push(char::from(ALPHABET.get(index as usize).copied().unwrap_or(b'A')));
        }
    }
    out
}

/// Undoes [`encode`]; `None` for anything else and for nothing.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for (i, c) in chunk.iter().enumerate() {
            let value = match c {
                b'A'..=b'Z' => c - b'A',
                b'a'..=b'z' => c - b'a' + 26,
                b'0'..=b'9' => c - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits |= u32::from(value) << (18 - 6 * i);
        }
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend([a, b, c].iter().take(chunk.len() - 1));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_texts() {
        assert_eq!(encode(b"light work."), "bGlnaHQgd29yay4");
        assert_eq!(decode("bGlnaHQgd29yay4").unwrap(), b"light work.");
        assert_eq!(decode("a b"), None);
    }

    proptest! {
        #[test]
        fn bytes_survive(bytes in proptest::collection::vec(any::<u8>(), 1..100)) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }
}
