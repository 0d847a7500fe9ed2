//! Kinds that are found at run time: custom resources, aggregated APIs, whatever the table does not have.
//!
//! They get rows beside the table, one for all clusters of the process, which are never taken away: a [`KindId`] stays
//! good. A row is a few hundred bytes. See docs/decisions/0008.

use super::{KINDS, Kind, KindId, VIRTUAL, WatchForm};
use std::sync::{PoisonError, RwLock};

/// The rows, after those of the table and the virtual ones. Rows are only ever added at the end.
static ROWS: RwLock<Vec<&'static Kind>> = RwLock::new(Vec::new());

/// The groups that kube-apiserver serves itself, which are no part of an address.
const BUILT_IN: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// A kind as the API server's discovery tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discovered<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The version to watch, without the group: `v1`.
    pub version: &'a str,
    /// `Widget`.
    pub kind: &'a str,
    /// The resource's name in URLs: `widgets`.
    pub plural: &'a str,
    /// kubectl's short names; the first becomes the code drawn on nodes.
    pub short_names: &'a [&'a str],
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// Why a kind gets no row. Its objects cannot be shown; that is for the diagnostics to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// A name that cannot be part of an address.
    #[error("{field} `{value}` cannot be part of an address: it must be made of letters, digits{also}")]
    Name {
        /// Which name.
        field: &'static str,
        /// The name.
        value: String,
        /// What else may stand in it.
        also: &'static str,
    },
    /// The kind is known, and is something else: another cluster of this process serves another form of it.
    #[error("{id} is known with {field} {known}, and is served with {field} {served} here")]
    Differs {
        /// The kind in addresses.
        id: &'static str,
        /// What differs: `plural` or `namespaced`.
        field: &'static str,
        /// As it is known.
        known: String,
        /// As it is served.
        served: String,
    },
    /// The same objects under another group, such as the Events of `events.k8s.io`.
    #[error("the addresses of {id} belong to the group `{known}`; `{served}` serves a kind of the same name")]
    Alias {
        /// The kind in addresses.
        id: &'static str,
        /// The group that has it.
        known: &'static str,
        /// The group asked for.
        served: String,
    },
    /// There are no numbers left.
    #[error("{0} is one kind too many: this process has seen more than 65,000")]
    Full(String),
}

/// The first number of a discovered kind.
fn start() -> usize {
    KINDS.len() + VIRTUAL.len()
}

pub(super) fn get(place: usize) -> Option<&'static Kind> {
    let rows = ROWS.read().unwrap_or_else(PoisonError::into_inner);
    rows.get(place.checked_sub(start())?).copied()
}

pub(super) fn find(is: impl Fn(&Kind) -> bool) -> Option<KindId> {
    let rows = ROWS.read().unwrap_or_else(PoisonError::into_inner);
    let place = rows.iter().position(|row| is(row))?;
    u16::try_from(start() + place).ok().map(KindId)
}

impl KindId {
    /// Whether it is no kind of the table, but one that was found at run time.
    pub fn is_discovered(self) -> bool {
        usize::from(self.0) >= start()
    }

    /// The kind that discovery tells of; it gets a row if it has none. The version may differ from the row's: which one a
    /// cluster serves is the cluster's to know.
    pub fn discovered(found: &Discovered<'_>) -> Result<Self, KindError> {
        found.check()?;
        if let Some(known) = Self::of_group_kind(found.group, found.kind) {
            return found.matches(known);
        }
        let mut rows = ROWS.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been first.
        let place = rows
            .iter()
            .position(|row| (row.group, row.kind) == (found.group, found.kind));
        let place = place.unwrap_or(rows.len());
        let id = u16::try_from(start() + place).map_err(|_| KindError::Full(found.id()))?;
        if place < rows.len() {
            drop(rows);
            return found.matches(Self(id));
        }
        let mut taken = KINDS.iter().chain(VIRTUAL).chain(rows.iter().copied());
        if let Some(taken) = taken.find(|row| row.id == found.id()) {
            return Err(KindError::Alias {
                id: taken.id,
                known: taken.group,
                served: found.group.to_owned(),
            });
        }
        rows.push(found.row());
        Ok(Self(id))
    }
}

impl Discovered<'_> {
    fn check(&self) -> Result<(), KindError> {
        let names = [
            ("kind", self.kind, "", false),
            ("plural", self.plural, " and dashes", false),
            ("group", self.group, ", dashes and dots", true),
            ("version", self.version, "", false),
        ];
        for (field, value, also, may_be_empty) in names {
            let allowed = |c: char| {
                c.is_ascii_alphanumeric() || c == '-' && !also.is_empty() || c == '.' && also.contains("dots")
            };
            if !value.chars().all(allowed) || value.is_empty() && !may_be_empty {
                let value = value.to_owned();
                return Err(KindError::Name { field, value, also });
            }
        }
        Ok(())
    }

    /// The kind in addresses.
    fn id(&self) -> String {
        if BUILT_IN.contains(&self.group) {
            self.kind.to_owned()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }

    fn matches(&self, known: KindId) -> Result<KindId, KindError> {
        let row = known.get();
        let differs = |field, known: String, served: String| {
            let id = row.id;
            Err(KindError::Differs {
                id,
                field,
                known,
                served,
            })
        };
        if row.plural != self.plural {
            return differs("plural", row.plural.to_owned(), self.plural.to_owned());
        }
        if row.namespaced != self.namespaced {
            return differs(
                "namespaced",
                row.namespaced.to_string(),
                self.namespaced.to_string(),
            );
        }
        Ok(known)
    }

    /// Four capitals: the first short name, else the capitals of the kind, else its beginning.
    fn code(&self) -> String {
        let capitals: String = self.kind.chars().filter(char::is_ascii_uppercase).collect();
        let code = match self.short_names.first() {
            Some(short) if !short.is_empty() => *short,
            _ if capitals.len() > 1 => &capitals,
            _ => self.kind,
        };
        code.chars().take(4).map(|c| c.to_ascii_uppercase()).collect()
    }

    /// The row, which is never given back.
    fn row(&self) -> &'static Kind {
        let keep = |text: &str| -> &'static str { Box::leak(text.into()) };
        Box::leak(Box::new(Kind {
            kind: keep(self.kind),
            id: keep(&self.id()),
            group: keep(self.group),
            version: keep(self.version),
            plural: keep(self.plural),
            code: keep(&self.code()),
            namespaced: self.namespaced,
            rank: 1,
            watch: WatchForm::Object,
            optional: true,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widget<'a>(group: &'a str, plural: &'a str, namespaced: bool) -> Discovered<'a> {
        Discovered {
            group,
            version: "v1",
            kind: "Widget",
            plural,
            short_names: &[],
            namespaced,
        }
    }

    #[test]
    fn a_discovered_kind_is_found_like_one_of_the_table() {
        let found = widget("one.example.org", "widgets", true);
        let kind = KindId::discovered(&found).unwrap();
        assert!(kind.is_discovered() && !kind.is_virtual());
        assert_eq!(kind.get().id, "Widget.one.example.org");
        assert_eq!(KindId::of("Widget.one.example.org"), Some(kind));
        assert_eq!(KindId::of_plural("widgets.v1.one.example.org"), Some(kind));
        assert_eq!(KindId::of_group_kind("one.example.org", "Widget"), Some(kind));
        let later = Discovered {
            version: "v2",
            ..found
        };
        assert_eq!(
            KindId::discovered(&later),
            Ok(kind),
            "one kind, whatever its version"
        );
        assert!(
            KindId::all().all(|of_table| of_table != kind),
            "which clusters serve it is not the table's to say"
        );
    }

    #[test]
    fn a_kind_of_the_table_stays_what_it_is() {
        let pods = Discovered {
            kind: "Pod",
            ..widget("", "pods", true)
        };
        assert_eq!(KindId::discovered(&pods), Ok(KindId::of("Pod").unwrap()));
    }

    #[test]
    fn groups_of_the_api_server_are_no_part_of_an_address() {
        let revision = Discovered {
            kind: "ControllerRevision",
            ..widget("apps", "controllerrevisions", true)
        };
        assert_eq!(
            KindId::discovered(&revision).unwrap().get().id,
            "ControllerRevision"
        );
        let event = Discovered {
            kind: "Event",
            ..widget("events.k8s.io", "events", true)
        };
        assert_eq!(
            KindId::discovered(&event).unwrap_err().to_string(),
            "the addresses of Event belong to the group ``; `events.k8s.io` serves a kind of the same name"
        );
    }

    #[test]
    fn what_contradicts_a_row_is_refused() {
        KindId::discovered(&widget("two.example.org", "widgets", true)).unwrap();
        let error = |found: Discovered<'_>| KindId::discovered(&found).unwrap_err().to_string();
        assert_eq!(
            error(widget("two.example.org", "widgets", false)),
            "Widget.two.example.org is known with namespaced true, and is served with namespaced false here"
        );
        assert_eq!(
            error(widget("two.example.org", "wodgets", true)),
            "Widget.two.example.org is known with plural widgets, and is served with plural wodgets here"
        );
        assert_eq!(
            error(widget("two.example.org/x", "widgets", true)),
            "group `two.example.org/x` cannot be part of an address: it must be made of letters, digits, dashes and dots"
        );
        assert_eq!(
            error(Discovered {
                kind: "",
                ..widget("", "widgets", true)
            }),
            "kind `` cannot be part of an address: it must be made of letters, digits"
        );
    }

    #[test]
    fn codes_are_short() {
        let code = |kind, short_names| {
            let found = Discovered {
                kind,
                short_names,
                ..widget("", "", true)
            };
            found.code()
        };
        assert_eq!(code("RedisFailover", &["rf"]), "RF");
        assert_eq!(code("KafkaTopic", &[]), "KT");
        assert_eq!(code("Prometheus", &[]), "PROM");
    }

    #[test]
    fn the_same_kind_from_many_threads_is_one() {
        let register = || KindId::discovered(&widget("race.example.org", "widgets", true));
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(register)).collect();
        let kinds: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap())
            .collect();
        assert!(kinds.windows(2).all(|pair| pair[0] == pair[1]), "{kinds:?}");
    }
}
