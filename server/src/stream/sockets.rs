//! How many sockets each session has open.

use crate::auth::Principal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most sockets that one session may have open.
pub const SOCKETS_PER_SESSION: u32 = 10;

/// The sockets that are open, by who opened them.
#[derive(Clone, Debug, Default)]
pub struct Sockets(Arc<Mutex<HashMap<Principal, u32>>>);

/// A socket's place. Dropping it frees the place.
#[derive(Debug)]
pub struct Slot {
    sockets: Sockets,
    principal: Principal,
}

impl Sockets {
    /// A place for one more socket, unless all are taken.
    pub fn open(&self, principal: Principal) -> Option<Slot> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(principal).or_default();
        if *count >= SOCKETS_PER_SESSION {
            return None;
        }
        *count += 1;
        Some(Slot {
            sockets: self.clone(),
            principal,
        })
    }

    /// How many are open.
    pub fn count(&self) -> u32 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .sum()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.sockets.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let sockets = Sockets::default();
        let mut slots: Vec<Slot> = (0..SOCKETS_PER_SESSION)
            .filter_map(|_| sockets.open(Principal::Script))
            .collect();
        assert!(sockets.open(Principal::Script).is_none());
        slots.pop();
        assert!(sockets.open(Principal::Script).is_some());
        drop(slots);
        assert_eq!(sockets.count(), 0);
        assert!(sockets.0.lock().unwrap().is_empty());
    }
}
