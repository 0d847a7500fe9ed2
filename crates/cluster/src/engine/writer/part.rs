//! What the writer knows of one watch: that of a kind in all namespaces, or in one.

use std::collections::HashSet;

use model::cluster::KindProblem;
use topology::facts::Key;

use super::recent::Recent;

/// One watch, as the writer sees it.
#[derive(Default)]
pub(super) struct Part {
    /// The first list is in.
    pub synced: bool,
    /// The generation of the link in which the watch last followed; `None` before it ever did.
    pub followed: Option<u64>,
    /// True for denied, and what was denied or failed.
    pub trouble: Option<(bool, KindProblem)>,
    /// What the list that is coming in has named so far.
    pub listed: HashSet<Key>,
    pub recent: Recent,
}

impl Part {
    /// A list begins: it alone counts.
    pub fn begin_list(&mut self) {
        self.listed.clear();
        self.recent.clear();
    }

    /// The list is in; what it named.
    pub fn end_list(&mut self) -> HashSet<Key> {
        self.synced = true;
        self.trouble = None;
        std::mem::take(&mut self.listed)
    }

    /// The watch follows.
    pub fn live(&mut self, generation: u64) {
        self.followed = Some(generation);
        self.trouble = None;
    }

    /// The watch cannot follow. True if that is news.
    pub fn trouble(&mut self, denied: bool, problem: KindProblem) -> bool {
        if denied {
            self.synced = false;
            self.listed.clear();
        }
        let is_news = self
            .trouble
            .as_ref()
            .is_none_or(|(was_denied, _)| *was_denied != denied);
        self.trouble = Some((denied, problem));
        is_news
    }

    /// There is nothing to wait for: the list is in, or it will not come.
    pub fn is_settled(&self) -> bool {
        self.synced || self.trouble.is_some()
    }

    pub fn is_denied(&self) -> bool {
        self.problem(true).is_some()
    }

    /// What is shown of it is from before the present generation of the link.
    pub fn is_behind(&self, generation: u64) -> bool {
        self.synced && self.trouble.is_none() && self.followed.is_none_or(|followed| followed < generation)
    }

    pub fn problem(&self, denied: bool) -> Option<&KindProblem> {
        let (was_denied, problem) = self.trouble.as_ref()?;
        (*was_denied == denied).then_some(problem)
    }
}
