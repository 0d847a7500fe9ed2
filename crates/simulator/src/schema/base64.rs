//! Where a text is no base64, as Go finds it.

/// The place of the first byte that is wrong; none if all of it can be read. Ends of lines are let pass.
pub(super) fn corrupt(text: &str) -> Option<usize> {
    let mut bytes = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'))
        .peekable();
    loop {
        for part in 0..4 {
            let Some((at, byte)) = bytes.next() else {
                return (part > 0).then(|| text.len() - part);
            };
            if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
                continue;
            }
            if byte != b'=' || part < 2 {
                return Some(at);
            }
            // Two parts need two of them, and nothing comes behind.
            if part == 2 {
                match bytes.next() {
                    None => return Some(text.len()),
                    Some((_, b'=')) => {}
                    Some((at, _)) => return Some(at - 1),
                }
            }
            return bytes.next().map(|(at, _)| at);
        }
        bytes.peek()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_base64_is_found() {
        for (text, expected) in [
            ("", None),
            ("aGk=", None),
            ("aGkh", None),
            ("aA==", None),
            ("aG\nkh\n", None),
            ("%%%", Some(0)),
            ("aG%", Some(2)),
            ("aGkha", Some(4)),
            ("aGk", Some(0)),
            ("aA=", Some(3)),
            ("aA=b", Some(2)),
            ("aA==b", Some(4)),
            ("a===", Some(1)),
        ] {
            assert_eq!(corrupt(text), expected, "{text}");
        }
    }
}
