//! The watches of one kind: one of all namespaces or, where that is denied, one of each namespace that the user knows.
//!
//! All of them run within one task. So nothing comes from a watch after the moment in which it is given up.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::future::{AbortHandle, Abortable, BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use super::{News, Transport, Watch, WatchContext};
use crate::clock;

/// The namespaces to look into where looking into all of them is denied.
pub(crate) type Namespaces = Arc<[Arc<str>]>;

/// The watches of one kind.
pub(crate) struct KindWatch<T> {
    context: WatchContext,
    transport: Arc<T>,
    namespaces: watch::Receiver<Namespaces>,
    /// What stops the watch of a namespace.
    stops: BTreeMap<Arc<str>, AbortHandle>,
    running: FuturesUnordered<Abortable<BoxFuture<'static, ()>>>,
}

impl<T: Transport> KindWatch<T> {
    /// `context` is that of the watch of all namespaces.
    pub fn new(context: WatchContext, transport: Arc<T>, namespaces: watch::Receiver<Namespaces>) -> Self {
        Self {
            context,
            transport,
            namespaces,
            stops: BTreeMap::new(),
            running: FuturesUnordered::new(),
        }
    }

    /// Runs until the engine ends.
    pub async fn run(mut self) {
        let whole = Watch::new(self.context.clone(), self.transport.clone());
        let mut whole = pin!(whole.run());
        if !self.context.kind.get().namespaced {
            return whole.await;
        }
        let mut denied = self.context.denied.subscribe();
        loop {
            // Only what is acted on counts as seen.
            let is_denied = *denied.borrow();
            tokio::select! {
                biased;
                _ = denied.changed() => {}
                changed = self.namespaces.changed(), if is_denied => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = &mut whole => return,
                // It was stopped, or the engine ends.
                Some(_) = self.running.next() => continue,
            }
            if !*denied.borrow() {
                // The writer drops what they said when the first page of the whole list comes.
                self.stop_all_but(&[]);
                continue;
            }
            let wanted = self.namespaces.borrow_and_update().clone();
            self.stop_all_but(&wanted);
            let context = self.context.clone();
            let mut told = pin!(context.tell(clock::now(), News::Namespaces(wanted.clone())));
            // All go on meanwhile: the queue may have a place for one of them, which the others wait behind.
            loop {
                tokio::select! {
                    () = &mut told => break,
                    () = &mut whole => return,
                    Some(_) = self.running.next() => {}
                }
            }
            if *denied.borrow() {
                self.look_into(&wanted);
            }
        }
    }

    /// Watches these namespaces, of which the writer knows.
    fn look_into(&mut self, namespaces: &Namespaces) {
        for namespace in namespaces.iter() {
            if self.stops.contains_key(namespace) {
                continue;
            }
            let context = WatchContext {
                namespace: Some(namespace.clone()),
                denied: watch::Sender::new(false),
                counter: self.context.counter.of_namespace(namespace),
                ..self.context.clone()
            };
            let watch = Watch::new(context, self.transport.clone()).run().boxed();
            let (stop, registration) = AbortHandle::new_pair();
            self.running.push(Abortable::new(watch, registration));
            self.stops.insert(namespace.clone(), stop);
        }
    }

    fn stop_all_but(&mut self, namespaces: &[Arc<str>]) {
        let counter = &self.context.counter;
        self.stops.retain(|namespace, stop| {
            let stays = namespaces.contains(namespace);
            if !stays {
                stop.abort();
                counter.forget_namespace(namespace);
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests;
