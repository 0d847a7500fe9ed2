//! The order of a list that a patch was merged into: what the patch names stands in the patch's order, everything else
//! in the order it had, and the two are put together by where they stood before.

use serde_json::Value;

use crate::schema::Merge;

/// Sorts a list. `wanted` is the order of the patch, `before` that of the old list.
pub(super) fn sort(by: &Merge, list: Vec<Value>, wanted: &[Value], before: &[Value]) -> Vec<Value> {
    let key = |item: &Value| match by {
        Merge::Value => item.clone(),
        Merge::Key(key) => item.get(key).cloned().unwrap_or_default(),
    };
    let place = |order: &[Value], item: &Value| {
        let wanted = key(item);
        order.iter().position(|other| key(other) == wanted)
    };
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        list.into_iter().partition(|item| place(wanted, item).is_some());
    named.sort_by_key(|item| place(wanted, item));
    others.sort_by_key(|item| place(before, item).unwrap_or(usize::MAX));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut sorted = Vec::new();
    loop {
        let others_first = match (others.peek(), named.peek()) {
            (None, None) => return sorted,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(named)) => match (place(before, other), place(before, named)) {
                (Some(other), Some(named)) => other < named,
                // What is new comes as early as it can.
                _ => false,
            },
        };
        sorted.extend(if others_first { others.next() } else { named.next() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_patch_names_is_sorted_as_it_says_and_the_rest_stays_between() {
        let items = |names: &str| -> Vec<Value> {
            names
                .chars()
                .map(|name| json!({"name": name.to_string()}))
                .collect()
        };
        let by = Merge::Key("name".to_owned());
        let sorted = |list: &str, wanted: &str, before: &str| -> String {
            let sorted = sort(&by, items(list), &items(wanted), &items(before));
            sorted.iter().map(|item| item["name"].as_str().unwrap()).collect()
        };
        assert_eq!(sorted("abx", "x", "ab"), "xab");
        assert_eq!(sorted("abx", "bx", "ab"), "abx");
    }
}
