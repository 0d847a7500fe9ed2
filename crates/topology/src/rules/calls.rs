//! calls: a guess from host names.

use super::CALLS;
use crate::kinds::{Draft, Named};
use crate::pod_spec::Container;

/// The Services whose host names stand in the environment, arguments and command of a container.
pub(super) fn container(container: &Container<'_>, path: &str, draft: &mut Draft<'_>) {
    for (index, env) in container.env.iter().enumerate() {
        text(&env.value, || format!("{path}.env[{index}].value"), draft);
    }
    for (list, texts) in [("args", &container.args), ("command", &container.command)] {
        for (index, words) in texts.iter().enumerate() {
            text(words, || format!("{path}.{list}[{index}]"), draft);
        }
    }
}

fn text(text: &str, path: impl Fn() -> String, draft: &mut Draft<'_>) {
    for (service, namespace) in hosts(text) {
        let named = Named {
            namespace,
            ..Named::new("Service", service, path())
        };
        draft.refer(&CALLS, named);
    }
}

/// A Service, and its namespace if the name has one.
type Host<'a> = (&'a str, Option<&'a str>);

/// What may be the host name of a Service: its name, and its namespace if it is there.
fn hosts(text: &str) -> impl Iterator<Item = Host<'_>> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut rest = text;
    let mut before = "";
    std::iter::from_fn(move || {
        let start = rest.find(in_name)?;
        let (skipped, from) = rest.split_at_checked(start)?;
        let end = from.find(|c| !in_name(c)).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(end)?;
        let scheme = if start == 0 { before } else { skipped };
        let marked = scheme.ends_with("://") || has_port(after);
        (rest, before) = (after, "");
        Some((word, marked))
    })
    .filter_map(|(word, marked)| service(word.trim_end_matches('.'), marked))
}

/// Whether a colon and a number follow.
fn has_port(after: &str) -> bool {
    let digits = after.strip_prefix(':').unwrap_or_default();
    digits.starts_with(|c: char| c.is_ascii_digit())
}

fn service(host: &str, marked: bool) -> Option<Host<'_>> {
    let mut labels = host.split('.');
    let (name, namespace, svc) = (labels.next()?, labels.next(), labels.next());
    if !is_label(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    match (namespace, svc) {
        (None, _) => marked.then_some((name, None)),
        (Some(namespace), None | Some("svc")) if is_label(namespace) => Some((name, Some(namespace))),
        _ => None,
    }
}

/// A label of RFC 1123.
fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_of_services_are_found() {
        let table: [(&str, &[Host<'_>]); 12] = [
            ("cart", &[]),
            ("cart:8080", &[("cart", None)]),
            ("http://cart/path", &[("cart", None)]),
            ("cart.shop", &[("cart", Some("shop"))]),
            ("cart.shop.svc", &[("cart", Some("shop"))]),
            (
                "https://cart.shop.svc.cluster.local.:443/x",
                &[("cart", Some("shop"))],
            ),
            ("cart.shop.example.org", &[]),
            ("--to=cart:80,api.shop", &[("cart", None), ("api", Some("shop"))]),
            (
                "postgres://me:secret@db:5432/orders",
                &[("me", None), ("db", None)],
            ),
            ("10.0.0.1:80 1.2", &[]),
            ("Cart:80 my_cart:80 -cart:80", &[]),
            ("key: 5", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(hosts(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
