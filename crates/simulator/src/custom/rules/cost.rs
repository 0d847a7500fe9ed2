//! What evaluating a rule costs at most, as the API server estimates it: the numbers decide which definitions it takes,
//! so they have to be the same.

use std::collections::HashMap;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::check::{Checker, namespaced, qualified, type_named};
use super::extent::Extent;
use super::functions::Overload;
use super::types::Type;

mod calls;
mod path;
mod size;

use path::Path;
use size::Size;

const LIST: u64 = 10;
const MAP: u64 = 30;

/// A node, wherever it is in memory.
pub(super) fn key(node: &IdedExpr) -> usize {
    std::ptr::from_ref(node).addr()
}

/// The sizes of what is in a list or a map.
#[derive(Clone, Copy)]
struct Entry {
    is_list: bool,
    key: Size,
    value: Size,
}

struct Local {
    name: String,
    path: Path,
    size: Option<Size>,
    entry: Option<Entry>,
}

struct Coster<'a> {
    types: &'a HashMap<usize, Type>,
    ways: &'a HashMap<usize, Vec<&'static Overload>>,
    root: &'a Extent,
    paths: HashMap<usize, Path>,
    sizes: HashMap<usize, Size>,
    entries: HashMap<usize, Entry>,
    locals: Vec<Local>,
}

/// An argument, as functions see it.
struct Node<'a> {
    path: Option<Path>,
    of: Type,
    size: Option<Size>,
    expr: &'a IdedExpr,
}

/// The cost of an expression that was checked. `root` is what `self` may be.
pub(super) fn cost(checker: &Checker, expression: &IdedExpr, root: &Extent) -> u64 {
    let types = checker.types();
    let mut coster = Coster {
        types: &types,
        ways: &checker.ways,
        root,
        paths: HashMap::new(),
        sizes: HashMap::new(),
        entries: HashMap::new(),
        locals: Vec::new(),
    };
    coster.cost(expression)
}

impl<'a> Coster<'a> {
    fn cost(&mut self, node: &'a IdedExpr) -> u64 {
        match &node.expr {
            Expr::Literal(_) | Expr::Unspecified | Expr::Struct(_) => 0,
            Expr::Ident(name) => {
                let path = match self.local(name) {
                    Some(local) => local.path.clone(),
                    None => Path::of(name),
                };
                self.paths.insert(key(node), path);
                1
            }
            Expr::Select(select) => {
                if let Some(name) = qualified(node).filter(|name| type_named(name).is_some()) {
                    self.paths.insert(key(node), Path::of(&name));
                    return 1;
                }
                let mut sum = self.cost(&select.operand);
                if select.test {
                    return sum;
                }
                if matches!(self.of(&select.operand), Type::Map(..) | Type::Object(_)) {
                    sum = sum.saturating_add(1);
                }
                let path = self.path(&select.operand).append(&select.field);
                self.paths.insert(key(node), path);
                sum
            }
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => {
                let mut sum = LIST;
                let mut items = Size::starting(list.elements.is_empty());
                for item in &list.elements {
                    sum = sum.saturating_add(self.cost(item));
                    items = items.union(self.size_or_any(item));
                }
                let entry = Entry {
                    is_list: true,
                    key: Size::fixed(1),
                    value: items,
                };
                self.entries.insert(key(node), entry);
                sum
            }
            Expr::Map(map) => {
                let mut sum = MAP;
                let start = Size::starting(map.entries.is_empty());
                let (mut keys, mut values) = (start, start);
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        sum = sum.saturating_add(self.cost(&entry.key));
                        sum = sum.saturating_add(self.cost(&entry.value));
                        keys = keys.union(self.size_or_any(&entry.key));
                        values = values.union(self.size_or_any(&entry.value));
                    }
                }
                let entry = Entry {
                    is_list: false,
                    key: keys,
                    value: values,
                };
                self.entries.insert(key(node), entry);
                sum
            }
            Expr::Comprehension(comprehension) => self.comprehension(node, comprehension),
        }
    }

    fn comprehension(&mut self, node: &IdedExpr, it: &'a ComprehensionExpr) -> u64 {
        let mut sum = self.cost(&it.iter_range).saturating_add(self.cost(&it.accu_init));
        let gathered = Local {
            name: it.accu_var.clone(),
            path: self.path(&it.accu_init),
            size: self.size(&it.accu_init),
            entry: self.entry(&it.accu_init),
        };
        self.locals.push(gathered);
        let entry = self.entry(&it.iter_range);
        let is_list = entry.map_or_else(|| matches!(self.of(&it.iter_range), Type::List(_)), |e| e.is_list);
        let item = Local {
            name: it.iter_var.clone(),
            path: self
                .path(&it.iter_range)
                .append(if is_list { "@items" } else { "@keys" }),
            size: entry.map(|entry| if is_list { entry.value } else { entry.key }),
            entry: None,
        };
        self.locals.push(item);
        let each = self.cost(&it.loop_cond).saturating_add(self.cost(&it.loop_step));
        self.locals.pop();
        sum = sum.saturating_add(self.cost(&it.result));
        self.locals.pop();
        let count = self.size_or_any(&it.iter_range);
        sum = sum.saturating_add(count.most.saturating_mul(each));
        match &it.accu_init.expr {
            Expr::Literal(_) => {
                if let Some(size) = self.size(&it.accu_init) {
                    self.sizes.insert(key(node), size);
                }
            }
            Expr::List(_) | Expr::Map(_) => {
                self.sizes.insert(key(node), count);
                if let Some(entry) = self.entry(&it.loop_step) {
                    self.entries.insert(key(node), entry);
                }
            }
            _ => {}
        }
        sum
    }

    fn call(&mut self, node: &'a IdedExpr, call: &'a CallExpr) -> u64 {
        let full = namespaced(call);
        let name = full.as_deref().unwrap_or(&call.func_name);
        if name == "dyn"
            && let [of] = call.args.as_slice()
        {
            let cost = self.cost(of);
            if let Some(size) = self.size(of) {
                self.sizes.insert(key(node), size);
            }
            if let Some(entry) = self.entry(of) {
                self.entries.insert(key(node), entry);
            }
            return cost.saturating_add(1);
        }
        let mut args = Vec::with_capacity(call.args.len());
        let mut costs = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            costs.push(self.cost(arg));
            args.push(self.node(arg));
        }
        let mut sum = 0;
        let mut target = None;
        if let Some(on) = call.target.as_deref().filter(|_| full.is_none()) {
            sum = self.cost(on);
            target = Some(self.node(on));
        }
        let ways: Vec<Option<&Overload>> = match self.ways.get(&key(node)) {
            Some(ways) => ways.iter().map(|way| Some(*way)).collect(),
            None => vec![None],
        };
        let (mut most, mut size): (u64, Option<Size>) = (0, None);
        for way in ways {
            let asked = calls::Asked {
                name,
                way,
                target: target.as_ref(),
                args: &args,
                costs: &costs,
            };
            let (cost, own) = self.function(node, &asked);
            most = most.max(cost);
            size = match (size, own) {
                (Some(size), Some(own)) => Some(size.union(own)),
                (size, own) => own.or(size),
            };
            if let (operators::INDEX, Some(way), Some(of)) = (name, way, call.args.first()) {
                let part = match way.takes.first() {
                    Some(Type::List(_)) => Some("@items"),
                    Some(Type::Map(..)) => Some("@values"),
                    _ => None,
                };
                if let Some(part) = part {
                    size = self.entry(of).map(|entry| entry.value);
                    let path = self.path(of).append(part);
                    self.paths.insert(key(node), path);
                }
            }
            size = size.or_else(|| self.size(node));
        }
        if let Some(size) = size {
            self.sizes.insert(key(node), size);
        }
        sum.saturating_add(most)
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn of(&self, node: &IdedExpr) -> Type {
        self.types.get(&key(node)).cloned().unwrap_or(Type::Dyn)
    }

    fn path(&self, node: &IdedExpr) -> Path {
        if let Expr::Ident(name) = &node.expr
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&key(node)).cloned().unwrap_or_default()
    }

    fn node(&mut self, expr: &'a IdedExpr) -> Node<'a> {
        let path = self.path(expr);
        Node {
            path: (!path.starts_with_gathered()).then_some(path),
            of: self.of(expr),
            size: self.size(expr),
            expr,
        }
    }

    /// The size at a path of the schema. All paths begin with a variable, which is taken to be `self`.
    fn at(&self, path: &Path) -> Option<Size> {
        let parts = path.parts();
        let (_, rest) = parts.split_first()?;
        let most = self.root.at(rest)?.most;
        Some(Size { least: 0, most })
    }

    fn size(&mut self, node: &IdedExpr) -> Option<Size> {
        if let Some(size) = self.sizes.get(&key(node)) {
            return Some(*size);
        }
        let count = |count: usize| Some(Size::fixed(count as u64));
        let own = match &node.expr {
            Expr::Literal(LiteralValue::String(text)) => count(text.inner().chars().count()),
            Expr::Literal(LiteralValue::Bytes(bytes)) => count(bytes.inner().len()),
            Expr::Literal(_) => count(1),
            Expr::List(list) => count(list.elements.len()),
            Expr::Map(map) => count(map.entries.len()),
            _ => None,
        };
        if own.is_some() {
            return own;
        }
        if let Some(size) = self.at(&self.path(node)) {
            self.sizes.insert(key(node), size);
            return Some(size);
        }
        if is_scalar(&self.of(node)) {
            return Some(Size::fixed(1));
        }
        match &node.expr {
            Expr::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    fn size_or_any(&mut self, node: &IdedExpr) -> Size {
        self.size(node).unwrap_or(Size::ANY)
    }

    fn entry(&self, node: &IdedExpr) -> Option<Entry> {
        if let Some(entry) = self.entries.get(&key(node)) {
            return Some(*entry);
        }
        match &node.expr {
            Expr::Ident(name) => self.local(name)?.entry,
            _ => None,
        }
    }
}

fn is_scalar(of: &Type) -> bool {
    match of {
        Type::Bool | Type::Double | Type::Duration | Type::Int | Type::Time | Type::Uint => true,
        Type::Optional(inner) => is_scalar(inner),
        _ => false,
    }
}
