//! The map of cells as a view. Unlike the others it remembers: who lies in which cell follows from what happened. So one
//! [`MapView`] is kept for all who look at a map; each of them comes with the epoch that it has.

use crate::change::{Change, Extent};
use crate::layout::map::{CellMap, Touched};
use crate::state::{Entry, GroupKey, State};
use model::graph::NodeState;
use model::level::GroupId;
use model::map::{Cells, Map, MapApplication, MapCell, MapDelta, MapQuery, MapSpace};
use model::{Epoch, Health, KindId, NodeId};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// The most changes that are kept for those who come later, and the most boxes and cells in all of them.
const MOST_ENTRIES: usize = 1024;
const MOST_TOUCHED: usize = 32 * 1024;

/// A map of some namespaces of a cluster, as it is kept.
#[derive(Clone, Debug)]
pub struct MapView {
    /// Sorted; empty for all.
    namespaces: Vec<String>,
    map: CellMap,
    healths: FxHashMap<NodeId, Health>,
    at: Epoch,
    /// What changed at which epoch, oldest first.
    log: VecDeque<(Epoch, Touched)>,
    logged: usize,
    /// From here on the log knows all.
    floor: Epoch,
}

impl MapView {
    /// A map of a state. Cost: the pods.
    pub fn new(query: &MapQuery, state: &State, epoch: Epoch) -> Self {
        let mut namespaces = query.namespaces.clone();
        namespaces.sort();
        namespaces.dedup();
        let mut view = Self {
            namespaces,
            map: CellMap::default(),
            healths: FxHashMap::default(),
            at: epoch,
            log: VecDeque::new(),
            logged: 0,
            floor: epoch,
        };
        view.walk(state);
        view.settle(state);
        view
    }

    /// The epoch of the state that it shows.
    pub fn epoch(&self) -> Epoch {
        self.at
    }

    /// Goes to a later state by what changed since. Cost: the pods that changed, see [`CellMap::settle`].
    pub fn advance(&mut self, state: &State, change: &Change, to: Epoch) {
        let pod = KindId::of("Pod");
        let mut looks = Vec::new();
        for (id, node) in change.nodes().filter(|(_, node)| Some(node.kind) == pod) {
            match state.node(id).filter(|_| node.extent != Extent::Removed) {
                Some(entry) => looks.extend(self.place(state, entry)),
                None => self.take(id),
            }
        }
        let touched = self.settle(state);
        self.note(to, touched, looks);
    }

    /// Goes to a later state of which it is not known what changed. Cost: the pods. Everything keeps its place.
    pub fn renew(&mut self, state: &State, to: Epoch) {
        let looks = self.walk(state);
        let touched = self.settle(state);
        self.note(to, touched, looks);
    }

    fn note(&mut self, to: Epoch, mut touched: Touched, looks: Vec<(GroupId, u32)>) {
        let looks = looks
            .into_iter()
            .filter(|(home, _)| !touched.homes.contains(home));
        touched.cells.extend(looks.collect::<Vec<_>>());
        self.at = to;
        let size = touched.spaces.len() + touched.homes.len() + touched.cells.len();
        if size == 0 {
            return;
        }
        self.logged += size;
        self.log.push_back((to, touched));
        while self.log.len() > MOST_ENTRIES || self.logged > MOST_TOUCHED {
            let Some((epoch, oldest)) = self.log.pop_front() else {
                break;
            };
            self.logged -= oldest.spaces.len() + oldest.homes.len() + oldest.cells.len();
            self.floor = epoch;
        }
    }

    /// All of it; `state` is that of [`Self::epoch`].
    pub fn snapshot(&self, state: &State) -> Map {
        let mut map = Map::default();
        for id in self.map.spaces() {
            map.spaces.extend(self.space(state, id).map(|space| (id, space)));
        }
        for id in self.map.homes() {
            map.applications
                .extend(self.application(state, id).map(|own| (id, own)));
        }
        map
    }

    /// What leads from the map at an epoch to the present one; `None` if that is not known any more. `state` is that of
    /// [`Self::epoch`].
    pub fn since(&self, epoch: Epoch, state: &State) -> Option<MapDelta> {
        if epoch < self.floor || epoch > self.at {
            return None;
        }
        let mut all = Touched::default();
        let start = self.log.partition_point(|(to, _)| *to <= epoch);
        for (_, touched) in self.log.range(start..) {
            all.spaces.extend(&touched.spaces);
            all.homes.extend(&touched.homes);
            all.cells.extend(&touched.cells);
        }
        let mut delta = MapDelta::default();
        for id in all.spaces {
            match self.space(state, id) {
                Some(space) => delta.spaces.push(space),
                None => delta.removed_spaces.push(id),
            }
        }
        for (application, slot) in all.cells {
            // A cell that the box no longer has, or never had, came or goes with the box.
            let has_cell = self
                .map
                .home(application)
                .is_some_and(|home| slot < home.shape.cells());
            if has_cell && !all.homes.contains(&application) {
                let health = self.health(self.map.occupant(application, slot));
                delta.cells.push(MapCell {
                    application,
                    slot,
                    health,
                });
            }
        }
        for id in all.homes {
            match self.application(state, id) {
                Some(own) => delta.applications.push(own),
                None => delta.removed_applications.push(id),
            }
        }
        Some(delta)
    }

    /// The pod in a cell.
    pub fn pod(&self, application: GroupId, slot: u32) -> Option<NodeId> {
        self.map.occupant(application, slot)
    }

    /// Gives every pod of a state its cell, and takes those that are gone from theirs. Answers the cells of pods that only
    /// look different.
    fn walk(&mut self, state: &State) -> Vec<(GroupId, u32)> {
        let mut looks = Vec::new();
        let Some(kind) = KindId::of("Pod") else {
            return looks;
        };
        let gone = self.map.occupied().filter(|id| state.node(*id).is_none());
        for id in gone.collect::<Vec<_>>() {
            self.take(id);
        }
        let namespaces = self.namespaces.clone();
        for entry in state.nodes_of(kind, &namespaces) {
            looks.extend(self.place(state, entry));
        }
        looks
    }

    fn has(&self, entry: &Entry) -> bool {
        let namespace = entry.key().namespace.as_deref().unwrap_or_default();
        let wanted = || self.namespaces.binary_search_by(|name| (**name).cmp(namespace));
        entry.state() == NodeState::Live && (self.namespaces.is_empty() || wanted().is_ok())
    }

    /// Gives a pod its cell. Answers that cell if the pod had it before and looks different now.
    fn place(&mut self, state: &State, entry: &Entry) -> Option<(GroupId, u32)> {
        let id = entry.id();
        let Some(place) = entry.place().filter(|_| self.has(entry)) else {
            self.take(id);
            return None;
        };
        debug_assert!(state.groups().members(place.application).is_some());
        let before = self.map.cell(id);
        self.map.put(place.namespace, place.application, id);
        let health = self.healths.insert(id, entry.health());
        let cell = self.map.cell(id).filter(|cell| before == Some(*cell))?;
        (health != Some(entry.health())).then_some(cell)
    }

    fn take(&mut self, id: NodeId) {
        self.map.take(id);
        self.healths.remove(&id);
    }

    fn settle(&mut self, state: &State) -> Touched {
        let key = |id| state.groups().members(id).map(|members| members.key.clone());
        self.map.settle::<Option<GroupKey>>(key)
    }

    fn health(&self, pod: Option<NodeId>) -> Option<Health> {
        self.healths.get(&pod?).copied()
    }

    fn space(&self, state: &State, id: GroupId) -> Option<MapSpace> {
        let space = self.map.space(id)?;
        let members = state.groups().members(id);
        Some(MapSpace {
            id,
            name: members
                .and_then(|members| members.key.namespace.as_ref())
                .map(ToString::to_string)
                .unwrap_or_default(),
            x: space.at.x,
            y: space.at.y,
            width: space.width,
            height: space.height,
            header: space.header,
        })
    }

    fn application(&self, state: &State, id: GroupId) -> Option<MapApplication> {
        let home = self.map.home(id)?;
        let members = state.groups().members(id);
        let pods = self.map.occupants(id);
        Some(MapApplication {
            id,
            space: home.space,
            name: members
                .and_then(|members| members.key.application.as_ref())
                .map(super::levels::address)
                .unwrap_or_default(),
            x: home.at.x,
            y: home.at.y,
            columns: home.shape.columns,
            cells: Cells(pods.map(|pod| self.health(pod)).collect()),
        })
    }
}
