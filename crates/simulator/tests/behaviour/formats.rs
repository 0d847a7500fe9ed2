//! Formats of texts and numbers, and times and durations in rules.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, Step, get, merge_patch, post};
use crate::customs::{DEFINITION, DEFINITIONS, WIDGETS, definition, spec_of, widget, with};
use crate::run::compare;

fn create(spec: Value) -> Step {
    let step = post(&format!("{WIDGETS}?dryRun=All"), widget(spec));
    step.only(&["/code", "/body/message", "/body/details/causes", "/body/spec"])
}

/// Texts that are tried as a field of a format.
fn tried(name: &'static str, format: &str, texts: &[&str]) -> Case {
    let given = definition(json!({"schema": spec_of(json!({"x": {"type": "string", "format": format}}))}));
    with(name, given, texts.iter().map(|text| create(json!({"x": text}))))
}

#[tokio::test]
async fn texts_have_formats() -> Result<()> {
    let uuid = "00000000-0000-4000-8000-00000000000a";
    compare(vec![
        tried(
            "bytes",
            "byte",
            &["aGk=", "", "aGkh", "a+/=", "aGk", "a-_=", "aGk=aGk=", "a b="],
        ),
        tried(
            "addresses of version 4",
            "ipv4",
            &[
                "1.2.3.4",
                "01.2.3.4",
                "1.2.3",
                "1.2.3.256",
                "::1",
                "::ffff:1.2.3.4",
                "1.2.3.4.5",
                "",
            ],
        ),
        tried(
            "addresses of version 6",
            "ipv6",
            &[
                "::1",
                "fd00::1.2.3.4",
                "1.2.3.4",
                "fe80::1%eth0",
                ":::",
                "1:2:3:4:5:6:7:8:9",
                "::ffff:01.2.3.4",
            ],
        ),
        tried(
            "networks",
            "cidr",
            &[
                "10.0.0.0/8",
                "010.0.0.1/08",
                "fd00::/64",
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0/8",
                "fd00::/129",
                "::ffff:1.2.3.4/96",
            ],
        ),
        tried(
            "dates",
            "date",
            &[
                "2024-02-29",
                "2023-02-29",
                "2024-2-29",
                "2024-02-30T00:00:00Z",
                "",
            ],
        ),
        tried(
            "times",
            "date-time",
            &[
                "2024-01-02T03:04:05Z",
                "2024-01-02t03:04:05.678+02:00",
                "2024-01-02",
                "2024-01-02T24:00:00Z",
                "2024-01-02T03:04Z",
                "2024-01-02 03:04:05Z",
                "2024-01-02T03:04:60Z",
                "2024-13-02T03:04:05Z",
                "x",
            ],
        ),
        tried(
            "times by another name",
            "datetime",
            &["2024-01-02T03:04:05Z", "2024"],
        ),
        tried(
            "durations",
            "duration",
            &[
                "1h30m", "22 ns", "3 weeks", "0", "-1.5s", "1", "later", "1y", "1 month",
            ],
        ),
        tried(
            "names of hosts",
            "hostname",
            &[
                "a",
                "1",
                "example.com",
                "a-b.example",
                "a.b1",
                "a_b",
                "-a",
                "a..b",
                "",
                "*.example.com",
                "example.com.",
            ],
        ),
        tried(
            "UUIDs",
            "uuid",
            &[
                uuid,
                "000000000000400080000000000000AA",
                "0",
                "x0000000-0000-4000-8000-00000000000a",
            ],
        ),
        tried(
            "UUIDs of a version",
            "uuid4",
            &[
                uuid,
                "00000000-0000-5000-8000-00000000000a",
                "00000000-0000-4000-7000-00000000000a",
            ],
        ),
        tried("short names", "k8s-short-name", &["a-1", "A", "-a", "a.b", ""]),
        tried("long names", "k8s-long-name", &["a.b-c", "a..b", "a.B", ""]),
        tried(
            "addresses of cards",
            "mac",
            &[
                "00:00:5e:00:53:01",
                "0000.5e00.5301",
                "02-00-5e-10-00-00-00-01",
                "00:00:5e:00:53",
                "00:00-5e:00:53:01",
            ],
        ),
        tried("other formats", "hexcolor", &["#fff", "a0B1c2", "#ffff"]),
        tried(
            "a format of a person",
            "ssn",
            &["123-45-6789", "123 45 6789", "123456789", "123-456-789"],
        ),
        tried("passwords", "password", &["x", ""]),
        tried("a format that nobody knows", "words", &["x", ""]),
    ])
    .await
}

#[tokio::test]
async fn formats_that_are_not_known_are_warned_about() -> Result<()> {
    let of =
        |kind: &str, format: &str| json!({"schema": spec_of(json!({"x": {"type": kind, "format": format}}))});
    let whole = |method: Step| method.only(&["/code", "/warnings", "/body/message"]);
    let dry = format!("{DEFINITIONS}?dryRun=All");
    let patch = |format: &str| {
        let schema = definition(of("integer", format))["spec"]["versions"].take();
        whole(merge_patch(DEFINITION, json!({"spec": {"versions": schema}})))
    };
    compare(vec![with(
        "formats that are not known",
        definition(of("integer", "uint32")),
        [
            whole(post(&dry, definition(of("string", "words")))),
            whole(post(&dry, definition(of("number", "float")))),
            whole(post(&dry, definition(of("number", "int32")))),
            whole(post(&dry, definition(of("object", "byte")))),
            create(json!({"x": -1})),
            create(json!({"x": 1.5})),
            create(json!({"x": "a"})),
            patch("uint32"),
            patch("int16"),
            patch("int64"),
        ],
    )])
    .await
}

#[tokio::test]
async fn rules_know_times_and_durations() -> Result<()> {
    let fields = json!({
        "s": {"type": "string", "maxLength": 40}, "n": {"type": "integer"}, "at": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"}, "for": {"type": "string", "format": "duration"},
        "raw": {"type": "string", "format": "byte", "maxLength": 40},
    });
    let rules = [
        (
            "duration(self.s) < duration('1m')",
            json!([{"s": "59s"}, {"s": "60s"}, {"s": "1"}, {"s": "1d"}, {"s": ""}, {"s": "-1h"}]),
        ),
        (
            "duration(self.n) == duration('1s') && int(duration('2s')) == 2 * self.n",
            json!([{"n": 1_000_000_000}, {"n": 1}]),
        ),
        (
            "string(duration(self.s)) == '90.5s'",
            json!([{"s": "1m30.5s"}, {"s": "1m"}]),
        ),
        (
            "self.s == string(self.at + duration('1h')) || self.at - duration('30m') > timestamp('2024-01-01T00:00:00Z')",
            json!([
            {"s": "2024-01-01T01:00:00Z", "at": "2024-01-01T00:00:00Z"}, {"s": "x", "at": "2024-01-01T00:30:01Z"}, {"s": "x", "at": "2024-01-01T00:30:00Z"}]),
        ),
        (
            "self.at - timestamp('2024-01-01T00:00:00Z') == duration(self.s)",
            json!([
            {"at": "2024-01-02T00:00:00Z", "s": "24h"}, {"at": "2024-01-02T00:00:00Z", "s": "1h"}]),
        ),
        (
            "self.__for__ > duration('1h') && self.__for__.getMinutes() == 61",
            json!([{"for": "61m"}, {"for": "3660 sec"}, {"for": "1h"}, {"for": "2 hours"}]),
        ),
        (
            "self.day < timestamp('2024-01-01T00:00:00Z')",
            json!([{"day": "2023-12-31"}, {"day": "2024-01-01"}]),
        ),
        (
            "size(self.raw) == 2 && self.raw == b'hi' && string(self.raw) == 'hi'",
            json!([{"raw": "aGk="}, {"raw": "aGkh"}]),
        ),
        ("bytes(self.s).size() == 2", json!([{"s": "\u{e9}"}, {"s": "e"}])),
        (
            "[duration('2s'), duration(self.s)].isSorted() && [duration(self.s), duration('1s')].max() < duration('4s')",
            json!([{"s": "3s"}, {"s": "1s"}, {"s": "4s"}]),
        ),
        (
            "[self.at.getFullYear(), self.at.getMonth(), self.at.getDate(), self.at.getDayOfMonth(), self.at.getDayOfYear(), self.at.getDayOfWeek(), \
            self.at.getHours(), self.at.getMinutes(), self.at.getSeconds(), self.at.getMilliseconds()] == [2024, 1, 29, 28, 59, 4, 13, 14, 15, 16]",
            json!([{"at": "2024-02-29T13:14:15.016Z"}, {"at": "2024-02-29T13:14:15.017Z"}]),
        ),
        (
            "[duration(self.s).getHours(), duration(self.s).getSeconds(), duration(self.s).getMilliseconds()] == [1, 3661, 3661500]",
            json!([{"s": "1h1m1.5s"}, {"s": "1h"}]),
        ),
        (
            "timestamp(self.n) + duration('1h') > timestamp('2024-01-01T00:00:00Z')",
            json!([{"n": 1_704_067_200}, {"n": 0}, {"n": 253_402_300_799_i64}, {"n": 253_402_300_800_i64}]),
        ),
        (
            "duration('2540400h') + duration(self.s) > duration('0')",
            json!([{"s": "2540400h"}, {"s": "1h"}]),
        ),
        (
            "type(duration(self.s)) == google.protobuf.Duration",
            json!([{"s": "1s"}]),
        ),
    ];
    let cases = rules.into_iter().map(|(rule, specs)| {
        let mut schema = spec_of(fields.clone());
        schema["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] = json!([{"rule": rule}]);
        let specs = specs.as_array().cloned().unwrap_or_default();
        with(
            rule,
            definition(json!({"schema": schema})),
            specs.into_iter().map(create),
        )
    });
    compare(cases.collect()).await
}

#[tokio::test]
async fn versions_that_go_are_warned_about() -> Result<()> {
    let version = |name: &str, more: Value| {
        let mut version = json!({"name": name, "served": true, "storage": false, "schema": spec_of(json!({"x": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"}}))});
        for (key, value) in more.as_object().into_iter().flatten() {
            version[key] = value.clone();
        }
        version
    };
    let mut given = definition(json!({"schema": spec_of(json!({"x": {"type": "string"}}))}));
    let own = given["spec"]["versions"][0].take();
    given["spec"]["versions"] = json!([
        own,
        version("v1beta1", json!({"deprecated": true})),
        version(
            "v1alpha1",
            json!({"deprecated": true, "deprecationWarning": "use another one"})
        ),
        version("v2", json!({"deprecated": true})),
    ]);
    let path = |version: &str| WIDGETS.replace("/v1/", &format!("/{version}/"));
    let of = |version: &str, more: Value| {
        let mut widget = widget(json!({"x": "ab"}));
        widget["apiVersion"] = json!(format!("{{ns}}.example.com/{version}"));
        for (key, value) in more.as_object().into_iter().flatten() {
            widget[key] = value.clone();
        }
        widget
    };
    let told = |step: Step| step.only(&["/code", "/warnings", "/body/message"]);
    compare(vec![with(
        "versions that are deprecated",
        given,
        [
            told(post(&path("v1"), of("v1", json!({})))),
            told(post(&path("v1beta1"), of("v1beta1", json!({})))),
            told(post(
                &path("v1beta1"),
                of("v1beta1", json!({"spec": {"x": ""}, "other": 1})),
            )),
            told(post(
                &path("v1alpha1"),
                of("v1alpha1", json!({"metadata": {"name": "b"}, "other": 1})),
            )),
            told(get(&path("v1alpha1"))),
            told(get(&format!("{}/a", path("v2")))),
            told(get(&format!("{}/none", path("v2")))),
            told(get(&path("v1")).table()),
        ],
    )])
    .await
}
