//! The map of a cluster: every pod a cell, in its application, in its namespace.

use crate::graph::values;
use crate::level::GroupId;
use crate::{Health, NodeKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Which part of a cluster a map shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MapQuery {
    /// Only these namespaces; empty for all. They have a picture of their own.
    #[serde(default)]
    pub namespaces: Vec<String>,
}

/// A map. Places are in units: one is the distance from a cell to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Map {
    /// The namespaces.
    #[serde(with = "values")]
    pub spaces: BTreeMap<GroupId, MapSpace>,
    /// The applications.
    #[serde(with = "values")]
    pub applications: BTreeMap<GroupId, MapApplication>,
}

/// A namespace on the map. Its border is its place, its heading is inside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapSpace {
    /// Its number, that of its group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Its left edge.
    pub x: u32,
    /// Its upper edge.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The height of its heading.
    pub header: u32,
}

/// An application on the map. The row above its cells is free for its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapApplication {
    /// Its number, that of its group.
    pub id: GroupId,
    /// The number of its namespace.
    pub space: GroupId,
    /// The name in its address, see [`crate::level::Group::key`].
    pub name: String,
    /// Its first cell, from the left edge of its namespace.
    pub x: u32,
    /// Its first cell, from the upper edge of its namespace.
    pub y: u32,
    /// Cells in a row.
    pub columns: u32,
    /// Its cells, row by row: the health of the pod that lies there, or nothing.
    pub cells: Cells,
}

/// The cells of an application. They travel as runs of equal ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(pub Vec<Option<Health>>);

/// So many equal cells.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Run {
    count: u32,
    #[serde(default)]
    health: Option<Health>,
}

/// The most cells that an application may have: far more than a cluster has pods. A frame that asks for more is none.
const MOST_CELLS: usize = 1 << 22;

/// What turns a map into a later one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapDelta {
    /// Namespaces that are new or changed.
    pub spaces: Vec<MapSpace>,
    /// Namespaces that are gone. One that the receiver does not have is passed over.
    pub removed_spaces: Vec<GroupId>,
    /// Applications that are new, or have another place or other cells.
    pub applications: Vec<MapApplication>,
    /// Applications that are gone. One that the receiver does not have is passed over.
    pub removed_applications: Vec<GroupId>,
    /// Cells that changed, of applications that are not in `applications`.
    pub cells: Vec<MapCell>,
}

/// A cell that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapCell {
    /// The application.
    pub application: GroupId,
    /// Which of its cells.
    pub slot: u32,
    /// The health of the pod that lies there now; `None` for a free one.
    #[serde(default)]
    pub health: Option<Health>,
}

/// How many pods, by health in the order of [`Health::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pods(pub [u32; 6]);

impl Pods {
    /// All of them.
    pub fn all(&self) -> u32 {
        self.0.iter().sum()
    }

    /// Those of one health.
    pub fn of(&self, health: Health) -> u32 {
        let counts = Health::ALL.into_iter().zip(self.0);
        counts
            .filter(|(own, _)| *own == health)
            .map(|(_, count)| count)
            .sum()
    }

    /// The worst health that a pod has; unknown without any.
    pub fn worst(&self) -> Health {
        let mut counts = Health::ALL.into_iter().zip(self.0).rev();
        counts
            .find(|(_, count)| *count > 0)
            .map_or(Health::Unknown, |(health, _)| health)
    }

    /// Adds others.
    pub fn add(&mut self, others: &Pods) {
        for (sum, count) in self.0.iter_mut().zip(others.0) {
            *sum += count;
        }
    }
}

impl MapApplication {
    /// Its pods.
    pub fn pods(&self) -> Pods {
        let mut pods = Pods::default();
        for health in self.cells.0.iter().flatten() {
            let place = Health::ALL.iter().position(|own| own == health);
            if let Some(count) = place.and_then(|place| pods.0.get_mut(place)) {
                *count += 1;
            }
        }
        pods
    }

    /// What is written on it: the instance, or the name of the object at the root of the owners.
    pub fn label(&self) -> &str {
        let after = self.name.split_once(['/', ':']);
        after.map_or(self.name.as_str(), |(_, name)| name)
    }

    /// The object at the root of the owners, where nothing else says what the pods are part of.
    pub fn root(&self, namespace: &str) -> Option<NodeKey> {
        let (kind, name) = self.name.split_once(':')?;
        Some(NodeKey::new(kind, Some(namespace), name))
    }
}

impl Map {
    /// Applies a delta.
    pub fn apply(&mut self, delta: &MapDelta) {
        for id in &delta.removed_applications {
            self.applications.remove(id);
        }
        for id in &delta.removed_spaces {
            self.spaces.remove(id);
        }
        for space in &delta.spaces {
            self.spaces.insert(space.id, space.clone());
        }
        for application in &delta.applications {
            self.applications.insert(application.id, application.clone());
        }
        for cell in &delta.cells {
            let application = self.applications.get_mut(&cell.application);
            if let Some(own) =
                application.and_then(|application| application.cells.0.get_mut(cell.slot as usize))
            {
                *own = cell.health;
            }
        }
    }

    /// The address of an application, as [`crate::level::Group::key`] has it.
    pub fn key(&self, id: GroupId) -> Option<NodeKey> {
        let application = self.applications.get(&id)?;
        let space = self.spaces.get(&application.space)?;
        Some(NodeKey::new(
            "Application",
            Some(&space.name),
            application.name.clone(),
        ))
    }
}

impl MapDelta {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.spaces.is_empty()
            && self.removed_spaces.is_empty()
            && self.applications.is_empty()
            && self.removed_applications.is_empty()
            && self.cells.is_empty()
    }
}

impl values::Keyed for MapSpace {
    type Key = GroupId;
    fn key(&self) -> GroupId {
        self.id
    }
}

impl values::Keyed for MapApplication {
    type Key = GroupId;
    fn key(&self) -> GroupId {
        self.id
    }
}

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut runs: Vec<Run> = Vec::new();
        for health in &self.0 {
            match runs.last_mut() {
                Some(run) if run.health == *health => run.count += 1,
                _ => runs.push(Run {
                    count: 1,
                    health: *health,
                }),
            }
        }
        runs.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let runs = Vec::<Run>::deserialize(deserializer)?;
        let mut cells = Vec::new();
        for run in runs {
            let len = cells.len().saturating_add(run.count as usize);
            if len > MOST_CELLS {
                return Err(serde::de::Error::custom("an application of too many cells"));
            }
            cells.resize(len, run.health);
        }
        Ok(Self(cells))
    }
}
