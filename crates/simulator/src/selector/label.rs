//! `a=b,c!=d,e in (f,g),h,!i`.

use crate::status::Refusal;
use crate::write::names;

/// Requirements that all have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    label: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(&'static str),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    'text: while let Some(first) = rest.chars().next() {
        for sign in ["==", "!=", "=", "!", ",", "(", ")", ">", "<"] {
            if let Some(after) = rest.strip_prefix(sign) {
                tokens.push(Token::Sign(sign));
                rest = after;
                continue 'text;
            }
        }
        if first.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || "=!,()<>".contains(c))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        tokens.push(Token::Word(word.to_owned()));
        rest = after;
    }
    tokens
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl LabelSelector {
    /// Parses the parameter `labelSelector`.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut parser = Parser {
            tokens: tokens(text).into_iter().peekable(),
        };
        let mut requirements = Vec::new();
        while let Some(next) = parser.tokens.peek() {
            if let Token::Sign(sign @ ("=" | "==" | "!=" | "(" | ")" | "," | "<" | ">")) = next {
                let message = format!("found '{sign}', expected: !, identifier, or 'end of string'");
                return Err(Refusal::bad_request(message));
            }
            requirements.push(parser.requirement()?);
            match parser.tokens.next() {
                None => break,
                Some(Token::Sign(",")) if parser.tokens.peek().is_some() => {}
                Some(Token::Sign(",")) => return Err(parse_error("", "identifier after ','")),
                Some(other) => {
                    let message = format!("found '{}', expected: ',' or 'end of string'", other.shown());
                    return Err(Refusal::bad_request(message));
                }
            }
            if parser.tokens.peek() == Some(&Token::Sign(",")) {
                return Err(Refusal::bad_request("found ',', expected: identifier after ','"));
            }
        }
        requirements.iter().try_for_each(Requirement::check)?;
        Ok(Self(requirements))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether labels satisfy it.
    pub(crate) fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| {
            let value = label(&requirement.label);
            let listed = value.is_some_and(|value| requirement.values.iter().any(|v| v == value));
            match requirement.operator {
                Operator::In => listed,
                Operator::NotIn => !listed,
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
            }
        })
    }
}

impl Requirement {
    /// Labels that nothing can have are not selected by.
    fn check(&self) -> Result<(), Refusal> {
        let (prefix, name) = match self.label.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, self.label.as_str()),
        };
        let invalid = |path: &str, value: &str, why: &str| {
            Refusal::bad_request(format!(
                "unable to parse requirement: {path}: Invalid value: {value:?}: {why}"
            ))
        };
        if prefix.is_some_and(|prefix| !names::is_subdomain(prefix)) || name.len() > 63 {
            return Err(Refusal::unsupported(&format!(
                "the label {:?} of a selector",
                self.label
            )));
        }
        if !names::is_label_name(name) {
            return Err(invalid("<nil>", &self.label, names::LABEL_NAME));
        }
        for (index, value) in self.values.iter().enumerate() {
            if value.len() > 63 {
                return Err(Refusal::unsupported("selecting by a value of more than 63 bytes"));
            }
            if !value.is_empty() && !names::is_label_name(value) {
                let path = format!("values[{index}][{}]", self.label);
                return Err(invalid(&path, value, names::LABEL_VALUE));
            }
        }
        Ok(())
    }
}

impl Parser {
    fn requirement(&mut self) -> Result<Requirement, Refusal> {
        let absent = self.tokens.next_if_eq(&Token::Sign("!")).is_some();
        let label = match self.tokens.next() {
            Some(Token::Word(word)) => word,
            other => return Err(parse_error(&shown(other), "identifier")),
        };
        if absent {
            return Ok(Requirement {
                label,
                operator: Operator::DoesNotExist,
                values: Vec::new(),
            });
        }
        let (operator, values) = match self.tokens.peek().cloned() {
            None | Some(Token::Sign(",")) => (Operator::Exists, Vec::new()),
            Some(Token::Sign(sign @ ("=" | "==" | "!="))) => {
                self.tokens.next();
                let operator = if sign == "!=" {
                    Operator::NotIn
                } else {
                    Operator::In
                };
                (operator, vec![self.value()?])
            }
            Some(Token::Word(word)) if word == "in" || word == "notin" => {
                self.tokens.next();
                let operator = if word == "in" {
                    Operator::In
                } else {
                    Operator::NotIn
                };
                (operator, self.values()?)
            }
            Some(Token::Sign("<" | ">")) => return Err(Refusal::unsupported("label selectors with < and >")),
            Some(other) => return Err(parse_error(&other.shown(), "in, notin, =, ==, !=, gt, lt")),
        };
        Ok(Requirement {
            label,
            operator,
            values,
        })
    }

    fn value(&mut self) -> Result<String, Refusal> {
        match self.tokens.peek().cloned() {
            // `a=` selects the empty value.
            None | Some(Token::Sign(",")) => Ok(String::new()),
            Some(Token::Word(word)) => {
                self.tokens.next();
                Ok(word)
            }
            Some(other) => Err(parse_error(&other.shown(), "identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, Refusal> {
        match self.tokens.next() {
            Some(Token::Sign("(")) => {}
            other => {
                let found = shown(other);
                let message = format!("unable to parse requirement: found '{found}' expected: '('");
                return Err(Refusal::bad_request(message));
            }
        }
        match self.tokens.peek() {
            Some(Token::Word(_) | Token::Sign(",")) => {}
            Some(Token::Sign(")")) => {
                self.tokens.next();
                return Ok(vec![String::new()]);
            }
            other => return Err(parse_error(&shown(other.cloned()), "',', ')' or identifier")),
        }
        let mut values = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Word(word)) => {
                    values.push(word);
                    match self.tokens.peek() {
                        Some(Token::Sign("," | ")")) => {}
                        other => return Err(parse_error(&shown(other.cloned()), "',' or ')'")),
                    }
                }
                // Where nothing stands, the empty value does.
                Some(Token::Sign(",")) => {
                    let another = self.tokens.next_if_eq(&Token::Sign(",")).is_some();
                    if values.is_empty() || another || self.tokens.peek() == Some(&Token::Sign(")")) {
                        values.push(String::new());
                    }
                }
                Some(Token::Sign(")")) => return Ok(values),
                other => return Err(parse_error(&shown(other), "',', or identifier")),
            }
        }
    }
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}

fn shown(token: Option<Token>) -> String {
    token.map(|token| token.shown()).unwrap_or_default()
}

fn parse_error(found: &str, expected: &str) -> Refusal {
    Refusal::bad_request(format!(
        "unable to parse requirement: found '{found}', expected: {expected}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let find = |name: &str| {
            labels
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        LabelSelector::parse(selector).unwrap().matches(find)
    }

    #[test]
    fn every_operator_selects_what_it_says() {
        let labels = [("app", "shop"), ("tier", "")];
        for (selector, expected) in [
            ("", true),
            ("app=shop", true),
            ("app == shop, tier=", true),
            ("app!=shop", false),
            ("other!=x", true),
            ("app in (a, shop)", true),
            ("app notin (a,b)", true),
            ("other in (a)", false),
            ("app,!other", true),
            ("!app", false),
        ] {
            assert_eq!(matches(selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn a_selector_that_cannot_be_read_is_refused() {
        for selector in ["a===b", "a in b", "=a", "a b", "a in (b", "a,,b"] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
