//! Where a page's first state comes from: the states that the engines have published. It never waits.

use crate::maps::Maps;
use crate::server::now;
use crate::{diagnostics, trust};
use app::source::{Source, TopicView};
use cluster::Registry;
use model::stream::{Sealed, Snapshot, Topic, TopicState};
use model::{ApiError, ClusterId};
use topology::{LevelView, SearchView};

/// The registry as a source of pages.
#[derive(Clone, Debug)]
pub struct LiveSource {
    registry: Registry,
    maps: Maps,
}

impl LiveSource {
    /// Reads from this registry.
    pub fn new(registry: Registry, maps: Maps) -> Self {
        Self { registry, maps }
    }

    fn clusters(&self) -> TopicView {
        let (epoch, clusters) = self.registry.clusters();
        TopicView {
            epoch,
            content: Snapshot::Clusters(clusters.to_vec()),
            state: TopicState::Live,
        }
    }

    fn graph(&self, id: &ClusterId, query: &model::graph::GraphQuery) -> Result<TopicView, ApiError> {
        let published = trust::published(&self.registry, id)?;
        let content = match LevelView::of(query)?.graph(&published.state) {
            Ok(graph) => graph,
            // Before everything is in, nobody can say that the focus does not exist.
            Err(_) if !published.sync.complete => model::graph::Graph::default(),
            Err(error) => return Err(trust::no_view(id, error, &published)),
        };
        Ok(TopicView {
            epoch: published.epoch,
            content: Snapshot::Graph(content),
            state: trust::of_graph(&published),
        })
    }

    fn list(&self, id: &ClusterId, query: &model::list::ListQuery) -> Result<TopicView, ApiError> {
        // The cluster first: in one that does not exist no kind does.
        let published = trust::published(&self.registry, id)?;
        let view = trust::list_view(query, &published)?;
        if let Some(error) = trust::denied(id, &view, &published) {
            return Err(error);
        }
        Ok(TopicView {
            epoch: published.epoch,
            content: Snapshot::List(view.window(&published.state, now())),
            state: trust::of_list(&view, &published),
        })
    }
}

impl LiveSource {
    fn search(&self, id: &ClusterId, query: &model::search::SearchQuery) -> Result<TopicView, ApiError> {
        let published = trust::published(&self.registry, id)?;
        let view = SearchView::parse(query)?;
        Ok(TopicView {
            epoch: published.epoch,
            content: Snapshot::List(view.window(&published.state)),
            state: trust::of_graph(&published),
        })
    }

    fn map(&self, id: &ClusterId, query: &model::map::MapQuery) -> Result<TopicView, ApiError> {
        let cluster = trust::cluster(&self.registry, id)?;
        let engine = self
            .registry
            .engine(id)
            .ok_or_else(|| trust::unavailable(&cluster))?;
        let kept = self.maps.of(&engine, id, query);
        let mut map = kept.lock();
        let published = map.catch_up(&engine);
        Ok(TopicView {
            epoch: published.epoch,
            content: Snapshot::Map(Sealed::new(map.view.snapshot(&published.state))),
            state: trust::of_graph(&published),
        })
    }

    fn diagnostics(&self, id: &ClusterId) -> Result<TopicView, ApiError> {
        let cluster = trust::cluster(&self.registry, id)?;
        let engine = self
            .registry
            .engine(id)
            .ok_or_else(|| trust::unavailable(&cluster))?;
        let published = engine.published();
        Ok(TopicView {
            epoch: published.epoch,
            content: Snapshot::List(diagnostics::window(&engine)),
            state: trust::of_graph(&published),
        })
    }
}

impl Source for LiveSource {
    fn read(&self, topic: &Topic) -> Result<TopicView, ApiError> {
        if let Some(error) = trust::nothing_of(&self.registry, topic) {
            return Err(error);
        }
        match topic {
            Topic::Clusters => Ok(self.clusters()),
            Topic::Graph { cluster, query } => self.graph(cluster, query),
            Topic::List { cluster, query } => self.list(cluster, query),
            Topic::Search { cluster, query } => self.search(cluster, query),
            Topic::Diagnostics { cluster } => self.diagnostics(cluster),
            Topic::Map { cluster, query } => self.map(cluster, query),
            Topic::Cell {
                cluster,
                query,
                application,
                slot,
            } => {
                let cell = (query, *application, *slot);
                self.graph(cluster, &self.maps.cell(&self.registry, cluster, cell)?)
            }
        }
    }

    fn problems(&self) -> Vec<String> {
        let problems = self.registry.file_problems();
        problems
            .iter()
            .map(|problem| format!("{}: {}", problem.path.display(), problem.message))
            .collect()
    }
}
