//! Rules are looked at when their definition is written: whether they can be evaluated, and whether they make sense.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use cel::parser::Parser;
use serde_json::json;

use super::budget::Budget;
use super::check::Checker;
use super::cost::cost;
use super::extent::Extent;
use super::place;
use super::types::Type;
use super::{Compiled, Rule, Wrong, type_of};
use crate::custom::schema::Schema;
use crate::schema::ListKind;
use crate::status::Cause;

const REASONS: [&str; 4] = [
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

/// Compiles the rules of a schema and of all in it. Gives what is wrong with them.
pub(crate) fn compile(schema: &mut Schema, path: &str) -> Vec<Wrong> {
    let (mut wrong, mut budget) = (Vec::new(), Budget::default());
    let root = Place {
        whole: true,
        apart: None,
        often: Some(1),
    };
    level(schema, path, &root, &mut budget, &mut wrong);
    wrong.extend(budget.close(path));
    wrong
}

/// What the schemas around one say of it.
struct Place {
    /// It describes whole objects.
    whole: bool,
    /// Where values are not known from one version of an object to the next.
    apart: Option<String>,
    /// How often it may be in an object; none if there is no limit.
    often: Option<u64>,
}

/// How many values a schema may hold.
fn held(schema: &Schema) -> Option<u64> {
    match schema.kind.as_str() {
        "object" if schema.values.is_some() => schema.limits.most_fields,
        "array" => schema.limits.most_items,
        _ => Some(1),
    }
}

fn level(schema: &mut Schema, path: &str, at: &Place, budget: &mut Budget, wrong: &mut Vec<Wrong>) {
    let before = wrong.len();
    let kept = at
        .apart
        .clone()
        .or_else(|| schema.atomic_map.then(|| path.to_owned()));
    let often = at.often.zip(held(schema));
    let often = often.map(|(outer, own)| outer.saturating_mul(own));
    let inside = |inner: &Schema, apart: Option<String>| Place {
        whole: inner.embedded,
        apart,
        often,
    };
    for (name, inner) in &mut schema.properties {
        let place = inside(inner, kept.clone());
        level(
            inner,
            &format!("{path}.properties[{name}]"),
            &place,
            budget,
            wrong,
        );
    }
    if let Some(inner) = &mut schema.values {
        let place = inside(inner, kept.clone());
        level(
            inner,
            &format!("{path}.additionalProperties"),
            &place,
            budget,
            wrong,
        );
    }
    if let Some(inner) = &mut schema.items {
        let keyed = matches!(schema.list, ListKind::Keyed(_));
        let place = inside(inner, kept.or_else(|| (!keyed).then(|| path.to_owned())));
        level(inner, &format!("{path}.items"), &place, budget, wrong);
    }
    if schema.rules.is_empty() {
        return;
    }
    let mut rules = std::mem::take(&mut schema.rules);
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("{path}.x-kubernetes-validations[{index}]");
        wrong.extend(form(rule, schema, &path).into_iter().map(Wrong::Cause));
    }
    // Expressions are looked at once everything else is in order.
    if wrong.len() == before {
        let known = type_of(schema, at.whole).zip(Extent::of(schema, at.whole));
        let Some((own, extent)) = known else {
            wrong.push(Wrong::Unsupported(format!(
                "rules at {path}, of which the type is not known"
            )));
            return;
        };
        let ruled = Ruled {
            schema,
            own,
            often: at.often.unwrap_or_else(|| extent.often()),
            extent,
            apart: at.apart.as_deref(),
        };
        for (index, rule) in rules.iter_mut().enumerate() {
            let path = format!("{path}.x-kubernetes-validations[{index}]");
            expressions(rule, &ruled, &path, budget, wrong);
        }
    }
    schema.rules = rules;
}

/// What is wrong with the fields of a rule.
fn form(rule: &Rule, schema: &Schema, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut invalid = |field: &str, value: &str, why: &str| {
        causes.push(Cause::invalid(format!("{path}.{field}"), &json!(value), why));
    };
    let breaks = |text: &str| text.contains(['\n', '\r']);
    let (text, message) = (rule.text.trim(), rule.message.trim());
    let mut required = Vec::new();
    if text.is_empty() {
        required.push(Cause::required(format!("{path}.rule"), "rule is not specified"));
    } else if !rule.message.is_empty() && message.is_empty() {
        invalid("message", &rule.message, "must be non-empty if specified");
    } else if breaks(message) {
        invalid("message", &rule.message, "must not contain line breaks");
    } else if breaks(text) && message.is_empty() {
        let why = "message must be specified if rule contains line breaks";
        required.push(Cause::required(format!("{path}.message"), why));
    }
    if !rule.message_expression.is_empty() && rule.message_expression.trim().is_empty() {
        let why = "messageExpression must be non-empty if specified";
        required.push(Cause::required(format!("{path}.messageExpression"), why));
    }
    if !rule.field_path.is_empty() && rule.field_path.trim().is_empty() {
        invalid("fieldPath", &rule.field_path, "must be non-empty if specified");
    }
    if breaks(&rule.field_path) {
        invalid("fieldPath", &rule.field_path, "must not contain line breaks");
    }
    if !rule.field_path.is_empty() && place::find(&rule.field_path, schema).is_none() {
        invalid("fieldPath", &rule.field_path, "must be a valid path");
    }
    required.append(&mut causes);
    if let Some(reason) = rule.reason.as_deref().filter(|reason| !REASONS.contains(reason)) {
        required.push(Cause::unsupported(
            format!("{path}.reason"),
            &json!(reason),
            &REASONS,
        ));
    }
    required
}

/// What the rules of a schema are about.
struct Ruled<'a> {
    schema: &'a Schema,
    own: Type,
    extent: Extent,
    often: u64,
    apart: Option<&'a str>,
}

fn expressions(rule: &mut Rule, ruled: &Ruled<'_>, path: &str, budget: &mut Budget, wrong: &mut Vec<Wrong>) {
    let (schema, own, extent) = (ruled.schema, &ruled.own, &ruled.extent);
    let invalid = |field: &str, why: &str| {
        let message = format!("Invalid value: {}: {why}", rule.shown());
        Cause::plain("FieldValueInvalid", format!("{path}.{field}"), &message)
    };
    let old = match rule.optional_old {
        Some(true) => Type::Optional(Box::new(own.clone())),
        _ => own.clone(),
    };
    let unused = |optional: bool| {
        let why = "may not be set if oldSelf is not used in rule";
        Wrong::Cause(Cause::invalid(
            format!("{path}.optionalOldSelf"),
            &json!(optional),
            why,
        ))
    };
    let compiled = match expression(&rule.text, own, &old, extent) {
        Err(Failed::Unsupported(what)) => {
            return wrong.push(Wrong::Unsupported(format!("{what} in {path}.rule")));
        }
        Err(Failed::Errors(errors)) => {
            let why = format!("compilation failed: {errors}");
            wrong.push(Wrong::Cause(invalid("rule", &why)));
            return wrong.extend(rule.optional_old.map(unused));
        }
        Ok(done) if done.of != Type::Bool => {
            let why = "cel expression must evaluate to a bool";
            wrong.push(Wrong::Cause(invalid("rule", why)));
            return wrong.extend(rule.optional_old.map(unused));
        }
        Ok(done) => done,
    };
    let cost = compiled.cost.saturating_mul(ruled.often);
    wrong.extend(budget.add(&format!("{path}.rule"), "estimated rule cost", cost));
    let mut message = None;
    if !rule.message_expression.is_empty() {
        let mut refuse = |why: String| wrong.push(Wrong::Cause(invalid("messageExpression", &why)));
        match expression(&rule.message_expression, own, &old, extent) {
            Err(Failed::Unsupported(what)) => {
                wrong.push(Wrong::Unsupported(format!("{what} in {path}.messageExpression")));
            }
            Err(Failed::Errors(errors)) => refuse(format!("messageExpression compilation failed: {errors}")),
            Ok(done) if done.of != Type::Text => {
                refuse("messageExpression must evaluate to a string".to_owned())
            }
            Ok(done) => {
                let what = "estimated messageExpression cost";
                wrong.extend(budget.add(&format!("{path}.messageExpression"), what, done.cost));
                message = Some(done.expression);
            }
        }
    }
    if let Some(apart) = ruled.apart.filter(|_| compiled.reads_old) {
        let why =
            format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {apart}");
        wrong.push(Wrong::Cause(Cause::invalid(
            format!("{path}.rule"),
            &json!(rule.text),
            &why,
        )));
    }
    if let Some(optional) = rule.optional_old.filter(|_| !compiled.reads_old) {
        wrong.push(unused(optional));
    }
    rule.compiled = Some(Compiled {
        rule: compiled.expression,
        message,
        reads_old: compiled.reads_old,
        place: place::find(&rule.field_path, schema).unwrap_or_default(),
    });
}

enum Failed {
    /// In the form of the API server.
    Errors(String),
    Unsupported(String),
}

struct Done {
    expression: IdedExpr,
    of: Type,
    reads_old: bool,
    /// At most.
    cost: u64,
}

/// Longer rules are refused: the parser goes deep into itself, and must never run out of stack.
const LONGEST: usize = 4000;
/// Enough for the deepest rule of that length.
const STACK: usize = 64 << 20;
/// Deeper ones are not evaluated, for want of stack as well.
const DEEPEST: usize = 64;

fn expression(text: &str, own: &Type, old: &Type, extent: &Extent) -> Result<Done, Failed> {
    if text.len() > LONGEST {
        return Err(Failed::Unsupported(format!(
            "a rule of more than {LONGEST} bytes"
        )));
    }
    let cannot = || Failed::Unsupported("a thread for the parser".to_owned());
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("rules".to_owned())
            .stack_size(STACK);
        let parsing = thread.spawn_scoped(scope, || parse_and_check(text, own, old, extent));
        parsing
            .map_err(|_| cannot())?
            .join()
            .unwrap_or_else(|_| Err(cannot()))
    })
}

/// How deep an expression is.
fn depth(node: &IdedExpr) -> usize {
    let deepest = |nodes: &mut dyn Iterator<Item = &IdedExpr>| nodes.map(depth).max().unwrap_or_default();
    1 + match &node.expr {
        Expr::Call(call) => deepest(&mut call.args.iter().chain(call.target.as_deref())),
        Expr::Select(select) => depth(&select.operand),
        Expr::List(list) => deepest(&mut list.elements.iter()),
        Expr::Map(map) => {
            let entries = map.entries.iter().filter_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => Some([&entry.key, &entry.value]),
                EntryExpr::StructField(_) => None,
            });
            deepest(&mut entries.flatten())
        }
        Expr::Comprehension(one) => {
            let parts = [
                &one.iter_range,
                &one.accu_init,
                &one.loop_cond,
                &one.loop_step,
                &one.result,
            ];
            deepest(&mut parts.into_iter())
        }
        _ => 0,
    }
}

fn parse_and_check(text: &str, own: &Type, old: &Type, extent: &Extent) -> Result<Done, Failed> {
    let parsed = Parser::new()
        .enable_optional_syntax(true)
        .parse_with_source_info(text);
    let (expression, source) = match parsed {
        Ok(parsed) => parsed,
        Err(errors) => {
            // The parser's way to say that it will not go deeper; the API server goes further.
            if errors
                .errors
                .iter()
                .any(|error| error.msg.contains("OtherError("))
            {
                return Err(Failed::Unsupported("a rule with so many levels".to_owned()));
            }
            let errors = errors.errors.iter();
            let shown = errors.map(|error| {
                let (line, column) = (usize::try_from(error.pos.0), usize::try_from(error.pos.1));
                shown(text, line.unwrap_or(1), column.unwrap_or(1), &error.msg)
            });
            return Err(Failed::Errors(shown.collect::<Vec<_>>().join("\n")));
        }
    };
    if depth(&expression) > DEEPEST {
        return Err(Failed::Unsupported(format!(
            "a rule with more than {DEEPEST} levels"
        )));
    }
    let mut checker = Checker::new([("self", own.clone()), ("oldSelf", old.clone())]);
    let of = checker.whole(&expression);
    if let Some(name) = checker.unsupported.first() {
        return Err(Failed::Unsupported(format!("the CEL function {name}")));
    }
    if checker.mistakes.is_empty() {
        return Ok(Done {
            cost: cost(&checker, &expression, extent),
            expression,
            of,
            reads_old: checker.reads_old,
        });
    }
    let mut mistakes: Vec<(usize, usize, String)> = checker
        .mistakes
        .into_iter()
        .map(|mistake| {
            let (line, column) = position(&source, text, mistake.node);
            (line, column, mistake.message)
        })
        .collect();
    mistakes.sort_by_key(|(line, column, _)| (*line, *column));
    let shown = mistakes
        .iter()
        .map(|(line, column, message)| shown(text, *line, *column, message));
    Err(Failed::Errors(shown.collect::<Vec<_>>().join("\n")))
}

/// Line and column of a node, from 1 on.
fn position(source: &SourceInfo, text: &str, node: u64) -> (usize, usize) {
    let start = source.offset_for(node).map_or(0, |(start, _)| start as usize);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// An error with the line that it is in, and a mark below its place.
fn shown(text: &str, line: usize, column: usize, message: &str) -> String {
    let mut all = format!("ERROR: <input>:{line}:{column}: {message}");
    if let Some(source) = text.split('\n').nth(line.saturating_sub(1)) {
        let source = source.replace('\t', " ");
        let wide = |c: Option<char>, wide: char, narrow: char| {
            if c.is_some_and(|c| !c.is_ascii()) {
                wide
            } else {
                narrow
            }
        };
        let mut characters = source.chars();
        let mut mark = String::new();
        for _ in 1..column {
            match characters.next() {
                None => break,
                c => mark.push(wide(c, '\u{ff0e}', '.')),
            }
        }
        mark.push(wide(characters.next(), '\u{ff3e}', '^'));
        all.push_str(&format!("\n | {source}\n | {mark}"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::evaluate::{Scope, evaluate};
    use super::super::value::Value;

    fn compiled(text: &str) -> Result<Done, String> {
        expression(text, &Type::Dyn, &Type::Dyn, &Extent::default()).map_err(|failed| match failed {
            Failed::Errors(errors) => errors,
            Failed::Unsupported(what) => format!("unsupported: {what}"),
        })
    }

    #[test]
    fn odd_rules_are_no_danger() {
        let words = "self . n ( ) [ ] { } ? : ' \" \\ ` 1 0x 1e9 99999999999999999999 u in has all + - ! && || == < , ä \
            \u{1f600} b' r' ''' // @ # null true % * / x 1.5 .5 \\u12 \u{0} \n";
        let words: Vec<&str> = words.split(' ').collect();
        let mut state = 7_u64;
        for _ in 0..500 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(words[(state >> 33) as usize % words.len()]);
            }
            let panicked = compiled(&text).err().filter(|error| error.contains("a thread"));
            assert_eq!(panicked, None, "{text:?} made the parser panic");
        }
    }

    #[test]
    fn long_rules_are_refused_or_evaluated() {
        let mut evaluated = 0;
        for count in [50, 90, 300, 1000, 10_000] {
            for text in [
                "1 + ".repeat(count) + "1",
                "(".repeat(count) + "1" + &")".repeat(count),
                "[".repeat(count),
                "self.a".to_owned() + &".b".repeat(count),
                "true ? 1 : ".repeat(count) + "1",
                "true && ".repeat(count) + "true",
            ] {
                let scope = Scope {
                    name: "self",
                    value: Ok(Value::Null),
                    around: None,
                };
                match compiled(&text) {
                    Ok(done) => {
                        let _ = evaluate(&done.expression, &scope);
                        evaluated += 1;
                    }
                    Err(error) => assert!(
                        error.starts_with("unsupported: a rule") || error.starts_with("ERROR: <input>"),
                        "{error}"
                    ),
                }
            }
        }
        assert!(evaluated > 3, "{evaluated}");
    }
}
