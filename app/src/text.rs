//! What pages say, in one place, so that it can be read over and translated.

use crate::state::url::Listed;
use model::{ErrorCode, Health, KindId, Timestamp};

/// The product.
pub const PRODUCT: &str = "Kubilitics";
/// The cluster of a topic went away.
pub const GONE: &str =
    "This cluster is no longer in the registry: its context was removed from the kubeconfig.";
/// The first snapshot is on its way.
pub const WAITING: &str = "Waiting for the first state from the server.";
/// A list has no rows at all.
pub const NOTHING_HERE: &str = "There is nothing of this kind";
/// Nothing has been typed into the search.
pub const SEARCH: &str = "Type a part of a name, a kind, a namespace, a label, an image or a status: pod cart, app=cart, crashloop. Quotes ask for the whole of it.";
/// Nothing is found yet.
pub const SEARCH_SYNCING: &str = "Nothing is found yet; the first lists are still coming in.";
/// Nothing has the words.
pub const NOTHING_FOUND: &str = "Nothing has all of these words";
/// No row matches.
pub const NOTHING_MATCHES: &str = "Nothing matches the filter.";
/// A graph has no nodes.
pub const EMPTY_GRAPH: &str = "There is nothing to draw here. Look at other namespaces, or switch layers on.";
/// An object without edges.
pub const NO_TIES: &str = "Nothing refers to it, and it refers to nothing.";
/// An object that was selected by an address is not there.
pub const NOT_THERE: &str = "It is not there, or no longer.";
/// A map without a pod.
pub const EMPTY_MAP: &str = "There is no pod here. Look at other namespaces.";
/// The map cannot be drawn.
pub const NO_MAP: &str = "The map could not be drawn: it needs WebGL. This is the same as a list.";
/// There are more applications than a list should have.
pub const MANY_APPLICATIONS: &str = "There are too many applications to name them all: these are those that are not well. Follow a namespace to see all of its own.";
/// The canvas could not be loaded.
pub const NO_CANVAS: &str = "The canvas could not be loaded; this is the same graph as a tree.";
/// Namespaces cannot be listed.
pub const NAMESPACES_DENIED: &str = "You may not list namespaces here. Type the names of those you may see.";

/// What the demo cluster is.
pub const DEMO: &str =
    "Its objects are simulated inside this server: nothing here is real, and nothing leaves this machine.";
/// How to see a real cluster.
pub const DEMO_NEXT: &str = "To see your own, write a kubeconfig to ~/.kube/config, or start with --kubeconfig FILE: its clusters appear here by themselves.";

/// The heading of a list: `Pods`, `Ingresses`.
pub fn plural(kind: KindId) -> String {
    let name = kind.get().kind;
    if name.ends_with('s') {
        format!("{name}es")
    } else if let Some(stem) = name.strip_suffix("cy") {
        format!("{stem}cies")
    } else {
        format!("{name}s")
    }
}

/// The heading of a list of any kind.
pub fn list(kind: &Listed) -> String {
    match kind {
        Listed::Known(kind) => plural(*kind),
        Listed::Other(text) => text.clone(),
    }
}

/// A count with its noun: `1 object`, `12,000 objects`.
pub fn counted(count: u32, one: &str) -> String {
    format!("{} {one}{}", number(count), if count == 1 { "" } else { "s" })
}

/// ` in shop`, ` in 3 namespaces`; nothing for all.
pub fn within(namespaces: &[String]) -> String {
    match namespaces {
        [] => String::new(),
        [one] => format!(" in {one}"),
        more => format!(" in {} namespaces", more.len()),
    }
}

/// A length as a count.
pub fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// A number with separators: `12,000`.
pub fn number(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The total of a list: `412`, `17 of 412`.
pub fn total(matched: u32, total: u32) -> String {
    if matched == total {
        number(total)
    } else {
        format!("{} of {}", number(matched), number(total))
    }
}

/// Which rows a window holds, when it does not hold all: `rows 1-500 of 12,000`.
pub fn window(offset: u32, shown: u32, matched: u32) -> Option<String> {
    (shown < matched).then(|| match shown {
        0 => format!("no rows from {} on, of {}", number(offset + 1), number(matched)),
        _ => format!(
            "rows {}-{} of {}",
            number(offset + 1),
            number(offset + shown),
            number(matched)
        ),
    })
}

/// A point in time, to the second, in UTC: `2026-01-31 10:00:00 UTC`.
///
/// Worked out here, as a library for it would be larger in the WASM than all pages together. The calendar is that of
/// Howard Hinnant's `civil_from_days`.
pub fn utc(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// A health in the user's words, where there is no better one.
pub const fn health(health: Health) -> &'static str {
    match health {
        Health::Suspended => "suspended",
        Health::Healthy => "healthy",
        Health::Unknown => "unknown",
        Health::Progressing => "in progress",
        Health::Warning => "degraded",
        Health::Unhealthy => "failing",
    }
}

/// The heading of an error.
pub const fn error(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest | ErrorCode::Invalid => "This cannot be read",
        ErrorCode::Unauthenticated => "You are not signed in",
        ErrorCode::Forbidden => "You may not see this",
        ErrorCode::OriginRefused | ErrorCode::CsrfRefused | ErrorCode::HostRefused => {
            "The request was refused"
        }
        ErrorCode::RouteNotFound | ErrorCode::MethodNotAllowed => "There is no such page",
        ErrorCode::ClusterNotFound => "There is no such cluster",
        ErrorCode::KindNotFound => "There is no such kind",
        ErrorCode::ObjectNotFound => "There is no such object",
        ErrorCode::Conflict => "It changed meanwhile",
        ErrorCode::TooLarge | ErrorCode::TooMany => "That is too much at once",
        ErrorCode::Internal => "Something went wrong in Kubilitics",
        ErrorCode::Syncing => "Still loading",
        ErrorCode::ClusterUnavailable => "The cluster is not reachable",
        ErrorCode::ShuttingDown => "The server is stopping",
        ErrorCode::Timeout => "No answer in time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_windows() {
        assert_eq!(
            ["7", "412", "12,000", "1,234,567"],
            [7, 412, 12_000, 1_234_567]
                .map(number)
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!(total(17, 412), "17 of 412");
        assert_eq!(window(0, 412, 412), None);
        assert_eq!(
            window(500, 500, 12_000).as_deref(),
            Some("rows 501-1,000 of 12,000")
        );
        assert_eq!(counted(1, "object"), "1 object");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "2026-01-31T10:00:00Z",
            "1969-12-31T23:59:58Z",
            "2100-03-01T00:00:00Z",
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(utc(time), text.replace('T', " ").replace('Z', " UTC"));
        }
    }

    #[test]
    fn plurals() {
        let plural = |kind| plural(KindId::of(kind).unwrap());
        assert_eq!(
            (plural("Pod").as_str(), plural("Ingress").as_str()),
            ("Pods", "Ingresses")
        );
        assert_eq!(plural("NetworkPolicy"), "NetworkPolicies");
    }
}
