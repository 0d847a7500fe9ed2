//! What a page knows and how it changes. Everything here compiles and is tested natively; what only a browser has is
//! behind [`crate::browser`].

pub mod clock;
pub mod clusters;
pub mod connection;
pub mod feed;
pub mod graph;
pub mod here;
pub mod level;
pub mod list;
pub mod live;
pub mod map;
pub mod memo;
pub mod picture;
pub mod places;
pub mod seed;
pub mod session;
pub mod tree;
pub mod url;
