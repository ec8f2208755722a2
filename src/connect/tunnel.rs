//! HTTP CONNECT: asks the proxy for a tunnel to the server (RFC 9110 section 9.3.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::{self, BadHead};
use super::wire::Wire;
use super::{Evidence, Halt, StepContext};
use crate::fault::Fault;
use crate::values::proxy::Proxy;

/// A proxy's answer is a few hundred bytes; a page of many kilobytes is none.
const HEAD_LIMIT: usize = 16 * 1024;

/// Asks for a tunnel to `server`. After it the wire belongs to the server.
pub(super) fn tunnel(
    wire: &mut Wire,
    proxy: &Proxy,
    server: &str,
    on: &mut StepContext<'_>,
) -> Result<(), Halt> {
    let login = match &proxy.login {
        Some(login) => {
            format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(login.expose()))
        }
        None => String::new(),
    };
    let request = format!(
        "CONNECT {server} HTTP/1.1\r\nHost: {server}\r\nUser-Agent: {}\r\n{login}\r\n",
        http::USER_AGENT
    );
    let closed = |e: &std::io::Error, on: &StepContext<'_>| {
        on.broken(e, Fault::ProxyClosed, Fault::ProxyClosed)
    };
    on.send(wire, request.as_bytes())?.map_err(|e| closed(&e, on))?;
    let answer = match http::head(wire, HEAD_LIMIT, on)? {
        Ok(answer) => answer,
        Err(BadHead::Io(e)) => return Err(closed(&e, on)),
        Err(BadHead::NotHttp(cause)) => return Err(on.failure(Fault::NotAProxy, cause).into()),
    };
    on.saw(Evidence::Response(&answer));
    let problem = match answer.status {
        200..=299 => {
            wire.forget_first_bytes();
            return Ok(());
        }
        403 => Fault::ProxyForbidden,
        407 => Fault::ProxyLogin,
        500..=599 => Fault::ProxyTarget,
        _ => Fault::NotAProxy,
    };
    let mut cause = answer.status_line();
    for name in ["X-Squid-Error", "Location", "Proxy-Authenticate"] {
        let values: Vec<&str> = answer.headers(name).collect();
        if !values.is_empty() {
            cause = format!("{cause} ({name}: {})", values.join(", "));
        }
    }
    let mut failure = on.failure(problem, cause);
    let takes_basic = answer
        .headers("Proxy-Authenticate")
        .any(|scheme| scheme.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")));
    if problem == Fault::ProxyLogin && !takes_basic {
        failure = failure.hint("this proxy does not offer Basic, the only login that is supported: run a local relay that logs in for you, and give that as the proxy");
    } else if problem == Fault::ProxyLogin && proxy.login.is_some() {
        failure = failure.hint("the proxy does not accept this login: check user and password in the proxy URL; only Basic is supported");
    }
    Err(failure.into())
}
