//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The address of a database. `Debug` and `Display` never show the password in it.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file; made if it does not exist.
    Sqlite(PathBuf),
    /// A PostgreSQL server: the whole URL, with the password if it holds one.
    Postgres(String),
}

/// The text is not the address of a database. The text is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME")]
pub struct DatabaseUrlError;

impl DatabaseUrl {
    /// The default database of a data folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self::Sqlite(folder.join("kubilitics.db"))
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(DatabaseUrlError)?;
        match scheme {
            "postgres" | "postgresql" if rest.starts_with("//") && rest.len() > 2 => {
                Ok(Self::Postgres(text.to_owned()))
            }
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() || path.contains('?') {
                    return Err(DatabaseUrlError);
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            _ => Err(DatabaseUrlError),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&masked(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The URL with `***` for its password, whether it stands before the host or among the parameters.
fn masked(url: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, None), |(base, query)| (base, Some(query)));
    let mut text = match base.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            match authority.rsplit_once('@') {
                Some((user_info, host)) => {
                    let user = user_info.split_once(':').map_or(user_info, |(user, _)| user);
                    let mask = if user_info.contains(':') { ":***" } else { "" };
                    format!("{scheme}://{user}{mask}@{host}{path}")
                }
                None => base.to_owned(),
            }
        }
        None => return "***".to_owned(),
    };
    for (index, parameter) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("password") => {
                text.push_str(name);
                text.push_str("=***");
            }
            _ => text.push_str(parameter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        let table = [
            ("postgres://db.example/shop", "postgres://db.example/shop"),
            ("postgres://ann@db/shop", "postgres://ann@db/shop"),
            (
                "postgres://ann:canary@db:5432/shop",
                "postgres://ann:***@db:5432/shop",
            ),
            ("postgres://ann:can@ary@db/shop", "postgres://ann:***@db/shop"),
            (
                "postgres://db/shop?sslmode=require&password=canary&a=b",
                "postgres://db/shop?sslmode=require&password=***&a=b",
            ),
        ];
        for (input, shown) in table {
            let url: DatabaseUrl = input.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn other_schemes_are_refused_without_repeating_them() {
        for text in [
            "",
            "shop.db",
            "mysql://ann:canary@db/shop",
            "postgres:",
            "sqlite:",
            "sqlite:a?mode=ro",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
        assert_eq!(
            "sqlite:/a/b.db".parse(),
            Ok(DatabaseUrl::Sqlite("/a/b.db".into()))
        );
        assert_eq!(
            "sqlite:///a/b.db".parse(),
            Ok(DatabaseUrl::Sqlite("/a/b.db".into()))
        );
    }
}
