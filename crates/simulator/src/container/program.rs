//! What the command of a container would do, where it is so simple that this can be told without running it: `sleep 30`,
//! `false`, `sh -c 'touch /tmp/healthy; sleep 30; exit 3'`. Everything else is not understood, and nothing is said of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shell::is_shell;
use super::shell::words::{Token, tokens};
use crate::controllers::json::{annotation, list, name, namespace, text};

/// A command that is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    /// Milliseconds from its start to its end; none if it never ends by itself.
    pub(crate) ends: Option<i64>,
    /// How it ends.
    pub(crate) code: i64,
    /// When it made (true) or removed (false) which file, in milliseconds from its start.
    files: Vec<(i64, String, bool)>,
    /// When it said what.
    pub(crate) said: Vec<(i64, String)>,
}

/// More than this cannot be the time that somebody wants a command to take.
const LONGEST: i64 = 1_000_000_000_000;

/// What a container's own command does. None if it has none, or one that is not understood.
pub(crate) fn of_container(pod: &Value, spec: &Value) -> Option<Program> {
    let words: Vec<String> = ["/command", "/args"]
        .iter()
        .flat_map(|path| list(spec, path))
        .map(|word| word.as_str().unwrap_or_default().to_owned())
        .collect();
    // Arguments alone go to a program of the image, unless they look like one themselves.
    let is_whole = !list(spec, "/command").is_empty();
    let looks_whole = words
        .first()
        .is_some_and(|first| is_shell(first) || is_known(first));
    if !is_whole && !looks_whole {
        return None;
    }
    understand(&words, &environment(pod, spec)?)
}

impl Program {
    /// How a command ends that looks at the files that this program makes, so many milliseconds after its start. None
    /// if the command is not understood.
    pub(crate) fn asked(&self, command: &[String], at: i64) -> Option<i64> {
        let there = |file: &str| {
            let mut changes = self
                .files
                .iter()
                .filter(|(time, path, _)| path == file && *time <= at);
            changes.next_back().is_some_and(|(_, _, made)| *made)
        };
        match command.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["cat" | "ls", file] | ["test", "-e" | "-f", file] | ["[", "-e" | "-f", file, "]"] => {
                let known = self.files.iter().any(|(_, path, _)| path == file);
                known.then(|| i64::from(!there(file)))
            }
            [shell, "-c", script] if is_shell(shell) => {
                let words: Vec<String> = script.split_whitespace().map(str::to_owned).collect();
                self.asked(&words, at).or_else(|| command_alone(command))
            }
            _ => command_alone(command),
        }
    }
}

/// How a command ends at once that needs nothing to be known.
pub(crate) fn command_alone(command: &[String]) -> Option<i64> {
    let program = understand(command, &BTreeMap::new())?;
    program.ends.filter(|ends| *ends < 1000)?;
    Some(program.code)
}

/// The variables of a container, as far as they stand in the manifest. None if one of them does not.
fn environment(pod: &Value, spec: &Value) -> Option<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for variable in list(spec, "/env") {
        let field = text(variable, "/valueFrom/fieldRef/fieldPath");
        let part = |prefix: &str| field.strip_prefix(prefix)?.strip_suffix("']");
        let value = if let Some(key) = part("metadata.labels['") {
            pod["metadata"]["labels"][key]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        } else if let Some(key) = part("metadata.annotations['") {
            annotation(pod, key).unwrap_or_default().to_owned()
        } else {
            match field {
                "metadata.name" => name(pod).to_owned(),
                "metadata.namespace" => namespace(pod).to_owned(),
                _ => text(variable, "/value").to_owned(),
            }
        };
        variables.insert(text(variable, "/name").to_owned(), value);
    }
    Some(variables)
}

fn is_known(word: &str) -> bool {
    let base = word.rsplit('/').next().unwrap_or_default();
    matches!(
        base,
        "true" | "false" | "sleep" | "echo" | "touch" | "rm" | "exit" | ":"
    )
}

fn understand(words: &[String], variables: &BTreeMap<String, String>) -> Option<Program> {
    let mut run = Run {
        program: Program::default(),
        now: 0,
        variables,
        over: false,
    };
    let code = match words {
        [] => return None,
        [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            run.script(script)?
        }
        words => run.command(words)?,
    };
    let for_ever = run.now >= LONGEST;
    run.program.ends = (!for_ever).then_some(run.now);
    run.program.code = code;
    Some(run.program)
}

struct Run<'v> {
    program: Program,
    now: i64,
    variables: &'v BTreeMap<String, String>,
    /// It has exited, or will never come to what follows.
    over: bool,
}

impl Run<'_> {
    fn script(&mut self, script: &str) -> Option<i64> {
        let flat = script.trim();
        if flat.starts_with("while true") || flat.starts_with("while :") || flat.starts_with("until false") {
            self.now = LONGEST;
            return Some(0);
        }
        let mut code = 0;
        for line in script.lines() {
            if line.contains("`") || line.contains("$(") || line.contains("$?") || line.contains("$$") {
                return None;
            }
            let mut skip = false;
            let mut words = Vec::new();
            let line = tokens(line, |name| self.variables.get(name).map(String::as_str)).ok()?;
            for token in line.into_iter().chain([Token::Then]) {
                if let Token::Word(word) = token {
                    words.push(word);
                    continue;
                }
                if !skip && !words.is_empty() {
                    code = self.command(&words)?;
                    if self.over {
                        return Some(code);
                    }
                }
                words.clear();
                skip = match token {
                    Token::And => code != 0,
                    Token::Or => code == 0,
                    _ => false,
                };
            }
        }
        Some(code)
    }

    fn command(&mut self, words: &[String]) -> Option<i64> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (program, rest) = words.split_first()?;
        match program.rsplit('/').next().unwrap_or_default() {
            "true" | ":" => Some(0),
            "false" => Some(1),
            "set"
                if rest
                    .iter()
                    .all(|flag| flag.starts_with('-') && !flag.contains('e')) =>
            {
                Some(0)
            }
            "exec" => self.command(&rest.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()),
            "exit" => {
                self.over = true;
                rest.first()
                    .map_or(Some(0), |code| code.parse::<i64>().ok())
                    .map(|code| code & 255)
            }
            "sleep" => {
                let time = rest.iter().map(|word| pause(word)).sum::<Option<i64>>()?;
                self.now = (self.now + time).min(LONGEST);
                self.over |= self.now >= LONGEST;
                Some(0)
            }
            "tail" if rest == ["-f", "/dev/null"] => {
                self.now = LONGEST;
                self.over = true;
                Some(0)
            }
            "echo" => {
                let words = rest.strip_prefix(&["-n"]).unwrap_or(rest);
                self.program.said.push((self.now, words.join(" ")));
                Some(0)
            }
            "touch" | "rm" => {
                let made = program.ends_with("touch");
                for file in rest.iter().filter(|word| !word.starts_with('-')) {
                    self.program.files.push((self.now, (*file).to_owned(), made));
                }
                Some(0)
            }
            _ => None,
        }
    }
}

/// `5`, `0.5`, `2m`, `infinity`, in milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "it was limited before")]
fn pause(word: &str) -> Option<i64> {
    if matches!(word, "infinity" | "inf") {
        return Some(LONGEST);
    }
    let unit = match word.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        'd' => 86_400.0,
        _ => 0.0,
    };
    let (number, unit) = match unit > 0.0 {
        true => (word.get(..word.len() - 1)?, unit),
        false => (word, 1.0),
    };
    let seconds: f64 = number.parse().ok()?;
    (0.0..1e9)
        .contains(&seconds)
        .then(|| (seconds * unit * 1000.0).min(1e12) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(command: &[&str]) -> Option<(Option<i64>, i64)> {
        let pod = json!({"metadata": {"name": "p", "annotations": {"index": "2"}}});
        let env =
            json!([{"name": "I", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['index']"}}}]);
        let program = of_container(&pod, &json!({"command": command, "env": env}))?;
        Some((program.ends, program.code))
    }

    #[test]
    fn simple_commands_are_understood() {
        assert_eq!(of(&["sleep", "1.5"]), Some((Some(1500), 0)));
        assert_eq!(of(&["sleep", "infinity"]), Some((None, 0)));
        assert_eq!(of(&["/bin/false"]), Some((Some(0), 1)));
        assert_eq!(
            of(&["sh", "-c", "echo hi; sleep 1m; exit 3"]),
            Some((Some(60_000), 3))
        );
        assert_eq!(of(&["sh", "-c", "exit $I"]), Some((Some(0), 2)));
        assert_eq!(
            of(&["sh", "-c", "false && sleep 9 || exit 4"]),
            Some((Some(0), 4))
        );
        assert_eq!(of(&["sh", "-c", "while true; do date; done"]), Some((None, 0)));
        assert_eq!(of(&["sh", "-c", "curl example.org && exit 1"]), None);
        assert_eq!(of(&["sh", "-c", "exit $(date)"]), None);
        assert_eq!(of(&["nginx"]), None);
    }

    #[test]
    fn probes_see_the_files_that_a_program_makes() {
        let spec =
            json!({"args": ["/bin/sh", "-c", "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"]});
        let program = of_container(&json!({}), &spec).unwrap();
        let cat = ["cat".to_owned(), "/tmp/healthy".to_owned()];
        assert_eq!(program.asked(&cat, 5000), Some(0));
        assert_eq!(program.asked(&cat, 31_000), Some(1));
        assert_eq!(
            program.asked(&["cat".to_owned(), "/etc/hosts".to_owned()], 0),
            None
        );
        assert_eq!(program.asked(&["false".to_owned()], 0), Some(1));
    }
}
