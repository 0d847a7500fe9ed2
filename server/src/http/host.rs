//! Under which names the server answers. A page of a foreign name that was made to resolve to us (DNS rebinding) sends
//! that name as its Host, and is refused.

use super::problem::Problem;
use crate::config::{AllowedHost, Listen};
use axum::extract::Request;
use http::header;
use http::uri::Authority;
use model::ErrorCode;

/// The names that are answered.
#[derive(Clone, Debug)]
pub struct Hosts {
    allowed: Vec<AllowedHost>,
}

impl Hosts {
    /// The loopback names, the address that is listened on, and what was allowed. Loopback names are good at any port:
    /// a forwarded port changes it, and no foreign page can have such a name.
    pub fn new(listen: &Listen) -> Self {
        let ip = listen.addr.ip();
        let own = if ip.is_ipv6() {
            format!("[{ip}]")
        } else {
            ip.to_string()
        };
        let names = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into_iter();
        let names = names.chain((!ip.is_unspecified()).then_some(own));
        let allowed = names.map(|name| AllowedHost { name, port: None });
        Self {
            allowed: allowed.chain(listen.allowed_hosts.iter().cloned()).collect(),
        }
    }

    /// The authority that a request is for, if it is one of ours.
    pub fn check(&self, request: &Request) -> Result<Authority, Problem> {
        let header = request.headers().get_all(header::HOST);
        let mut named = header
            .iter()
            .map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
        let from_uri = request.uri().authority().cloned();
        let authority: Option<Authority> = match (from_uri, named.next(), named.next()) {
            (_, _, Some(_)) => None,
            (Some(uri), Some(header), None) => header.filter(|header| *header == uri),
            (Some(uri), None, None) => Some(uri),
            (None, header, None) => header.flatten(),
        };
        authority.filter(|authority| self.allows(authority)).ok_or_else(|| {
            Problem::new(
                ErrorCode::HostRefused,
                "this server does not answer under that host name; whoever runs it can allow the name with \
                 `--allowed-host`",
            )
        })
    }

    fn allows(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        self.allowed.iter().any(|allowed| {
            allowed.name.eq_ignore_ascii_case(authority.host())
                && allowed.port.is_none_or(|port| authority.port_u16() == Some(port))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;
    use axum::body::Body;

    #[test]
    fn only_our_own_names_are_answered() {
        let hosts = Hosts::new(&Listen {
            addr: "192.0.2.7:8190".parse().unwrap(),
            mode: Mode::Local,
            allowed_origins: Vec::new(),
            allowed_hosts: vec![
                "ops.example.com:8443".parse().unwrap(),
                "any.example.com".parse().unwrap(),
            ],
        });
        let good = |names: &[&str]| {
            let mut request = Request::builder().uri("/");
            for name in names {
                request = request.header("host", *name);
            }
            hosts.check(&request.body(Body::empty()).unwrap()).is_ok()
        };
        for name in [
            "localhost:8190",
            "LocalHost",
            "127.0.0.1:9000",
            "[::1]:8190",
            "192.0.2.7:8190",
            "ops.example.com:8443",
            "any.example.com:1",
        ] {
            assert!(good(&[name]), "{name}");
        }
        for name in [
            "evil.example.com",
            "localhost.evil.example.com",
            "127.0.0.1.evil.example.com:8190",
            "ops.example.com",
            "ops.example.com:80",
            "x@localhost:8190",
            "localhost:8190/x",
            "",
        ] {
            assert!(!good(&[name]), "{name}");
        }
        assert!(!good(&[]));
        assert!(!good(&["localhost", "localhost"]));
    }
}
