//! What the connection state says, and in which tone: the link to the server, the cluster behind it, and the view
//! itself are three different things that can each be wrong.

use crate::state::live::Link;
use crate::text::utc;
use model::age::age;
use model::cluster::{ConnectionProblem, KindProblem};
use model::stream::TopicState;
use model::{Cluster, ClusterStatus, Health, Timestamp};
use std::num::NonZeroU16;

/// What is known of the ways from the page to the cluster.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The way to the server.
    pub link: Link,
    /// The cluster of the page, if it is about one that exists.
    pub cluster: Option<&'a Cluster>,
    /// How far to trust what the page shows.
    pub trust: Option<&'a TopicState>,
    /// How far behind the page is, in milliseconds, if known.
    pub behind: Option<i64>,
    /// Now.
    pub now: Timestamp,
}

/// What the connection state says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Its tone, as a health.
    pub tone: Health,
    /// In a few words.
    pub short: String,
    /// In sentences, with what to do.
    pub long: Vec<String>,
}

impl Words {
    fn new(tone: Health, short: impl Into<String>, long: Vec<String>) -> Self {
        Self {
            tone,
            short: short.into(),
            long,
        }
    }
}

/// Says the worst thing that is true, the nearest first: without the server nothing is known of the cluster.
pub fn words(facts: &Facts<'_>) -> Words {
    link(facts)
        .or_else(|| cluster(facts))
        .or_else(|| view(facts))
        .unwrap_or_else(|| fine(facts))
}

fn link(facts: &Facts<'_>) -> Option<Words> {
    match facts.link {
        Link::Lost(since, status) => {
            let (short, long) = match status.map(NonZeroU16::get) {
                None => (
                    "reconnecting",
                    [
                        "The Kubilitics server does not answer. What you see is the last state it sent.",
                        "It is tried again by itself. If it was stopped, start it again: kubilitics serve.",
                    ],
                ),
                Some(401) => (
                    "signed out",
                    [
                        "The server does not know this browser any more. What you see is the last state it sent.",
                        "Get a new link with kubilitics link, and open it here.",
                    ],
                ),
                Some(_) => (
                    "not live",
                    [
                        "The server answers, but gives this page no stream. What you see is the last state it sent.",
                        "Close pages if ten are open; or something in between blocks WebSockets.",
                    ],
                ),
            };
            Some(Words::new(
                Health::Unhealthy,
                format!("{short}, state of {} ago", age(since, facts.now.max(since))),
                long.map(str::to_owned).to_vec(),
            ))
        }
        Link::Outdated => Some(Words::new(
            Health::Unhealthy,
            "page out of date, reload it",
            vec![
                "The server speaks another version of the stream than this page. Reload the page.".to_owned(),
            ],
        )),
        Link::Rendered | Link::Connecting | Link::Open => None,
    }
}

fn cluster(facts: &Facts<'_>) -> Option<Words> {
    let cluster = facts.cluster?;
    let why = || -> Vec<String> {
        cluster
            .status_reason
            .iter()
            .flat_map(|reason| [reason.message.clone(), reason.next.clone()])
            .collect()
    };
    let stale = match facts.trust {
        Some(TopicState::Stale { since }) => Some(*since),
        _ => cluster.stale_since,
    };
    match (cluster.status, stale) {
        (ClusterStatus::Error, _) => {
            let problem = cluster
                .status_reason
                .as_ref()
                .map_or("not reachable", |reason| problem(reason.code));
            Some(Words::new(Health::Unhealthy, format!("cluster {problem}"), why()))
        }
        (ClusterStatus::Connecting, _) => Some(Words::new(
            Health::Progressing,
            "connecting to the cluster",
            why(),
        )),
        (_, Some(since)) => {
            let mut long = vec![format!(
                "The API server of {} does not answer. What you see is the last known state.",
                cluster.name
            )];
            long.extend(why());
            Some(Words::new(
                Health::Warning,
                format!("stale since {}", age(since, facts.now)),
                long,
            ))
        }
        (ClusterStatus::Disconnected, None) => {
            Some(Words::new(Health::Warning, "cluster disconnected", why()))
        }
        (ClusterStatus::Connected, None) => None,
    }
}

/// A connection problem in words that fit behind "cluster".
pub fn problem(code: ConnectionProblem) -> &'static str {
    match code {
        ConnectionProblem::Kubeconfig => "not usable: kubeconfig",
        ConnectionProblem::Dns => "not found: host name",
        ConnectionProblem::Refused => "refuses connections",
        ConnectionProblem::Tls => "not trusted: TLS",
        ConnectionProblem::Unauthorized => "rejects the credentials",
        ConnectionProblem::Forbidden => "forbids everything",
        ConnectionProblem::Timeout => "does not answer in time",
        ConnectionProblem::ExecPlugin => "not usable: credential plugin",
        ConnectionProblem::NotKubernetes => "is no Kubernetes API server",
        ConnectionProblem::Other => "not reachable",
    }
}

fn view(facts: &Facts<'_>) -> Option<Words> {
    match facts.trust? {
        TopicState::Syncing { synced, kinds } => Some(Words::new(
            Health::Progressing,
            format!("loading, {synced} of {kinds} kinds"),
            vec!["The first lists are still coming in; what you see is not yet all.".to_owned()],
        )),
        TopicState::Partial { kinds } => {
            let short = match kinds.as_slice() {
                [one] => format!("partial: {}", lacking(one)),
                many => format!("partial: {} kinds not visible in full", many.len()),
            };
            let long = kinds
                .iter()
                .map(|kind| format!("{}: {}", lacking(kind), kind.message))
                .collect();
            Some(Words::new(Health::Warning, short, long))
        }
        TopicState::Live | TopicState::Stale { .. } | TopicState::Denied { .. } | TopicState::Gone => None,
    }
}

/// What cannot be seen of a kind, and which right is missing.
fn lacking(problem: &KindProblem) -> String {
    let (resource, right) = (&problem.resource, missing_right(problem));
    if problem.seen_in.is_empty() {
        format!("{resource} not visible ({right})")
    } else {
        format!("{resource} in {} only ({right})", problem.seen_in.join(", "))
    }
}

/// The verb and resource that a kind lacks, and where: `list secrets in all namespaces`.
pub fn missing_right(problem: &KindProblem) -> String {
    let group = if problem.group.is_empty() {
        String::new()
    } else {
        format!(".{}", problem.group)
    };
    let place = problem
        .namespace
        .as_ref()
        .map_or("all namespaces".to_owned(), |name| format!("namespace {name}"));
    format!("{} {}{group} in {place}", problem.verb, problem.resource)
}

fn fine(facts: &Facts<'_>) -> Words {
    match facts.link {
        Link::Rendered => {
            let now = utc(facts.now);
            let time = now.split_once(' ').map_or(now.as_str(), |(_, time)| time);
            Words::new(
                Health::Unknown,
                format!("as of {time}"),
                vec!["This page does not update itself: its live part needs JavaScript. Reload it for the present state.".to_owned()],
            )
        }
        Link::Connecting => Words::new(Health::Progressing, "connecting", Vec::new()),
        _ => {
            let short = facts.behind.map_or("live".to_owned(), |behind| {
                format!("live, {} behind", seconds(behind))
            });
            Words::new(Health::Healthy, short, Vec::new())
        }
    }
}

fn seconds(millis: i64) -> String {
    let (whole, hundredths) = (millis / 1000, millis % 1000 / 10);
    if whole < 10 {
        format!("{whole}.{hundredths:02} s")
    } else {
        format!("{whole} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use model::ApiError;

    fn say(link: Link, cluster: Option<&Cluster>, trust: Option<&TopicState>) -> String {
        words(&Facts {
            link,
            cluster,
            trust,
            behind: Some(42),
            now: Timestamp(60_000),
        })
        .short
    }

    #[test]
    fn each_trouble_has_its_own_words() {
        let demo = fixture::cluster("demo");
        let mut stale = demo.clone();
        (stale.status, stale.stale_since) = (ClusterStatus::Disconnected, Some(Timestamp(48_000)));
        let broken = fixture::broken_cluster("prod");
        let secrets = TopicState::Partial {
            kinds: vec![fixture::denied("Secret", "secrets")],
        };
        let syncing = TopicState::Syncing { synced: 5, kinds: 17 };
        let limited = |kind: &str, plural: &str| KindProblem {
            seen_in: vec!["team-a".to_owned()],
            ..fixture::denied(kind, plural)
        };
        let pods = TopicState::Partial {
            kinds: vec![limited("Pod", "pods")],
        };
        let some = TopicState::Partial {
            kinds: vec![
                fixture::denied("Secret", "secrets"),
                limited("Pod", "pods"),
                limited("Service", "services"),
            ],
        };
        let table = [
            (
                say(Link::Open, Some(&demo), Some(&pods)),
                "partial: pods in team-a only (list pods in all namespaces)",
            ),
            (
                say(Link::Open, Some(&demo), Some(&some)),
                "partial: 3 kinds not visible in full",
            ),
            (
                say(Link::Open, Some(&demo), Some(&TopicState::Live)),
                "live, 0.04 s behind",
            ),
            (say(Link::Connecting, Some(&demo), None), "connecting"),
            (say(Link::Rendered, None, None), "as of 00:01:00 UTC"),
            (
                say(Link::Lost(Timestamp(50_000), None), Some(&broken), Some(&secrets)),
                "reconnecting, state of 10s ago",
            ),
            (say(Link::Open, Some(&stale), None), "stale since 12s"),
            (
                say(
                    Link::Open,
                    Some(&demo),
                    Some(&TopicState::Stale {
                        since: Timestamp(55_000),
                    }),
                ),
                "stale since 5s",
            ),
            (
                say(Link::Open, Some(&broken), None),
                "cluster refuses connections",
            ),
            (
                say(Link::Open, Some(&demo), Some(&secrets)),
                "partial: secrets not visible (list secrets in all namespaces)",
            ),
            (
                say(Link::Open, Some(&demo), Some(&syncing)),
                "loading, 5 of 17 kinds",
            ),
        ];
        for (said, expected) in table {
            assert_eq!(said, expected);
        }
        let denied = TopicState::Denied {
            error: ApiError::new(model::ErrorCode::Forbidden, "no"),
        };
        assert_eq!(
            say(Link::Open, Some(&demo), Some(&denied)),
            "live, 0.04 s behind",
            "the page itself says it"
        );
    }
}
