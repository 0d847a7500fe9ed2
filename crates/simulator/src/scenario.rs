//! What a cluster starts with.

mod scale;

pub use scale::Scale;
pub(crate) use scale::{check_memory, churn, load};
