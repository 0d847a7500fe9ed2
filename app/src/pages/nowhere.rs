//! What is shown where there is no page.

use crate::components::problem::Problem;
use crate::components::whole::Whole;
use crate::pages::answer;
use leptos::prelude::*;
use model::{ApiError, ErrorCode, KindId};

/// No such page.
#[component]
pub fn NowherePage() -> impl IntoView {
    let error = ApiError::new(ErrorCode::RouteNotFound, "There is no page at this address.");
    answer(&error);
    view! { <Problem error=error /> }.whole()
}

/// No such kind in the table.
#[component]
pub fn UnknownKind(
    /// What was asked for.
    kind: String,
) -> impl IntoView {
    let like: Vec<String> = like(&kind).map(|kind| kind.get().plural_group()).collect();
    let advice = if like.is_empty() {
        "The menu names those that are.".to_owned()
    } else {
        format!("Near to it: {}.", like.join(", "))
    };
    let message = format!("`{kind}` is no kind that is shown here. {advice}");
    let error = ApiError::new(ErrorCode::KindNotFound, message);
    answer(&error);
    view! { <Problem error=error /> }.whole()
}

/// The kinds whose plurals begin most like a text does: with three letters or more.
fn like(text: &str) -> impl Iterator<Item = KindId> {
    let text = text.to_ascii_lowercase();
    let shared = move |kind: &KindId| {
        let plural = kind.get().plural.bytes();
        plural.zip(text.bytes()).take_while(|(a, b)| a == b).count()
    };
    let most = KindId::all().map(|kind| shared(&kind)).max();
    KindId::all().filter(move |kind| Some(shared(kind)) == most && most >= Some(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_or_cut_short_is_found() {
        for (text, plurals) in [
            ("Deployment", vec!["deployments"]),
            ("podz", vec!["poddisruptionbudgets", "podmonitors", "pods"]),
            ("net", vec!["networkpolicies"]),
            (
                "persistentvolume",
                vec!["persistentvolumeclaims", "persistentvolumes"],
            ),
            ("x", vec![]),
            ("", vec![]),
            ("gadgets", vec![]),
        ] {
            let mut found: Vec<&str> = like(text).map(|kind| kind.get().plural).collect();
            found.sort_unstable();
            assert_eq!(found, plurals, "{text}");
        }
    }
}
