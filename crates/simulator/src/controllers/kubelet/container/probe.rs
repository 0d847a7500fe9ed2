//! Probes that can fail: those that an annotation says something of, and commands that are understood. All others
//! succeed, and nobody asks them again and again.

use super::{Container, Report};
use crate::container::program;
use crate::controllers::json::{duration, int, list, text, uid};
use crate::controllers::world::World;

/// What a probe has found out so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probed {
    Passed,
    /// As often in a row as its threshold says.
    Failed,
    /// Not yet the one or the other.
    Open,
}

impl Container<'_> {
    /// Whether a probe succeeds so many seconds after the start; none if nothing is known of it.
    fn answers(&self, kind: &str, at: i64) -> Option<bool> {
        let after = |what: &str| self.told(what).and_then(duration);
        match kind {
            "startupProbe" if self.told("starts-after").is_some() => {
                return Some(at >= after("starts-after")?);
            }
            "livenessProbe" if self.told("live-for").is_some() => return Some(at < after("live-for")?),
            _ => {}
        }
        let command: Vec<String> = list(&self.spec[kind], "/exec/command")
            .iter()
            .map(|word| word.as_str().unwrap_or_default().to_owned())
            .collect();
        if command.is_empty() {
            return None;
        }
        let code = match program::of_container(self.pod, self.spec) {
            Some(program) => program.asked(&command, at * 1000),
            None => program::command_alone(&command),
        };
        code.map(|code| code == 0)
    }

    /// Asks a probe if it is due. None if it cannot fail.
    pub(super) fn probe(
        &self,
        world: &mut World,
        kind: &str,
        started: i64,
        report: &mut Report,
    ) -> Option<Probed> {
        let probe = self.spec.get(kind).filter(|probe| probe.is_object())?;
        self.answers(kind, 0)?;
        let own = uid(self.pod).to_owned();
        let of = |what: &str| format!("{}/{}/{kind}/{what}", self.name, self.restarts());
        let (due_of, count_of, passed_of) = (of("due"), of("failures"), of("passed"));
        let has_passed = world.retry_due(&own, &passed_of) == 1;
        if kind == "startupProbe" && has_passed {
            return Some(Probed::Passed);
        }
        let field = |name: &str, default: i64| int(probe, name).unwrap_or(default);
        let period = field("/periodSeconds", 10).max(1);
        let threshold = field("/failureThreshold", 3).max(1);
        let first = started + field("/initialDelaySeconds", 0).max(1);
        let due = world.retry_due(&own, &due_of).max(first);
        let mut count = world.retry_due(&own, &count_of);
        let is_due = world.now >= due;
        if is_due {
            world.retry_at(&own, &due_of, world.now + period);
            report.wait(world.now + period);
            if self.answers(kind, world.now - started)? {
                world.retry_at(&own, &count_of, 0);
                world.retry_at(&own, &passed_of, 1);
                return Some(Probed::Passed);
            }
            count += 1;
            world.retry_at(&own, &count_of, count);
            report.say(self.name, "Warning", "Unhealthy", self.complaint(kind));
        } else {
            report.wait(due);
        }
        if count >= threshold {
            world.retry_at(&own, &passed_of, 0);
            return Some(Probed::Failed);
        }
        Some(if has_passed { Probed::Passed } else { Probed::Open })
    }

    fn complaint(&self, kind: &str) -> String {
        let word = match kind {
            "startupProbe" => "Startup",
            "livenessProbe" => "Liveness",
            _ => "Readiness",
        };
        let probe = &self.spec[kind];
        let command = list(probe, "/exec/command");
        let why = match command.first().and_then(|word| word.as_str()) {
            _ if probe.get("httpGet").is_some() => "HTTP probe failed with statuscode: 503".to_owned(),
            _ if probe.get("tcpSocket").is_some() => "dial tcp: connect: connection refused".to_owned(),
            Some(program @ ("cat" | "ls")) => {
                let file = text(probe, "/exec/command/1");
                format!("{program}: can't open '{file}': No such file or directory\n")
            }
            _ => "command failed".to_owned(),
        };
        format!("{word} probe failed: {why}")
    }
}
