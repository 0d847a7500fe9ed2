//! The shell of a simulated container. It knows a few commands and says so; it never pretends that a program ran.

use std::collections::BTreeSet;

use super::files::Surroundings;

pub(super) mod words;

use words::{Token, tokens};

/// The exit code of a command that there is not.
const NOT_FOUND: u8 = 127;

const HELP: &str = "\
This is a simulated container: no program runs in it, and this shell only knows
  cat FILE...  echo TEXT...  env  exit [CODE]  false  help  hostname  ls [PATH...]  pwd  true
with ; && || between commands, quotes, $NAME and $?. There are no pipes and no redirections.
";

/// What a command said, and how it ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) out: Vec<u8>,
    pub(super) err: Vec<u8>,
    /// The shell itself ends with this code.
    pub(super) exit: Option<u8>,
}

/// A shell: what it remembers from line to line.
#[derive(Debug)]
pub(super) struct Shell {
    around: Surroundings,
    code: u8,
}

/// Whether a program is a shell.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(
        program.rsplit('/').next(),
        Some("sh" | "bash" | "ash" | "dash" | "zsh")
    )
}

impl Shell {
    pub(super) fn new(around: Surroundings) -> Self {
        Self { around, code: 0 }
    }

    pub(super) fn code(&self) -> u8 {
        self.code
    }

    /// What a shell says first to somebody who types.
    pub(super) fn greeting(&self) -> String {
        format!(
            "This is a simulated shell in {}; type help for what it knows.\n",
            self.around.host
        )
    }

    /// Runs a program with its arguments.
    pub(super) fn exec(&mut self, words: &[String]) -> Said {
        let mut said = Said::default();
        self.code = match words {
            [] => 0,
            [program, flag, script, ..]
                if is_shell(program) && flag.starts_with('-') && flag.ends_with('c') =>
            {
                let script = script.clone();
                said = self.script(&script);
                said.exit.take().unwrap_or(self.code)
            }
            [program, rest @ ..] => self.command(program, rest, &mut said),
        };
        said
    }

    /// Runs the commands of a text.
    pub(super) fn script(&mut self, text: &str) -> Said {
        let mut said = Said::default();
        for line in text.lines() {
            self.line(line, &mut said);
            if said.exit.is_some() {
                break;
            }
        }
        said
    }

    fn line(&mut self, line: &str, said: &mut Said) {
        let tokens = match tokens(line, |name| self.variable(name)) {
            Ok(tokens) => tokens,
            Err(why) => {
                said.err.extend_from_slice(format!("sh: {why}\n").as_bytes());
                self.code = 2;
                return;
            }
        };
        let mut words: Vec<String> = Vec::new();
        let mut skip = false;
        for token in tokens.into_iter().chain([Token::Then]) {
            if let Token::Word(word) = token {
                words.push(word);
                continue;
            }
            if !skip && !words.is_empty() {
                // What comes later sees what has happened so far.
                let words: Vec<String> = words
                    .iter()
                    .map(|word| word.replace("\0?", &self.code.to_string()))
                    .collect();
                let part = self.exec_in_line(&words);
                said.out.extend_from_slice(&part.out);
                said.err.extend_from_slice(&part.err);
                if part.exit.is_some() {
                    said.exit = part.exit;
                    return;
                }
            }
            words.clear();
            skip = match token {
                Token::And => self.code != 0,
                Token::Or => self.code == 0,
                _ => false,
            };
        }
    }

    fn exec_in_line(&mut self, words: &[String]) -> Said {
        if words.first().is_some_and(|word| word == "exit") {
            let code = words.get(1).map_or(Ok(i64::from(self.code)), |code| code.parse());
            return match code {
                Ok(code) => Said {
                    exit: Some(u8::try_from(code.rem_euclid(256)).unwrap_or_default()),
                    ..Said::default()
                },
                Err(_) => {
                    let err = format!(
                        "sh: exit: {}: not a number\n",
                        words.get(1).map_or("", String::as_str)
                    );
                    Said {
                        err: err.into_bytes(),
                        exit: Some(2),
                        ..Said::default()
                    }
                }
            };
        }
        self.exec(words)
    }

    fn command(&self, program: &str, rest: &[String], said: &mut Said) -> u8 {
        let short = ["/bin/", "/usr/bin/"]
            .iter()
            .find_map(|folder| program.strip_prefix(folder))
            .unwrap_or(program);
        let mut print = |text: &str| said.out.extend_from_slice(text.as_bytes());
        match short {
            "true" | ":" => 0,
            "false" => 1,
            "help" => {
                print(HELP);
                0
            }
            "pwd" => {
                print("/\n");
                0
            }
            "hostname" => {
                print(&format!("{}\n", self.around.host));
                0
            }
            "env" | "printenv" if rest.is_empty() => {
                for (name, value) in &self.around.environment {
                    print(&format!("{name}={value}\n"));
                }
                0
            }
            "printenv" => match rest.first().and_then(|name| self.variable(name)) {
                Some(value) => {
                    print(&format!("{value}\n"));
                    0
                }
                None => 1,
            },
            "echo" => {
                let (rest, end) = match rest {
                    [first, rest @ ..] if first == "-n" => (rest, ""),
                    rest => (rest, "\n"),
                };
                print(&format!("{}{end}", rest.join(" ")));
                0
            }
            "cat" => self.cat(rest, said),
            "ls" => self.ls(rest, said),
            // One that came with a file of commands or nothing to read.
            shell if is_shell(shell) && rest.is_empty() => 0,
            _ => {
                let text = format!(
                    "sh: {program}: not found (this container is simulated; help lists what there is)\n"
                );
                said.err.extend_from_slice(text.as_bytes());
                NOT_FOUND
            }
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.around.environment.iter();
        all.find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn cat(&self, paths: &[String], said: &mut Said) -> u8 {
        let mut code = 0;
        for path in paths {
            match self.around.files.get(&absolute(path)) {
                Some(content) => said.out.extend_from_slice(content),
                None => {
                    let why = if self.entries(path).is_empty() {
                        "No such file or directory"
                    } else {
                        "Is a directory"
                    };
                    said.err
                        .extend_from_slice(format!("cat: {path}: {why}\n").as_bytes());
                    code = 1;
                }
            }
        }
        code
    }

    /// What is directly below a folder.
    fn entries(&self, path: &str) -> BTreeSet<&str> {
        let folder = format!("{}/", absolute(path).trim_end_matches('/'));
        let below = self
            .around
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(folder.as_str()));
        below.filter_map(|rest| rest.split('/').next()).collect()
    }

    fn ls(&self, rest: &[String], said: &mut Said) -> u8 {
        let mut paths: Vec<&str> = rest
            .iter()
            .map(String::as_str)
            .filter(|path| !path.starts_with('-'))
            .collect();
        if paths.is_empty() {
            paths.push("/");
        }
        let mut code = 0;
        for path in paths {
            if self.around.files.contains_key(&absolute(path)) {
                said.out.extend_from_slice(format!("{path}\n").as_bytes());
                continue;
            }
            let entries = self.entries(path);
            if entries.is_empty() {
                said.err
                    .extend_from_slice(format!("ls: {path}: No such file or directory\n").as_bytes());
                code = 1;
            }
            for entry in entries {
                said.out.extend_from_slice(format!("{entry}\n").as_bytes());
            }
        }
        code
    }
}

fn absolute(path: &str) -> String {
    format!("/{}", path.trim_start_matches("./").trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell() -> Shell {
        let files = [("/etc/hostname", "web-1\n"), ("/config/a/b", "B")];
        Shell::new(Surroundings {
            host: "web-1".to_owned(),
            environment: vec![("NAME".to_owned(), "a b".to_owned())],
            files: files
                .map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()))
                .into(),
        })
    }

    fn run(text: &str) -> (String, String, u8) {
        let mut shell = shell();
        let said = shell.script(text);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(said.out), text(said.err), said.exit.unwrap_or(shell.code()))
    }

    #[test]
    fn commands_are_joined_by_how_they_end() {
        assert_eq!(
            run("echo a; echo 'b  c' && false || echo \"$NAME!\""),
            ("a\nb  c\na b!\n".into(), "".into(), 0)
        );
        assert_eq!(run("false && echo no; echo $?"), ("1\n".into(), "".into(), 0));
        assert_eq!(run("true\nexit 7\necho never"), ("".into(), "".into(), 7));
    }

    #[test]
    fn files_are_listed_and_read() {
        assert_eq!(
            run("ls / && ls /config/a && cat /etc/hostname /config/a/b").0,
            "config\netc\nb\nweb-1\nB"
        );
        assert_eq!(
            run("cat /nope"),
            ("".into(), "cat: /nope: No such file or directory\n".into(), 1)
        );
        assert_eq!(run("cat /etc").1, "cat: /etc: Is a directory\n");
    }

    #[test]
    fn what_there_is_not_is_said() {
        let (out, err, code) = run("curl http://x");
        assert_eq!((out.as_str(), code), ("", 127));
        assert!(err.contains("curl: not found") && err.contains("simulated"));
        assert_eq!(run("ls | wc").2, 2);
        assert_eq!(run("echo 'a").2, 2);
    }

    #[test]
    fn a_program_may_be_a_shell_with_a_script() {
        let words = |text: &[&str]| -> Vec<String> { text.iter().map(|word| (*word).to_owned()).collect() };
        let mut shell = shell();
        assert_eq!(
            shell.exec(&words(&["/bin/sh", "-c", "echo x; exit 3"])).out,
            b"x\n"
        );
        assert_eq!(shell.code(), 3);
        shell.exec(&words(&["/bin/echo", "x"]));
        assert_eq!(shell.code(), 0);
    }
}
