//! How well something is.

use serde::{Deserialize, Serialize};

/// How well an object is. Ordered from quiet to loud, so that `max` is the worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// Scaled to zero, suspended or completed: nothing runs, nothing is wrong. Never red.
    Suspended,
    /// As it should be.
    Healthy,
    /// Nothing says how it is.
    #[default]
    Unknown,
    /// On its way to healthy and not late.
    Progressing,
    /// Works, but something needs a look.
    Warning,
    /// Does not do its job.
    Unhealthy,
}

impl Health {
    /// All levels, quiet first.
    pub const ALL: [Health; 6] = [
        Health::Suspended,
        Health::Healthy,
        Health::Unknown,
        Health::Progressing,
        Health::Warning,
        Health::Unhealthy,
    ];

    /// The level's word in the API, in `data-health` and in CSS class names.
    pub const fn word(self) -> &'static str {
        match self {
            Health::Suspended => "suspended",
            Health::Healthy => "healthy",
            Health::Unknown => "unknown",
            Health::Progressing => "progressing",
            Health::Warning => "warning",
            Health::Unhealthy => "unhealthy",
        }
    }
}
