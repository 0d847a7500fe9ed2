//! What rules may cost, and what is said of those that cost more.

use super::Wrong;
use crate::status::Cause;

/// Of one rule.
const OF_A_RULE: u64 = 10_000_000;
/// Of all rules of a schema together.
const OF_A_SCHEMA: u64 = 100_000_000;
/// How many of the most expensive are named.
const NAMED: usize = 4;

/// The costs of the rules of a schema.
#[derive(Default)]
pub(super) struct Budget {
    total: u64,
    expensive: Vec<(String, u64)>,
}

impl Budget {
    /// Adds the cost of an expression. Gives what is wrong with it.
    pub(super) fn add(&mut self, path: &str, what: &str, cost: u64) -> Option<Wrong> {
        self.total = self.total.saturating_add(cost);
        if cost >= OF_A_SCHEMA / 100 {
            self.expensive.push((path.to_owned(), cost));
            self.expensive.sort_by_key(|(_, cost)| std::cmp::Reverse(*cost));
            self.expensive.truncate(NAMED);
        }
        (cost > OF_A_RULE).then(|| Wrong::Cause(Cause::forbidden(path, &over(what, cost, OF_A_RULE))))
    }

    /// What is wrong with all of them together.
    pub(super) fn close(self, path: &str) -> Vec<Wrong> {
        if self.total <= OF_A_SCHEMA {
            return Vec::new();
        }
        let why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
        let named = self.expensive.into_iter();
        let named = named.map(|(path, _)| Cause::forbidden(path, why));
        let what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
        let whole = Cause::forbidden(path, &over(what, self.total, OF_A_SCHEMA));
        named.chain([whole]).map(Wrong::Cause).collect()
    }
}

#[allow(clippy::cast_precision_loss, reason = "it is shown with few digits")]
fn over(what: &str, cost: u64, limit: u64) -> String {
    let factor = cost as f64 / limit as f64;
    let factor = if factor > 100.0 {
        "more than 100x".to_owned()
    } else if factor < 1.5 {
        format!("{factor:.6}x")
    } else {
        format!("{factor:.1}x")
    };
    format!(
        "{what} exceeds budget by factor of {factor} (try simplifying the rule, or adding maxItems, maxProperties, and \
         maxLength where arrays, maps, and strings are declared)"
    )
}
