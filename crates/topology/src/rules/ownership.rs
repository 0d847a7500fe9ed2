//! owns: the object of an owner reference's UID owns the object that has the reference.
//!
//! [`crate::kinds`] reads the owner references of every kind, so there is nothing to extract here; what an owner must be
//! is in [`crate::proof`].
