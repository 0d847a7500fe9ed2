//! CronJobs: a Job whenever it is time.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::job::ended;
use super::json::{
    annotation, int, is_going, is_true, key, list, name, namespace, owner_reference, text, time, uid,
};
use super::kind::Kind;
use super::recorder::record;
use super::world::World;
use crate::clock::stamp;
use crate::store::Key;

pub(crate) mod zone;

const COMPONENT: &str = "cronjob-controller";
/// For when a Job was due; those that the controller makes have it.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// How long before the present a past that is being made begins to run CronJobs.
const PAST: i64 = 50 * 60;

/// Starts the Job that is due and forgets the oldest. Returns when the next one is due.
pub(crate) fn reconcile(world: &mut World, place: &Key) -> Option<i64> {
    let cron = world.get(Kind::CronJob, place)?;
    if is_going(&cron) {
        return None;
    }
    let begin = world.shared.clock.seconds() - PAST;
    if world.past && world.now < begin {
        return Some(begin);
    }
    let schedule = Schedule::parse(text(&cron, "/spec/schedule"));
    let zone = match text(&cron, "/spec/timeZone") {
        "" => Some(TimeZone::UTC),
        zone => zone::of(zone),
    };
    let (Some(schedule), Some(zone)) = (schedule, zone) else {
        let message = format!("Unparseable schedule: {}", text(&cron, "/spec/schedule"));
        record(
            world,
            Kind::CronJob,
            &cron,
            "Warning",
            "UnparseableSchedule",
            COMPONENT,
            &message,
        );
        return None;
    };
    let schedule = schedule.in_zone(zone);
    let jobs = world.owned_by(uid(&cron), Kind::Job);
    clean_up(world, &cron, &jobs);
    let running = jobs.iter().filter(|job| ended(job).is_none());
    // Jobs that somebody else made of it, as `kubectl create job --from` does, are none of its own.
    let (running, others): (Vec<_>, Vec<_>) = running.cloned().partition(|job| {
        let scheduled = annotation(job, SCHEDULED).is_some();
        scheduled
            || list(&cron, "/status/active")
                .iter()
                .any(|own| own["uid"] == uid(job))
    });
    for job in &others {
        let message = format!(
            "Saw a job that the controller did not create or forgot: {}",
            name(job)
        );
        let kind = Kind::CronJob;
        record(
            world,
            kind,
            &cron,
            "Warning",
            "UnexpectedJob",
            COMPONENT,
            &message,
        );
    }
    let last = time(&cron, "/status/lastScheduleTime")
        .or_else(|| time(&cron, "/metadata/creationTimestamp"))
        .unwrap_or(world.now);
    let patience = int(&cron, "/spec/startingDeadlineSeconds");
    // What is later than the deadline is not made up for.
    let earliest = last.max(world.now - patience.unwrap_or(86_400).min(86_400));
    let due = schedule.last_between(earliest, world.now);
    let mut next = Value::clone(&cron);
    let mut active: Vec<Value> = running.iter().map(|job| reference(job)).collect();
    let policy = text(&cron, "/spec/concurrencyPolicy");
    if let Some(due) = due.filter(|_| !is_true(&cron, "/spec/suspend")) {
        if policy == "Forbid" && !running.is_empty() {
            // It starts when the one that runs has ended, if it is not too late then.
            let message =
                "Not starting job because prior execution is running and concurrency policy is Forbid";
            let said = world.retry_due(uid(&cron), "forbidden");
            if said != due {
                world.retry_at(uid(&cron), "forbidden", due);
                record(
                    world,
                    Kind::CronJob,
                    &cron,
                    "Normal",
                    "JobAlreadyActive",
                    COMPONENT,
                    message,
                );
            }
        } else {
            if policy == "Replace" {
                for job in &running {
                    if world.delete(Kind::Job, &key(job)) {
                        let message = format!("Deleted job {}", name(job));
                        record(
                            world,
                            Kind::CronJob,
                            &cron,
                            "Normal",
                            "SuccessfulDelete",
                            COMPONENT,
                            &message,
                        );
                    }
                }
                active.clear();
            }
            active.extend(start(world, &cron, due).map(|job| reference(&job)));
            next["status"]["lastScheduleTime"] = json!(stamp(due));
        }
    }
    let success = jobs
        .iter()
        .filter_map(|job| time(job, "/status/completionTime"))
        .max();
    if let Some(success) = success {
        next["status"]["lastSuccessfulTime"] = json!(stamp(success));
    }
    if active.is_empty() {
        super::json::remove(&mut next, "/status", "active");
    } else {
        next["status"]["active"] = json!(active);
    }
    world.update(Kind::CronJob, next);
    schedule.next_after(world.now)
}

fn reference(job: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": name(job), "namespace": namespace(job), "uid": uid(job),
        "resourceVersion": job["metadata"]["resourceVersion"],
    })
}

fn start(world: &mut World, cron: &Value, due: i64) -> Option<std::sync::Arc<Value>> {
    let template = &cron["spec"]["jobTemplate"];
    let mut annotations = template["metadata"]["annotations"].clone();
    annotations[SCHEDULED] = json!(stamp(due));
    let mut job = json!({
        "metadata": {
            "name": format!("{}-{}", name(cron), due / 60), "namespace": namespace(cron), "annotations": annotations,
            "labels": template["metadata"]["labels"], "ownerReferences": owner_reference(Kind::CronJob, cron),
        },
        "spec": template["spec"], "status": {},
    });
    if job["metadata"]["labels"].is_null() {
        super::json::remove(&mut job, "/metadata", "labels");
    }
    crate::scenario::defaults::job(&mut job);
    let job = world.create(Kind::Job, job)?;
    let message = format!("Created job {}", name(&job));
    record(
        world,
        Kind::CronJob,
        cron,
        "Normal",
        "SuccessfulCreate",
        COMPONENT,
        &message,
    );
    Some(job)
}

fn clean_up(world: &mut World, cron: &Value, jobs: &[std::sync::Arc<Value>]) {
    for (state, field, default) in [
        ("Complete", "/spec/successfulJobsHistoryLimit", 3),
        ("Failed", "/spec/failedJobsHistoryLimit", 1),
    ] {
        let mut of_state: Vec<_> = jobs.iter().filter(|job| ended(job) == Some(state)).collect();
        of_state.sort_by_key(|job| text(job, "/metadata/creationTimestamp").to_owned());
        let limit = usize::try_from(int(cron, field).unwrap_or(default)).unwrap_or_default();
        for job in of_state.iter().take(of_state.len().saturating_sub(limit)) {
            if world.delete(Kind::Job, &key(job)) {
                let message = format!("Deleted job {}", name(job));
                record(
                    world,
                    Kind::CronJob,
                    cron,
                    "Normal",
                    "SuccessfulDelete",
                    COMPONENT,
                    &message,
                );
            }
        }
    }
}

/// A schedule of five fields: minute, hour, day, month, weekday. Each is a set of bits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    fields: [u64; 5],
    any_day: bool,
    any_weekday: bool,
    /// `@every`: so many seconds after the last time.
    every: Option<i64>,
    zone: TimeZone,
}

impl Schedule {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(every) = text.trim().strip_prefix("@every ") {
            let every = super::json::duration(every).filter(|every| *every > 0)?;
            return Some(Self {
                fields: [0; 5],
                any_day: true,
                any_weekday: true,
                every: Some(every),
                zone: TimeZone::UTC,
            });
        }
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            text => text,
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            fields: [
                field(minute, 0, 59, &[])?,
                field(hour, 0, 23, &[])?,
                field(day, 1, 31, &[])?,
                field(month, 1, 12, &MONTHS)?,
                field(weekday, 0, 6, &WEEKDAYS)?,
            ],
            any_day: day.starts_with(['*', '?']),
            any_weekday: weekday.starts_with(['*', '?']),
            every: None,
            zone: TimeZone::UTC,
        })
    }

    fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    fn matches(&self, seconds: i64) -> bool {
        let Ok(time) = Timestamp::from_second(seconds) else {
            return false;
        };
        let time = time.to_zoned(self.zone.clone());
        let [minute, hour, day, month, weekday] = self.fields;
        let has = |bits: u64, value: i8| bits >> value.clamp(0, 63) & 1 == 1;
        let on_day = has(day, time.day());
        let on_weekday = has(weekday, time.weekday().to_sunday_zero_offset());
        // As cron does: if both are given, one of them is enough.
        let right_day = if self.any_day || self.any_weekday {
            on_day && on_weekday
        } else {
            on_day || on_weekday
        };
        has(minute, time.minute()) && has(hour, time.hour()) && has(month, time.month()) && right_day
    }

    /// The first time after one, within a year.
    fn next_after(&self, seconds: i64) -> Option<i64> {
        if let Some(every) = self.every {
            return Some(seconds + every);
        }
        let first = seconds.div_euclid(60) + 1;
        (first..first + 366 * 1440)
            .map(|minute| minute * 60)
            .find(|time| self.matches(*time))
    }

    /// The last time after `from` and not after `to`.
    fn last_between(&self, from: i64, to: i64) -> Option<i64> {
        if let Some(every) = self.every {
            return Some(from + (to - from) / every * every).filter(|time| *time > from);
        }
        let (first, last) = (from.div_euclid(60) + 1, to.div_euclid(60));
        (first..=last)
            .rev()
            .map(|minute| minute * 60)
            .find(|time| self.matches(*time))
    }
}

const MONTHS: [&str; 13] = [
    "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn field(text: &str, least: u64, most: u64, names: &[&str]) -> Option<u64> {
    let value_of = |text: &str| -> Option<u64> {
        let low = text.to_ascii_lowercase();
        let named = names.iter().position(|name| !name.is_empty() && *name == low);
        named.map_or_else(|| text.parse().ok(), |place| u64::try_from(place).ok())
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u64>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (least, most),
            Some((from, to)) => (value_of(from)?, value_of(to)?),
            None => {
                let from = value_of(range)?;
                (from, if part.contains('/') { most } else { from })
            }
        };
        if from < least || to > most || from > to {
            return None;
        }
        let mut value = from;
        while value <= to {
            bits |= 1 << value;
            value += step;
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_as_cron_reads_them() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        let next = |schedule: &str, from: &str| {
            stamp(Schedule::parse(schedule).unwrap().next_after(at(from)).unwrap())
        };
        assert_eq!(
            next("*/15 * * * *", "2026-03-01T10:07:00Z"),
            "2026-03-01T10:15:00Z"
        );
        assert_eq!(next("30 2 * * *", "2026-03-01T10:07:00Z"), "2026-03-02T02:30:00Z");
        assert_eq!(next("0 4 * * 0", "2026-03-02T00:00:00Z"), "2026-03-08T04:00:00Z");
        assert_eq!(next("0 0 13 * 5", "2026-03-07T00:00:00Z"), "2026-03-13T00:00:00Z");
        assert_eq!(
            next("0 9 * jan MON-fri", "2026-03-01T00:00:00Z"),
            "2027-01-01T09:00:00Z"
        );
        assert_eq!(next("@every 90s", "2026-03-01T00:00:00Z"), "2026-03-01T00:01:30Z");
        let berlin = Schedule::parse("0 4 * * *")
            .unwrap()
            .in_zone(zone::of("Europe/Berlin").unwrap());
        let summer = berlin.next_after(at("2026-07-01T00:00:00Z")).unwrap();
        assert_eq!(stamp(summer), "2026-07-01T02:00:00Z");
        assert_eq!(Schedule::parse("61 * * * *"), None);
        assert_eq!(Schedule::parse("0 0 * * 7"), None, "Sunday is 0");
        assert_eq!(Schedule::parse("* * * *"), None);
    }
}
