//! Rules in CEL: `x-kubernetes-validations` of definitions.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, apply, merge_patch, post, put};
use crate::customs::{DEFINITIONS, WIDGET, WIDGETS, definition, spec_of, widget, with};
use crate::run::compare;

/// A definition of widgets whose spec has properties and rules.
fn ruled(properties: Value, rules: Value) -> Value {
    let mut schema = spec_of(properties);
    schema["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] = rules;
    definition(json!({"schema": schema, "subresources": {"status": {}}}))
}

fn rule(text: &str) -> Value {
    json!([{"rule": text}])
}

/// Widgets with each of the specs: the first that is taken is the one that the others would replace.
fn taken(name: &'static str, definition: Value, specs: &[Value]) -> Case {
    let steps = specs.iter().flat_map(|spec| {
        let created = post(&format!("{WIDGETS}?dryRun=All"), widget(spec.clone()));
        [created.only(&["/code", "/body/message", "/body/details/causes", "/body/spec"])]
    });
    with(name, definition, steps.collect::<Vec<_>>())
}

/// Whether rules of a spec are taken, each in a definition of its own.
fn written(name: &'static str, properties: &Value, rules: &[&str]) -> Case {
    let steps = rules.iter().map(|text| {
        let given = ruled(properties.clone(), rule(text));
        post(&format!("{DEFINITIONS}?dryRun=All"), given).only(&[
            "/code",
            "/body/message",
            "/body/details/causes",
        ])
    });
    crate::case::case(name, steps.collect::<Vec<_>>())
}

/// One of everything.
fn fields() -> Value {
    json!({
        "n": {"type": "integer"}, "m": {"type": "integer", "default": 3}, "d": {"type": "number"},
        "s": {"type": "string", "maxLength": 50}, "t": {"type": "string", "maxLength": 50},
        "b": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
        "port": {"x-kubernetes-int-or-string": true},
        "list": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 20}},
        "numbers": {"type": "array", "maxItems": 10, "items": {"type": "integer"}},
        "set": {"type": "array", "maxItems": 10, "x-kubernetes-list-type": "set", "items": {"type": "string", "maxLength": 20}},
        "parts": {"type": "array", "maxItems": 10, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 20}, "size": {"type": "integer"}}}},
        "map": {"type": "object", "maxProperties": 10, "additionalProperties": {"type": "string", "maxLength": 20}},
        "inner": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string", "maxLength": 10}}},
        "a-b": {"type": "integer"}, "c.d/e": {"type": "integer"}, "namespace": {"type": "string", "maxLength": 20}, "u__v": {"type": "integer"},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    })
}

#[tokio::test]
async fn rules_hold_or_fail() -> Result<()> {
    let messages = json!([
        {"rule": "self.n < 10", "message": " at most nine "},
        {"rule": "self.n != 5", "messageExpression": "'not with ' + self.s + (self.n > 4 ? ', rather more' : '')"},
        {"rule": "self.n != 6", "message": "plain", "messageExpression": "self.s.substring(5)"},
        {"rule": "self.n != 7", "reason": "FieldValueForbidden", "message": "seven"},
        {"rule": "self.n != 8", "reason": "FieldValueRequired", "message": "eight", "fieldPath": ".s"},
        {"rule": "self.n != 9", "reason": "FieldValueDuplicate", "fieldPath": "['inner']['x']"},
        {"rule": "self.n != 4", "fieldPath": ".map['k.l']"},
        {"rule": "self.n != 3", "message": "three", "messageExpression": "''"},
    ]);
    let numbers = |ns: &[i64]| ns.iter().map(|n| json!({"n": n, "s": "abc"})).collect::<Vec<_>>();
    let mut scalar = fields();
    scalar["n"]["x-kubernetes-validations"] = json!([{"rule": "self > 1 && self < 100"}]);
    scalar["s"]["x-kubernetes-validations"] =
        json!([{"rule": "self.startsWith('a')", "message": "begins with a"}]);
    scalar["list"]["items"]["x-kubernetes-validations"] = json!([{"rule": "size(self) > 1"}]);
    scalar["parts"]["items"]["x-kubernetes-validations"] =
        json!([{"rule": "self.name != 'x' || has(self.size)", "fieldPath": ".size"}]);
    scalar["map"]["additionalProperties"]["x-kubernetes-validations"] = json!([{"rule": "self != 'no'"}]);
    scalar["map"]["x-kubernetes-validations"] = json!([{"rule": "self.all(k, k.startsWith('k'))"}]);
    let mut root = definition(json!({"schema": spec_of(fields())}));
    root["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["x-kubernetes-validations"] = json!([
        {"rule": "self.metadata.name.size() < 3 && self.kind == 'Widget'", "message": "a short name"},
        {"rule": "!has(self.spec.n) || self.spec.n < 3", "message": "small"}
    ]);
    compare(vec![
        taken("rules of numbers, and their messages", ruled(fields(), messages), &numbers(&[1, 12, 5, 6, 7, 8, 9, 4, 3])),
        taken("rules of parts of a spec", ruled(scalar, json!([])), &[
            json!({"n": 2, "s": "ab", "list": ["aa"], "parts": [{"name": "x", "size": 1}], "map": {"k": "yes"}}),
            json!({"n": 1}), json!({"s": "b"}), json!({"list": ["aa", "b", "c"]}),
            json!({"parts": [{"name": "y"}, {"name": "x"}]}), json!({"map": {"k": "no"}}), json!({"map": {"l": "yes"}}),
        ]),
        taken("rules of whole objects", root, &[json!({"n": 1}), json!({"n": 3}), json!({})]),
        taken("a rule with a default", ruled(fields(), rule("self.m == 3")), &[json!({}), json!({"m": 4}), json!({"m": null})]),
        taken("a rule of a field that may be absent", ruled(fields(), rule("self.n > 2")), &[json!({"n": 3}), json!({"s": "a"})]),
        taken("rules beside other errors", ruled(fields(), rule("self.n > 2")), &[
            json!({"n": "x"}), json!({"n": 1, "s": "12345678901234567890123456789012345678901234567890123"}), json!({"n": 1, "b": "x"}),
        ]),
        taken("names that are escaped", ruled(fields(), rule(
            "self.a__dash__b == 1 && self.c__dot__d__slash__e == 2 && self.__namespace__ == 'x' && self.u__underscores__v == 3")), &[
            json!({"a-b": 1, "c.d/e": 2, "namespace": "x", "u__v": 3}), json!({"a-b": 1, "c.d/e": 2, "namespace": "y", "u__v": 3}), json!({}),
        ]),
    ])
    .await
}

#[tokio::test]
async fn what_rules_compute() -> Result<()> {
    let all = [
        (
            "self.n / self.m == 2",
            json!([{"n": 6}, {"n": 5}, {"n": 6, "m": 0}]),
        ),
        (
            "self.n % self.m == 2",
            json!([{"n": 5}, {"n": -5}, {"n": 6, "m": 0}]),
        ),
        ("self.n + 1 > 0", json!([{"n": 9_223_372_036_854_775_807_i64}])),
        (
            "self.n * self.n > 0",
            json!([{"n": 9_223_372_036_854_775_807_i64}]),
        ),
        (
            "self.d > 1 && self.d < 2.5 && self.d != 2.0",
            json!([{"d": 2}, {"d": 1.5}, {"d": 1}, {"d": 2.5}]),
        ),
        ("double(self.n) / 2.0 == 1.5", json!([{"n": 3}, {"n": 4}])),
        (
            "int(self.d) == 2 && string(self.d) == '2.5'",
            json!([{"d": 2.5}, {"d": 2.7}]),
        ),
        (
            "string(self.d) == self.s",
            json!([{"d": 1_000_000, "s": "1e+06"}, {"d": 0.25, "s": "0.25"}, {"d": 12, "s": "12"}, {"d": 0.00001, "s": "1e-05"}]),
        ),
        (
            "int(self.s) > 2",
            json!([{"s": "3"}, {"s": "1"}, {"s": "x"}, {"s": "99999999999999999999"}, {"s": "+4"}]),
        ),
        (
            "type(self.port) == int ? self.port > 80 : self.port.endsWith('%')",
            json!([{"port": 81}, {"port": 80}, {"port": "5%"}, {"port": "5"}]),
        ),
        ("self.port > 80", json!([{"port": 81}, {"port": "x"}])),
        (
            "self.list[1] == 'b'",
            json!([{"list": ["a", "b"]}, {"list": ["b", "a"]}, {"list": ["a"]}]),
        ),
        (
            "self.map['k'] == 'v'",
            json!([{"map": {"k": "v"}}, {"map": {"k": "w"}}, {"map": {}}]),
        ),
        (
            "self.map.k == 'v' && has(self.map.k)",
            json!([{"map": {"k": "v"}}, {"map": {"l": "v"}}]),
        ),
        (
            "'a' in self.list && !('b' in self.map)",
            json!([{"list": ["a"], "map": {}}, {"list": ["a"], "map": {"b": "x"}}, {"list": [], "map": {}}]),
        ),
        (
            "self.list.exists(x, x == 'a') && self.list.exists_one(x, x == 'b')",
            json!([{"list": ["a", "b"]}, {"list": ["a", "b", "b"]}, {"list": ["b"]}]),
        ),
        (
            "self.list.map(x, x + '!').filter(x, x != 'a!').size() == 2",
            json!([{"list": ["a", "b", "c"]}, {"list": ["a", "b"]}]),
        ),
        (
            "self.list.all(x, int(x) > 1)",
            json!([{"list": ["2", "3"]}, {"list": ["2", "x"]}, {"list": ["x", "1"]}]),
        ),
        (
            "self.parts.all(p, self.parts.exists_one(q, q.name == p.name)) && self.parts.map(p, p.size).sum() < 10",
            json!([
            {"parts": [{"name": "a", "size": 4}, {"name": "b", "size": 5}]}, {"parts": [{"name": "a", "size": 5}, {"name": "b", "size": 5}]},
            {"parts": [{"name": "a"}]}, {"parts": []}]),
        ),
        (
            "self.numbers.isSorted() && self.numbers.max() - self.numbers.min() < 5",
            json!([{"numbers": [1, 2]}, {"numbers": [2, 1]}, {"numbers": [1, 9]}, {"numbers": []}]),
        ),
        (
            "self.numbers.indexOf(3) == 1 && self.list.lastIndexOf('a') == 2",
            json!([{"numbers": [1, 3], "list": ["a", "b", "a"]}, {"numbers": [], "list": []}]),
        ),
        ("self.s.matches('^[a-z]+$')", json!([{"s": "abc"}, {"s": "aBc"}])),
        (
            "self.s.lowerAscii() == 'abc' && self.s.upperAscii() == 'ABC'",
            json!([{"s": "aBc"}, {"s": "aBd"}]),
        ),
        (
            "self.s.split(',').size() == 2 && self.s.replace(',', '-') == 'a-b' && self.list.join('+') == 'a+b'",
            json!([{"s": "a,b", "list": ["a", "b"]}, {"s": "a,b", "list": []}, {"s": "a,b,c"}]),
        ),
        (
            "self.s.trim() == 'a' && self.s.indexOf('a') == 1 && self.s.contains('a')",
            json!([{"s": " a "}, {"s": "a"}]),
        ),
        (
            "double(self.s) < 2.0 && uint(self.s) == 1u && bool(self.t)",
            json!([{"s": "1", "t": "true"}, {"s": "1.5", "t": "true"}, {"s": "x"}, {"s": "1", "t": "x"}, {"s": "-1", "t": "f"}]),
        ),
        (
            "self.s.substring(1, 3) == 'bc' && self.s.charAt(0) == 'a'",
            json!([{"s": "abcd"}, {"s": "a"}, {"s": ""}, {"s": "äbc"}]),
        ),
        (
            "self.s.find('[0-9]+') == '12' && self.s.findAll('[0-9]+').size() == 2",
            json!([{"s": "a12b3"}, {"s": "a12"}]),
        ),
        (
            "quantity(self.s).isGreaterThan(quantity('1Gi')) && quantity(self.s).sub(1).isLessThan(quantity('1000Gi'))",
            json!([{"s": "2Gi"}, {"s": "500Mi"}, {"s": "1025Mi"}]),
        ),
        (
            "isQuantity(self.s) || isIP(self.s) || isCIDR(self.s) || isURL(self.s)",
            json!([{"s": "1Gi"}, {"s": "10.0.0.1"}, {"s": "10.0.0.0/8"}, {"s": "https://a.b/c?d=e"}, {"s": "x"}, {"s": "1.2.3.4/33"}, {"s": "/a/b"}, {"s": "a/b"}]),
        ),
        (
            "ip(self.s).family() == 4 && cidr('10.0.0.0/8').containsIP(self.s) && string(cidr('10.1.2.3/16').masked()) == '10.1.0.0/16'",
            json!([{"s": "10.1.1.1"}, {"s": "11.1.1.1"}, {"s": "fe80::1"}]),
        ),
        (
            "url(self.s).getHostname() == 'a.b' && url(self.s).getPort() == '80' && url(self.s).getScheme() == 'http' && url(self.s).getEscapedPath() == '/c' && url(self.s).getQuery()['d'] == ['e', 'f']",
            json!([{"s": "http://a.b:80/c?d=e&d=f"}, {"s": "http://a.b/c?d=e"}, {"s": "http://a.b:80/c"}]),
        ),
        (
            "self.at > timestamp('2020-01-01T00:00:00Z')",
            json!([{"at": "2021-01-01T00:00:00Z"}, {"at": "2019-01-01T00:00:00+02:00"}]),
        ),
        (
            "self.set == ['b', 'a'] || self.set + ['a'] == self.set",
            json!([{"set": ["a", "b"]}, {"set": ["c"]}]),
        ),
        (
            "self.?n.orValue(7) == 7 && !self.?s.hasValue() && self.?inner.?x.orValue(1) == 1 && optional.of(1) != optional.none()",
            json!([{}, {"n": 7}, {"n": 8}, {"s": "x"}, {"inner": {"x": 2}}, {"inner": {}}]),
        ),
        (
            "has(self.inner) && has(self.inner.x) ? self.inner.x == 1 : true",
            json!([{}, {"inner": {}}, {"inner": {"x": 1}}, {"inner": {"x": 2}}]),
        ),
        (
            "{'a': 1, 'b': 2}[self.s] == 2 && self.s in ['a', 'b']",
            json!([{"s": "b"}, {"s": "a"}, {"s": "c"}]),
        ),
        (
            "sets.contains(self.list, ['a']) && sets.intersects(self.list, ['b', 'c']) && !sets.equivalent(self.list, ['a'])",
            json!([{"list": ["a", "b"]}, {"list": ["a"]}]),
        ),
        (
            "self.n > 1 || self.m > 1",
            json!([{"m": 2}, {"m": 1}, {"m": 1, "n": 2}]),
        ),
        (
            "dyn(self.n) == 1.0 && dyn(self.s) != 1 && self.n >= 0.5",
            json!([{"n": 1, "s": "1"}, {"n": 2, "s": "1"}]),
        ),
    ];
    // Many rules in one definition, each with a part of the spec of its own: a definition takes a second.
    let mut cases = Vec::new();
    for (number, some) in all.chunks(11).enumerate() {
        let mut parts = json!({});
        let mut specs = Vec::new();
        for (index, (text, values)) in some.iter().enumerate() {
            let part = format!("r{index}");
            parts[&part] =
                json!({"type": "object", "properties": fields(), "x-kubernetes-validations": rule(text)});
            specs.extend(
                values
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|value| json!({&part: value})),
            );
        }
        let name: &'static str = ["rules, first", "rules, second", "rules, third", "rules, fourth"][number];
        cases.push(taken(name, definition(json!({"schema": spec_of(parts)})), &specs));
    }
    compare(cases).await
}

#[tokio::test]
async fn rules_that_are_wrong() -> Result<()> {
    let full = |given: Value| {
        post(
            &format!("{DEFINITIONS}?dryRun=All"),
            ruled(fields(), json!([given])),
        )
        .only(&["/code", "/body/message", "/body/details/causes"])
    };
    let mut apart = fields();
    apart["list"]["items"]["x-kubernetes-validations"] = rule("self == oldSelf");
    let mut keyed = fields();
    keyed["parts"]["items"]["x-kubernetes-validations"] = rule("self == oldSelf");
    compare(vec![
        written("rules with mistakes", &fields(), &[
            "self.nothing > 1", "self.n > 'a'",
                "self.d != 2u", "self.n + self.s == 'x'", "nothing(self.n)", "self.n.nothing()", "other.n > 1",
            "self.n", "self.s", "self.n > 1 && self.nothing", "self.n &&  self.b", "size(self.n) > 1", "self.n.x > 1",
            "self.list.all(x, x > 1)", "self.n.all(x, x)", "self.list + self.numbers == []", "[1, 'a'] == []", "self.open.x == 1",
            "self.inner.z == 1", "self.inner == 1",
                "self.inner == {'x': 1}", "self == 1", "self.parts[0] == 1", "self.map == 1", "self.n == null", "self.inner != null",
            "self.b ? 1 : 'a'", "!self.n", "-self.s == ''", "self.s.startsWith(1)", "startsWith(self.s, 'a')", "self.n in self.list",
            "self.list\n  .all(x,\n    x > 1)", "has(self.nothing)", "self.map.all(k, self.map[k] == 1)", "self.parts.exists(p, p.none)",
            "self.s == \"ä\" && self.nope",
        ]),
        written("rules that cannot be read", &fields(), &["self.", "self.n >", "self.n > 1)", "(self.n", "'abc", "self.n == 1 2", "", "  ", "has(self)", "self.namespace == ''"]),
        crate::case::case("rules with fields that are wrong", [
            full(json!({"rule": "true", "message": " "})), full(json!({"rule": "true", "message": "a\nb"})), full(json!({"rule": "true &&\ntrue"})),
            full(json!({"rule": "true", "messageExpression": " "})), full(json!({"rule": "true", "messageExpression": "1"})),
            full(json!({"rule": "true", "messageExpression": "self.nothing"})), full(json!({"rule": "true", "reason": "Other"})),
            full(json!({"rule": "true", "fieldPath": ".nothing"})), full(json!({"rule": "true", "fieldPath": "n"})), full(json!({"rule": "true", "fieldPath": ".list[0]"})),
            full(json!({"rule": "true", "optionalOldSelf": true})), full(json!({"rule": "self.nope", "message": "m", "reason": "FieldValueInvalid", "fieldPath": ".n"})),
            full(json!({"rule": "oldSelf.n == 1", "optionalOldSelf": true})),
            post(&format!("{DEFINITIONS}?dryRun=All"), ruled(apart, json!([]))).only(&["/code", "/body/message", "/body/details/causes"]),
            post(&format!("{DEFINITIONS}?dryRun=All"), ruled(keyed, json!([]))).only(&["/code", "/body/message", "/body/details/causes"]),
        ]),
    ])
    .await
}

#[tokio::test]
async fn rules_of_changes() -> Result<()> {
    let mut fields = fields();
    fields["s"]["x-kubernetes-validations"] = json!([{"rule": "self == oldSelf", "message": "stays"}]);
    fields["parts"]["items"]["x-kubernetes-validations"] =
        json!([{"rule": "self.size >= oldSelf.size", "message": "only grows"}]);
    fields["map"]["additionalProperties"]["x-kubernetes-validations"] =
        json!([{"rule": "oldSelf != 'fixed' || self == 'fixed'"}]);
    let given = ruled(
        fields,
        json!([
            {"rule": "!has(oldSelf.n) || (has(self.n) && self.n > oldSelf.n)", "message": "n grows"},
            {"rule": "oldSelf.hasValue() || self.m == 3", "optionalOldSelf": true, "message": "begins with 3"},
        ]),
    );
    let change = |spec: Value| {
        merge_patch(WIDGET, json!({"spec": spec})).only(&[
            "/code",
            "/body/message",
            "/body/details/causes",
            "/body/spec",
        ])
    };
    let whole = |spec: Value| {
        put(WIDGET, widget(spec)).only(&["/code", "/body/message", "/body/details/causes", "/body/spec"])
    };
    let steps = vec![
        post(WIDGETS, widget(json!({"n": 1, "m": 4}))).only(&["/code", "/body/message", "/body/details/causes"]),
        post(WIDGETS, widget(json!({"n": 1, "s": "a", "parts": [{"name": "a", "size": 1}, {"name": "b", "size": 2}], "map": {"k": "fixed"}}))).quiet(),
        change(json!({"n": 1})),
        change(json!({"n": 2, "m": 5})),
        change(json!({"n": 3, "s": "b"})),
        change(json!({"n": 3, "s": null})),
        change(json!({"n": 4, "s": "c"})),
        change(json!({"n": 5, "parts": [{"name": "b", "size": 3}, {"name": "a", "size": 0}]})),
        change(json!({"n": 6, "parts": [{"name": "c", "size": 0}, {"name": "b", "size": 2}]})),
        change(json!({"n": 7, "map": {"k": "loose", "l": "fixed"}})),
        change(json!({"n": 8, "map": {"k": null, "l": "fixed"}})),
        whole(json!({"n": 8})),
        whole(json!({"n": 9})),
        apply(WIDGET, "m&force=true", json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"n": 9}}))
            .only(&["/code", "/body/message"]),
        merge_patch(&format!("{WIDGET}/status"), json!({"status": {"x": 1}})).only(&["/code", "/body/message", "/body/status"]),
    ];
    compare(vec![with("transitions", given, steps)]).await
}
