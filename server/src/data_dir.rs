//! The data folder: the database, the bearer token for scripts, and the address of the server that uses it.

use crate::auth::Token;
use crate::private_file;
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A data folder that this process has to itself. Dropping it lets go; [`leave`](Self::leave) also takes away what only
/// a running server has.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Locked while we live; the system unlocks it however we end.
    _lock: File,
}

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// A file or the folder itself cannot be made or written.
    #[error(
        "the data folder cannot be used: could not {operation} {}: {source}; choose another with --data-dir \
         (KUBILITICS_DATA_DIR, key `data-dir`)", .path.display()
    )]
    Write {
        /// What was to be done.
        operation: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why it could not.
        source: io::Error,
    },
    /// Another server uses it.
    #[error(
        "another kubilitics runs with the data folder {}; stop it, or choose another folder with --data-dir \
         (KUBILITICS_DATA_DIR, key `data-dir`)", .0.display()
    )]
    Taken(PathBuf),
    /// No server uses it.
    #[error(
        "no kubilitics runs with the data folder {}; start one with `kubilitics serve`, or name the right folder with \
         --data-dir (KUBILITICS_DATA_DIR, key `data-dir`)", .0.display()
    )]
    NotRunning(PathBuf),
}

const TOKEN: &str = "token";
const ADDRESS: &str = "address";
const LOCK: &str = "lock";
const DEMO: &str = "demo.kubeconfig";

impl DataDir {
    /// Makes the folder if need be, readable for this user only, and takes it.
    pub fn take(path: &Path) -> Result<Self, DataDirError> {
        create_private(path).map_err(failed("make", path))?;
        let lock_path = path.join(LOCK);
        let lock = private_file::options()
            .open(&lock_path)
            .map_err(failed("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Taken(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed("lock", &lock_path)(source)),
        }
    }

    /// Writes the bearer token and the address, for scripts and for `kubilitics link`.
    pub fn announce(&self, token: &Token, address: SocketAddr) -> Result<(), DataDirError> {
        self.write(TOKEN, token.reveal())?;
        self.write(ADDRESS, &address.to_string())
    }

    /// Writes the kubeconfig of the demo cluster, and answers where.
    pub fn write_demo(&self, kubeconfig: &str) -> Result<PathBuf, DataDirError> {
        self.write(DEMO, kubeconfig)?;
        Ok(self.path.join(DEMO))
    }

    /// Takes away what [`announce`](Self::announce) wrote.
    pub fn leave(self) -> Result<(), DataDirError> {
        for name in [ADDRESS, TOKEN] {
            let path = self.path.join(name);
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
        match fs::remove_file(self.path.join(DEMO)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &self.path.join(DEMO))(error))
            }
            _ => Ok(()),
        }
    }

    /// The token and the address of the server that uses a folder.
    pub fn of_running(path: &Path) -> Result<(Token, SocketAddr), DataDirError> {
        let read = |name| fs::read_to_string(path.join(name));
        let (Ok(token), Ok(address)) = (read(TOKEN), read(ADDRESS)) else {
            return Err(DataDirError::NotRunning(path.to_owned()));
        };
        let address = address
            .trim()
            .parse()
            .map_err(|_| DataDirError::NotRunning(path.to_owned()))?;
        Ok((Token::from_text(token.trim()), address))
    }

    /// Writes a file that only this user may read, whole or not at all.
    fn write(&self, name: &str, text: &str) -> Result<(), DataDirError> {
        let path = self.path.join(name);
        private_file::write(&path, text).map_err(failed("write", &path))
    }
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DataDirError + 'a {
    move |source| DataDirError::Write {
        operation,
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    // The user's own folder is private on Windows.
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let taken = DataDir::take(&path).unwrap();
        assert!(matches!(DataDir::take(&path), Err(DataDirError::Taken(_))));
        drop(taken);
        DataDir::take(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_this_user_may_read_the_token() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let data = DataDir::take(&path).unwrap();
        let token = Token::new().unwrap();
        data.announce(&token, "127.0.0.1:80".parse().unwrap()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join(TOKEN)), 0o600);
        let (read, address) = DataDir::of_running(&path).unwrap();
        assert_eq!((read.reveal(), address.port()), (token.reveal(), 80));
        data.leave().unwrap();
        assert!(matches!(
            DataDir::of_running(&path),
            Err(DataDirError::NotRunning(_))
        ));
    }
}
