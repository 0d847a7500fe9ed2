//! Numbers for Prometheus.

use cluster::Registry;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use std::fmt;

/// The labels of a request. The route is the pattern, never the path: paths are without number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `GET`.
    pub method: String,
    /// `/api/v1/clusters/{clusterId}`, or `other`.
    pub route: String,
    /// `200`.
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClusterLabels {
    cluster: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    cluster: String,
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WatchLabels {
    cluster: String,
    kind: String,
    state: String,
}

/// What is counted all the time.
#[derive(Debug)]
pub struct Metrics {
    registry: prometheus_client::registry::Registry,
    /// Requests that were answered.
    pub http_requests: Family<RequestLabels, Counter>,
    /// Sockets of the stream that are open.
    pub stream_sockets: Gauge,
    /// Frames that were sent on the stream.
    pub stream_frames: Counter,
    /// Bytes in them.
    pub stream_bytes: Counter,
    /// Snapshots sent because a client's state was too old for a delta.
    pub stream_resyncs: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: prometheus_client::registry::Registry::with_prefix("kubilitics"),
            http_requests: Family::default(),
            stream_sockets: Gauge::default(),
            stream_frames: Counter::default(),
            stream_bytes: Counter::default(),
            stream_resyncs: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "http_requests",
            "Requests answered",
            metrics.http_requests.clone(),
        );
        registry.register(
            "stream_sockets",
            "Sockets of the stream that are open",
            metrics.stream_sockets.clone(),
        );
        registry.register(
            "stream_frames",
            "Frames sent on the stream",
            metrics.stream_frames.clone(),
        );
        registry.register(
            "stream_bytes",
            "Bytes sent on the stream",
            metrics.stream_bytes.clone(),
        );
        registry.register(
            "stream_resyncs",
            "Snapshots sent because a client had fallen too far behind for a delta",
            metrics.stream_resyncs.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Everything in the text format of OpenMetrics, the clusters' numbers among it.
    pub fn encode(&self, clusters: &Registry) -> Result<String, fmt::Error> {
        let mut out = String::new();
        text::encode_registry(&mut out, &self.registry)?;
        text::encode_registry(&mut out, &of_clusters(clusters))?;
        text::encode_eof(&mut out)?;
        Ok(out)
    }
}

/// The clusters' numbers at this moment. Made anew for each scrape, so that what is gone is gone.
fn of_clusters(clusters: &Registry) -> prometheus_client::registry::Registry {
    let objects: Family<KindLabels, Gauge> = Family::default();
    let skipped: Family<KindLabels, Gauge> = Family::default();
    let restarts: Family<KindLabels, Counter> = Family::default();
    let events: Family<KindLabels, Counter> = Family::default();
    let watches: Family<WatchLabels, Gauge> = Family::default();
    let ring: Family<ClusterLabels, Gauge> = Family::default();
    for diagnostics in clusters.diagnostics() {
        let cluster = diagnostics.cluster.to_string();
        let depth = i64::try_from(diagnostics.ring_entries).unwrap_or(i64::MAX);
        ring.get_or_create(&ClusterLabels {
            cluster: cluster.clone(),
        })
        .set(depth);
        for kind in diagnostics.kinds {
            let labels = KindLabels {
                cluster: cluster.clone(),
                kind: kind.kind.get().id.to_owned(),
            };
            // What is not known has no figure.
            if let Some(count) = kind.objects {
                objects.get_or_create(&labels).set(i64::from(count));
            }
            skipped
                .get_or_create(&labels)
                .set(i64::try_from(kind.skipped).unwrap_or(i64::MAX));
            restarts.get_or_create(&labels).inc_by(kind.restarts);
            events.get_or_create(&labels).inc_by(kind.events);
            watches
                .get_or_create(&WatchLabels {
                    cluster: labels.cluster,
                    kind: labels.kind,
                    state: kind.state.to_owned(),
                })
                .set(1);
        }
    }
    let mut registry = prometheus_client::registry::Registry::with_prefix("kubilitics_cluster");
    registry.register("objects", "Objects in the present state", objects);
    registry.register(
        "skipped",
        "Objects that could not be read and are not shown",
        skipped,
    );
    registry.register("watch_restarts", "Times a watch was started", restarts);
    registry.register("watch_events", "Events that arrived", events);
    registry.register(
        "watch_state",
        "1 for the state that the watch of a kind is in",
        watches,
    );
    registry.register("ring_entries", "Changes kept for readers that are behind", ring);
    registry
}
