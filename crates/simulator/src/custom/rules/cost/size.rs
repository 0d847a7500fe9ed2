//! Sizes that are known within bounds, and what they cost.

/// The characters of a text, or the items of a list: at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Size {
    pub(super) const ANY: Self = Self {
        least: 0,
        most: u64::MAX,
    };

    pub(super) fn fixed(size: u64) -> Self {
        Self {
            least: size,
            most: size,
        }
    }

    /// What unions begin with.
    pub(super) fn starting(empty: bool) -> Self {
        Self {
            least: if empty { 0 } else { u64::MAX },
            most: 0,
        }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.saturating_add(other.most),
        }
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_mul(other.least),
            most: self.most.saturating_mul(other.most),
        }
    }
}

/// So many units at such a cost, rounded up.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as the API server counts; what is too large becomes the largest number"
)]
pub(super) fn each(count: u64, cost: f64) -> u64 {
    (count as f64 * cost).ceil() as u64
}

/// Rounded up.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as the API server counts; what is too large becomes the largest number"
)]
pub(super) fn divided(count: u64, by: u64) -> u64 {
    (count as f64 / by as f64).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::{divided, each};

    #[test]
    fn large_numbers_stay_the_largest() {
        assert_eq!(
            (each(15, 0.1), each(u64::MAX, 0.1), each(u64::MAX, 1.0)),
            (2, 1_844_674_407_370_955_264, u64::MAX)
        );
        assert_eq!((divided(7, 2), divided(u64::MAX, 1)), (4, u64::MAX));
    }
}
