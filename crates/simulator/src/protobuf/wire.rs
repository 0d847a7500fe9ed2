//! Protobuf's own layer: numbers of fields, and their values.

use super::Malformed;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a type that the API does not use: 32 or 64 bits as they are.
    Fixed,
}

/// The fields of a message in the order in which they were written.
pub(super) fn parts(bytes: &[u8]) -> Parts<'_> {
    Parts { rest: bytes }
}

pub(super) struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(Malformed)?;
            self.rest = rest;
            // The tenth byte has room for one bit.
            if shift == 63 && *byte > 1 {
                return Err(Malformed);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let count = usize::try_from(count).map_err(|_| Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn part(&mut self) -> Result<(u32, Part<'a>), Malformed> {
        let tag = self.number()?;
        let number = u32::try_from(tag >> 3).map_err(|_| Malformed)?;
        let part = match tag & 7 {
            0 => Part::Number(self.number()?),
            1 => self.take(8).map(|_| Part::Fixed)?,
            2 => {
                let count = self.number()?;
                Part::Bytes(self.take(count)?)
            }
            5 => self.take(4).map(|_| Part::Fixed)?,
            _ => return Err(Malformed),
        };
        Ok((number, part))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<(u32, Part<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let part = self.part();
        if part.is_err() {
            self.rest = &[];
        }
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_numbers_take_ten_bytes() {
        let minus_one = [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(parts(&minus_one).next(), Some(Ok((1, Part::Number(u64::MAX)))));
        let too_large = [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(parts(&too_large).next(), Some(Err(Malformed)));
    }

    #[test]
    fn what_ends_too_early_is_an_error_and_the_last() {
        let mut cut = parts(&[0x0a, 5, 1, 2]);
        assert_eq!(cut.next(), Some(Err(Malformed)));
        assert_eq!(cut.next(), None);
    }
}
