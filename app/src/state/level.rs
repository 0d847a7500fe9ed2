//! Groups of objects: how many they stand for, and the way into them.

use crate::state::url::Query;
use model::graph::{Node, NodeState};
use model::level::Level;

/// How many edges away from the root of an application its objects are shown.
const DEPTH: u8 = 3;

/// How many objects a node stands for, and how many of them are unhealthy.
pub fn weight(node: &Node) -> (u32, u32) {
    match &node.members {
        Some(members) => (members.objects(), members.unhealthy()),
        None => (1, u32::from(node.is_unhealthy())),
    }
}

/// Goes into a group: nearer, and to what it has.
pub fn enter(group: &Node, query: &mut Query) {
    query.selected = None;
    query.level = None;
    match (group.key.kind.as_str(), &group.key.namespace) {
        ("Namespace", _) => query.namespaces = vec![group.key.name.clone()],
        ("Application", namespace) => {
            query.namespaces = namespace.iter().cloned().collect();
            match group.members.as_ref().and_then(|members| members.root.clone()) {
                Some(root) => (query.focus, query.depth) = (Some(root), Some(DEPTH)),
                None => query.level = Some(Level::Object),
            }
        }
        (_, _) if group.key.name == "all" => query.level = Some(Level::Namespace),
        // What has no namespace.
        _ => query.level = Some(Level::Application),
    }
}

/// Whether a node is a group.
pub fn is_group(node: &Node) -> bool {
    node.state == NodeState::Group
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::NodeKey;
    use model::level::Members;

    fn group(key: NodeKey, root: Option<&str>) -> Node {
        let mut node = crate::fixture::graph().nodes.into_values().next().unwrap();
        node.key = key;
        node.state = NodeState::Group;
        node.members = Some(Members {
            counts: [("Pod".to_owned(), 40), ("Service".to_owned(), 2)].into(),
            healths: [(model::Health::Unhealthy, 3), (model::Health::Healthy, 39)].into(),
            root: root.map(|root| root.parse().unwrap()),
            ..Members::default()
        });
        node
    }

    #[test]
    fn the_way_into_a_group_leads_to_what_it_has() {
        for (key, root, address) in [
            (NodeKey::new("Cluster", None, "all"), None, "level=namespace"),
            (NodeKey::new("Cluster", None, "none"), None, "level=application"),
            (NodeKey::new("Namespace", None, "shop"), None, "ns=shop"),
            (
                NodeKey::new("Application", Some("shop"), "cart"),
                None,
                "ns=shop&level=object",
            ),
            (
                NodeKey::new("Application", Some("shop"), "Deployment:cart"),
                Some("Deployment/shop/cart"),
                "ns=shop&focus=Deployment/shop/cart&depth=3",
            ),
        ] {
            let node = group(key, root);
            let mut query = Query::parse("level=cluster&sel=Namespace/shop");
            enter(&node, &mut query);
            assert_eq!(query.to_string(), address);
            assert_eq!(weight(&node), (42, 3));
        }
    }
}
