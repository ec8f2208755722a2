//! A certificate authority made up for one run of the tests, and every way in which a certificate
//! can be wrong. Serving the certificates is the service's business.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::Trial;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Extension, X509Name, X509NameBuilder};

use super::scratch::Scratch;

/// What a server certificate says and who vouches for it. The default one is good:
/// `localhost`, `127.0.0.1`, `::1` and `*.8x8.test`, valid now, signed by the CA itself.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// DNS names and IP addresses; the first is the common name too.
    pub names: Vec<String>,
    /// Valid from this many days from now (negative: in the past) …
    pub from_days: i64,
    /// … to this many.
    pub to_days: i64,
    pub signed_by: SignedBy,
    pub key: KeyKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The CA whose root the program is told to trust.
    Ca,
    /// Nobody: self-signed.
    Itself,
    /// A CA nobody was told about, as an intercepting proxy has it; its root sent along or not.
    UnknownCa { root_sent: bool },
    /// A root of ours that has expired itself; only the certificate is sent.
    ExpiredRoot,
    /// An intermediate of the CA, sent along or forgotten; the certificate says where it can be had.
    Intermediate { sent: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    P256,
    /// Too weak for OpenSSL's default security level.
    Rsa1024,
}

impl Default for Leaf {
    fn default() -> Leaf {
        let names = ["localhost", "127.0.0.1", "127.0.0.2", "::1", "*.8x8.test"];
        Leaf {
            names: names.map(String::from).to_vec(),
            from_days: -1,
            to_days: 30,
            signed_by: SignedBy::Ca,
            key: KeyKind::P256,
        }
    }
}

impl Leaf {
    pub fn expired() -> Leaf {
        Leaf { from_days: -30, to_days: -2, ..Leaf::default() }
    }

    pub fn not_yet_valid() -> Leaf {
        Leaf { from_days: 2, to_days: 30, ..Leaf::default() }
    }

    pub fn named(names: &[&str]) -> Leaf {
        Leaf { names: names.iter().map(ToString::to_string).collect(), ..Leaf::default() }
    }

    pub fn signed_by(signed_by: SignedBy) -> Leaf {
        Leaf { signed_by, ..Leaf::default() }
    }

    pub fn weak() -> Leaf {
        Leaf { key: KeyKind::Rsa1024, ..Leaf::default() }
    }
}

/// A certificate with its key and the chain as a server sends it.
#[derive(Clone, Debug)]
pub struct Identity {
    pub key: PKey<Private>,
    pub cert: X509,
    /// What is sent after the certificate.
    pub chain: Vec<X509>,
}

impl Identity {
    pub fn cert_chain_pem(&self) -> Vec<u8> {
        let certs = std::iter::once(&self.cert).chain(&self.chain);
        certs.flat_map(|cert| cert.to_pem().unwrap()).collect()
    }

    pub fn key_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().unwrap()
    }

    /// Writes `cert.pem` (with its chain) and `key.pem` (mode 0600) into `dir`.
    pub fn write_to(&self, dir: &Path) -> (PathBuf, PathBuf) {
        let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        fs::write(&cert, self.cert_chain_pem()).unwrap();
        let mut private = fs::OpenOptions::new();
        private.create(true).truncate(true).write(true).mode(0o600);
        std::io::Write::write_all(&mut private.open(&key).unwrap(), &self.key_pem()).unwrap();
        (cert, key)
    }
}

/// The authority: a trusted root, an intermediate of it, and a root nobody was told about.
#[derive(Debug)]
pub struct Ca {
    root: Authority,
    intermediate: Authority,
    unknown: Authority,
    expired: Authority,
    folder: PathBuf,
}

#[derive(Debug)]
struct Authority {
    cert: X509,
    key: PKey<Private>,
}

impl Ca {
    /// The one of this process; its folder goes with [`super::end`].
    pub fn shared() -> &'static Ca {
        static CA: OnceLock<Ca> = OnceLock::new();
        CA.get_or_init(|| {
            let scratch = Scratch::new("ca");
            let ca = Ca::new(scratch.path());
            super::at_exit(move || drop(scratch));
            ca
        })
    }

    fn new(folder: &Path) -> Ca {
        let root = Authority::new("Tail8x8 Test Root", None, -60..60);
        let intermediate = Authority::new("Tail8x8 Test Intermediate", Some(&root), -60..60);
        let unknown = Authority::new("ACME TLS Inspection CA", None, -60..60);
        let expired = Authority::new("Tail8x8 Test Root of old", None, -60..-2);
        for (name, authority) in
            [("intermediate.pem", &intermediate), ("expired-root.pem", &expired)]
        {
            fs::write(folder.join(name), authority.cert.to_pem().unwrap()).unwrap();
        }
        fs::write(folder.join("root.pem"), root.cert.to_pem().unwrap()).unwrap();
        fs::write(folder.join("unknown-root.pem"), unknown.cert.to_pem().unwrap()).unwrap();
        Ca { root, intermediate, unknown, expired, folder: folder.to_owned() }
    }

    /// What `--ca-file` gets.
    pub fn root_pem(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// The root behind [`SignedBy::UnknownCa`].
    pub fn unknown_root_pem(&self) -> PathBuf {
        self.folder.join("unknown-root.pem")
    }

    /// The authority between the root and a [`SignedBy::Intermediate`], without the root.
    pub fn intermediate_pem(&self) -> PathBuf {
        self.folder.join("intermediate.pem")
    }

    /// The root of a [`SignedBy::ExpiredRoot`].
    pub fn expired_root_pem(&self) -> PathBuf {
        self.folder.join("expired-root.pem")
    }

    pub fn root(&self) -> &X509 {
        &self.root.cert
    }

    pub fn issue(&self, leaf: &Leaf) -> Identity {
        let key = match leaf.key {
            KeyKind::P256 => p256(),
            KeyKind::Rsa1024 => PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap(),
        };
        let (issuer, chain) = match leaf.signed_by {
            SignedBy::Ca => (Some(&self.root), vec![]),
            SignedBy::Itself => (None, vec![]),
            SignedBy::ExpiredRoot => (Some(&self.expired), vec![]),
            SignedBy::UnknownCa { root_sent } => {
                (Some(&self.unknown), Vec::from_iter(root_sent.then(|| self.unknown.cert.clone())))
            }
            SignedBy::Intermediate { sent } => (
                Some(&self.intermediate),
                Vec::from_iter(sent.then(|| self.intermediate.cert.clone())),
            ),
        };
        let subject = name(&leaf.names[0]);
        let mut cert = certificate(&subject, &key, issuer, leaf.from_days..leaf.to_days);
        let mut names = SubjectAlternativeName::new();
        for name in &leaf.names {
            match name.parse::<std::net::IpAddr>() {
                Ok(_) => names.ip(name),
                Err(_) => names.dns(name),
            };
        }
        let issuer_cert = issuer.map(|issuer| &*issuer.cert);
        let names = names.build(&cert.x509v3_context(issuer_cert, None)).unwrap();
        cert.append_extension(names).unwrap();
        if let SignedBy::Intermediate { .. } = leaf.signed_by {
            cert.append_extension(issuer_url()).unwrap();
        }
        cert.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256()).unwrap();
        Identity { cert: cert.build(), key, chain }
    }
}

impl Authority {
    fn new(common_name: &str, issuer: Option<&Authority>, days: std::ops::Range<i64>) -> Authority {
        let key = p256();
        let mut cert = certificate(&name(common_name), &key, issuer, days);
        cert.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        let usage = KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap();
        cert.append_extension(usage).unwrap();
        cert.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256()).unwrap();
        Authority { cert: cert.build(), key }
    }
}

/// Everything but extensions and signature.
fn certificate(
    subject: &X509Name,
    key: &PKey<Private>,
    issuer: Option<&Authority>,
    days: std::ops::Range<i64>,
) -> openssl::x509::X509Builder {
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::MAYBE_ZERO, false).unwrap();
    let mut cert = X509::builder().unwrap();
    cert.set_version(2).unwrap();
    cert.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    cert.set_subject_name(subject).unwrap();
    cert.set_issuer_name(issuer.map_or(subject, |issuer| issuer.cert.subject_name())).unwrap();
    cert.set_pubkey(key).unwrap();
    cert.set_not_before(&in_days(days.start)).unwrap();
    cert.set_not_after(&in_days(days.end)).unwrap();
    cert
}

/// Where the issuer's certificate can be had, as public authorities tell it. Nobody answers there.
#[allow(deprecated)] // the crate has no other way to make this extension
fn issuer_url() -> X509Extension {
    let value = "caIssuers;URI:http://ca.8x8.test/intermediate.der";
    X509Extension::new_nid(None, None, Nid::INFO_ACCESS, value).unwrap()
}

fn in_days(days: i64) -> Asn1Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    Asn1Time::from_unix(now + days * 86_400).unwrap()
}

fn name(common_name: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", common_name).unwrap();
    name.build()
}

fn p256() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub fn selftests() -> Vec<Trial> {
    vec![Trial::test("support::ca: each kind of certificate verifies as it should", || {
        use openssl::stack::Stack;
        use openssl::x509::{X509StoreContext, store::X509StoreBuilder};
        let ca = Ca::shared();
        let verdict = |leaf: &Leaf| {
            let identity = ca.issue(leaf);
            let mut roots = X509StoreBuilder::new().unwrap();
            roots.add_cert(ca.root().clone()).unwrap();
            let mut sent = Stack::new().unwrap();
            identity.chain.iter().for_each(|cert| sent.push(cert.clone()).unwrap());
            let mut context = X509StoreContext::new().unwrap();
            let verify = |context: &mut openssl::x509::X509StoreContextRef| {
                context.verify_cert()?;
                Ok(context.error().as_raw())
            };
            context.init(&roots.build(), &identity.cert, &sent, verify).unwrap()
        };
        assert_eq!(verdict(&Leaf::default()), 0);
        assert_eq!(verdict(&Leaf::expired()), 10);
        assert_eq!(verdict(&Leaf::not_yet_valid()), 9);
        assert_eq!(verdict(&Leaf::signed_by(SignedBy::Itself)), 18);
        assert_eq!(verdict(&Leaf::signed_by(SignedBy::UnknownCa { root_sent: true })), 19);
        assert_eq!(verdict(&Leaf::signed_by(SignedBy::UnknownCa { root_sent: false })), 20);
        assert_eq!(verdict(&Leaf::signed_by(SignedBy::Intermediate { sent: true })), 0);
        assert_eq!(verdict(&Leaf::signed_by(SignedBy::Intermediate { sent: false })), 20);
        Ok(())
    })]
}
