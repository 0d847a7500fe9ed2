//! A cluster of any size.

use std::sync::Arc;

use crate::error::StartError;
use crate::shared::Shared;

/// A large cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many pods.
    pub pods: u32,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Status events per second.
    pub churn: u32,
}

pub(crate) fn check_memory(_scale: &Scale) -> Result<(), StartError> {
    Ok(())
}

pub(crate) fn load(_shared: &Shared, _scale: &Scale) -> Result<(), StartError> {
    Ok(())
}

pub(crate) async fn churn(_shared: Arc<Shared>, _scale: Option<Scale>) {}
