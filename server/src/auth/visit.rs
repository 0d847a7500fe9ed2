//! Links for one visit.

use super::token::{Digest, Token, TokenError};
use model::Timestamp;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a link of `kubilitics link` is good.
pub(super) const LIFE: Duration = Duration::from_secs(600);
/// The most links that are open at once; the oldest goes first.
const MOST: usize = 16;

/// The tokens that have been handed out and not been used.
#[derive(Debug, Default)]
pub(super) struct Visits(Mutex<VecDeque<(Digest, Option<Timestamp>)>>);

impl Visits {
    /// A new token, valid before `until`.
    pub(super) fn issue(&self, until: Option<Timestamp>) -> Result<Token, TokenError> {
        let token = Token::new()?;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST {
            open.pop_front();
        }
        open.push_back((token.digest(), until));
        Ok(token)
    }

    /// Takes a token off the list; whether it was on it and in time.
    pub(super) fn redeem(&self, digest: Digest, now: Timestamp) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = open.iter().position(|(known, _)| *known == digest) else {
            return false;
        };
        let redeemed = open.remove(index);
        redeemed.is_some_and(|(_, until)| until.is_none_or(|until| now < until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_for_one_visit() {
        let visits = Visits::default();
        let token = visits.issue(None).unwrap();
        assert!(!visits.redeem(Token::from_text("other").digest(), Timestamp(0)));
        assert!(visits.redeem(token.digest(), Timestamp(0)));
        assert!(!visits.redeem(token.digest(), Timestamp(0)));
    }

    #[test]
    fn a_link_grows_old() {
        let visits = Visits::default();
        let token = visits.issue(Some(Timestamp(10))).unwrap();
        assert!(!visits.redeem(token.digest(), Timestamp(10)));
    }

    #[test]
    fn the_list_of_links_is_bounded() {
        let visits = Visits::default();
        let tokens: Vec<Token> = (0..=MOST).map(|_| visits.issue(None).unwrap()).collect();
        assert!(!visits.redeem(tokens[0].digest(), Timestamp(0)));
        assert!(visits.redeem(tokens[1].digest(), Timestamp(0)));
        assert!(visits.redeem(tokens[MOST].digest(), Timestamp(0)));
    }
}
