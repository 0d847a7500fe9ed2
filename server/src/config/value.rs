//! Values with a grammar, parsed once.

use super::setting::DEFAULT_ADDR;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// Who may use the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One user on this machine, signed in by a one-time link.
    Local,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// The word of the setting.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("it must be text or json".to_owned()),
        }
    }
}

/// An origin as browsers send it: scheme, host and port, nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin as text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it must be an origin such as https://ops.example.com:8443, without a path".to_owned();
        let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
        let known = ["http", "https", "tauri"].contains(&scheme);
        if !known || text.contains('*') || AllowedHost::from_str(authority).is_err() {
            return Err(wrong());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name under which the server may be reached, at one port or at any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// In lower case; an IPv6 address in brackets.
    pub name: String,
    /// `None` for any.
    pub port: Option<u16>,
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it must be a host name or address, with :PORT or without".to_owned();
        let authority: http::uri::Authority = text.parse().map_err(|_| wrong())?;
        let has_port = authority.as_str().len() > authority.host().len();
        let port = authority.port_u16();
        if authority.host().is_empty() || authority.as_str().contains('@') || has_port != port.is_some() {
            return Err(wrong());
        }
        Ok(Self {
            name: authority.host().to_ascii_lowercase(),
            port,
        })
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The address to listen on. `localhost` is taken as 127.0.0.1, so that the answer does not depend on a resolver.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let wrong = || format!("it must be an IP address and a port, such as {DEFAULT_ADDR}");
    match text.strip_prefix("localhost:") {
        Some(port) => Ok((Ipv4Addr::LOCALHOST, port.parse().map_err(|_| wrong())?).into()),
        None => text.parse().map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        for text in [
            "https://ops.example.com",
            "http://localhost:3000",
            "tauri://localhost",
            "http://[::1]:80",
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), text);
        }
        for text in [
            "*",
            "https://*.example.com",
            "https://a/b",
            "ops.example.com",
            "https://",
            "file://x",
            "null",
            "https://a@b",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_have_an_optional_port() {
        let host: AllowedHost = "Ops.Example.com:8443".parse().unwrap();
        assert_eq!((host.name.as_str(), host.port), ("ops.example.com", Some(8443)));
        let host: AllowedHost = "[::1]".parse().unwrap();
        assert_eq!((host.name.as_str(), host.port), ("[::1]", None));
        for text in ["", "a b", "user@host", "host:", "host:99999", "http://host"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }

    #[test]
    fn localhost_is_an_address() {
        assert_eq!(address("localhost:0").unwrap().to_string(), "127.0.0.1:0");
        assert!(address("8190").is_err());
        assert!(address("example.com:80").is_err());
    }
}
