//! What an expression gives.

use std::sync::Arc;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::check::{namespaced, qualified, type_named};
use super::library;
use super::types::reserved;
use super::value::{Failure, Order, Result, Value, error, no_overload};

/// A variable, and those around it. It may stand for an error, which counts where it is read.
pub(super) struct Scope<'a> {
    pub(super) name: &'a str,
    pub(super) value: Result,
    pub(super) around: Option<&'a Self>,
}

impl Scope<'_> {
    fn find(&self, name: &str) -> Option<&Result> {
        let mut at = Some(self);
        while let Some(scope) = at {
            if scope.name == name {
                return Some(&scope.value);
            }
            at = scope.around;
        }
        None
    }
}

/// Evaluates an expression that was checked.
pub(super) fn evaluate(node: &IdedExpr, scope: &Scope<'_>) -> Result {
    match &node.expr {
        Expr::Literal(literal) => Ok(constant(literal)),
        Expr::Ident(name) => match scope.find(name) {
            Some(value) => value.clone(),
            None => named(name),
        },
        Expr::Select(select) => {
            if let Some(name) = qualified(node)
                && let Some(of) = type_named(&name)
            {
                return Ok(Value::Kind(of));
            }
            let of = evaluate(&select.operand, scope)?;
            if select.test {
                return has(&of, &select.field);
            }
            field(&of, &select.field)
        }
        Expr::Call(call) => self::call(call, scope),
        Expr::List(list) => {
            let mut items = Vec::with_capacity(list.elements.len());
            for (index, item) in list.elements.iter().enumerate() {
                let value = evaluate(item, scope)?;
                items.extend(entry(value, list.optional_indices.contains(&index)));
            }
            Ok(Value::list(items))
        }
        Expr::Map(map) => {
            let mut entries: Vec<(Value, Value)> = Vec::with_capacity(map.entries.len());
            for one in &map.entries {
                let EntryExpr::MapEntry(one) = &one.expr else {
                    return Err(Failure::Unsupported("messages".to_owned()));
                };
                let key = evaluate(&one.key, scope)?;
                let value = evaluate(&one.value, scope)?;
                if entries.iter().any(|(known, _)| known.equals(&key)) {
                    return Err(Failure::Unsupported("a key that a map has twice".to_owned()));
                }
                entries.extend(entry(value, one.optional).map(|value| (key, value)));
            }
            Ok(Value::Map(Arc::new(entries)))
        }
        Expr::Comprehension(comprehension) => gather(comprehension, scope),
        Expr::Struct(_) | Expr::Unspecified => Err(Failure::Unsupported("messages".to_owned())),
    }
}

fn constant(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(flag) => Value::Bool(*flag.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(bytes.inner().into()),
        LiteralValue::Double(number) => Value::Double(*number.inner()),
        LiteralValue::Int(number) => Value::Int(*number.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::text(text.inner()),
        LiteralValue::UInt(number) => Value::Uint(*number.inner()),
    }
}

fn named(name: &str) -> Result {
    match type_named(name) {
        Some(of) => Ok(Value::Kind(of)),
        None => Err(Failure::Unsupported(format!("the variable {name}"))),
    }
}

/// What an entry of a literal adds; an optional one may add nothing.
fn entry(value: Value, optional: bool) -> Option<Value> {
    match value {
        Value::Optional(inner) if optional => inner.map(|inner| (*inner).clone()),
        value => Some(value),
    }
}

fn has(of: &Value, name: &str) -> Result {
    match of {
        Value::Map(_) => Ok(Value::Bool(of.get(&name_in(of, name)).is_some())),
        Value::Optional(None) => Ok(Value::Bool(false)),
        Value::Optional(Some(inner)) => has(inner, name),
        _ => no_overload(),
    }
}

/// What a field is called: reserved words are escaped in objects, though not in maps.
fn name_in(of: &Value, name: &str) -> Value {
    let plain = Value::text(name);
    match reserved(name) {
        Some(escaped) if of.get(&plain).is_none() => {
            let escaped = Value::text(escaped);
            if of.get(&escaped).is_some() {
                escaped
            } else {
                plain
            }
        }
        _ => plain,
    }
}

fn field(of: &Value, name: &str) -> Result {
    match of {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => maybe(field(inner, name)),
        Value::Map(_) => index(of, &name_in(of, name)),
        _ => no_overload(),
    }
}

/// A missing item becomes an optional without a value.
fn maybe(found: Result) -> Result {
    match found {
        Ok(value) => Ok(Value::Optional(Some(Arc::new(value)))),
        Err(Failure::Error(message)) if !message.starts_with("no such overload") => Ok(Value::Optional(None)),
        Err(failure) => Err(failure),
    }
}

fn index(of: &Value, at: &Value) -> Result {
    match (of, at) {
        (Value::Map(_), key) => match (of.get(key), key) {
            (Some(value), _) => Ok(value.clone()),
            (None, key) => error(format!("no such key: {}", library::shown(key)?)),
        },
        (Value::List(items, _), Value::Int(at)) => {
            let found = usize::try_from(*at).ok().and_then(|at| items.get(at));
            found
                .cloned()
                .map_or_else(|| error(format!("index out of bounds: {at}")), Ok)
        }
        (Value::Optional(None), _) => Ok(Value::Optional(None)),
        (Value::Optional(Some(inner)), at) => maybe(index(inner, at)),
        _ => no_overload(),
    }
}

fn call(call: &CallExpr, scope: &Scope<'_>) -> Result {
    let name = call.func_name.as_str();
    match (name, call.args.as_slice()) {
        (operators::LOGICAL_AND, [one, other]) => joined(one, other, scope, false),
        (operators::LOGICAL_OR, [one, other]) => joined(one, other, scope, true),
        (operators::CONDITIONAL, [condition, yes, no]) => match evaluate(condition, scope)? {
            Value::Bool(true) => evaluate(yes, scope),
            Value::Bool(false) => evaluate(no, scope),
            _ => no_overload(),
        },
        (operators::NOT_STRICTLY_FALSE, [of]) => Ok(Value::Bool(!matches!(
            evaluate(of, scope),
            Ok(Value::Bool(false))
        ))),
        (operators::INDEX, [of, at]) => index(&evaluate(of, scope)?, &evaluate(at, scope)?),
        (operators::OPT_INDEX, [of, at]) => {
            let (of, at) = (evaluate(of, scope)?, evaluate(at, scope)?);
            match &of {
                Value::Optional(_) => index(&of, &at),
                of => maybe(index(of, &at)),
            }
        }
        (operators::OPT_SELECT, [of, name]) => {
            let (of, name) = (evaluate(of, scope)?, evaluate(name, scope)?);
            match (&of, &name) {
                (Value::Optional(_), Value::Text(name)) => field(&of, name),
                (of, Value::Text(name)) => maybe(field(of, name)),
                _ => no_overload(),
            }
        }
        (_, args) => {
            let full = namespaced(call);
            let mut values = Vec::with_capacity(args.len() + 1);
            if full.is_none()
                && let Some(target) = &call.target
            {
                values.push(evaluate(target, scope)?);
            }
            let member = full.is_none() && call.target.is_some();
            for arg in args {
                values.push(evaluate(arg, scope)?);
            }
            library::call(full.as_deref().unwrap_or(name), member, &values)
        }
    }
}

/// `&&` and `||`: one side may decide whatever becomes of the other.
fn joined(one: &IdedExpr, other: &IdedExpr, scope: &Scope<'_>, decisive: bool) -> Result {
    let decides = |value: &Result| matches!(value, Ok(Value::Bool(flag)) if *flag == decisive);
    let one = evaluate(one, scope);
    if decides(&one) {
        return one;
    }
    let other = evaluate(other, scope);
    if decides(&other) {
        return other;
    }
    match (one?, other?) {
        (Value::Bool(_), Value::Bool(_)) => Ok(Value::Bool(!decisive)),
        _ => no_overload(),
    }
}

/// A macro such as `all` or `map`: goes through a list, or through the keys of a map.
fn gather(comprehension: &ComprehensionExpr, scope: &Scope<'_>) -> Result {
    let items: Vec<Value> = match evaluate(&comprehension.iter_range, scope)? {
        Value::List(items, _) => items.to_vec(),
        Value::Map(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        _ => return no_overload(),
    };
    let mut gathered = evaluate(&comprehension.accu_init, scope);
    for item in items {
        let outer = Scope {
            name: &comprehension.accu_var,
            value: gathered,
            around: Some(scope),
        };
        let inner = Scope {
            name: &comprehension.iter_var,
            value: Ok(item),
            around: Some(&outer),
        };
        if !matches!(evaluate(&comprehension.loop_cond, &inner)?, Value::Bool(true)) {
            gathered = outer.value;
            break;
        }
        gathered = evaluate(&comprehension.loop_step, &inner);
    }
    let outer = Scope {
        name: &comprehension.accu_var,
        value: gathered,
        around: Some(scope),
    };
    evaluate(&comprehension.result, &outer)
}

/// Lists one after the other, or together if their order means nothing.
pub(super) fn concatenate(one: &[Value], order: &Order, other: &[Value]) -> Value {
    let mut all = one.to_vec();
    for item in other {
        let same = |known: &Value| match order {
            Order::Given => false,
            Order::Set => known.equals(item),
            Order::Keyed(keys) => keys.iter().all(|key| {
                let key = Value::text(key.as_str());
                match (known.get(&key), item.get(&key)) {
                    (Some(a), Some(b)) => a.equals(b),
                    (a, b) => a.is_none() && b.is_none(),
                }
            }),
        };
        match all.iter().position(same).and_then(|place| all.get_mut(place)) {
            Some(known) if matches!(order, Order::Keyed(_)) => *known = item.clone(),
            Some(_) => {}
            None => all.push(item.clone()),
        }
    }
    Value::List(Arc::new(all), order.clone())
}
