//! Whether rules cover other rules, as the API server decides who may hand out which rights.

use std::collections::BTreeMap;

use super::rbac::Rule;

/// The rights of `wanted` that `held` does not give, each as the API server prints a rule.
pub(crate) fn missing(held: &[Rule], wanted: &[Rule]) -> Vec<String> {
    let single = wanted.iter().flat_map(singles);
    let lacking = single.filter(|right| !held.iter().any(|rule| covers(rule, right)));
    let mut shown: Vec<String> = joined(lacking).iter().map(print).collect();
    shown.sort();
    shown.dedup();
    shown
}

/// Rules of one verb for one resource or path each.
fn singles(rule: &Rule) -> Vec<Rule> {
    let mut all = Vec::new();
    let one = |text: &String| vec![text.clone()];
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let right = Rule {
                    verbs: one(verb),
                    api_groups: one(group),
                    resources: one(resource),
                    ..Rule::default()
                };
                let named = rule.resource_names.iter().map(|name| Rule {
                    resource_names: one(name),
                    ..right.clone()
                });
                all.extend(named);
                if rule.resource_names.is_empty() {
                    all.push(right);
                }
            }
        }
    }
    for url in &rule.urls {
        all.extend(rule.verbs.iter().map(|verb| Rule {
            verbs: one(verb),
            urls: one(url),
            ..Rule::default()
        }));
    }
    all
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|one| one == wanted)
}

/// Whether a rule gives a single right.
fn covers(rule: &Rule, right: &Rule) -> bool {
    let all = |list: &[String], wanted: &[String]| has(list, "*") || wanted.iter().all(|one| has(list, one));
    let resource = |wanted: &String| {
        has(&rule.resources, wanted)
            || wanted
                .split_once('/')
                .is_some_and(|(_, sub)| has(&rule.resources, &format!("*/{sub}")))
    };
    let url = |wanted: &String| {
        rule.urls
            .iter()
            .any(|own| own == wanted || (own.ends_with('*') && wanted.starts_with(own.trim_end_matches('*'))))
    };
    all(&rule.verbs, &right.verbs)
        && all(&rule.api_groups, &right.api_groups)
        && (has(&rule.resources, "*") || right.resources.iter().all(resource))
        && right.urls.iter().all(url)
        && (rule.resource_names.is_empty()
            || (!right.resource_names.is_empty() && all(&rule.resource_names, &right.resource_names)))
}

/// Joins rights that differ in their verb only, but for those of paths.
fn joined(rights: impl Iterator<Item = Rule>) -> Vec<Rule> {
    let mut simple: BTreeMap<[Vec<String>; 3], Rule> = BTreeMap::new();
    let mut others = Vec::new();
    for right in rights {
        if !right.urls.is_empty() {
            others.push(right);
            continue;
        }
        let place = [
            right.api_groups.clone(),
            right.resources.clone(),
            right.resource_names.clone(),
        ];
        match simple.get_mut(&place) {
            Some(known) => known.verbs.extend(right.verbs),
            None => {
                simple.insert(place, right);
            }
        }
    }
    others.extend(simple.into_values());
    others
}

fn print(rule: &Rule) -> String {
    let parts = [
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.urls),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| format!("{name}:{}", quoted(list)))
        .collect();
    format!("{{{}}}", parts.join(", "))
}

/// A list as Go prints it with `%q`.
pub(crate) fn quoted(list: &[String]) -> String {
    let texts: Vec<String> = list.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", texts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Rule {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Rule {
            api_groups: list(groups),
            resources: list(resources),
            verbs: list(verbs),
            ..Rule::default()
        }
    }

    #[test]
    fn what_is_missing_is_told_by_resource() {
        let held = [
            rule(&[""], &["pods", "*/log"], &["get"]),
            rule(&["apps"], &["*"], &["*"]),
        ];
        let wanted = [
            rule(&[""], &["pods", "pods/log", "secrets"], &["get", "list"]),
            rule(&["apps"], &["deployments"], &["delete"]),
        ];
        assert_eq!(
            missing(&held, &wanted),
            [
                r#"{APIGroups:[""], Resources:["pods"], Verbs:["list"]}"#,
                r#"{APIGroups:[""], Resources:["pods/log"], Verbs:["list"]}"#,
                r#"{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}"#,
            ]
        );
    }

    #[test]
    fn names_narrow_a_right() {
        let named = Rule {
            resource_names: vec!["a".to_owned()],
            ..rule(&[""], &["secrets"], &["get"])
        };
        let all = rule(&[""], &["secrets"], &["get"]);
        assert!(missing(std::slice::from_ref(&all), std::slice::from_ref(&named)).is_empty());
        assert_eq!(missing(&[named], &[all]).len(), 1);
    }
}
