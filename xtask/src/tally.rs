//! Counting results: what the test runners print, and checks that either hold or do not.

/// How many things were tried, and the names of those that failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// That many held.
    pub passed: usize,
    /// That many did not.
    pub failed: usize,
    /// Their names, as far as the runner gives any.
    pub failures: Vec<String>,
}

/// Who prints the lines.
#[derive(Clone, Copy, Debug)]
pub enum Runner {
    /// Rust's test harness.
    Libtest,
    /// `node --test --test-reporter=spec`.
    Node,
}

impl Tally {
    /// A check that has only one result.
    pub fn of_check(name: &str, holds: bool) -> Self {
        if holds {
            Self {
                passed: 1,
                ..Self::default()
            }
        } else {
            Self {
                failed: 1,
                failures: vec![name.to_owned()],
                passed: 0,
            }
        }
    }

    /// Reads a line of a runner's output.
    pub fn read(&mut self, runner: Runner, line: &str) {
        let failure = match runner {
            Runner::Libtest => self.read_libtest(line),
            Runner::Node => self.read_node(line),
        };
        if let Some(name) = failure.filter(|name| !self.failures.iter().any(|known| known == name)) {
            self.failures.push(name.to_owned());
        }
    }

    /// A runner that failed without counting a failure has crashed or not compiled: that is a failure of its own.
    pub fn end(&mut self, name: &str, succeeded: bool) {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
            self.failures
                .push(format!("{name} ended without a result, see its output above"));
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }

    /// `test a::b ... FAILED` and `test result: ok. 3 passed; 1 failed; ...`.
    fn read_libtest<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if let Some(counts) = line.strip_prefix("test result: ") {
            let count = |what: &str| {
                let mut words = counts.split([' ', ';', '.']).filter(|word| !word.is_empty());
                let mut last = "";
                words
                    .find_map(|word| {
                        if word == what {
                            Some(last)
                        } else {
                            last = word;
                            None
                        }
                    })
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(0)
            };
            self.passed += count("passed");
            self.failed += count("failed");
            return None;
        }
        line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
    }

    /// `✖ name (12.3ms)`, `ℹ pass 3` and `ℹ fail 1`.
    fn read_node<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let line = line.trim();
        if let Some(counts) = line.strip_prefix("ℹ ") {
            let mut words = counts.split(' ');
            let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or(0);
            match words.next() {
                Some("pass") => self.passed += number(words.next()),
                // What node gave up on counts too: a test that was cut off is not one that held.
                Some("fail" | "cancelled") => self.failed += number(words.next()),
                _ => {}
            }
            return None;
        }
        let (name, time) = line.strip_prefix("✖ ")?.rsplit_once(" (")?;
        time.ends_with("ms)").then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(runner: Runner, output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(runner, line));
        tally
    }

    #[test]
    fn libtest_lines_are_counted_over_all_binaries() {
        let output = "\nrunning 3 tests\ntest age::is_short ... ok\ntest age::is_long ... FAILED\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test src/lib.rs - f (line 3) ... ok\n\
            test result: ok. 12 passed; 0 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.30s\n";
        let expected = Tally {
            passed: 14,
            failed: 1,
            failures: vec!["age::is_long".into()],
        };
        assert_eq!(read(Runner::Libtest, output), expected);
    }

    #[test]
    fn node_lines_are_counted_and_a_repeated_failure_is_named_once() {
        let output = "✔ a pod crashes (812.5ms)\n✖ a pod (the second) leaves (31.2ms)\nℹ tests 3\nℹ pass 1\nℹ fail 1\n\
            ℹ cancelled 1\nℹ skipped 0\n\n✖ failing tests:\n\n✖ a pod (the second) leaves (31.2ms)\n";
        let expected = Tally {
            passed: 1,
            failed: 2,
            failures: vec!["a pod (the second) leaves".into()],
        };
        assert_eq!(read(Runner::Node, output), expected);
    }

    #[test]
    fn a_runner_that_fails_without_a_count_is_one_failure() {
        let mut tally = read(Runner::Libtest, "error: could not compile `model`\n");
        tally.end("rust", false);
        assert_eq!((tally.passed, tally.failed, tally.failures.len()), (0, 1, 1));

        let mut counted = Tally::of_check("fmt", false);
        counted.end("fmt", false);
        assert_eq!(counted.failed, 1);
    }
}
