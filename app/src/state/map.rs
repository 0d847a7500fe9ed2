//! A map that changes, and what is said of it in words.

use crate::state::feed::Store;
use crate::text;
use leptos::prelude::*;
use model::Health;
use model::level::GroupId;
use model::map::{Map, MapDelta, Pods};
use model::stream::{Delta, Snapshot};
use std::collections::BTreeMap;

/// More applications than these are not all named beside the map: only those that are not well.
pub const NAMED: usize = 1_500;

/// A map that changes.
#[derive(Clone, Copy, Debug)]
pub struct LiveMap {
    map: StoredValue<Map>,
    /// What has not been drawn yet; `None`: all of it.
    undrawn: StoredValue<Option<Vec<MapDelta>>>,
    /// Counts every change.
    pub version: RwSignal<u64>,
}

impl Default for LiveMap {
    fn default() -> Self {
        Self {
            map: StoredValue::new(Map::default()),
            undrawn: StoredValue::new(None),
            version: RwSignal::default(),
        }
    }
}

impl LiveMap {
    /// Reads the map. Follows nothing: whoever wants to be told of changes reads `version`.
    pub fn with<T>(&self, read: impl FnOnce(&Map) -> T) -> T {
        self.map.with_value(read)
    }

    /// What changed since the last call; `None` if all of it must be drawn.
    pub fn take_undrawn(&self) -> Option<Vec<MapDelta>> {
        let taken = self
            .undrawn
            .try_update_value(|undrawn| undrawn.replace(Vec::new()));
        taken.flatten()
    }

    fn show(&self, map: Map) {
        self.map.set_value(map);
        self.draw_anew();
        self.version.update(|version| *version += 1);
    }

    /// Draws all of it the next time.
    pub fn draw_anew(&self) {
        self.undrawn.set_value(None);
    }
}

impl Store for LiveMap {
    fn replace(&self, snapshot: Snapshot) {
        let Snapshot::Map(map) = snapshot else { return };
        if let Ok(map) = map.open() {
            self.show(map);
        }
    }

    fn clear(&self) {
        self.show(Map::default());
    }

    fn apply(&self, delta: &Delta) {
        let Delta::Map(delta) = delta else { return };
        let Ok(delta) = delta.open() else { return };
        self.map.update_value(|map| map.apply(&delta));
        self.undrawn.update_value(|undrawn| {
            if let Some(undrawn) = undrawn {
                undrawn.push(delta);
            }
        });
        self.version.update(|version| *version += 1);
    }
}

/// The pods of a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Census {
    /// All of them.
    pub whole: Pods,
    /// By namespace.
    pub spaces: BTreeMap<GroupId, Pods>,
    /// By application.
    pub applications: BTreeMap<GroupId, Pods>,
}

/// Counts the pods of a map.
pub fn census(map: &Map) -> Census {
    let mut census = Census::default();
    for application in map.applications.values() {
        let pods = application.pods();
        census.whole.add(&pods);
        census.spaces.entry(application.space).or_default().add(&pods);
        census.applications.insert(application.id, pods);
    }
    census
}

/// A namespace with the applications that are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The number of the namespace.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The numbers and names of its applications, as they stand in their addresses.
    pub applications: Vec<(GroupId, String)>,
}

/// The namespaces by name, with their applications by name: all of them, or those that are not well if `only` says so or
/// there are too many.
pub fn sections(map: &Map, census: &Census, only: bool) -> Vec<Section> {
    let only = only || map.applications.len() > NAMED;
    let is_shown = |pods: &Pods| !only || pods.worst() >= Health::Warning;
    let mut sections: BTreeMap<&str, Section> = BTreeMap::new();
    for space in map.spaces.values() {
        let section = Section {
            id: space.id,
            name: space.name.clone(),
            applications: Vec::new(),
        };
        sections.insert(&space.name, section);
    }
    let mut named: BTreeMap<(&str, &str), GroupId> = BTreeMap::new();
    for application in map.applications.values() {
        let space = map.spaces.get(&application.space);
        let pods = census.applications.get(&application.id);
        if let (Some(space), true) = (space, pods.is_some_and(is_shown)) {
            named.insert((&space.name, &application.name), application.id);
        }
    }
    for ((space, name), id) in named {
        if let Some(section) = sections.get_mut(space) {
            section.applications.push((id, name.to_owned()));
        }
    }
    sections.into_values().collect()
}

/// `240 pods, 18 failing, 2 in progress`: what is not as it should be is named.
pub fn words(pods: Pods) -> String {
    let mut words = text::counted(pods.all(), "pod");
    for health in [
        Health::Unhealthy,
        Health::Warning,
        Health::Progressing,
        Health::Unknown,
    ] {
        let count = pods.of(health);
        if count > 0 {
            words.push_str(&format!(", {} {}", text::number(count), text::health(health)));
        }
    }
    words
}

/// A cell as it is drawn: 0 for a free one, else one more than its health's place in [`Health::ALL`].
pub fn code(cell: Option<Health>) -> u8 {
    let place = Health::ALL.into_iter().zip(1_u8..);
    cell.and_then(|health| place.clone().find(|(own, _)| *own == health))
        .map_or(0, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::map::{Cells, MapApplication, MapSpace};

    fn map() -> Map {
        let mut map = Map::default();
        for (id, name) in [(1, "shop"), (2, "data")] {
            let space = MapSpace {
                id: GroupId(id),
                name: name.into(),
                ..MapSpace::default()
            };
            map.spaces.insert(space.id, space);
        }
        let cells = vec![Some(Health::Healthy), None, Some(Health::Unhealthy)];
        for (id, space, name, cells) in [
            (3, 1, "web", vec![Some(Health::Healthy)]),
            (4, 1, "platform/cart", cells),
            (5, 2, "StatefulSet:db", vec![Some(Health::Progressing)]),
        ] {
            let application = MapApplication {
                id: GroupId(id),
                space: GroupId(space),
                name: name.into(),
                columns: 2,
                cells: Cells(cells),
                ..MapApplication::default()
            };
            map.applications.insert(application.id, application);
        }
        map
    }

    #[test]
    fn pods_are_counted_and_said() {
        let census = census(&map());
        assert_eq!(words(census.whole), "4 pods, 1 failing, 1 in progress");
        assert_eq!(words(census.spaces[&GroupId(1)]), "3 pods, 1 failing");
        assert_eq!(words(census.applications[&GroupId(3)]), "1 pod");
    }

    #[test]
    fn what_is_not_well_can_be_shown_alone() {
        let (map, all) = (map(), census(&map()));
        let names = |only| {
            let sections = sections(&map, &all, only);
            let names = sections.into_iter().map(|section| {
                let own: Vec<String> = section.applications.into_iter().map(|(_, name)| name).collect();
                (section.name, own.join(" "))
            });
            names.collect::<Vec<_>>()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            names(false),
            [pair("data", "StatefulSet:db"), pair("shop", "platform/cart web")]
        );
        assert_eq!(names(true), [pair("data", ""), pair("shop", "platform/cart")]);
    }

    #[test]
    fn a_free_cell_has_no_code() {
        assert_eq!((code(None), code(Some(Health::Suspended))), (0, 1));
        assert_eq!(code(Some(Health::Unhealthy)), 6);
    }
}
