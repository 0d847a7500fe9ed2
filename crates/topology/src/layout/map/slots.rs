//! The cells of one application: an object keeps its own for as long as it lives.

use super::Occupant;

/// Who lies in which cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    cells: Vec<Option<Occupant>>,
    taken: u32,
    /// All below this are taken.
    full_below: usize,
}

impl Slots {
    pub fn len(&self) -> u32 {
        self.taken
    }

    pub fn get(&self, slot: u32) -> Option<Occupant> {
        self.cells.get(slot as usize).copied().flatten()
    }

    /// Takes the lowest free cell.
    pub fn put(&mut self, occupant: Occupant) -> u32 {
        let free = self.cells.iter().skip(self.full_below).position(Option::is_none);
        let slot = free.map_or(self.cells.len(), |free| free + self.full_below);
        match self.cells.get_mut(slot) {
            Some(cell) => *cell = Some(occupant),
            None => self.cells.push(Some(occupant)),
        }
        self.full_below = slot + 1;
        self.taken += 1;
        u32::try_from(slot).unwrap_or(u32::MAX)
    }

    pub fn free(&mut self, slot: u32) {
        let slot = slot as usize;
        if let Some(cell) = self.cells.get_mut(slot)
            && cell.take().is_some()
        {
            self.taken -= 1;
            self.full_below = self.full_below.min(slot);
        }
    }

    /// There are only so many cells now: those behind them get the lowest free ones. Answers who moved where.
    pub fn shrink(&mut self, cells: u32) -> Vec<(Occupant, u32)> {
        let behind = self.cells.split_off(self.cells.len().min(cells as usize));
        let behind: Vec<Occupant> = behind.into_iter().flatten().collect();
        self.taken -= u32::try_from(behind.len()).unwrap_or(u32::MAX).min(self.taken);
        self.full_below = self.full_below.min(self.cells.len());
        behind
            .into_iter()
            .map(|occupant| (occupant, self.put(occupant)))
            .collect()
    }
}
