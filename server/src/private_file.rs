//! Files that only this user may read: the token, the link, kubeconfigs, the lock of the data folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// How such a file is opened for writing: made if need be.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file whole or not at all: whoever waits for it finds it complete.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    options()
        .truncate(true)
        .open(&partial)?
        .write_all(text.as_bytes())?;
    fs::rename(&partial, path)
}
