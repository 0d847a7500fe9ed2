//! Pages: a route each, with the data it needs.

pub mod clusters;
pub mod diagnostics;
pub mod home;
pub mod lazy;
pub mod list;
pub mod map;
pub mod nowhere;
pub mod search;
pub mod topology;

use crate::source::SetStatus;
use crate::state::feed::{Feed, Phase};
use crate::state::here::Here;
use leptos::prelude::*;
use model::{ApiError, ErrorCode};

/// Makes a feed the one that the connection state speaks of, and answers with the status of its error.
fn announce(here: &Here, feed: Feed) {
    here.trust.set(Some(ArcRwSignal::from(feed.trust)));
    if let Phase::Failed(error) = feed.phase.get_untracked() {
        answer(&error);
    }
}

/// Sets the status of the HTTP answer to that of an error. A cluster that is away or still loading is no error of the
/// page: it shows what is known.
fn answer(error: &ApiError) {
    let is_of_the_page = !matches!(error.code, ErrorCode::Syncing | ErrorCode::ClusterUnavailable);
    if let (true, Some(SetStatus(set))) = (is_of_the_page, use_context::<SetStatus>()) {
        set(error.code.status());
    }
}
