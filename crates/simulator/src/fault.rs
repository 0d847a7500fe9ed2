//! Faults that connections are made to suffer, on demand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Method;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A refusal with this code and a Status; with the seconds of a `Retry-After` header, if any.
    Refuse {
        /// The HTTP code: 401, 403, 410, 429, 500, 503 or 504.
        code: u16,
        /// The value of `Retry-After`.
        retry_after: Option<u32>,
    },
    /// The answer begins after this time.
    DelayFirstByte(Duration),
    /// The body comes one byte at a time, with this time between two.
    Slow(Duration),
    /// The connection is cut after this many bytes of the body, as by a reset: in the middle of a line.
    CutAfter(usize),
    /// The body ends after this many bytes as if it were complete.
    EndAfter(usize),
    /// After this many bytes of the body nothing comes any more, and nothing is closed.
    SilenceAfter(usize),
    /// This is added to the body before anything else: a malformed object, an event that never was, a 410 in a watch.
    Inject(String),
    /// The answer has another content type than its content.
    ContentType(String),
    /// Watches get no bookmarks.
    NoBookmarks,
}

/// Which requests suffer a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// The method; none for any.
    pub method: Option<Method>,
    /// The beginning of the path: `/api/v1/pods`.
    pub path: String,
    /// Only watches (true), only others (false), or both.
    pub watch: Option<bool>,
    /// Text that the query has to contain (`continue=` for later pages); empty for any.
    pub query: String,
    /// How many requests suffer it; none for all until the faults are cleared.
    pub times: Option<u32>,
}

impl FaultRule {
    /// A fault of every request whose path begins so.
    pub fn on(path: impl Into<String>, fault: Fault) -> Self {
        Self {
            fault,
            method: None,
            path: path.into(),
            watch: None,
            query: String::new(),
            times: None,
        }
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only watches, or only what is no watch.
    #[must_use]
    pub fn watch(mut self, watch: bool) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Only with this text in the query.
    #[must_use]
    pub fn query(mut self, text: impl Into<String>) -> Self {
        self.query = text.into();
        self
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    pub(crate) fn add(&self, rule: FaultRule) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The faults of a request, each counted as used.
    pub(crate) fn take(&self, method: &Method, path: &str, query: &str, watch: bool) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        for rule in rules.iter_mut() {
            let meant = rule.method.as_ref().is_none_or(|m| m == method)
                && path.starts_with(&rule.path)
                && rule.watch.is_none_or(|w| w == watch)
                && query.contains(&rule.query)
                && rule.times != Some(0);
            if meant {
                rule.times = rule.times.map(|times| times - 1);
                faults.push(rule.fault.clone());
            }
        }
        rules.retain(|rule| rule.times != Some(0));
        faults
    }
}
