//! The map of cells: where every pod of a cluster is drawn when all of them are in one picture.
//!
//! A cell lies in its application, an application in its namespace, a namespace in the cluster. Boxes have sizes of a few
//! classes, each about 1.5 times the last, and more cells than are taken. A box keeps its place and its size for as long as
//! its class is right; one whose class is not takes a new place and nothing else moves. So the picture depends on what
//! happened since it was begun: whoever shows it keeps one [`CellMap`] and lets all see that. Begun anew, it follows from
//! the set alone.
//!
//! ```text
//! put, take (cells) ──> settle ──> Touched: the boxes and cells that are not as they were
//! ```

mod plane;
mod shape;
mod slots;

pub use shape::Shape;

use model::level::GroupId;
use plane::Plane;
use rustc_hash::FxHashMap;
use shape::{Extent, SPACE_PADDING, fits, header, space_extent};
use slots::Slots;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What lies in a cell: the number of an object.
pub type Occupant = model::NodeId;

/// Free units between two namespaces.
const BETWEEN: u32 = 2;
/// Of the whole picture, by so much wider than high: tenths.
const ASPECT_TENTHS: u32 = 16;
/// A picture that grows past this, in parts of its height when it was begun, is widened: tenths.
const TALL_TENTHS: u32 = 14;
/// A picture smaller than this, in square units, is not begun anew when it has doubled.
const SMALL: u64 = 4_000;

/// A place, in units: one is the distance from a cell to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
}

/// A namespace on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceBox {
    /// Its corner, on the map.
    pub at: At,
    /// Its width, with its border.
    pub width: u32,
    /// Its height, with heading and border.
    pub height: u32,
    /// The height of its heading.
    pub header: u32,
}

/// An application on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HomeBox {
    /// Its namespace.
    pub space: GroupId,
    /// Its first cell, from the corner of its namespace. The row above is free for a name, the column after its cells and
    /// the row below are free.
    pub at: At,
    /// Its columns and rows of cells.
    pub shape: Shape,
}

/// What is not as it was: what it is now, or whether it is still there, is read from the map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Namespaces that are new, gone, moved or of another size.
    pub spaces: BTreeSet<GroupId>,
    /// Applications that are new, gone, moved in their namespace or of another size; all of their cells.
    pub homes: BTreeSet<GroupId>,
    /// Cells, by application and slot, that have another occupant or none.
    pub cells: BTreeSet<(GroupId, u32)>,
}

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub struct CellMap {
    spaces: BTreeMap<GroupId, Space>,
    homes: BTreeMap<GroupId, Home>,
    cells: FxHashMap<Occupant, (GroupId, u32)>,
    plane: Plane,
    /// The square units of all namespaces when the picture was begun.
    begun_with: u64,
    /// Applications to look at when the map settles.
    dirty: BTreeSet<GroupId>,
    touched: Touched,
}

#[derive(Clone, Debug)]
struct Home {
    space: GroupId,
    slots: Slots,
    shape: Shape,
    /// In its space's plane; `None` until it is placed.
    at: Option<At>,
}

#[derive(Clone, Debug, Default)]
struct Space {
    homes: BTreeSet<GroupId>,
    /// The square units of its applications.
    area: u32,
    class: u8,
    /// The class that its applications' units alone would need, when it was given its own.
    needed: u8,
    plane: Plane,
    /// On the map; `None` until it is placed.
    at: Option<At>,
}

impl Home {
    fn extent(&self) -> Extent {
        self.shape.extent()
    }
}

impl Space {
    fn extent(&self) -> Extent {
        let inner = space_extent(self.class);
        Extent {
            width: inner.width + SPACE_PADDING,
            height: inner.height + header(inner) + SPACE_PADDING,
        }
    }

    fn square(&self) -> u64 {
        let extent = self.extent();
        u64::from(extent.width + BETWEEN) * u64::from(extent.height + BETWEEN)
    }
}

impl CellMap {
    /// A namespace.
    pub fn space(&self, id: GroupId) -> Option<SpaceBox> {
        let space = self.spaces.get(&id)?;
        let extent = space.extent();
        Some(SpaceBox {
            at: space.at?,
            width: extent.width,
            height: extent.height,
            header: header(space_extent(space.class)),
        })
    }

    /// An application.
    pub fn home(&self, id: GroupId) -> Option<HomeBox> {
        let home = self.homes.get(&id)?;
        let class = self.spaces.get(&home.space)?.class;
        let at = home.at?;
        Some(HomeBox {
            space: home.space,
            at: At {
                x: at.x + SPACE_PADDING,
                y: at.y + header(space_extent(class)) + 1,
            },
            shape: home.shape,
        })
    }

    /// The namespaces.
    pub fn spaces(&self) -> impl Iterator<Item = GroupId> {
        self.spaces.keys().copied()
    }

    /// The applications.
    pub fn homes(&self) -> impl Iterator<Item = GroupId> {
        self.homes.keys().copied()
    }

    /// What lies in the cells of an application, by slot; as many as its box has.
    pub fn occupants(&self, home: GroupId) -> impl Iterator<Item = Option<Occupant>> {
        let home = self.homes.get(&home);
        let room = home.map_or(0, |home| home.shape.cells());
        (0..room).map(move |slot| home.and_then(|home| home.slots.get(slot)))
    }

    /// What lies in a cell.
    pub fn occupant(&self, home: GroupId, slot: u32) -> Option<Occupant> {
        self.homes.get(&home)?.slots.get(slot)
    }

    /// The cell of an object.
    pub fn cell(&self, occupant: Occupant) -> Option<(GroupId, u32)> {
        self.cells.get(&occupant).copied()
    }

    /// The objects that have a cell.
    pub fn occupied(&self) -> impl Iterator<Item = Occupant> {
        self.cells.keys().copied()
    }

    /// Gives an object the lowest free cell of its application, unless it has one there. One that it has elsewhere is free.
    pub fn put(&mut self, space: GroupId, home: GroupId, occupant: Occupant) {
        match self.cell(occupant) {
            Some((own, _)) if own == home => return,
            Some(_) => self.take(occupant),
            None => {}
        }
        let slot = self.homes.entry(home).or_insert_with(|| Home {
            space,
            slots: Slots::default(),
            shape: Shape::default(),
            at: None,
        });
        let slot = slot.slots.put(occupant);
        self.cells.insert(occupant, (home, slot));
        self.touched.cells.insert((home, slot));
        self.dirty.insert(home);
    }

    /// Frees the cell of an object.
    pub fn take(&mut self, occupant: Occupant) {
        let Some((home, slot)) = self.cells.remove(&occupant) else {
            return;
        };
        if let Some(own) = self.homes.get_mut(&home) {
            own.slots.free(slot);
        }
        self.touched.cells.insert((home, slot));
        self.dirty.insert(home);
    }

    /// Finds a place for what has none, and answers what is not as it was when the map settled last. `name` decides what
    /// comes first of two boxes of one size.
    ///
    /// Cost: the applications that changed; if one of them does not fit into its namespace as it is, that namespace.
    pub fn settle<K: Ord>(&mut self, name: impl Fn(GroupId) -> K) -> Touched {
        let mut spaces: BTreeSet<GroupId> = BTreeSet::new();
        for id in std::mem::take(&mut self.dirty) {
            spaces.extend(self.resize(id));
        }
        let mut unplaced = BTreeSet::new();
        for id in spaces {
            if self.settle_space(id, &name) {
                unplaced.insert(id);
            }
        }
        if self.has_outgrown() {
            self.begin(&name);
        } else {
            self.place_spaces(unplaced, &name);
        }
        // What is sent as a whole needs no mention of its parts.
        let homes = &self.touched.homes;
        self.touched.cells.retain(|(home, _)| !homes.contains(home));
        std::mem::take(&mut self.touched)
    }

    /// Gives an application the class that its cells need. Answers its namespace if that has to do something.
    fn resize(&mut self, id: GroupId) -> Option<GroupId> {
        let home = self.homes.get_mut(&id)?;
        let space_id = home.space;
        let space = self.spaces.entry(space_id).or_default();
        let is_new = !space.homes.contains(&id);
        let wanted = Shape::for_cells((!is_new).then_some(home.shape), home.slots.len());
        if wanted == Some(home.shape) && !is_new {
            // Many may have come and gone since the map settled last: those behind the box come into it.
            let moved = home.slots.shrink(home.shape.cells());
            if !moved.is_empty() {
                self.touched.homes.insert(id);
            }
            let moved = moved.into_iter().map(|(occupant, slot)| (occupant, (id, slot)));
            self.cells.extend(moved);
            return None;
        }
        self.touched.homes.insert(id);
        if !is_new {
            space.area = space.area.saturating_sub(home.extent().area());
        }
        if let Some(at) = home.at.take() {
            space.plane.free(at, home.extent());
        }
        let Some(shape) = wanted else {
            space.homes.remove(&id);
            self.homes.remove(&id);
            return Some(space_id);
        };
        home.shape = shape;
        for (occupant, slot) in home.slots.shrink(shape.cells()) {
            self.cells.insert(occupant, (id, slot));
        }
        space.area += shape.extent().area();
        space.homes.insert(id);
        Some(space_id)
    }

    /// Places the applications of a namespace that have no place; makes it larger or smaller if its class is wrong.
    /// Answers whether it needs a place itself.
    fn settle_space<K: Ord>(&mut self, id: GroupId, name: &impl Fn(GroupId) -> K) -> bool {
        let Some(space) = self.spaces.get(&id) else {
            return false;
        };
        if space.homes.is_empty() {
            self.leave(id);
            self.spaces.remove(&id);
            return false;
        }
        let is_new = space.at.is_none();
        let least = shape::space_class(space.area);
        if is_new || least + shape::LAX < space.needed {
            self.leave(id);
            self.fit(id, least, name);
            return true;
        }
        let of_space = space.homes.iter().copied();
        let unplaced: Vec<GroupId> = of_space
            .filter(|home| self.homes.get(home).is_some_and(|home| home.at.is_none()))
            .collect();
        let mut grown = false;
        for home in self.in_order(unplaced, name) {
            while !self.place_home(id, home) {
                if !grown {
                    self.leave(id);
                    grown = true;
                }
                self.grow(id);
            }
        }
        grown
    }

    /// The applications, large ones first.
    fn in_order<K: Ord>(&self, mut ids: Vec<GroupId>, name: &impl Fn(GroupId) -> K) -> Vec<GroupId> {
        ids.sort_by_cached_key(|id| {
            let extent = self.homes.get(id).map(Home::extent).unwrap_or_default();
            (Reverse(extent.height), Reverse(extent.width), name(*id), *id)
        });
        ids
    }

    fn place_home(&mut self, space: GroupId, id: GroupId) -> bool {
        let (Some(space), Some(home)) = (self.spaces.get_mut(&space), self.homes.get_mut(&id)) else {
            return true;
        };
        home.at = space.plane.place(home.extent());
        if home.at.is_some() {
            self.touched.homes.insert(id);
        }
        home.at.is_some()
    }

    /// The next class: what is in it stays where it is.
    fn grow(&mut self, id: GroupId) {
        let Some(space) = self.spaces.get_mut(&id) else {
            return;
        };
        let before = header(space_extent(space.class));
        space.class = space.class.saturating_add(1);
        space.needed = shape::space_class(space.area);
        let inner = space_extent(space.class);
        space.plane.widen(inner);
        self.touched.spaces.insert(id);
        // They are told from the corner of the namespace, above which the heading grows.
        if header(inner) != before {
            self.touched.homes.extend(space.homes.iter().copied());
        }
    }

    /// Lays a namespace out anew, in the least class in which its applications fit.
    fn fit<K: Ord>(&mut self, id: GroupId, least: u8, name: &impl Fn(GroupId) -> K) {
        let Some(space) = self.spaces.get(&id) else {
            return;
        };
        let homes = self.in_order(space.homes.iter().copied().collect(), name);
        let mut class = least;
        loop {
            let inner = space_extent(class);
            if let Some(space) = self.spaces.get_mut(&id) {
                (space.class, space.needed) = (class, least);
                space.plane = Plane::within(inner);
            }
            let fit = homes.iter().all(|home| {
                let fits = self
                    .homes
                    .get(home)
                    .is_some_and(|home| fits(home.extent(), inner));
                fits && self.place_home(id, *home)
            });
            if fit {
                break;
            }
            class = class.saturating_add(1);
        }
        self.touched.spaces.insert(id);
    }

    /// Takes a namespace off the map.
    fn leave(&mut self, id: GroupId) {
        let Some(space) = self.spaces.get_mut(&id) else {
            return;
        };
        if let Some(at) = space.at.take() {
            self.plane.free(at, with_gap(space.extent()));
        }
        self.touched.spaces.insert(id);
    }

    /// Whether the picture is another one than when it was begun: far larger, or far smaller.
    fn has_outgrown(&self) -> bool {
        let now: u64 = self.spaces.values().map(Space::square).sum();
        let least = self.begun_with.max(SMALL);
        now > 2 * least || now.max(SMALL) * 4 < self.begun_with
    }

    /// Lays the whole picture out anew: it follows from what is in it, whatever came before.
    fn begin<K: Ord>(&mut self, name: &impl Fn(GroupId) -> K) {
        let ids: BTreeSet<GroupId> = self.spaces.keys().copied().collect();
        for id in &ids {
            let least = self
                .spaces
                .get(id)
                .map_or(0, |space| shape::space_class(space.area));
            if let Some(space) = self.spaces.get_mut(id) {
                space.at = None;
            }
            self.fit(*id, least, name);
        }
        self.begun_with = self.spaces.values().map(Space::square).sum();
        let wide = u32::try_from((self.begun_with * u64::from(ASPECT_TENTHS) / 10).isqrt());
        self.plane = Plane::open(wide.unwrap_or(u32::MAX));
        self.place_spaces(ids, name);
    }

    fn place_spaces<K: Ord>(&mut self, ids: BTreeSet<GroupId>, name: &impl Fn(GroupId) -> K) {
        let mut ids: Vec<GroupId> = ids.into_iter().collect();
        ids.sort_by_cached_key(|id| {
            let extent = self.spaces.get(id).map(Space::extent).unwrap_or_default();
            (Reverse(extent.height), Reverse(extent.width), name(*id), *id)
        });
        for id in ids {
            let Some(space) = self.spaces.get_mut(&id) else {
                continue;
            };
            let extent = with_gap(space.extent());
            // There is always a place below the rest; it is taken only if the picture stays as wide as it is high.
            let width = self.plane.width().max(extent.width);
            self.plane.widen(Extent {
                width,
                height: u32::MAX,
            });
            let tall = width / ASPECT_TENTHS * TALL_TENTHS;
            if self.plane.height() > tall && self.plane.height() + extent.height > tall {
                self.plane.widen(Extent {
                    width: width + extent.width.max(width / 8),
                    height: u32::MAX,
                });
            }
            space.at = self.plane.place(extent);
        }
    }
}

fn with_gap(extent: Extent) -> Extent {
    Extent {
        width: extent.width + BETWEEN,
        height: extent.height + BETWEEN,
    }
}
