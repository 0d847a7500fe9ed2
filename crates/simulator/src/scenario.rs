//! What a cluster starts with.

mod scale;

pub use scale::Scale;

/// What a cluster starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing but what every cluster has.
    #[default]
    Empty,
    /// A cluster of any size.
    Scale(Scale),
}

pub(crate) use scale::{check_memory, churn, load};
