//! Addresses: which page, and what the query says. Parsed once, here; links are printed from the same types.

use model::graph::{GraphQuery, Layer};
use model::level::Level;
use model::list::{ListQuery, Sort};
use model::search::SearchQuery;
use model::{ClusterId, KindId, NodeKey};
use std::fmt::Write;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/`: leads to the first cluster, or says how to get one.
    Home,
    /// `/clusters`.
    Clusters,
    /// `/c/{cluster}/topology`.
    Topology(ClusterId),
    /// `/c/{cluster}/map`.
    Map(ClusterId),
    /// `/c/{cluster}/search`.
    Search(ClusterId),
    /// `/c/{cluster}/diagnostics`.
    Diagnostics(ClusterId),
    /// `/c/{cluster}/{plural[.group]}`.
    List(ClusterId, Listed),
    /// Anything else.
    Nowhere,
}

/// What a list is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// A kind of the table.
    Known(KindId),
    /// `plural.group` of another one. Only the cluster knows whether it serves it.
    Other(String),
}

impl Listed {
    /// Reads a path's segment. What a cluster was found to serve does not count: the browser has not been told.
    pub fn parse(text: &str) -> Self {
        let known = KindId::of_plural(text).filter(|kind| !kind.is_discovered());
        known.map_or_else(|| Self::Other(text.to_owned()), Self::Known)
    }

    /// `pods`, `deployments.apps`.
    pub fn plural_group(&self) -> String {
        match self {
            Self::Known(kind) => kind.get().plural_group(),
            Self::Other(text) => text.clone(),
        }
    }
}

impl From<KindId> for Listed {
    fn from(kind: KindId) -> Self {
        Self::Known(kind)
    }
}

/// The paths that are pages, in axum's syntax.
pub const ROUTES: [&str; 7] = [
    "/",
    "/clusters",
    "/c/{cluster}/topology",
    "/c/{cluster}/map",
    "/c/{cluster}/search",
    "/c/{cluster}/diagnostics",
    "/c/{cluster}/{kind}",
];

impl Place {
    /// The page at a path.
    pub fn parse(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match *parts {
            [] => Self::Home,
            ["clusters"] => Self::Clusters,
            ["c", cluster, "topology"] => Self::Topology(ClusterId::from(decode(cluster).as_str())),
            ["c", cluster, "map"] => Self::Map(ClusterId::from(decode(cluster).as_str())),
            ["c", cluster, "diagnostics"] => Self::Diagnostics(ClusterId::from(decode(cluster).as_str())),
            ["c", cluster, "search"] => Self::Search(ClusterId::from(decode(cluster).as_str())),
            ["c", cluster, kind] => Self::List(
                ClusterId::from(decode(cluster).as_str()),
                Listed::parse(&decode(kind)),
            ),
            _ => Self::Nowhere,
        }
    }

    /// The cluster it shows.
    pub fn cluster(&self) -> Option<&ClusterId> {
        match self {
            Self::Topology(cluster)
            | Self::Map(cluster)
            | Self::Search(cluster)
            | Self::Diagnostics(cluster)
            | Self::List(cluster, _) => Some(cluster),
            Self::Home | Self::Clusters | Self::Nowhere => None,
        }
    }

    /// Its path.
    pub fn path(&self) -> String {
        match self {
            Self::Home | Self::Nowhere => "/".to_owned(),
            Self::Clusters => "/clusters".to_owned(),
            Self::Topology(cluster) => format!("/c/{}/topology", encode(cluster.as_str())),
            Self::Map(cluster) => format!("/c/{}/map", encode(cluster.as_str())),
            Self::Search(cluster) => format!("/c/{}/search", encode(cluster.as_str())),
            Self::Diagnostics(cluster) => format!("/c/{}/diagnostics", encode(cluster.as_str())),
            Self::List(cluster, kind) => {
                format!("/c/{}/{}", encode(cluster.as_str()), encode(&kind.plural_group()))
            }
        }
    }

    /// The address of this page with a query.
    pub fn href(&self, query: &Query) -> String {
        let (mut text, query) = (self.path(), query.to_string());
        if !query.is_empty() {
            let _ = write!(text, "?{query}");
        }
        text
    }
}

/// What a page shows: the part of its state that a link carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// `ns`, repeated; empty for all namespaces.
    pub namespaces: Vec<String>,
    /// `q`: the filter, or the words of a search.
    pub filter: String,
    /// `sort`, repeated.
    pub sort: Vec<Sort>,
    /// `cols=wide`.
    pub wide: bool,
    /// `offset`: the first row.
    pub offset: u32,
    /// `layer`, repeated; empty for all layers.
    pub layers: Vec<Layer>,
    /// `focus`: only what is near this object.
    pub focus: Option<NodeKey>,
    /// `depth`: how near; [`GraphQuery::default_depth`] if absent.
    pub depth: Option<u8>,
    /// `level`: from how far away; `None` for the deepest that can be drawn.
    pub level: Option<Level>,
    /// `sel`: the selected object.
    pub selected: Option<NodeKey>,
    /// `view=tree`: the tree instead of the canvas.
    pub tree: bool,
}

impl Query {
    /// Reads a query string, with or without `?`. What it does not know or cannot read it passes over: an old link
    /// still opens its page.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for pair in text.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(&value.replace('+', " "));
            match name {
                "ns" => {
                    for name in value.split([',', ' ']).filter(|name| !name.is_empty()) {
                        push_new(&mut query.namespaces, name.to_owned());
                    }
                }
                "q" => query.filter = value,
                "sort" => query.sort.extend(value.parse()),
                "cols" => query.wide = value == "wide",
                "offset" => query.offset = value.parse().unwrap_or_default(),
                "layer" => {
                    if let Some(layer) = Layer::ALL.into_iter().find(|layer| layer.word() == value) {
                        push_new(&mut query.layers, layer);
                    }
                }
                "focus" => query.focus = value.parse().ok(),
                "depth" => query.depth = value.parse().ok().filter(|depth| (1..=10).contains(depth)),
                "level" => query.level = Level::ALL.into_iter().find(|level| level.word() == value),
                "sel" => query.selected = value.parse().ok(),
                "view" => query.tree = value == "tree",
                _ => {}
            }
        }
        query
    }

    /// What another page of the same cluster keeps of it.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            namespaces: self.namespaces.clone(),
            ..Self::default()
        }
    }

    /// The same with another selection.
    #[must_use]
    pub fn selecting(&self, selected: Option<NodeKey>) -> Self {
        Self {
            selected,
            ..self.clone()
        }
    }

    /// The depth of the focus.
    pub fn depth(&self) -> u8 {
        self.depth.unwrap_or(GraphQuery::default_depth())
    }

    /// The view of the graph it asks for.
    pub fn graph(&self) -> GraphQuery {
        GraphQuery {
            namespaces: self.namespaces.clone(),
            layers: self.layers.clone(),
            focus: self.focus.clone(),
            depth: self.depth(),
            level: self.level.filter(|_| self.focus.is_none()),
        }
    }

    /// The window of a list it asks for.
    pub fn list(&self, kind: &Listed) -> ListQuery {
        ListQuery {
            kind: kind.plural_group(),
            // A kind that has none takes no notice.
            namespaces: self.namespaces.clone(),
            selector: String::new(),
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            offset: self.offset,
            len: ListQuery::default_len(),
        }
    }

    /// The search it asks for; `None` without a word.
    pub fn search(&self) -> Option<SearchQuery> {
        let text = self.filter.trim();
        (!text.is_empty()).then(|| SearchQuery {
            text: text.to_owned(),
            limit: SearchQuery::default_limit(),
            namespaces: self.namespaces.clone(),
        })
    }

    /// Name and value of each parameter, in a fixed order: for links and for the hidden fields of forms.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> = Vec::new();
        pairs.extend(self.namespaces.iter().map(|name| ("ns", name.clone())));
        if !self.filter.is_empty() {
            pairs.push(("q", self.filter.clone()));
        }
        pairs.extend(self.sort.iter().map(|sort| ("sort", sort.to_string())));
        if self.wide {
            pairs.push(("cols", "wide".to_owned()));
        }
        if self.offset > 0 {
            pairs.push(("offset", self.offset.to_string()));
        }
        pairs.extend(self.layers.iter().map(|layer| ("layer", layer.word().to_owned())));
        pairs.extend(self.focus.iter().map(|key| ("focus", key.to_string())));
        pairs.extend(self.depth.iter().map(|depth| ("depth", depth.to_string())));
        pairs.extend(self.level.iter().map(|level| ("level", level.word().to_owned())));
        pairs.extend(self.selected.iter().map(|key| ("sel", key.to_string())));
        if self.tree {
            pairs.push(("view", "tree".to_owned()));
        }
        pairs
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (name, value)) in self.pairs().iter().enumerate() {
            let and = if index == 0 { "" } else { "&" };
            write!(f, "{and}{name}={}", encode(value))?;
        }
        Ok(())
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters, `/` and `:`, which may stand in a query as they are.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes percent-encoding; what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The link target that a text from a cluster may become: `http` and `https` only, anything else is no link.
pub fn safe_href(text: &str) -> Option<&str> {
    let scheme = text
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase())?;
    (matches!(scheme.as_str(), "http" | "https")
        && !text.contains(|c: char| c.is_control() || c.is_whitespace()))
    .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_text_form() {
        let query = Query {
            namespaces: vec!["shop".into(), "team-1".into()],
            filter: "node:n-1 & -app=\"x y\"+ü%".into(),
            sort: vec!["-restarts".parse().unwrap(), "name".parse().unwrap()],
            wide: true,
            offset: 500,
            layers: vec![Layer::Network, Layer::Config],
            focus: Some(NodeKey::new("Pod", Some("shop"), "cart-0")),
            depth: Some(3),
            level: Some(Level::Application),
            selected: Some(NodeKey::new("User", None, "a/b%2F")),
            tree: true,
        };
        assert_eq!(Query::parse(&query.to_string()), query);
        assert_eq!(Query::parse(&format!("?{query}")), query);
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        let query =
            Query::parse("?ns=a,b&ns=b+c&depth=99&focus=nonsense&layer=gold&sort=--x&what=ever&%zz&q=%4");
        assert_eq!(query.namespaces, ["a", "b", "c"]);
        assert_eq!(
            (query.depth, query.focus, query.layers.len(), query.sort.len()),
            (None, None, 0, 0)
        );
        assert_eq!(query.filter, "%4");
    }

    #[test]
    fn paths_are_pages_and_back() {
        for path in [
            "/",
            "/clusters",
            "/c/demo/topology",
            "/c/demo/map",
            "/c/demo/search",
            "/c/demo/pods",
            "/c/demo/deployments.apps",
        ] {
            assert_eq!(Place::parse(path).path(), path);
        }
        assert_eq!(
            Place::parse("/c/demo/gadgets"),
            Place::List("demo".into(), Listed::Other("gadgets".into()))
        );
        assert_eq!(Place::parse("/x"), Place::Nowhere);
        assert_eq!(Place::parse("/c/demo"), Place::Nowhere);
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(safe_href("https://example.com/a"), Some("https://example.com/a"));
        for text in [
            "javascript:alert(1)",
            "JAVASCRIPT://x%0aalert(1)",
            "data:text/html,x",
            "//x",
            "java\nscript://x",
            "/x",
        ] {
            assert_eq!(safe_href(text), None, "{text}");
        }
    }
}
