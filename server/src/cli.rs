//! The command line, built from the table of settings.

use crate::config::{CONFIG, DATA_DIR, Flags, SETTINGS, Setting, Shape, help_of};
use crate::simulate::{self, Simulation};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Run the server.
    Serve(Flags),
    /// Print a new one-visit link of the running server.
    Link(Flags),
    /// Simulate an API server.
    Simulate(Simulation),
    /// Print the effective configuration.
    PrintConfig(Flags),
    /// Print the version.
    Version {
        /// As JSON.
        json: bool,
    },
}

/// Reads the command line. The error is help, or a mistake that ends the process with status 2.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    Ok(match matches.subcommand() {
        Some(("link", matches)) => Invocation::Link(flags(matches)),
        Some(("simulate", matches)) => Invocation::Simulate(Simulation::of(matches)),
        Some(("config", matches)) => {
            let print = matches.subcommand_matches("print");
            Invocation::PrintConfig(print.map(flags).unwrap_or_default())
        }
        Some(("version", matches)) => Invocation::Version {
            json: matches.get_flag("json"),
        },
        Some((_, matches)) => Invocation::Serve(flags(matches)),
        None => Invocation::Serve(flags(&matches)),
    })
}

/// The whole command line.
pub fn command() -> Command {
    let json = Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("As one JSON object");
    let print = Command::new("print")
        .about("Print the settings in force and where each comes from; passwords are masked")
        .args(SETTINGS.iter().map(|setting| arg(setting)));
    Command::new("kubilitics")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Kubernetes operations: many clusters, one live picture")
        .long_about(
            "Kubernetes operations: many clusters, one live picture.\n\nWithout a command it serves. Every setting \
             can be given as a flag, as an environment variable or as a key of the TOML file, in this order of \
             precedence.",
        )
        .args_conflicts_with_subcommands(true)
        .args(SETTINGS.iter().map(|setting| arg(setting)))
        .subcommand(
            Command::new("serve")
                .about("Serve pages, API and stream (the default command)")
                .args(SETTINGS.iter().map(|setting| arg(setting))),
        )
        .subcommand(
            Command::new("link")
                .about("Print a new link, good for one visit, of the server that runs with this data folder")
                .args([arg(&DATA_DIR), arg(&CONFIG)]),
        )
        .subcommand(
            Command::new("config")
                .about("Look at the configuration")
                .subcommand_required(true)
                .subcommand(print),
        )
        .subcommand(simulate::command())
        .subcommand(Command::new("version").about("Print the version").arg(json))
}

fn arg(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.flag).long(setting.flag).help(help_of(setting));
    match setting.shape {
        Shape::One(value) => arg.value_name(value).action(ArgAction::Set),
        Shape::Many(value, _) => arg.value_name(value).action(ArgAction::Append),
        // `--demo=false` is how a flag overrules a variable or the file.
        Shape::Switch => arg
            .value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .action(ArgAction::Set),
    }
}

fn flags(matches: &ArgMatches) -> Flags {
    let mut flags = Flags::new();
    for setting in SETTINGS {
        let values = matches.try_get_many::<String>(setting.flag).ok().flatten();
        let values: Vec<String> = values.into_iter().flatten().cloned().collect();
        if !values.is_empty() {
            flags.insert(setting.flag, values);
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Invocation, clap::Error> {
        super::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_table_makes_a_sound_command_line() {
        command().debug_assert();
    }

    #[test]
    fn serving_is_the_default() {
        let expected = Invocation::Serve(Flags::from([
            ("addr", vec!["127.0.0.1:0".to_owned()]),
            ("kubeconfig", vec!["a".to_owned(), "b".to_owned()]),
            ("no-open", vec!["true".to_owned()]),
        ]));
        let flags = "--addr 127.0.0.1:0 --kubeconfig a --kubeconfig b --no-open";
        assert_eq!(parse(&format!("kubilitics {flags}")).unwrap(), expected);
        assert_eq!(parse(&format!("kubilitics serve {flags}")).unwrap(), expected);
        assert_eq!(parse("kubilitics").unwrap(), Invocation::Serve(Flags::new()));
        let off = Flags::from([("demo", vec!["false".to_owned()])]);
        assert_eq!(parse("kubilitics --demo=false").unwrap(), Invocation::Serve(off));
    }

    #[test]
    fn help_names_flag_variable_and_key() {
        let help = command().render_help().to_string();
        let words: Vec<&str> = help.split_whitespace().collect();
        let help = words.join(" ");
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag)), "{}", setting.flag);
            assert!(
                help.contains(&format!("[env: {}]", setting.variable)),
                "{}",
                setting.variable
            );
            assert!(
                setting
                    .key
                    .is_none_or(|key| help.contains(&format!("[key: {key}]"))),
                "{}",
                setting.flag
            );
        }
    }

    #[test]
    fn what_does_not_exist_is_a_usage_error() {
        for line in [
            "kubilitics --demonstrate",
            "kubilitics simulate --pods -1",
            "kubilitics config",
            "kubilitics link --addr x",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
