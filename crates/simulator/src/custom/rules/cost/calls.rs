//! The cost of calling a function: that of its arguments, and its own.

use cel::common::ast::{IdedExpr, operators};

use super::size::{divided, each};
use super::{Coster, Entry, Node, Size, key};
use crate::custom::rules::functions::Overload;
use crate::custom::rules::types::{CIDR, IP, QUANTITY, Type, URL};

/// Of a character that is looked at once.
const CHARACTER: f64 = 0.1;
/// Of a character of a regular expression, for each character that it is tried on.
const PATTERN: f64 = 0.25;

/// A call in one of the ways that its arguments allow.
pub(super) struct Asked<'a, 'b> {
    pub(super) name: &'b str,
    pub(super) way: Option<&'static Overload>,
    pub(super) target: Option<&'b Node<'a>>,
    pub(super) args: &'b [Node<'a>],
    pub(super) costs: &'b [u64],
}

impl Asked<'_, '_> {
    fn sum(&self) -> u64 {
        self.costs.iter().fold(0, |sum, cost| sum.saturating_add(*cost))
    }

    /// Whether the first argument of this way is of a type.
    fn takes(&self, of: &Type) -> bool {
        self.way.is_some_and(|way| way.takes.first() == Some(of))
    }
}

impl Coster<'_> {
    /// What a call costs with its arguments, and the size of what it gives.
    pub(super) fn function(&mut self, node: &IdedExpr, asked: &Asked<'_, '_>) -> (u64, Option<Size>) {
        if let Some((own, size)) = self.of_kubernetes(asked) {
            return (own.saturating_add(asked.sum()), size);
        }
        let any = |node: &Node<'_>| node.size.unwrap_or(Size::ANY);
        let with = |own: u64| own.saturating_add(asked.sum());
        match (asked.name, asked.target, asked.args) {
            ("bytes", None, [of]) if asked.takes(&Type::Text) => {
                let size = any(of);
                let gives = Size {
                    least: size.least,
                    most: size.most.wrapping_mul(4),
                };
                (with(each(size.most, CHARACTER)), Some(gives))
            }
            ("string", None, [of]) if asked.takes(&Type::Bytes) => {
                let size = any(of);
                let gives = Size {
                    least: size.least / 4,
                    most: size.most,
                };
                (with(each(size.most, CHARACTER)), Some(gives))
            }
            ("startsWith" | "endsWith", Some(_), [of]) => (with(each(any(of).most, CHARACTER)), None),
            (operators::IN, None, [_, list])
                if asked
                    .way
                    .is_some_and(|way| matches!(way.takes.get(1), Some(Type::List(_)))) =>
            {
                (with(each(any(list).most, 1.0)), None)
            }
            ("matches", Some(text), [pattern]) => {
                let text = each(any(text).plus(Size::fixed(1)).most, CHARACTER);
                let pattern = each(any(pattern).most, PATTERN);
                (with(text.saturating_mul(pattern)), None)
            }
            ("contains", Some(text), [part]) => {
                let (text, part) = (each(any(text).most, CHARACTER), each(any(part).most, CHARACTER));
                (with(text.saturating_mul(part)), None)
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, ..) => (asked.sum(), None),
            (operators::CONDITIONAL, None, [_, yes, no]) => {
                let size = any(yes).union(any(no));
                self.joined(node, yes, no);
                let costs = |index: usize| asked.costs.get(index).copied().unwrap_or_default();
                (costs(0).saturating_add(costs(1).max(costs(2))), Some(size))
            }
            (operators::ADD, None, [one, other])
                if asked.takes(&Type::Text)
                    || asked.takes(&Type::Bytes)
                    || asked
                        .way
                        .is_some_and(|way| matches!(way.takes.first(), Some(Type::List(_)))) =>
            {
                let size = any(one).plus(any(other));
                self.joined(node, one, other);
                let own = match asked.takes(&Type::Text) || asked.takes(&Type::Bytes) {
                    true => each(size.most, CHARACTER),
                    false => 1,
                };
                (with(own), Some(size))
            }
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                None,
                [one, other],
            ) if asked.takes(&Type::Text) || asked.takes(&Type::Bytes) => {
                (with(each(any(one).most.min(any(other).most), CHARACTER)), None)
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [one, other]) => {
                (with(each(any(one).most.min(any(other).most), CHARACTER)), None)
            }
            _ => (with(1), None),
        }
    }

    /// Remembers what is in one of two values.
    fn joined(&mut self, node: &IdedExpr, one: &Node<'_>, other: &Node<'_>) {
        if let (Some(a), Some(b)) = (self.entry(one.expr), self.entry(other.expr)) {
            let entry = Entry {
                is_list: a.is_list,
                key: a.key.union(b.key),
                value: a.value.union(b.value),
            };
            self.entries.insert(key(node), entry);
        }
    }

    /// The size of an argument, by its path where nothing else is known.
    fn known(&self, node: &Node<'_>) -> Size {
        let by_path = || self.at(node.path.as_ref()?);
        node.size.or_else(by_path).unwrap_or(Size::ANY)
    }

    /// The size of the items of a list, and whether they are looked at character by character; none of what is no list.
    fn items(&self, list: &Node<'_>) -> Option<(Size, bool)> {
        let Type::List(items) = &list.of else { return None };
        let path = list.path.as_ref().filter(|path| !path.parts().is_empty());
        let size = path.and_then(|path| self.at(&path.append("@items")));
        let is_text = matches!(**items, Type::Text | Type::Bytes);
        Some((size.unwrap_or(Size::ANY), is_text))
    }

    /// Functions that the API server adds to those of CEL, or reckons by itself.
    fn of_kubernetes(&self, asked: &Asked<'_, '_>) -> Option<(u64, Option<Size>)> {
        let once = |size: Size| each(size.most, CHARACTER);
        let twice = |size: Size| each(size.most, 2.0 * CHARACTER);
        let arg = |index: usize| asked.args.get(index).map(|node| self.known(node));
        let target = asked.target.map(|node| self.known(node));
        Some(match asked.name {
            "sets.contains" | "sets.intersects" | "sets.equivalent" => {
                let factor = if asked.name == "sets.equivalent" { 2.0 } else { 1.0 };
                (each(arg(0)?.times(arg(1)?).most, factor).saturating_add(1), None)
            }
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
                let size = target?;
                let own = match self.items(asked.target?) {
                    Some((item, true)) => size.most.saturating_mul(once(item).saturating_add(1)),
                    Some((_, false)) => size.most,
                    None => once(size),
                };
                (own, None)
            }
            "url" => (once(arg(0)?), Some(arg(0)?)),
            "lowerAscii" | "upperAscii" | "substring" | "trim" => (once(target?), target),
            "replace" => {
                let size = target?;
                (twice(size), Some(replaced(size, arg(0)?, arg(1)?)))
            }
            "split" => {
                let most = match asked.args.get(1).map(|node| &node.expr.expr) {
                    Some(cel::common::ast::Expr::Literal(cel::common::ast::LiteralValue::Int(most))) => {
                        most.inner().cast_unsigned()
                    }
                    _ => target?.most,
                };
                (twice(target?), Some(Size { least: 0, most }))
            }
            "join" => {
                let count = target?;
                let mut size = match self.items(asked.target?) {
                    Some((item, _)) => count.times(item),
                    None => Size::fixed(0),
                };
                if let Some(by) = arg(0) {
                    let between = Size {
                        least: count.least.saturating_sub(1),
                        most: count.most.saturating_sub(1),
                    };
                    size = size.plus(by.times(between));
                }
                (once(size), Some(size))
            }
            "find" | "findAll" => {
                let text = target?;
                let pattern = each(arg(0)?.most, PATTERN);
                let tried = once(text.plus(Size::fixed(1)));
                let gives = Size {
                    least: 0,
                    most: text.most,
                };
                (tried.saturating_mul(pattern), Some(gives))
            }
            "ip" if asked.takes(&CIDR) => (1, None),
            "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" => (once(arg(0)?), None),
            "containsIP" | "containsCIDR" => {
                // The bytes of an address, at most 16.
                let mut own = if asked.name == "containsIP" { 4 } else { 4 + 2 + 1 };
                let is_text = asked.way.is_some_and(|way| way.takes.get(1) == Some(&Type::Text));
                if is_text {
                    own += once(arg(0)?);
                }
                (own, None)
            }
            "masked" | "prefixLength" | "family" | "isUnspecified" | "isLoopback" | "sign" | "asInteger"
            | "isInteger" | "asApproximateFloat" | "isGreaterThan" | "isLessThan" | "compareTo" | "add"
            | "sub" | "getScheme" | "getHostname" | "getHost" | "getPort" | "getEscapedPath" | "getQuery" => {
                (1, None)
            }
            "_==_" => match asked.args {
                [one, other] if one.of == other.of && [IP, CIDR, QUANTITY].contains(&one.of) => (1, None),
                [one, other] if one.of == URL && other.of == URL => (
                    each(other.size.map_or(1, |size| size.most.max(1)), CHARACTER),
                    None,
                ),
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// The size of a text in which one part is replaced by another.
fn replaced(size: Size, from: Size, to: Size) -> Size {
    let (most, kept_most) = match from.least {
        // Around every character.
        0 => (size.most.saturating_add(1), size.most),
        _ if to.most <= from.least => (0, size.most),
        least => (divided(size.most, least), 0),
    };
    let (least, kept_least) = match from.most {
        0 => (size.least.saturating_add(1), size.least),
        _ if from.most <= to.least => (0, size.least),
        most => (divided(size.least, most), 0),
    };
    let count = Size { least, most };
    count.times(to).plus(Size {
        least: kept_least,
        most: kept_most,
    })
}
