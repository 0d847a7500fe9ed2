//! Lines out of chunks.

use bytes::{Buf, Bytes, BytesMut};

/// Cuts a stream of bytes into lines, without copying one twice and without looking at a byte twice.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: BytesMut,
    /// Bytes of the buffer that are known to hold no line end.
    scanned: usize,
    /// The line that is being read is longer than `most`: its bytes are dropped up to its end.
    skipping: bool,
    most: usize,
}

impl Lines {
    /// Lines of at most `most` bytes.
    pub fn new(most: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            skipping: false,
            most,
        }
    }

    /// Adds a chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next complete line, without its end. `Err` for one that was too long; empty lines are passed over.
    pub fn next(&mut self) -> Option<Result<Bytes, TooLong>> {
        loop {
            let Some(found) = self
                .buffer
                .get(self.scanned..)?
                .iter()
                .position(|byte| *byte == b'\n')
            else {
                self.scanned = self.buffer.len();
                if self.scanned > self.most {
                    self.skipping = true;
                    self.buffer.clear();
                    self.scanned = 0;
                }
                return None;
            };
            let end = self.scanned + found;
            let line = self.buffer.split_to(end).freeze();
            self.buffer.advance(1);
            self.scanned = 0;
            if std::mem::take(&mut self.skipping) || line.len() > self.most {
                return Some(Err(TooLong(self.most)));
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Some(Ok(line));
            }
        }
    }
}

/// A line was longer than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event has more than {0} bytes")]
pub(super) struct TooLong(usize);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(lines: &mut Lines) -> Vec<Result<Bytes, TooLong>> {
        std::iter::from_fn(|| lines.next()).collect()
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let mut lines = Lines::new(4);
        lines.push(b"12345");
        assert!(all(&mut lines).is_empty());
        lines.push(b"67890\nok\n");
        assert_eq!(all(&mut lines), [Err(TooLong(4)), Ok(Bytes::from("ok"))]);
        lines.push(b"12345\n1234\n");
        assert_eq!(all(&mut lines), [Err(TooLong(4)), Ok(Bytes::from("1234"))]);
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "[a-c\n]{0,60}", cuts in proptest::collection::vec(0_usize..60, 0..6)) {
            let expected: Vec<&str> = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'))
                .filter(|line| !line.is_empty()).collect();
            let mut lines = Lines::new(100);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let (mut found, mut start) = (Vec::new(), 0);
            for cut in cuts {
                lines.push(&text.as_bytes()[start..cut]);
                start = cut;
                found.extend(all(&mut lines).into_iter().map(|line| String::from_utf8(line.unwrap().to_vec()).unwrap()));
            }
            prop_assert_eq!(found, expected);
        }
    }
}
