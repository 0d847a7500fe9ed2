//! One control plane for all the tests of a process, or of many.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::state::State;
use crate::{ControlPlane, Error, Options, Result, plan};

/// Names the folder of a control plane that is up.
const VARIABLE: &str = "KUBILITICS_TEST_CONTROL_PLANE";

impl ControlPlane {
    /// The control plane that tests share when they do not disturb it; [`namespace`](Self::namespace) keeps
    /// them apart. It is the one that the environment variable `KUBILITICS_TEST_CONTROL_PLANE` names (the
    /// folder of one that `cargo xtask cluster up` started, for instance), else one that is started at the
    /// first call and ends with the process; its folder is removed by the next run.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: Mutex<Option<&'static ControlPlane>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plane) = *shared {
            return Ok(plane);
        }
        let plane = match env::var_os(VARIABLE) {
            Some(dir) => Self::attach(Path::new(&dir))?,
            None => Self::start(Options::default())?,
        };
        eprintln!(
            "control plane: shared by these tests, logs in {}",
            plane.dir().display()
        );
        // Never dropped: statics are not, and the processes die with ours.
        Ok(shared.insert(Box::leak(Box::new(plane))))
    }

    /// A control plane that another process started. It can be used in every way but be stopped or paused.
    pub fn attach(dir: &Path) -> Result<Self> {
        let state = State::read(dir)?
            .filter(State::is_up)
            .ok_or_else(|| Error::NotUp { dir: dir.to_owned() })?;
        let ca_file = plan::ca_file(dir);
        let ca = fs::read_to_string(&ca_file).map_err(Error::file("read", &ca_file))?;
        Ok(Self {
            dir: dir.to_owned(),
            state,
            ca,
            lifetime: None,
            processes: Mutex::default(),
        })
    }
}
