//! What keeps the registry up to date: files that are edited, and engines that publish.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::{Registry, slot};
use crate::kubeconfig::{Files, Kubeconfig, Source, small_file};

/// A file that has just changed is read again after this: editors write in two steps.
const SETTLE: Duration = Duration::from_millis(150);

/// Reads the sources, and remembers what they said.
pub(super) struct Reader {
    sources: Vec<Source>,
    files: Files,
    last: Option<u64>,
    has_problem: bool,
}

impl Reader {
    pub fn new(sources: Vec<Source>) -> Self {
        Self {
            sources,
            files: Files::default(),
            last: None,
            has_problem: false,
        }
    }

    /// What the sources say now.
    pub fn read(&mut self) -> Vec<(Source, Kubeconfig)> {
        self.last = Some(self.content());
        let load = |source: &Source| (source.clone(), Kubeconfig::load_with(source, &mut self.files));
        let read: Vec<_> = self.sources.iter().map(load).collect();
        self.has_problem = slot::has_problem(&read);
        read
    }

    /// What the sources say now, if that may differ from what they said last. Blocking.
    fn changed(&mut self) -> Option<Vec<(Source, Kubeconfig)>> {
        let mut seen = self.content();
        let edited = self.last != Some(seen);
        // A context whose certificate file is missing comes back with that file, which the hash does not cover.
        if !edited && !self.has_problem {
            return None;
        }
        if edited {
            tracing::info!("a kubeconfig file has changed");
            // Not for ever: something may write to it all the time.
            for _ in 0..10 {
                std::thread::sleep(SETTLE);
                let now = self.content();
                if std::mem::replace(&mut seen, now) == now {
                    break;
                }
            }
        }
        Some(self.read())
    }

    /// A hash over the content of all files. Their times are not enough: two edits within one tick of the file system's
    /// clock, a symbolic link that leads elsewhere now, a network share.
    fn content(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for path in self.sources.iter().flat_map(slot::files_of) {
            path.hash(&mut hasher);
            small_file::read(&path).ok().hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Looks at the files every `poll`. That is simpler than a file watcher, and sees what those miss: network shares, mounted
/// secrets, a folder that is replaced.
pub(super) async fn files(registry: Registry, mut reader: Reader, poll: Duration) {
    loop {
        tokio::time::sleep(poll).await;
        // Files may lie on a share that hangs: not on a thread that others need.
        let looked = tokio::task::spawn_blocking(move || {
            let sources = reader.changed();
            (reader, sources)
        });
        let Ok((back, sources)) = looked.await else {
            return;
        };
        reader = back;
        if let Some(sources) = sources {
            registry.slots().update(&sources);
            registry.shared.dirty.notify_one();
        }
    }
}

/// Publishes the clusters when something about them has changed, at most once per `interval`.
pub(super) async fn summary(registry: Registry, interval: Duration) {
    loop {
        registry.shared.dirty.notified().await;
        let clusters = registry.slots().clusters();
        registry.shared.clusters.send_if_modified(|(epoch, last)| {
            let changed = **last != *clusters;
            if changed {
                *epoch = epoch.next();
                *last = Arc::clone(&clusters);
            }
            changed
        });
        tokio::time::sleep(interval).await;
    }
}
