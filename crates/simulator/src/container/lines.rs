//! The lines of a container's log. Line number so and so of a run is always the same, and is found without those before
//! it: a log is read from any place, in any direction, and follows a clock without anybody writing it.

use serde_json::Value;

use super::{End, Run};
use crate::clock::stamp;
use crate::controllers::json::{hash, name, namespace, text, told_container};

mod work;

use work::{Work, kept, work};

const SECOND: i64 = 1_000_000_000;
/// Lines before the regular ones.
const INTRODUCTION: usize = 3;
/// After so many regular lines the runtime begins a new file, and what was before cannot be read any more.
const FILE: usize = 20_000;

/// The log of one run.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    seed: String,
    place: String,
    program: String,
    work: Work,
    /// What its readiness probe says, if that fails.
    trouble: Option<String>,
    /// Nanoseconds since 1970.
    started: i64,
    /// How much memory it may use; empty for all that there is.
    limit: String,
    end: Option<End>,
    last_words: Vec<String>,
}

impl Lines {
    pub(super) fn new(pod: &Value, spec: &Value, run: &Run) -> Self {
        let container = text(spec, "/name");
        let image = text(spec, "/image").rsplit('/').next().unwrap_or_default();
        let program = image.split([':', '@']).next().unwrap_or_default();
        let trouble = told_container(pod, container, "ready") == Some("false");
        let trouble = trouble.then(|| told_container(pod, container, "probe-message").unwrap_or("not ready"));
        let mut lines = Self {
            seed: format!("{}/{}", run.id, run.started),
            place: format!("{}/{}/{container}", namespace(pod), name(pod)),
            program: if program.is_empty() { container } else { program }.to_owned(),
            work: work(spec, program),
            trouble: trouble.map(str::to_owned),
            started: run.started.saturating_mul(SECOND),
            limit: text(spec, "/resources/limits/memory").to_owned(),
            end: None,
            last_words: Vec::new(),
        };
        if let Some(end) = &run.ended {
            lines.finish(end.clone());
        }
        lines
    }

    /// The run has come to its end.
    pub(super) fn finish(&mut self, end: End) {
        self.last_words = self.farewell(&end);
        self.end = Some(end);
    }

    fn hash(&self, of: usize) -> u64 {
        hash(&format!("{}/{of}", self.seed))
    }

    /// When a regular line is written: once in each period, somewhere within it.
    fn regular_time(&self, number: usize) -> i64 {
        let period = self.work.period() * SECOND;
        let begin = self.started + SECOND + i64::try_from(number).unwrap_or(i64::MAX / period) * period;
        begin + i64::try_from(self.hash(number) % (period.unsigned_abs() / 1000)).unwrap_or_default() * 1000
    }

    /// How many regular lines there are up to a time.
    fn regular(&self, now: i64) -> usize {
        let period = self.work.period() * SECOND;
        let whole = usize::try_from((now - self.started - SECOND).max(0) / period).unwrap_or_default();
        whole + usize::from(now >= self.started + SECOND && self.regular_time(whole) <= now)
    }

    fn regular_in_all(&self) -> Option<usize> {
        self.end
            .as_ref()
            .map(|end| self.regular(end.at.saturating_mul(SECOND)))
    }

    /// How many lines were ever written up to a time, in nanoseconds since 1970.
    pub(super) fn count(&self, now: i64) -> usize {
        match self.regular_in_all() {
            Some(regular) => INTRODUCTION + regular + self.last_words.len(),
            None => {
                let begun = (0..INTRODUCTION).filter(|line| self.time(*line) <= now).count();
                begun + self.regular(now)
            }
        }
    }

    /// The line with which the end begins; of a run that goes on, the one after the last.
    pub(super) fn last_words(&self) -> usize {
        self.regular_in_all()
            .map_or(usize::MAX, |regular| INTRODUCTION + regular)
    }

    /// The first line that can still be read.
    pub(super) fn first(&self, now: i64) -> usize {
        let regular = self.regular_in_all().unwrap_or_else(|| self.regular(now));
        match regular.saturating_sub(1) / FILE {
            0 => 0,
            files => INTRODUCTION + files * FILE,
        }
    }

    /// When a line was or will be written.
    pub(super) fn time(&self, line: usize) -> i64 {
        let Some(number) = line.checked_sub(INTRODUCTION) else {
            // Milliseconds apart.
            return self.started + i64::try_from(line).unwrap_or_default() * 37 * 1_000_000;
        };
        match (self.regular_in_all(), &self.end) {
            (Some(regular), Some(end)) if number >= regular => {
                end.at.saturating_mul(SECOND) + i64::try_from(number - regular).unwrap_or_default() * 1_000
            }
            _ => self.regular_time(number),
        }
    }

    /// A line, without its end.
    pub(super) fn text(&self, line: usize) -> String {
        let Some(number) = line.checked_sub(INTRODUCTION) else {
            return match line {
                0 => self.notice(),
                1 => format!("starting {}", self.program),
                _ => format!("configuration read in {} ms", 3 + self.hash(usize::MAX) % 40),
            };
        };
        if let Some(word) = self
            .regular_in_all()
            .and_then(|regular| self.last_words.get(number.checked_sub(regular)?))
        {
            return word.clone();
        }
        if number > 0 && number.is_multiple_of(FILE) {
            return self.notice();
        }
        let hash = self.hash(number);
        match &self.trouble {
            Some(trouble) if number % 5 == 4 => format!("level=warn msg=\"not ready\" reason={trouble:?}"),
            _ => match self.work {
                Work::Serve => self.request(number, hash),
                Work::Keep => kept(hash),
                Work::Process => format!(
                    "level=info msg=\"task done\" id={:08x} attempts=1 duration={}ms",
                    hash >> 32,
                    8 + hash % 900
                ),
            },
        }
    }

    /// What every log begins with.
    fn notice(&self) -> String {
        format!(
            "[simulated] log of {}: these lines are made up, no program writes them",
            self.place
        )
    }

    fn request(&self, number: usize, hash: u64) -> String {
        const PATHS: &[&str] = &[
            "/",
            "/healthz",
            "/readyz",
            "/api/v1/items",
            "/api/v1/items/42",
            "/metrics",
            "/static/app.css",
        ];
        const CODES: &[u16] = &[200, 200, 200, 200, 200, 200, 200, 204, 304, 404];
        let pick = |part: u64, of: usize| usize::try_from(part).unwrap_or_default() % of;
        let path = PATHS.get(pick(hash >> 8, PATHS.len())).copied().unwrap_or("/");
        let code = CODES.get(pick(hash >> 20, CODES.len())).copied().unwrap_or(200);
        let at = stamp(self.regular_time(number) / SECOND);
        let agent = if path.ends_with('z') {
            "kube-probe/1.36"
        } else {
            "Mozilla/5.0"
        };
        format!(
            "10.244.{}.{} - - [{at}] \"GET {path} HTTP/1.1\" {code} {} \"-\" \"{agent}\" {}ms",
            (hash >> 28) % 6,
            2 + (hash >> 36) % 250,
            180 + (hash >> 12) % 9000,
            1 + hash % 120
        )
    }

    /// What a program says before it ends.
    fn farewell(&self, end: &End) -> Vec<String> {
        let program = &self.program;
        if end.reason == "OOMKilled" {
            let limit = match self.limit.as_str() {
                "" => "of the node",
                limit => limit,
            };
            return vec![format!(
                "[simulated] memory cgroup out of memory: killed process 1 ({program}), limit {limit}"
            )];
        }
        if end.code == 0 {
            return vec![format!("{program} is done"), "exiting".to_owned()];
        }
        let line = 20 + self.hash(0) % 300;
        vec![
            format!("panic: {program}: cannot go on, exit code {}", end.code),
            String::new(),
            "goroutine 1 [running]:".to_owned(),
            format!("main.run(0xc{:09x})", self.hash(1) >> 28),
            format!("\t/src/{program}/main.go:{line} +0x{:x}", self.hash(2) % 0x900),
            "main.main()".to_owned(),
            format!("\t/src/{program}/main.go:{} +0x1d", line / 2),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(ended: Option<End>) -> Lines {
        let pod = json!({"metadata": {"name": "p", "namespace": "n"}});
        let spec = json!({"name": "c", "image": "example.org/web:1", "ports": [{"containerPort": 80}]});
        let run = Run {
            started: 1000,
            ended,
            id: "containerd://1".to_owned(),
        };
        Lines::new(&pod, &spec, &run)
    }

    #[test]
    fn lines_come_in_the_order_of_their_times_and_are_counted_by_them() {
        let lines = lines(None);
        assert_eq!(lines.count(999 * SECOND), 0);
        assert_eq!(lines.count(1000 * SECOND), 1);
        for line in 1..5000 {
            assert!(lines.time(line - 1) < lines.time(line), "{line}");
            assert_eq!(lines.count(lines.time(line)), line + 1);
            assert_eq!(lines.count(lines.time(line) - 1), line);
        }
        assert!(lines.text(0).starts_with("[simulated]"));
    }

    #[test]
    fn a_file_that_is_full_is_followed_by_another_that_says_the_same_of_itself() {
        let lines = lines(None);
        let later = lines.time(INTRODUCTION + FILE + 5);
        assert_eq!(lines.first(later), INTRODUCTION + FILE);
        assert!(lines.text(lines.first(later)).starts_with("[simulated]"));
        assert_eq!(lines.first(lines.time(INTRODUCTION + FILE - 1)), 0);
    }

    #[test]
    fn the_end_tells_how_it_came() {
        let end = |code, reason: &str| {
            Some(End {
                at: 1060,
                code,
                reason: reason.to_owned(),
            })
        };
        let texts =
            |lines: Lines| -> Vec<String> { (0..lines.count(0)).map(|line| lines.text(line)).collect() };
        let crashed = texts(lines(end(1, "Error")));
        assert!(
            crashed
                .iter()
                .any(|line| line.contains("panic: web: cannot go on, exit code 1"))
        );
        let killed = texts(lines(end(137, "OOMKilled")));
        assert!(killed.last().unwrap().contains("out of memory"));
        assert!(killed.len() > 20, "{}", killed.len());
        let lines = lines(end(0, "Completed"));
        let last = lines.count(0) - 1;
        assert!(lines.time(last) >= 1060 * SECOND && lines.time(last - 2) <= 1060 * SECOND);
    }
}
