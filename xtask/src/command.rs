//! Running other programs, with errors that say which one failed and what it said.

use std::env;
use std::ffi::OsStr;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a program to its end. On a terminal it shows its progress there; in a log its output is shown only when it
/// fails.
pub fn run(command: &mut Command) -> Result<()> {
    command.stdin(Stdio::null());
    if !stderr().is_terminal() {
        return read(command).map(drop);
    }
    // Standard output is for results, and a step has none.
    let status = command
        .stdout(stderr_for_child()?)
        .status()
        .with_context(|| format!("cannot start {}", name(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a program to its end and returns what it wrote to standard output.
pub fn read(command: &mut Command) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", name(command)))?;
    let text = String::from_utf8_lossy(&stdout);
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        bail!(
            "`{}` failed ({status}):\n{}\n{}",
            line(command),
            text.trim_end(),
            said.trim_end()
        );
    }
    Ok(text.into_owned())
}

/// The program's place on the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

fn name(command: &Command) -> String {
    format!("`{}`", command.get_program().to_string_lossy())
}

fn stderr_for_child() -> Result<Stdio> {
    use std::os::fd::AsFd;
    Ok(stderr().as_fd().try_clone_to_owned()?.into())
}
