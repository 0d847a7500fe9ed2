//! Uids, tokens and the ends of generated names.

/// Random bytes. Should the system have none, all are zero: a simulator guards nothing.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// A version 4 UUID.
pub(crate) fn uid() -> String {
    uid_of(bytes())
}

/// The UUID of 16 bytes.
pub(crate) fn uid_of(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// A bearer token.
pub(crate) fn token() -> String {
    hex::encode(bytes::<24>())
}

/// Random letters of an alphabet.
pub(crate) fn letters(alphabet: &[u8], count: usize) -> String {
    let bytes = bytes::<16>();
    let letter = |byte: &u8| {
        alphabet
            .get(usize::from(*byte) % alphabet.len().max(1))
            .copied()
            .map(char::from)
    };
    bytes.iter().take(count).filter_map(letter).collect()
}
