//! What keeps a cluster from being connected: a category, what happened, and what to do next, in plain words.

use std::error::Error;
use std::io;

use model::cluster::{ConnectionProblem, KindProblem, StatusReason};
use rustls::CertificateError;

use crate::client::ConnectError;
use crate::exec::harmless;
use crate::kubeconfig::{Authority, Context, ContextProblem};

/// What to do about a denial.
const FORBIDDEN: &str = "Ask the cluster's administrator for a role that may list and watch, such as `view`.";

/// The reason for the user, from an error of the connection to a context.
pub(crate) fn reason(error: &ConnectError, context: &Context) -> StatusReason {
    use ConnectionProblem as P;
    let (code, message) = told(error);
    let next = match (error, code) {
        (ConnectError::Send { proxy: Some(_), .. }, P::Dns | P::Refused | P::Timeout) => {
            "Check proxy-url in the kubeconfig, that the proxy is running, and that it may connect to the server."
                .to_owned()
        }
        (_, P::Tls) if matches!(context.authority, Authority::System) => {
            "The kubeconfig names no authority, so those of this machine are believed: set certificate-authority-data, and check the host name."
                .to_owned()
        }
        _ => next(code, context),
    };
    StatusReason { code, message, next }
}

/// What happened, in words.
pub(crate) fn message(error: &ConnectError) -> String {
    told(error).1
}

fn told(error: &ConnectError) -> (ConnectionProblem, String) {
    use ConnectionProblem as P;
    match error {
        ConnectError::Exec(error) => (P::ExecPlugin, error.to_string()),
        ConnectError::Read { .. } => (P::Kubeconfig, error.to_string()),
        ConnectError::Build { server, source } => {
            let cause = harmless(&root(source).to_string());
            (
                P::Kubeconfig,
                format!("The context cannot be used for {server}: {cause}"),
            )
        }
        ConnectError::Send {
            server,
            proxy: Some(proxy),
            source,
        } => broken(server, &format!("the proxy {proxy}"), source),
        ConnectError::Send { server, source, .. } | ConnectError::Body { server, source } => {
            broken(server, server, source)
        }
        ConnectError::TimedOut { server, after } => (
            P::Timeout,
            format!("{server} did not answer within {} s", after.as_secs()),
        ),
        ConnectError::Status {
            server,
            status,
            message,
        } => match status {
            401 => (
                P::Unauthorized,
                format!("{server} does not accept the credentials (401): {message}"),
            ),
            403 => (P::Forbidden, format!("{server} denies access (403): {message}")),
            _ => (P::Other, format!("{server} answered {status}: {message}")),
        },
        ConnectError::NotKubernetes { .. } => (P::NotKubernetes, error.to_string()),
    }
}

/// The reason for the user, from a context that cannot be used.
pub(crate) fn kubeconfig_reason(problem: &ContextProblem) -> StatusReason {
    StatusReason {
        code: ConnectionProblem::Kubeconfig,
        message: problem.to_string(),
        next: problem.next(),
    }
}

/// The reason for a user who may list nothing, from the first kind that was denied.
pub(crate) fn forbidden(problem: &KindProblem) -> StatusReason {
    StatusReason {
        code: ConnectionProblem::Forbidden,
        message: format!(
            "every kind is denied to this user; for instance: {}",
            problem.message
        ),
        next: FORBIDDEN.to_owned(),
    }
}

fn next(code: ConnectionProblem, context: &Context) -> String {
    let name = &context.name;
    use ConnectionProblem as P;
    match code {
        P::Kubeconfig => format!("Correct the context `{name}` in the kubeconfig; the change is seen at once."),
        P::Dns => "Check the host in the kubeconfig's server URL, and that you are on the network (VPN) that knows it."
            .to_owned(),
        P::Refused => "Check that the cluster is running, and the port in the kubeconfig's server URL.".to_owned(),
        P::Tls => "Check certificate-authority-data and the host name in the kubeconfig; a cluster that was made anew has a new authority."
            .to_owned(),
        P::Unauthorized => format!("Sign in again for the context `{name}`; the new credentials are seen at once."),
        P::Forbidden => FORBIDDEN.to_owned(),
        P::Timeout => "Check VPN, firewall and proxy between this machine and the API server.".to_owned(),
        P::ExecPlugin => format!(
            "Run `{} get --raw /version` in a terminal to see what the plugin says.",
            context.kubectl()
        ),
        P::NotKubernetes => {
            "Check the kubeconfig's server URL: scheme, host, port and path must be those of an API server.".to_owned()
        }
        P::Other => "It is tried again by itself; the server's log has more.".to_owned(),
    }
}

/// Why a connection broke, from the errors below it. `first` is what is connected to first: the server, or a proxy.
fn broken(server: &str, first: &str, error: &kube::Error) -> (ConnectionProblem, String) {
    use ConnectionProblem as P;
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = at {
        if let Some(found) = here(server, first, error) {
            return found;
        }
        at = error.source();
    }
    let cause = harmless(&root(error).to_string());
    (P::Other, format!("{server} cannot be reached: {cause}"))
}

fn here(server: &str, first: &str, error: &(dyn Error + 'static)) -> Option<(ConnectionProblem, String)> {
    use ConnectionProblem as P;
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls(server, error));
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        // It has no name for a server that speaks before it is asked.
        if error.is_parse() || error.to_string() == "received unexpected message from connection" {
            return Some((P::NotKubernetes, format!("{server} does not speak HTTP")));
        }
        if error.is_incomplete_message() {
            return Some((
                P::Refused,
                format!("{server} closed the connection without an answer"),
            ));
        }
    }
    // hyper-util's connector keeps its error type to itself; this is its text.
    if error.to_string() == "dns error" {
        let host = first
            .rsplit(' ')
            .next()
            .and_then(|url| http::Uri::try_from(url).ok());
        let host = host.as_ref().and_then(|uri| uri.host()).unwrap_or(first);
        let whose = if first == server { "" } else { " of the proxy" };
        return Some((P::Dns, format!("the host name `{host}`{whose} does not resolve")));
    }
    // So are those of its proxies; the first goes on with what is below it.
    let text = error.to_string();
    let tunnel = text
        .strip_prefix("tunnel error: ")
        .or_else(|| text.strip_prefix("SOCKS error: "));
    if let Some(why) = tunnel.filter(|_| error.source().is_none()) {
        let message = match why {
            "failed to create underlying connection" => format!("{first} cannot be connected to"),
            why => format!("{first} does not connect to {server}: {}", harmless(why)),
        };
        return Some((P::Refused, message));
    }
    let error = error.downcast_ref::<io::Error>()?;
    // An io::Error hides the error that it was made from: `source` is already the one below that.
    if let Some(inner) = error.get_ref()
        && let Some(found) = here(server, first, inner)
    {
        return Some(found);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some((
            P::Refused,
            format!("{first} refuses the connection: nothing listens there"),
        )),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some((P::Refused, format!("there is no route to {first}")))
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            Some((P::Refused, format!("{server} broke the connection off")))
        }
        io::ErrorKind::UnexpectedEof => Some((
            P::Refused,
            format!("{server} closed the connection without an answer"),
        )),
        io::ErrorKind::TimedOut => Some((P::Timeout, format!("{server} did not answer in time"))),
        _ => None,
    }
}

fn tls(server: &str, error: &rustls::Error) -> (ConnectionProblem, String) {
    use ConnectionProblem as P;
    let why = match error {
        rustls::Error::InvalidMessage(_) => {
            return (
                P::NotKubernetes,
                format!("{server} does not speak TLS; is it an http:// address?"),
            );
        }
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; compare the clocks".to_owned()
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate is not signed by an authority that is believed".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another host name".to_owned()
            }
            other => format!(
                "its certificate is not accepted: {}",
                harmless(&other.to_string())
            ),
        },
        rustls::Error::AlertReceived(alert) => format!("it ended the handshake with {alert:?}"),
        other => harmless(&other.to_string()),
    };
    (P::Tls, format!("no secure connection to {server}: {why}"))
}

fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut at = error;
    while let Some(below) = at.source() {
        at = below;
    }
    at
}

#[cfg(test)]
mod tests;
