//! Views: data in, events out. None of them knows where its data comes from.

pub mod canvas;
pub mod cell;
pub mod clusters;
pub mod connection;
pub mod demo;
pub mod detail;
pub mod edges;
pub mod field;
pub mod frame;
pub mod map;
pub mod mark;
pub mod namespaces;
pub mod nav;
pub mod problem;
pub mod rest;
pub mod table;
pub mod theme;
pub mod toolbar;
pub mod tree;
pub mod whole;
