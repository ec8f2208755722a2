//! The TLS *look*: one handshake that accepts any certificate, to find everything that is wrong.
//!
//! A verifying handshake stops at the first error and shows no certificate. This one continues,
//! which is safe because [`look`] owns its connection and never writes to it: no byte follows the
//! handshake. It may reach another machine behind the same address than the connector did.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ssl::{
    ConnectConfiguration, HandshakeError, SslConnector, SslMethod, SslRef, SslVerifyMode,
    SslVersion,
};
use openssl::x509::X509;

use super::authorities;
use super::certificate::{Certificate, Name};
use super::trust;
use crate::clock::Instant;
use crate::fault::VerifyError;
use crate::settings::Trust;
use crate::wait::{Wait, Wake};
use crate::wire::Wire;
use crate::words;

/// How many of the first bytes are kept, to show what answered.
const FIRST: usize = 64;

/// What one look saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    /// `TLSv1.3`; empty if client and server did not agree on a version.
    pub(crate) version: String,
    pub(crate) cipher: String,
    /// The chain as sent, the server's own certificate first.
    pub(crate) chain: Vec<Certificate>,
    /// The digest of the server's own certificate, in hex.
    pub(crate) sha256: String,
    /// Everything that verification found wrong.
    pub(crate) objections: Vec<Objection>,
    /// Why the handshake did not finish, in words.
    pub(crate) error: Option<String>,
    /// The first bytes received, which show what answered if it is not TLS.
    pub(crate) first: Vec<u8>,
}

/// One verification error from OpenSSL: its code, the place in the chain (0 is the server's own
/// certificate), that certificate, if it can be read, and OpenSSL's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    /// `X509_V_ERR_*`.
    pub(crate) code: i32,
    pub(crate) depth: u32,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) text: String,
}

impl Objection {
    pub(crate) fn error(&self) -> VerifyError {
        VerifyError::of(self.code)
    }
}

/// `10 at depth 0: certificate has expired`.
impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at depth {}: {}", self.code, self.depth, self.text)
    }
}

/// Does a handshake over this connection, records what it shows, and hangs up. The certificate is
/// checked for `name`.
pub(crate) fn look(
    wire: Wire,
    name: &str,
    trust: &Trust,
    host: &mut dyn Wait,
    deadline: Instant,
) -> Look {
    let mut look = Look::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let configuration = match configure(trust, Arc::clone(&seen)) {
        Ok(configuration) => configuration,
        Err(e) => return Look { error: Some(format!("cannot set up TLS: {e}")), ..look },
    };
    let mut attempt = configuration.connect(name, wire);
    while let Err(HandshakeError::WouldBlock(mut begun)) = attempt {
        if host.wait(&mut [begun.get_ref().interest()], Some(deadline)) != Wake::Ready {
            look.take(begun.ssl(), begun.get_ref());
            look.error = Some("did not finish in time".to_owned());
            return look;
        }
        begun.get_mut().fill();
        attempt = begun.handshake();
    }
    match attempt {
        Ok(tls) => look.take(tls.ssl(), tls.get_ref()),
        Err(HandshakeError::Failure(tls) | HandshakeError::WouldBlock(tls)) => {
            look.take(tls.ssl(), tls.get_ref());
            look.error = Some(match (tls.error().io_error(), tls.error().ssl_error()) {
                (Some(e), _) => words::reason(e),
                (_, Some(stack)) => reason(stack),
                _ => "closed inside the TLS handshake".to_owned(),
            });
        }
        Err(HandshakeError::SetupFailure(e)) => look.error = Some(reason(&e)),
    }
    look.objections = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    look
}

/// The same TLS settings as the connector's, except that verification records errors and continues.
fn configure(
    trust: &Trust,
    seen: Arc<Mutex<Vec<Objection>>>,
) -> Result<ConnectConfiguration, ErrorStack> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    for place in trust::places_here() {
        let path = Some(place.path.as_path());
        let (file, folder) = if place.is_folder { (None, path) } else { (path, None) };
        // The check of the store reports a place that is missing or damaged.
        let _ = connector.load_verify_locations(file, folder);
    }
    for der in &trust.extra_roots {
        connector.cert_store_mut().add_cert(X509::from_der(der)?)?;
    }
    let mut configuration = connector.build().configure()?;
    configuration.set_verify_callback(SslVerifyMode::PEER, move |is_fine, context| {
        if !is_fine {
            let objection = Objection {
                code: context.error().as_raw(),
                depth: context.error_depth(),
                certificate: context.current_cert().and_then(|c| Certificate::read(c).ok()),
                text: context.error().error_string().to_owned(),
            };
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            if !seen.contains(&objection) {
                seen.push(objection);
            }
        }
        true
    });
    Ok(configuration)
}

impl Look {
    /// Records what the handshake has shown, finished or not.
    fn take(&mut self, tls: &SslRef, wire: &Wire) {
        let first = wire.first_bytes();
        self.first = first[..first.len().min(FIRST)].to_vec();
        let chain = tls.peer_cert_chain();
        self.chain =
            chain.into_iter().flatten().filter_map(|c| Certificate::read(c).ok()).collect();
        if let Some(leaf) = chain.and_then(|chain| chain.get(0))
            && let Ok(digest) = leaf.digest(MessageDigest::sha256())
        {
            self.sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        if let Some(cipher) = tls.current_cipher() {
            (self.version, self.cipher) = (tls.version_str().to_owned(), cipher.name().to_owned());
        }
    }

    /// The issuer of the last certificate that was sent.
    pub(crate) fn authority(&self) -> Option<&Name> {
        self.chain.last().map(|last| &last.issuer)
    }

    /// Whether the chain ends at something other than a public authority. For 8x8's hosts that
    /// means inspection, even if this machine is configured to trust it.
    pub(crate) fn is_private(&self) -> bool {
        self.authority().is_some_and(|name| !authorities::is_public(&name.to_string()))
    }

    pub(super) fn has(&self, errors: &[VerifyError]) -> bool {
        self.objections.iter().any(|objection| errors.contains(&objection.error()))
    }
}

/// OpenSSL's own words, without its numbers.
fn reason(stack: &ErrorStack) -> String {
    let first = stack.errors().first().and_then(openssl::error::Error::reason);
    first.unwrap_or("TLS handshake failed").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::judge::{Here, judge};
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use jiff::Timestamp;
    use openssl::ssl::SslAcceptor;

    use super::*;
    use crate::testing::ca::{Ca, Identity, Leaf, SignedBy};
    use crate::wait::Signals;

    /// Looks at a server with this certificate, which then hears no byte more.
    fn looked_at(identity: &Identity, host: &str, with_root: bool) -> Look {
        let mut acceptor =
            SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).expect("TLS");
        acceptor.set_security_level(0);
        acceptor.set_private_key(&identity.key).expect("set");
        acceptor.set_certificate(&identity.cert).expect("set");
        for cert in &identity.chain {
            acceptor.add_extra_chain_cert(cert.clone()).expect("set");
        }
        let acceptor = acceptor.build();
        seen_by(
            move |socket| {
                if let Ok(mut tls) = acceptor.accept(socket) {
                    let mut more = Vec::new();
                    let _ = tls.read_to_end(&mut more);
                    assert_eq!(more, b"", "nothing may follow the handshake");
                }
            },
            host,
            with_root,
        )
    }

    fn seen_by(
        serve: impl FnOnce(TcpStream) + Send + 'static,
        host: &str,
        with_root: bool,
    ) -> Look {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = thread::spawn(move || serve(listener.accept().expect("accepted").0));
        let root = Ca::shared().root().to_der().expect("DER");
        let trust =
            Trust { extra_roots: Vec::from_iter(with_root.then_some(root)), insecure: false };
        let socket = TcpStream::connect(address).expect("connected");
        socket.set_nonblocking(true).expect("set");
        let mut signals = Signals::take_over().expect("signals");
        let deadline = Instant::now() + Duration::from_secs(60);
        let look = look(Wire::new(socket), host, &trust, &mut signals, deadline);
        server.join().expect("the server's own checks");
        look
    }

    fn here() -> Here {
        let now = Timestamp::now();
        Here { now, built: Timestamp::UNIX_EPOCH, proxy_date: None, roots: 1 }
    }

    fn codes(look: &Look, host: &str, here: &Here) -> Vec<&'static str> {
        judge(look, host, here).iter().map(|verdict| verdict.case.row().code).collect()
    }

    #[test]
    fn each_kind_of_certificate_is_judged_by_what_is_wrong_with_it() {
        let unknown = |root_sent| Leaf::signed_by(SignedBy::UnknownCa { root_sent });
        let other = Leaf::named(&["a.example", "192.0.2.1"]);
        let both =
            Leaf { from_days: -9, to_days: -2, signed_by: SignedBy::Itself, ..other.clone() };
        let cases: &[(Leaf, &[&str], &str)] = &[
            (Leaf::default(), &[], ""),
            (Leaf::signed_by(SignedBy::Intermediate { sent: true }), &[], ""),
            (Leaf::signed_by(SignedBy::Itself), &["tls.untrusted"], "self-signed"),
            (unknown(true), &["tls.intercepted"], "by \"ACME TLS Inspection CA\""),
            (unknown(false), &["tls.intercepted"], "by \"ACME TLS Inspection CA\""),
            (Leaf::expired(), &["tls.expired"], "expired on 2"),
            (Leaf::not_yet_valid(), &["tls.not_yet_valid"], "not valid before 2"),
            (other, &["tls.name"], "not for localhost but for a.example, 192.0.2.1"),
            (Leaf::weak(), &["tls.weak"], "key too weak"),
            (both, &["tls.untrusted", "tls.name", "tls.expired"], "self-signed"),
        ];
        for (leaf, expected, words) in cases {
            let look = looked_at(&Ca::shared().issue(leaf), "localhost", true);
            let verdicts = judge(&look, "localhost", &here());
            assert_eq!(codes(&look, "localhost", &here()), *expected, "{leaf:?} {look:#?}");
            assert!(verdicts.iter().take(1).all(|v| v.reason.contains(words)), "{verdicts:?}");
            assert_eq!((look.error.as_deref(), look.sha256.len()), (None, 64), "{look:?}");
        }
    }

    #[test]
    fn the_look_tells_version_chain_and_names() {
        let leaf = Leaf::signed_by(SignedBy::Intermediate { sent: true });
        let identity = Ca::shared().issue(&leaf);
        let look = looked_at(&identity, "127.0.0.1", true);
        assert_eq!(
            (look.version.as_str(), look.chain.len(), &look.objections),
            ("TLSv1.3", 2, &vec![])
        );
        assert!(look.cipher.starts_with("TLS_AES_"), "{}", look.cipher);
        let first = &look.chain[0];
        assert_eq!(first.names, ["localhost", "127.0.0.1", "127.0.0.2", "::1", "*.8x8.test"]);
        assert_eq!(first.subject.to_string(), "localhost");
        assert_eq!(first.issuer.to_string(), "Tail8x8 Test Intermediate");
        assert!(!first.self_issued && first.has_issuer_url && look.is_private());
        let days = first.not_after.duration_since(first.not_before).as_hours() / 24;
        assert_eq!(days, 31);
        let off = first.not_before.duration_since(Timestamp::now()).as_secs() + 86_400;
        assert!(off.abs() < 600, "{off}");
    }

    #[test]
    fn a_missing_intermediate_is_told_by_where_its_issuer_can_be_had() {
        let leaf = Leaf::signed_by(SignedBy::Intermediate { sent: false });
        let look = looked_at(&Ca::shared().issue(&leaf), "localhost", true);
        assert!(look.chain[0].has_issuer_url);
        assert_eq!(codes(&look, "localhost", &here()), ["tls.missing_intermediate"], "{look:#?}");
        let empty = Here { roots: 0, ..here() };
        assert_eq!(codes(&look, "localhost", &empty), ["tls.empty_store"]);
    }

    #[test]
    fn what_is_no_tls_is_kept_as_evidence() {
        let greets = |greeting: &'static [u8]| {
            seen_by(move |mut socket| socket.write_all(greeting).expect("sent"), "localhost", false)
        };
        let look = greets(b"220 mail.example ESMTP\r\n");
        assert!(look.error.is_some() && look.first.starts_with(b"220 m"), "{look:?}");
        assert_eq!((look.chain.len(), codes(&look, "localhost", &here()).len()), (0, 0));
        let look = seen_by(|mut socket| drop(socket.read(&mut [0; 4096])), "localhost", false);
        assert_eq!(look.error.as_deref(), Some("closed inside the TLS handshake"));
    }
}
