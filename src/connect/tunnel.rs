//! HTTP CONNECT: asks the proxy for a tunnel to the server (RFC 9110 section 9.3.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::halt::Halt;
use super::http::{self, BadHead};
use super::observation::Observation;
use super::response::Response;
use super::step::StepContext;
use crate::fault::Fault;
use crate::secret::{Gate, Secret};
use crate::values::proxy::Proxy;
use crate::wire::Wire;

/// A proxy's answer has a few hundred bytes; many kilobytes are not one.
const HEAD_LIMIT: usize = 16 * 1024;

/// Asks for a tunnel to `server`. Afterwards the wire leads to the server.
pub(super) fn tunnel(
    wire: &mut Wire,
    proxy: &Proxy,
    server: &str,
    on: &mut StepContext<'_>,
) -> Result<(), Halt> {
    let request = request(server, proxy.login.as_ref());
    let closed = |e: &std::io::Error, on: &StepContext<'_>| {
        on.broken(e, Fault::ProxyClosed, Fault::ProxyClosed)
    };
    on.send(wire, request.expose().as_bytes())?.map_err(|e| closed(&e, on))?;
    let mut answer = match http::head(wire, HEAD_LIMIT, on)? {
        Ok(answer) => answer,
        Err(BadHead::Io(e)) => return Err(closed(&e, on)),
        Err(BadHead::NotHttp(cause)) => return Err(on.failure(Fault::NotAProxy, cause).into()),
    };
    if let Some(login) = &proxy.login {
        // A proxy may echo it.
        answer.remove(&Gate::of_login(login));
    }
    on.saw(Observation::Response(&answer));
    let fault = match answer.status {
        200..=299 => {
            wire.forget_first_bytes();
            return Ok(());
        }
        403 => Fault::ProxyForbidden,
        407 if !takes_basic(&answer) => Fault::ProxyNoBasic,
        407 if proxy.login.is_some() => Fault::ProxyLoginRejected,
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
    Err(on.failure(fault, cause).into())
}

fn request(server: &str, login: Option<&Secret>) -> Secret {
    let agent = http::USER_AGENT;
    let head = format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\nUser-Agent: {agent}\r\n");
    let basic = login.map(|login| Secret::new(STANDARD.encode(login.expose())));
    match basic.as_ref().map(Secret::expose) {
        Some(basic) => Secret::of(&[&head, "Proxy-Authorization: Basic ", basic, "\r\n\r\n"]),
        None => Secret::of(&[&head, "\r\n"]),
    }
}

/// Whether the proxy offers Basic, the only kind of login that is supported. One header may offer
/// several, separated by commas, as are their parameters (RFC 9110 section 11.6.1).
fn takes_basic(answer: &Response) -> bool {
    answer.headers("Proxy-Authenticate").any(|offers| {
        let mut is_quoted = false;
        let mut parts = offers.split(|c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        parts.any(|part| {
            part.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("basic"))
        })
    })
}
