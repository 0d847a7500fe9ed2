//! What an object is part of.

/// The label that says which installation of an application an object is part of.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
