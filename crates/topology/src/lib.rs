//! The topology of a cluster: facts in, one graph kept as they change, views, lists and pictures out.
//!
//! Pure: no I/O, no clock (time is passed in), no kube, no tokio; compiles to wasm32. One writer per cluster owns an
//! [`Index`]; readers hold a [`State`], an immutable snapshot that is cloned in constant time, and a [`Change`], the ids
//! that differ between two of them. Read [`facts::Facts`] first, then [`index`], then [`view`].
//!
//! ```text
//! JSON --kinds::read--> Facts --Index::upsert--> State + Change --GraphView, ListView--> what a page shows
//! ```
//!
//! [`SearchView`] finds objects of all kinds by words, which are kept with the state too.
//!
//! From further away the same graph is [groups](state::Groups), kept with it; [`LevelView`] is a [`GraphView`] at any level.
//!
//! An event costs what it changes: an edge is a pure function of its two ends ([`proof`]), and the index proves again only
//! the pairs that the changed fields can reach. A heartbeat that moves a status proves nothing.
//!
//! # To add a kind
//!
//! 1. Add its entry to the kind table in `crates/model/src/kind.rs`, and its columns to `kinds/columns.rs`.
//! 2. If it is watched as a Table, `kinds/table.rs` reads it.
//! 3. Else add `kinds/<kind>.rs` with slim serde structs (only the fields that are used; `Lax` where
//!    Kubernetes may write null) and `read`: make a `Draft` of the metadata, add references by the functions of `rules/`,
//!    work out the status word, the health and the reason, list the cells, and finish the draft.
//! 4. Name the file in `kinds.rs`: its module, and its reader and columns in `entry`. A test fails until you do.
//! 5. Add a real object to `tests/fixtures/<kind>.json` and its row, as kubectl prints it, to `tests/rows.rs`.
//!
//! A kind without an entry is read by `kinds/custom.rs` once the cluster is found to serve it: [`Index::register`].
//!
//! # To add a rule
//!
//! 1. If the type of edge is new, add it at the end of [`Relation`](model::graph::Relation), with its words.
//! 2. Add a [`Rule`](rules::Rule) to `rules.rs`: relation, layer, the end on which the field stands, and whether a named
//!    object that does not exist is missing or simply not there.
//! 3. In the file of its layer, call `Draft::refer` with the field's exact path. That is all a
//!    reference needs: missing objects, several fields for one edge and every order of events are the index's work.
//! 4. If what the named object *is* matters (a port, a UID), say so as a [`Detail`](facts::Detail) and judge it in
//!    `proof.rs`; if it matters after both exist, add the changed field to `edges_changed` in `index/edges.rs`.
//! 5. Add its cases to `tests/rules.rs` (there, missing, another namespace), its fields to `tests/naive/world.rs`, and
//!    the rule once more, from the design, to the oracle in `tests/naive/builder.rs`.

mod application;
pub mod change;
pub mod facts;
pub mod index;
mod json;
pub mod kinds;
pub mod layout;
pub mod list;
mod natural;
mod pod_spec;
mod pool;
pub mod proof;
pub mod query;
pub mod rules;
pub mod search;
pub mod selector;
pub mod state;
pub mod symbols;
pub mod view;

pub use change::Change;
pub use facts::Facts;
pub use index::{Index, Seen};
pub use list::ListView;
pub use query::QueryError;
pub use search::SearchView;
pub use state::{Entry, State};
pub use symbols::{Sym, Symbols};
pub use view::{GraphView, LevelView, MapView, ViewError, ViewStep};
