//! Query strings, parsed strictly: a parameter that means nothing is a mistake and is said to be one.

use super::problem::Problem;
use axum::extract::Query;
use http::Uri;
use model::{ApiError, ErrorCode};

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses a query; every name must be among the allowed ones.
    pub fn parse(uri: &Uri, allowed: &[&str]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| {
            Problem::new(
                ErrorCode::BadRequest,
                "the query is not valid percent-encoded text",
            )
        })?;
        if let Some((unknown, _)) = pairs.iter().find(|(name, _)| !allowed.contains(&name.as_str())) {
            let allowed = if allowed.is_empty() {
                "none".to_owned()
            } else {
                allowed.join(", ")
            };
            let message = format!("unknown parameter `{unknown}`; allowed: {allowed}");
            return Err(wrong(unknown, message, &allowed));
        }
        Ok(Self(pairs))
    }

    /// The values of a parameter that may be repeated. Empty ones are left out: `?namespace=` asks for nothing.
    pub fn many<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let mine = self
            .0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty());
        mine.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that may be given once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(wrong(name, format!("`{name}` is given more than once"), "once")),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    /// The value of a parameter that may be given once, parsed. `allowed` says what it must be.
    pub fn parsed<T>(
        &self,
        name: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| invalid(name, text, allowed))
    }
}

/// A parameter whose value is not one of those allowed.
pub fn invalid(name: &str, value: &str, allowed: &str) -> Problem {
    let Problem(error) = wrong(
        name,
        format!("`{name}` must be {allowed}, not `{value}`"),
        allowed,
    );
    Problem(error.with("value", value))
}

fn wrong(name: &str, message: String, allowed: &str) -> Problem {
    Problem(
        ApiError::new(ErrorCode::BadRequest, message)
            .with("field", name)
            .with("allowed", allowed),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_repeated_parameters_are_named() {
        let parse = |text: &'static str| Parameters::parse(&Uri::from_static(text), &["limit", "namespace"]);
        let error = parse("/?limt=5").unwrap_err().0;
        assert_eq!(
            error.message,
            "unknown parameter `limt`; allowed: limit, namespace"
        );
        assert_eq!(error.details["field"], "limt");
        let parameters = parse("/?limit=5&namespace=a&namespace=b%2Fc&namespace=").unwrap();
        assert_eq!(parameters.many("namespace").collect::<Vec<_>>(), ["a", "b/c"]);
        assert_eq!(parameters.one("limit").unwrap(), Some("5"));
        assert!(parameters.one("namespace").is_err());
        let error = parameters
            .parsed("limit", "a colour", |_| None::<u8>)
            .unwrap_err()
            .0;
        assert_eq!(error.message, "`limit` must be a colour, not `5`");
    }
}
