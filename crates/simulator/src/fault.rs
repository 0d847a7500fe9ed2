//! Faults that connections are made to suffer, on demand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Method};
use serde::{Deserialize, Serialize};

mod words;

/// The methods that clients of the API use.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// A hundred years, in seconds.
const MOST_SKEW: u64 = 100 * 365 * 86_400;

/// What goes wrong. In JSON `{"cutAfter": 700}`, or `"noBookmarks"`; durations as `"1s"` or `"200ms"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Fault {
    /// A refusal with this code and a Status; with the seconds of a `Retry-After` header, if any.
    Refuse {
        /// The HTTP code: 401, 403, 410, 429, 500, 503 or 504.
        code: u16,
        /// The value of `Retry-After`.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The answer begins after this time.
    DelayFirstByte(#[serde(with = "words::duration")] Duration),
    /// The body comes one byte at a time, with this time between two.
    Slow(#[serde(with = "words::duration")] Duration),
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
    /// The body is compressed, whether the client asked for it or not, and ends in the middle of it as if it were complete.
    TruncatedGzip,
    /// The first object of the body gets a field of this many bytes, which no kind has.
    Oversized(usize),
    /// What a watch sends is sent twice.
    Duplicate,
    /// Of two lines that a watch sends shortly after one another, the later comes first.
    Reorder,
    /// The TLS handshake begins after this time; without TLS, the connection is read after this time. No rule of a path
    /// or method can have it.
    SlowHandshake(#[serde(with = "words::duration")] Duration),
    /// New connections are shown a certificate that has expired. No rule of a path or method can have it.
    ExpiredCertificate,
    /// The server's clock is wrong by this many seconds. Neither paths nor counts matter: it is so until faults are cleared.
    ClockSkew(i64),
}

impl Fault {
    /// Whether it happens to connections, before there is a request.
    fn is_of_connections(&self) -> bool {
        matches!(self, Self::SlowHandshake(_) | Self::ExpiredCertificate)
    }
}

/// Which requests suffer a fault. In JSON its fields by these names; all but `fault` may be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// The method; none for any.
    #[serde(default, with = "words::method")]
    pub method: Option<Method>,
    /// The beginning of the path: `/api/v1/pods`; empty for any.
    #[serde(default)]
    pub path: String,
    /// Only watches (true), only others (false), or both.
    #[serde(default)]
    pub watch: Option<bool>,
    /// Text that the query has to contain (`continue=` for later pages); empty for any.
    #[serde(default)]
    pub query: String,
    /// How many requests (or connections) suffer it; none for all until the faults are cleared.
    #[serde(default)]
    pub times: Option<u32>,
}

/// A rule that says nothing, or nothing that can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum RuleError {
    /// The code is none of an error.
    #[error("fault.refuse.code is {0}, and has to be from 400 to 599")]
    Code(u16),
    /// A connection has no path yet.
    #[error(
        "this fault happens to connections before there is a request: path, method, watch and query must be left out"
    )]
    OfConnections,
    /// There is one clock for all.
    #[error(
        "clockSkew is a fault of the whole server: path, method, watch, query and times must be left out"
    )]
    OfServer,
    /// So wrong is no clock.
    #[error("fault.clockSkew is {0} seconds, and has to be within a hundred years ({MOST_SKEW} seconds)")]
    Skew(i64),
    /// No path begins so.
    #[error("path is {0:?}, and has to begin with a slash")]
    Path(String),
    /// The API has no such method.
    #[error("method is {0:?}, and has to be one of {all}", all = METHODS.join(", "))]
    Method(String),
    /// It would never happen.
    #[error(
        "times is 0, and has to be 1 or more; leave it out for a fault that lasts until faults are cleared"
    )]
    Never,
    /// Others have none.
    #[error("watch is false, and this fault is one of watches")]
    OfWatches,
    /// It cannot stand in a header.
    #[error("fault.contentType is {0:?}, which cannot be the value of a header")]
    ContentType(String),
    /// There is no certificate.
    #[error("this simulator is served without TLS: no certificate of it can expire")]
    NoTls,
}

impl FaultRule {
    /// A fault of every connection.
    pub fn of_connections(fault: Fault) -> Self {
        Self::on("", fault)
    }

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

    /// The rule of a JSON value, or what is wrong with it.
    pub(crate) fn read(rule: serde_json::Value, tls: bool) -> Result<Self, String> {
        let rule: Self = serde_json::from_value(rule).map_err(|error| error.to_string())?;
        rule.check(tls).map_err(|error| error.to_string())?;
        Ok(rule)
    }

    /// Whether it can be carried out.
    fn check(&self, tls: bool) -> Result<(), RuleError> {
        let of_requests =
            self.method.is_some() || !self.path.is_empty() || self.watch.is_some() || !self.query.is_empty();
        match &self.fault {
            Fault::Refuse { code, .. } if !(400..600).contains(code) => Err(RuleError::Code(*code)),
            Fault::ExpiredCertificate if !tls => Err(RuleError::NoTls),
            Fault::ClockSkew(_) if of_requests || self.times.is_some() => Err(RuleError::OfServer),
            Fault::ClockSkew(by) if by.unsigned_abs() > MOST_SKEW => Err(RuleError::Skew(*by)),
            Fault::ContentType(text) if HeaderValue::from_str(text).is_err() => {
                Err(RuleError::ContentType(text.clone()))
            }
            Fault::NoBookmarks | Fault::Reorder if self.watch == Some(false) => Err(RuleError::OfWatches),
            _ if self.fault.is_of_connections() && of_requests => Err(RuleError::OfConnections),
            _ if self.times == Some(0) => Err(RuleError::Never),
            _ if !self.path.is_empty() && !self.path.starts_with('/') => {
                Err(RuleError::Path(self.path.clone()))
            }
            _ => match &self.method {
                Some(method) if !METHODS.contains(&method.as_str()) => {
                    Err(RuleError::Method(method.to_string()))
                }
                _ => Ok(()),
            },
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

    pub(crate) fn all(&self) -> Vec<FaultRule> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The faults of a request, each counted as used.
    pub(crate) fn take(&self, method: &Method, path: &str, query: &str, watch: bool) -> Vec<Fault> {
        self.take_where(|rule| {
            !rule.fault.is_of_connections()
                && rule.method.as_ref().is_none_or(|m| m == method)
                && path.starts_with(&rule.path)
                && rule.watch.is_none_or(|w| w == watch)
                && query.contains(&rule.query)
        })
    }

    /// The faults of a new connection, each counted as used.
    pub(crate) fn take_of_connection(&self) -> Vec<Fault> {
        self.take_where(|rule| rule.fault.is_of_connections())
    }

    fn take_where(&self, meant: impl Fn(&FaultRule) -> bool) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        for rule in rules.iter_mut() {
            // That of the clock is not used up: it is so as long as the rule is there.
            let is_due = rule.times != Some(0) && !matches!(rule.fault, Fault::ClockSkew(_));
            if is_due && meant(rule) {
                rule.times = rule.times.map(|times| times - 1);
                faults.push(rule.fault.clone());
            }
        }
        rules.retain(|rule| rule.times != Some(0));
        faults
    }
}
