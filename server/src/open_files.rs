//! How many files and connections the process may have open. Each cluster takes a few dozen, each watch of one that the
//! simulator shows one more, and shells start programs with 1,024.

/// The most that macOS allows, whatever it says.
#[cfg(unix)]
const OPEN_MAX: u64 = 10_240;

/// Raises the limit to the most that the system allows without asking anybody.
#[cfg(unix)]
pub(crate) fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let set = |current| setrlimit(Resource::Nofile, Rlimit { current, maximum });
    if current == maximum {
        return;
    }
    match set(maximum).or_else(|_| set(Some(OPEN_MAX))) {
        Ok(()) => tracing::debug!("more files may be open than {current:?}"),
        Err(error) => tracing::warn!("no more than {current:?} files may be open: {error}"),
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(crate) fn raise_limit() {}
