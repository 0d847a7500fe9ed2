//! What rules may cost: definitions with rules that are too expensive are refused.

use anyhow::Result;
use serde_json::{Value, json};

use crate::case::{Case, case, post};
use crate::customs::{DEFINITIONS, definition, spec_of};
use crate::run::compare;

/// Definitions of which each has one rule of the spec.
fn each(name: &'static str, properties: &Value, rules: &[&str]) -> Case {
    let steps = rules.iter().map(|rule| {
        let mut schema = spec_of(properties.clone());
        schema["openAPIV3Schema"]["properties"]["spec"]["x-kubernetes-validations"] =
            json!([{"rule": rule, "message": "m"}]);
        let step = post(
            &format!("{DEFINITIONS}?dryRun=All"),
            definition(json!({"schema": schema})),
        );
        step.only(&["/code", "/body/message", "/body/details/causes"])
    });
    case(name, steps.collect::<Vec<_>>())
}

fn whole(name: &'static str, properties: Value) -> Case {
    let step = post(
        &format!("{DEFINITIONS}?dryRun=All"),
        definition(json!({"schema": spec_of(properties)})),
    );
    case(
        name,
        [step.only(&["/code", "/body/message", "/body/details/causes"])],
    )
}

/// A definition with many rules. The real server goes through them in no particular order.
fn mixed(name: &'static str, properties: serde_json::Map<String, Value>) -> Case {
    let given = definition(json!({"schema": spec_of(Value::Object(properties))}));
    let step = post(&format!("{DEFINITIONS}?dryRun=All"), given);
    case(name, [step.any_order().only(&["/code", "/body/details/causes"])])
}

fn text(most: u64) -> Value {
    json!({"type": "string", "maxLength": most})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// Without any limit.
fn unbounded() -> Value {
    json!({
        "s": {"type": "string"}, "t": {"type": "string"}, "n": {"type": "integer"}, "e": {"type": "string", "enum": ["a", "bcd"]},
        "list": list(json!({"type": "string"})), "numbers": list(json!({"type": "integer"})),
        "parts": list(json!({"type": "object", "required": ["name", "b"], "properties": {
            "name": {"type": "string"}, "b": {"type": "boolean", "default": true}, "tags": list(json!({"type": "string"}))}})),
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "maps": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "integer"}}},
        "port": {"x-kubernetes-int-or-string": true}, "at": {"type": "string", "format": "date-time"},
        "raw": {"type": "string", "format": "byte"}, "for": {"type": "string", "format": "duration"},
    })
}

/// With limits that leave some rules just within what they may cost.
fn bounded() -> Value {
    json!({
        "s": text(1000), "t": text(20_000), "u": text(1_000_000), "n": {"type": "integer"},
        "list": {"type": "array", "maxItems": 100, "items": text(100)}, "long": {"type": "array", "maxItems": 3000, "items": text(10)},
        "numbers": {"type": "array", "maxItems": 4000, "items": {"type": "integer"}},
        "parts": {"type": "array", "maxItems": 60, "items": {"type": "object", "properties": {
            "name": text(50), "size": {"type": "integer"}, "tags": {"type": "array", "maxItems": 40, "items": text(30)},
            "refs": {"type": "array", "maxItems": 16, "items": {"type": "object", "properties": {"name": text(63), "port": {"type": "integer"}}}}}}},
        "map": {"type": "object", "maxProperties": 200, "additionalProperties": text(300)},
    })
}

#[tokio::test]
async fn rules_without_limits() -> Result<()> {
    compare(vec![each(
        "rules of what has no limit",
        &unbounded(),
        &[
            "self.s == 'a'",
            "self.s == self.t",
            "self.s.startsWith('a')",
            "self.s.contains(self.t)",
            "self.s.matches('^[a-z]+$')",
            "self.s.matches(self.t)",
            "matches(self.s, self.t)",
            "self.s + self.t == 'a'",
            "self.s < self.t",
            "size(self.s) > 1",
            "self.e == self.s",
            "self.list.size() < 5",
            "self.list.all(x, x == 'a')",
            "self.list.all(x, size(x) < 4)",
            "self.list.exists(x, x.contains('a'))",
            "self.list.all(x, self.list.exists_one(y, x == y))",
            "self.numbers.all(x, x > 1)",
            "self.numbers.all(x, self.numbers.exists(y, x == y))",
            "self.numbers.isSorted()",
            "self.list.isSorted()",
            "self.numbers.sum() > 1",
            "'a' in self.list",
            "1 in self.numbers",
            "'a' in self.map",
            "self.map.all(k, self.map[k] == 'a')",
            "self.map.all(k, k.startsWith('a'))",
            "self.map.all(k, size(k) < 3)",
            "self.map['a'] == 'b'",
            "self.maps.all(k, self.maps[k].all(l, self.maps[k][l] > 1))",
            "self.parts.all(p, p.name == 'a')",
            "self.parts.all(p, has(p.tags))",
            "self.parts.all(p, p.tags.all(t, t == p.name))",
            "self.parts.map(p, p.name).size() > 1",
            "self.parts.filter(p, p.b).all(p, p.name != '')",
            "self.parts.exists_one(p, p.b)",
            "self.parts[0].name == 'a'",
            "self.list[0].startsWith(self.list[1])",
            "self.list + self.list == self.list",
            "(self.list + ['a']).all(x, x == 'b')",
            "self.s.split(',').all(x, x == 'a')",
            "self.s.replace('a', 'bb').contains('c')",
            "self.s.lowerAscii().startsWith(self.s)",
            "self.list.join(',') == 'a'",
            "self.s.find('[0-9]+') == '1'",
            "self.s.findAll('a').size() > 1",
            "self.port == 1",
            "string(self.port) == 'a'",
            "self.at > timestamp(self.s)",
            "self.raw == b'a'",
            "self.__for__ > duration(self.s)",
            "isIP(self.s) && ip(self.s) == ip('1.2.3.4')",
            "url(self.s).getHost() == 'a'",
            "isURL(self.s)",
            "quantity(self.s).isGreaterThan(quantity('1'))",
            "quantity(self.s) == quantity('1')",
            "url(self.s) == url(self.t)",
            "ip(self.s) != ip(self.t)",
            "cidr(self.s).containsIP(self.t)",
            "sets.contains(self.list, ['a', 'b'])",
            "sets.equivalent(self.list, self.list)",
            "self.s == oldSelf.s",
            "self == oldSelf",
            "self.parts == oldSelf.parts",
            "self.?s.orValue('a') == 'b'",
            "self.?parts[?0].?name.orValue('a') == self.s",
            "self.n > 1 ? self.s == 'a' : self.list.all(x, x == 'a')",
            "[self.s, 'b'].all(x, x.contains('a'))",
            "{'a': self.s}['a'] == 'b'",
            "dyn(self.s) == 'a'",
            "type(self.s) == string",
            "self.s in ['a', 'b']",
            "self.list.all(x, [1, 2, 3].all(y, y > 1 && x == 'a'))",
            "self.s.substring(1) == self.t",
            "self.s.indexOf('a') > 1",
            "bytes(self.s) == b'a'",
            "self.list.min() == 'a'",
            "self.list.indexOf('a') == 1",
            "self.s.trim().size() > 1",
            "self.list.map(x, x + 'a').all(x, x == self.s)",
            "self.list.map(x, x.size() > 2, x + self.s).exists(x, x == 'a')",
        ],
    )])
    .await
}

#[tokio::test]
async fn rules_with_limits() -> Result<()> {
    compare(vec![each("rules of what has limits", &bounded(), &[
        "self.s.contains(self.t)", "self.s.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')", "self.t.contains(self.t)", "self.t.contains(self.u)", "self.u.matches('^(a|b)*$')",
        "self.list.all(x, self.list.all(y, x == y))", "self.long.all(x, self.long.all(y, x == y))", "self.numbers.all(x, self.numbers.all(y, x != y))",
        "self.numbers.all(x, self.numbers.exists_one(y, x == y && x > 1))", "self.parts.all(p, self.parts.exists_one(q, p.name == q.name))",
        "self.parts.all(p, p.tags.all(t, self.list.exists(x, x == t)))", "self.parts.all(p, p.tags.all(t, p.refs.all(r, r.name == t)))",
        "self.parts.all(p, p.tags.all(t, self.parts.all(q, q.name == t)))", "self.parts.all(p, p.refs.all(r, self.parts.exists(q, q.refs.exists(s, s.name == r.name && s.port == r.port))))",
        "self.parts.all(p1, self.parts.exists_one(p2, p1.name == p2.name && (has(p1.size) && has(p2.size) ? p1.size == p2.size : !has(p1.size) && !has(p2.size))))",
        "self.map.all(k, self.map.exists(l, self.map[k] == self.map[l]))", "self.map.all(k, self.map[k].matches('[a-z]+') && self.list.all(x, x.contains(self.map[k])))",
        "self.list.map(x, x + self.s).all(x, x.contains(self.s))", "self.list.filter(x, x != 'a').map(x, x.split(',')).all(x, x.all(y, y == self.s))",
        "self.long.all(x, self.s.contains(x))", "self.s.replace('a', self.t).contains(self.t)", "self.s.replace('', self.s).size() > 1 && self.s.replace('ab', 'a').contains(self.t)",
        "self.list.join(self.s).contains(self.list.join(','))", "self.s.split('', 10).all(x, x.contains(self.t))", "sets.intersects(self.long, self.list)", "sets.equivalent(self.long, self.long)",
        "self.parts.all(p, p.tags.exists(t, t == 'a') || p.refs.all(r, p.tags.exists(t, t == r.name)))", "self.long.isSorted() && self.list.all(x, x in self.long)",
        "(self.n > 1 ? self.long : self.list).all(x, (self.n > 2 ? self.list : self.long).all(y, x == y))", "(self.long + self.list).all(x, (self.list + ['abc']).all(y, x == y))",
        "self.long.all(x, self.numbers.all(y, y > 1))", "self.list.all(x, self.numbers.all(y, y > 1)) && self.list.all(x, self.numbers.all(y, y > 2))",
        "{'a': self.long, 'b': self.list}.all(k, {'a': self.long}[k].all(x, x == 'a'))", "self.long.map(x, [x, self.s]).all(x, x.all(y, y == self.t))", "oldSelf.parts.all(p, self.parts.exists(q, q.name == p.name && q.tags == p.tags))",
    ])])
    .await
}

#[tokio::test]
async fn rules_of_parts_that_are_there_often() -> Result<()> {
    let ruled = |mut schema: Value, rules: Value| {
        schema["x-kubernetes-validations"] = rules;
        schema
    };
    let one = |rule: &str| json!([{"rule": rule, "message": "m"}]);
    let contains = ruled(text(1000), one("self.contains(self)"));
    let of_length = |shortest: u64, step: u64| -> serde_json::Map<String, Value> {
        let rule = one("self.contains(self)");
        let fields = (0..14).map(|index| {
            let field = ruled(text(shortest + index * step), rule.clone());
            (format!("f{index:02}"), field)
        });
        fields.collect()
    };
    let (many, some) = (of_length(9000, 100), of_length(7000, 60));
    let messages = json!([{"rule": "self.s != 'a'", "messageExpression": "self.list.map(x, x + self.s).join(',')"}, {"rule": "self.s == 'b'", "messageExpression": "'a' + string(self.n)"}]);
    let inner = json!({"type": "object", "properties": unbounded()});
    compare(vec![
        whole("a rule of a text", json!({"x": contains})),
        whole("a rule of items without a limit", json!({"x": list(contains.clone())})),
        whole("a rule of a hundred items", json!({"x": {"type": "array", "maxItems": 100, "items": contains}})),
        whole("a rule of ten thousand items", json!({"x": {"type": "array", "maxItems": 10_000, "items": contains}})),
        whole("a rule of values without a limit", json!({"x": {"type": "object", "additionalProperties": ruled(text(3), one("self == 'a'"))}})),
        whole("a rule of some values", json!({"x": {"type": "object", "maxProperties": 5000, "additionalProperties": contains}})),
        whole("a rule below two lists", json!({"x": {"type": "array", "maxItems": 30, "items": {"type": "array", "maxItems": 40, "items": contains}}})),
        whole("a rule below a list and an endless one", json!({"x": {"type": "array", "maxItems": 30, "items": list(contains.clone())}})),
        whole("a rule of endless objects", json!({"x": list(ruled(json!({"type": "object", "required": ["name", "more"], "properties": {
            "name": text(10), "more": {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}}}}), one("self.name.contains('abcdefghijkl')")))})),
        mixed("many rules that are each too much", many),
        mixed("many rules that are too much together", some),
        whole("messages", json!({"x": ruled(inner, messages)})),
        whole("an embedded object", json!({"x": ruled(json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}), one("self.metadata.name.contains(self.kind)"))})),
    ])
    .await
}
