//! Whether an expression makes sense, in the words of the API server: names, fields, and types that fit.

use std::collections::HashMap;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::cost::key;
use super::functions::{self, Overload};
use super::types::{CIDR, IP, QUANTITY, Type, URL};
use super::unify::{Known, general};

/// What is wrong at a node of the expression.
pub(super) struct Mistake {
    pub(super) node: u64,
    pub(super) message: String,
}

/// What was found out.
#[derive(Default)]
pub(super) struct Checker {
    known: Known,
    scopes: Vec<(String, Type)>,
    pub(super) mistakes: Vec<Mistake>,
    /// Functions that exist and are not to be had here.
    pub(super) unsupported: Vec<String>,
    /// Whether the variable `oldSelf` is read.
    pub(super) reads_old: bool,
    types: HashMap<usize, Type>,
    /// The ways to call a function that the arguments allow.
    pub(super) ways: HashMap<usize, Vec<&'static Overload>>,
}

/// The names of types, as values.
pub(super) fn type_named(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::Text,
        "bytes" => Type::Bytes,
        "null_type" => Type::Null,
        "list" => Type::List(Box::new(Type::Dyn)),
        "map" => Type::Map(Box::new(Type::Dyn), Box::new(Type::Dyn)),
        "google.protobuf.Timestamp" => Type::Time,
        "google.protobuf.Duration" => Type::Duration,
        "kubernetes.URL" => URL,
        "kubernetes.Quantity" => QUANTITY,
        "net.IP" => IP,
        "net.CIDR" => CIDR,
        _ => return None,
    })
}

/// The name that a chain of fields spells: `optional.none`.
pub(super) fn qualified(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

/// The global function that a call on something names with it: `optional.of(x)`.
pub(super) fn namespaced(call: &CallExpr) -> Option<String> {
    let name = format!("{}.{}", qualified(call.target.as_deref()?)?, call.func_name);
    (functions::find(&name).is_some() || functions::is_unsupported(&name)).then_some(name)
}

impl Checker {
    pub(super) fn new(variables: impl IntoIterator<Item = (&'static str, Type)>) -> Self {
        let scopes = variables.into_iter().map(|(name, of)| (name.to_owned(), of));
        Self {
            scopes: scopes.collect(),
            ..Self::default()
        }
    }

    /// The type of a whole expression.
    pub(super) fn whole(&mut self, expression: &IdedExpr) -> Type {
        let of = self.check(expression);
        self.known.resolve(&of, false)
    }

    fn wrong(&mut self, node: &IdedExpr, message: String) -> Type {
        self.mistakes.push(Mistake {
            node: node.id,
            message,
        });
        Type::Wrong
    }

    fn mismatch(&mut self, node: &IdedExpr, wanted: &Type, got: &Type) -> Type {
        let (wanted, got) = (self.known.resolve(wanted, true), self.known.resolve(got, true));
        self.wrong(node, format!("expected type '{wanted}' but found '{got}'"))
    }

    fn undeclared(&mut self, node: &IdedExpr, name: &str) -> Type {
        self.wrong(
            node,
            format!("undeclared reference to '{name}' (in container '')"),
        )
    }

    fn variable(&mut self, name: &str) -> Option<Type> {
        let found = self.scopes.iter().rev().find(|(own, _)| own == name);
        if let Some((_, of)) = found {
            self.reads_old |= name == "oldSelf";
            return Some(of.clone());
        }
        type_named(name).map(|of| Type::Kind(Box::new(of)))
    }

    /// The types of all nodes that were looked at.
    pub(super) fn types(&self) -> HashMap<usize, Type> {
        let types = self.types.iter();
        types
            .map(|(key, of)| (*key, self.known.resolve(of, false)))
            .collect()
    }

    fn check(&mut self, node: &IdedExpr) -> Type {
        let of = self.look_at(node);
        self.types.insert(key(node), of.clone());
        of
    }

    fn look_at(&mut self, node: &IdedExpr) -> Type {
        match &node.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Bytes(_) => Type::Bytes,
                LiteralValue::Double(_) => Type::Double,
                LiteralValue::Int(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::Text,
                LiteralValue::UInt(_) => Type::Uint,
            },
            Expr::Ident(name) => match self.variable(name) {
                Some(of) => of,
                None => self.undeclared(node, name),
            },
            Expr::Select(select) => {
                if let Some(of) = qualified(node).and_then(|name| self.variable(&name)) {
                    return of;
                }
                let of = self.field(node, &select.operand, &select.field, false);
                if select.test {
                    Type::Bool
                } else {
                    self.known.resolve(&of, true)
                }
            }
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => {
                let mut items = None;
                for (index, item) in list.elements.iter().enumerate() {
                    let mut of = self.check(item);
                    if list.optional_indices.contains(&index) {
                        of = self.unwrapped(item, of);
                    }
                    items = Some(self.joined(item, items, of));
                }
                let items = items.unwrap_or_else(|| self.known.fresh());
                Type::List(Box::new(items))
            }
            Expr::Map(map) => {
                let (mut keys, mut values) = (None, None);
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else {
                        continue;
                    };
                    let of = self.check(&entry.key);
                    keys = Some(self.joined(&entry.key, keys, of));
                    let mut of = self.check(&entry.value);
                    if entry.optional {
                        of = self.unwrapped(&entry.value, of);
                    }
                    values = Some(self.joined(&entry.value, values, of));
                }
                let keys = keys.unwrap_or_else(|| self.known.fresh());
                let values = values.unwrap_or_else(|| self.known.fresh());
                Type::Map(Box::new(keys), Box::new(values))
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(_) | Expr::Unspecified => {
                self.unsupported.push("messages".to_owned());
                Type::Wrong
            }
        }
    }

    fn unwrapped(&mut self, node: &IdedExpr, of: Type) -> Type {
        match of {
            Type::Optional(inner) => *inner,
            Type::Dyn | Type::Wrong => of,
            of => {
                let wanted = Type::Optional(Box::new(of.clone()));
                self.mismatch(node, &wanted, &of);
                of
            }
        }
    }

    /// What is common to the items of a literal.
    fn joined(&mut self, node: &IdedExpr, before: Option<Type>, of: Type) -> Type {
        match before {
            None => of,
            Some(before) if self.known.fit(&[(&before, &of)]) => general(&before, &of),
            Some(before) => self.mismatch(node, &before, &of),
        }
    }

    fn field(&mut self, node: &IdedExpr, operand: &IdedExpr, field: &str, optional: bool) -> Type {
        let of = self.check(operand);
        let (of, was_optional) = match self.known.resolve(&of, true) {
            Type::Optional(inner) => (*inner, true),
            of => (of, false),
        };
        let found = match &of {
            Type::Map(_, values) => (**values).clone(),
            Type::Object(object) => match object.field(field) {
                Some(of) => of.clone(),
                None => self.wrong(node, format!("undefined field '{field}'")),
            },
            Type::Variable(_) => {
                self.known.fit(&[(&Type::Dyn, &of)]);
                Type::Dyn
            }
            Type::Dyn | Type::Wrong => Type::Dyn,
            other => {
                self.wrong(node, format!("type '{other}' does not support field selection"));
                Type::Dyn
            }
        };
        if optional || was_optional {
            return Type::Optional(Box::new(found));
        }
        found
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        let name = call.func_name.as_str();
        if name == operators::OPT_SELECT
            && let [operand, field] = call.args.as_slice()
            && let Expr::Literal(LiteralValue::String(field)) = &field.expr
        {
            let of = self.field(node, operand, field.inner(), true);
            return self.known.resolve(&of, true);
        }
        let takes: Vec<Type> = call.args.iter().map(|arg| self.check(arg)).collect();
        let name = namespaced(call).unwrap_or_else(|| name.to_owned());
        let on = match &call.target {
            Some(target) if name == call.func_name => Some(self.check(target)),
            _ => None,
        };
        if functions::is_unsupported(&name) {
            self.unsupported.push(name.clone());
        }
        let Some(overloads) = functions::find(&name) else {
            if functions::is_unsupported(&name) {
                return Type::Wrong;
            }
            return self.undeclared(node, &name);
        };
        if matches!(name.as_str(), operators::LOGICAL_AND | operators::LOGICAL_OR) {
            let mut fits = true;
            for (arg, of) in call.args.iter().zip(&takes) {
                if !self.known.fit(&[(of, &Type::Bool)]) {
                    fits = false;
                    self.mismatch(arg, &Type::Bool, of);
                }
            }
            return if fits { Type::Bool } else { Type::Wrong };
        }
        let member = on.is_some();
        let all: Vec<Type> = on.into_iter().chain(takes).collect();
        self.overload(node, &name, overloads, member, &all)
    }

    fn overload(
        &mut self,
        node: &IdedExpr,
        name: &str,
        ways: &'static [Overload],
        member: bool,
        takes: &[Type],
    ) -> Type {
        let mut result = None;
        for way in ways
            .iter()
            .filter(|way| way.member == member && way.takes.len() == takes.len())
        {
            let fresh: Vec<Type> = (0..way.variables).map(|_| self.known.fresh()).collect();
            let wanted: Vec<Type> = way.takes.iter().map(|of| instance(of, &fresh)).collect();
            let pairs: Vec<(&Type, &Type)> = takes.iter().zip(&wanted).collect();
            if !self.known.fit(&pairs) {
                continue;
            }
            self.ways.entry(key(node)).or_default().push(way);
            let gives = self.known.resolve(&instance(&way.gives, &fresh), true);
            result = Some(match result {
                None => gives,
                Some(Type::Dyn) => Type::Dyn,
                Some(before) if before == gives => before,
                Some(_) => Type::Dyn,
            });
        }
        if let Some(result) = result {
            if name == "sum" && result == Type::Duration {
                // That of no durations is one as well, which an empty list does not tell.
                self.unsupported.push("sum of durations".to_owned());
            }
            return result;
        }
        let shown: Vec<String> = takes
            .iter()
            .map(|of| self.known.resolve(of, false).to_string())
            .collect();
        let signature = match shown.split_first() {
            Some((on, rest)) if member => format!("{on}.({})", rest.join(", ")),
            _ => format!("({})", shown.join(", ")),
        };
        self.wrong(
            node,
            format!("found no matching overload for '{name}' applied to '{signature}'"),
        )
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Type {
        let range = self.check(&comprehension.iter_range);
        let gathered = self.check(&comprehension.accu_init);
        let range = self.known.resolve(&range, true);
        let item = match &range {
            Type::List(items) => (**items).clone(),
            Type::Map(keys, _) => (**keys).clone(),
            Type::Dyn | Type::Wrong | Type::Variable(_) => {
                self.known.fit(&[(&Type::Dyn, &range)]);
                Type::Dyn
            }
            other => {
                let why = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.wrong(&comprehension.iter_range, why)
            }
        };
        self.scopes
            .push((comprehension.accu_var.clone(), gathered.clone()));
        self.scopes.push((comprehension.iter_var.clone(), item));
        for (node, wanted) in [
            (&comprehension.loop_cond, Type::Bool),
            (&comprehension.loop_step, gathered),
        ] {
            let of = self.check(node);
            if !self.known.fit(&[(&wanted, &of)]) {
                self.mismatch(node, &wanted, &of);
            }
        }
        self.scopes.pop();
        let result = self.check(&comprehension.result);
        self.scopes.pop();
        self.known.resolve(&result, true)
    }
}

/// A declared type with its variables replaced.
fn instance(of: &Type, fresh: &[Type]) -> Type {
    let inner = |of: &Type| Box::new(instance(of, fresh));
    match of {
        Type::Variable(number) => fresh.get(*number).cloned().unwrap_or(Type::Dyn),
        Type::List(items) => Type::List(inner(items)),
        Type::Map(keys, values) => Type::Map(inner(keys), inner(values)),
        Type::Optional(of) => Type::Optional(inner(of)),
        Type::Kind(of) => Type::Kind(inner(of)),
        other => other.clone(),
    }
}
