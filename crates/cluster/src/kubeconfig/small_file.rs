//! How a kubeconfig and the files that it names are read: they are small and they end. A pipe that nobody writes to, or a
//! device without end, is refused before anything waits for it.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The most bytes that a file may have: thousands of contexts with their certificates.
const MOST: u64 = 16 * 1024 * 1024;

/// All of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    // Before it is opened: to open a pipe is to wait for its writer.
    let about = std::fs::metadata(path)?;
    if about.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !about.is_file() {
        return Err(Error::other(
            "it is a pipe, a socket or a device, and no regular file",
        ));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(MOST)).unwrap_or_default());
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= MOST) {
        Ok(bytes)
    } else {
        Err(Error::other(format!("it has more than {} MiB", MOST >> 20)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_small_regular_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read(&file).unwrap(), b"text");
        assert_eq!(read(dir.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
        File::create(&file).unwrap().set_len(MOST + 1).unwrap();
        assert_eq!(read(&file).unwrap_err().to_string(), "it has more than 16 MiB");
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            let error = read(path).unwrap_err().to_string();
            assert_eq!(error, "it is a pipe, a socket or a device, and no regular file");
        }
    }
}
