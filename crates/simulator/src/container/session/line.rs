//! A line of input: of a terminal, which shows what is typed and lets one take it back, or of a pipe.

/// A line that is longer is cut off there.
const LONGEST: usize = 16 * 1024;

/// A line that is being typed.
#[derive(Default)]
pub(super) struct Line {
    bytes: Vec<u8>,
    /// Within the letters of an arrow key, which do nothing.
    escape: bool,
}

/// What a byte did.
pub(super) enum Typed {
    More,
    Line,
    Interrupt,
    End,
}

impl Line {
    pub(super) fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned()
    }

    /// Takes one byte, and adds what a terminal shows of it.
    pub(super) fn type_in(&mut self, byte: u8, tty: bool, echo: &mut Vec<u8>) -> Typed {
        if tty && self.escape {
            self.escape = byte == b'[' || !byte.is_ascii_alphabetic() && byte != b'~';
            return Typed::More;
        }
        match byte {
            b'\n' | b'\r' if tty => {
                echo.push(b'\n');
                return Typed::Line;
            }
            b'\n' => return Typed::Line,
            3 if tty => return Typed::Interrupt,
            4 if tty && self.bytes.is_empty() => return Typed::End,
            8 | 0x7f if tty => {
                // A letter may have several bytes.
                while self.bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
                echo.extend_from_slice(b"\x08 \x08");
            }
            0x1b if tty => self.escape = true,
            byte if tty && byte < b' ' => {}
            byte if self.bytes.len() < LONGEST => {
                self.bytes.push(byte);
                if tty {
                    echo.push(byte);
                }
            }
            _ => {}
        }
        Typed::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8], tty: bool) -> (String, String) {
        let mut line = Line::default();
        let mut echo = Vec::new();
        for byte in bytes {
            line.type_in(*byte, tty, &mut echo);
        }
        (line.take(), String::from_utf8(echo).unwrap())
    }

    #[test]
    fn a_terminal_takes_letters_back_and_ignores_arrows() {
        assert_eq!(
            typed("aü\x7fb\x1b[Ac".as_bytes(), true),
            ("abc".to_owned(), "aü\x08 \x08bc".to_owned())
        );
    }

    #[test]
    fn a_pipe_is_taken_as_it_comes() {
        assert_eq!(typed(b"a\tb", false), ("a\tb".to_owned(), String::new()));
        assert_eq!(typed(&[b'x'; LONGEST + 9], false).0.len(), LONGEST);
    }
}
