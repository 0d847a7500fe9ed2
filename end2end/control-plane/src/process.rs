//! One child process: started, watched, stopped.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::{io, process, thread};

use crate::{Component, Error, Result};

/// How long a process lives when nobody stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// As long as the process that started it, however that one ends.
    Parent,
    /// Until it is told to end: it gets a session of its own.
    Detached,
}

/// What to run: enough to run it again after it was killed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub component: Component,
    pub program: PathBuf,
    pub args: Vec<OsString>,
    /// Working folder, and where the log goes.
    pub dir: PathBuf,
}

/// A running (or killed) process of ours.
#[derive(Debug)]
pub(crate) struct Process {
    plan: Plan,
    lifetime: Lifetime,
    child: Child,
}

impl Plan {
    fn command(&self) -> Result<Command> {
        let log = log_file(&self.dir, self.component);
        let open = || {
            File::options()
                .create(true)
                .append(true)
                .open(&log)
                .map_err(Error::file("open", &log))
        };
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(open()?)
            .stderr(open()?);
        Ok(command)
    }
}

impl Process {
    pub(crate) fn start(plan: Plan, lifetime: Lifetime) -> Result<Self> {
        let command = plan.command()?;
        let child = match lifetime {
            Lifetime::Parent => spawn_bound(command),
            Lifetime::Detached => spawn_detached(command),
        };
        let child = child.map_err(|source| Error::Spawn {
            program: plan.program.clone(),
            source,
        })?;
        Ok(Self {
            plan,
            lifetime,
            child,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn program(&self) -> &Path {
        &self.plan.program
    }

    /// Its exit status, when it has ended.
    pub(crate) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .map_err(Error::signal(self.plan.component, self.pid()))
    }

    /// SIGKILL, and waits until it is gone. Nothing happens to one that has ended.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let pid = self.pid();
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map_err(Error::signal(self.plan.component, pid))?;
        Ok(())
    }

    /// Kills what is left of it and runs the same again; the log goes on in the same file.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.kill()?;
        *self = Self::start(self.plan.clone(), self.lifetime)?;
        Ok(())
    }
}

/// Where a component of the run in this folder logs to.
pub(crate) fn log_file(dir: &Path, component: Component) -> PathBuf {
    dir.join(format!("{component}.log"))
}

/// Sends a signal to a process that is known to be the one meant.
#[expect(
    unsafe_code,
    reason = "std can only kill its own children, and only with SIGKILL"
)]
pub(crate) fn signal(component: Component, pid: u32, signal: libc::c_int) -> Result<()> {
    let sent = match i32::try_from(pid) {
        // SAFETY: kill(2) takes two integers and touches no memory of ours. A `u32` that fits is positive, so
        // it names one process and never a process group.
        Ok(target) if target > 0 => unsafe { libc::kill(target, signal) },
        _ => return Err(Error::signal(component, pid)(io::ErrorKind::InvalidInput.into())),
    };
    if sent == 0 {
        Ok(())
    } else {
        Err(Error::signal(component, pid)(io::Error::last_os_error()))
    }
}

/// Whether the process is there and was started as `program`. One that has ended but was not waited for has
/// no command line any more, and counts as gone; so does another program that got the same process id.
pub(crate) fn is_running(pid: u32, program: &Path) -> bool {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let first = command_line.split(|&byte| byte == 0).next().unwrap_or_default();
    first == program.as_os_str().as_encoded_bytes()
}

/// Starts a child that the kernel kills when this process ends, also when that is by SIGKILL.
///
/// PR_SET_PDEATHSIG goes off when the *thread* that forked ends, not the process, and tests run in threads
/// that end. So all such children are forked by one thread that lasts as long as the process.
pub(crate) fn spawn_bound(mut command: Command) -> io::Result<Child> {
    type Job = (Command, mpsc::Sender<io::Result<Child>>);
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();

    die_with_parent(&mut command);
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        let body = move || {
            for (mut command, reply) in jobs {
                let _ = reply.send(command.spawn());
            }
        };
        // A failure drops `jobs`, and the send below reports it.
        let _ = thread::Builder::new()
            .name("control-plane-spawner".into())
            .spawn(body);
        sender
    });
    let gone = || io::Error::other("the thread that starts processes could not be started");
    let (reply, answer) = mpsc::channel();
    spawner.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

#[expect(
    unsafe_code,
    reason = "a child's death signal can only be set between fork and exec"
)]
fn die_with_parent(command: &mut Command) {
    let parent = process::id();
    let prepare = move || {
        // SAFETY: prctl(2) and getppid(2) are plain system calls, allowed between fork and exec.
        let (set, now) = unsafe {
            (
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL),
                libc::getppid(),
            )
        };
        if set != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before the signal was armed.
        if u32::try_from(now) == Ok(parent) {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: the closure only makes system calls; it neither allocates nor takes locks.
    unsafe { command.pre_exec(prepare) };
}

#[expect(unsafe_code, reason = "std cannot start a session yet")]
fn spawn_detached(mut command: Command) -> io::Result<Child> {
    // SAFETY: setsid(2) is a plain system call, allowed between fork and exec.
    let prepare = || {
        if unsafe { libc::setsid() } < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    };
    // SAFETY: the closure only makes a system call; it neither allocates nor takes locks.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}
