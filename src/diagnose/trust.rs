//! The system's root certificates as evidence: where OpenSSL looks for them, and what it finds
//! there.
//!
//! The places are those that native-tls, and so the connector, uses: OpenSSL's own defaults and
//! those that openssl-probe finds, since the defaults are wrong if OpenSSL was built elsewhere.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use openssl::hash::MessageDigest;
use openssl::x509::X509;
use openssl_probe::ProbeResult;

use super::case::Case;
use crate::fault::Fault;
use crate::settings::Environment;
use crate::words;

const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const FOLDER_VARIABLE: &str = "SSL_CERT_DIR";
const OPENSSL: &str = "OpenSSL's default";
const SYSTEM: &str = "system";

/// A file or folder that OpenSSL reads root certificates from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// It is a folder, whose files are named by the hashes of their subjects.
    pub(crate) is_folder: bool,
    /// `SSL_CERT_FILE`, `SSL_CERT_DIR`, `OpenSSL's default` or `system`.
    pub(crate) named_by: &'static str,
}

/// The content of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Missing,
    Unreadable(String),
    /// The number of certificates that OpenSSL finds; 0 also for a damaged file.
    Certificates(usize),
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Missing => f.write_str("missing"),
            Content::Unreadable(why) => f.write_str(why),
            Content::Certificates(n) => write!(f, "{n} certificates"),
        }
    }
}

/// The system's store.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) places: Vec<(Place, Content)>,
    /// Different root certificates, over all places.
    pub(crate) roots: usize,
}

/// What is wrong with the store: it has no root, so nothing can be trusted, or a variable names a
/// place that OpenSSL silently ignores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreTrouble {
    NoRoots,
    /// A place, the variable that names it, and what is wrong with it: `does not exist`.
    Unusable {
        variable: &'static str,
        path: PathBuf,
        problem: String,
    },
}

impl StoreTrouble {
    pub(crate) fn case(&self) -> Case {
        match self {
            StoreTrouble::NoRoots => Fault::NoRoots.into(),
            StoreTrouble::Unusable { variable, path, problem } => Case::from(Fault::UnusableStore)
                .with("variable", variable)
                .with("file", path.to_string_lossy())
                .with("problem", problem),
        }
    }
}

impl fmt::Display for StoreTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreTrouble::NoRoots => f.write_str("no usable root certificate on this machine"),
            StoreTrouble::Unusable { variable, path, problem } => {
                write!(f, "{variable} names {}, which {problem}", path.display())
            }
        }
    }
}

/// The places that root certificates are read from, given these variables and what openssl-probe
/// found. [`Store::read`] finds out whether they contain any.
pub(crate) fn places(env: &Environment, probed: ProbeResult) -> Vec<Place> {
    let place = |path: PathBuf, is_folder, named_by| Place { path, is_folder, named_by };
    // `OPENSSLDIR: "/usr/lib/ssl"`
    let own = Path::new(openssl::version::dir().split('"').nth(1).unwrap_or("/usr/lib/ssl"));
    let mut places = vec![match env.path(FILE_VARIABLE) {
        Some(path) => place(path.into(), false, FILE_VARIABLE),
        None => place(own.join("cert.pem"), false, OPENSSL),
    }];
    match env.path(FOLDER_VARIABLE) {
        Some(list) => {
            let paths = std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty());
            places.extend(paths.map(|path| place(path, true, FOLDER_VARIABLE)));
        }
        None => places.push(place(own.join("certs"), true, OPENSSL)),
    }
    let file = probed.cert_file.into_iter().map(|path| place(path, false, SYSTEM));
    for found in file.chain(probed.cert_dir.into_iter().map(|path| place(path, true, SYSTEM))) {
        // openssl-probe also returns the places that variables name.
        if places.iter().all(|place| place.path != found.path) {
            places.push(found);
        }
    }
    places
}

/// Where this process reads root certificates from.
pub(crate) fn places_here() -> Vec<Place> {
    places(&Environment::of_process(), openssl_probe::probe())
}

impl Store {
    /// Reads every place: some hundred small files, a few milliseconds.
    pub(crate) fn read(places: Vec<Place>) -> Store {
        let mut roots = BTreeSet::new();
        let read = |place: Place| {
            let content = content(&place, &mut roots);
            (place, content)
        };
        let places = places.into_iter().map(read).collect();
        Store { places, roots: roots.len() }
    }

    /// Every place and its content, for people.
    pub(crate) fn described(&self) -> Vec<String> {
        let places = self.places.iter();
        places.map(|(place, content)| format!("{}: {content}", place.path.display())).collect()
    }

    /// Everything that is wrong, worst first.
    pub(crate) fn troubles(&self) -> Vec<StoreTrouble> {
        let mut troubles = Vec::from_iter((self.roots == 0).then_some(StoreTrouble::NoRoots));
        for (Place { path, named_by, .. }, content) in &self.places {
            let problem = match content {
                Content::Missing => "does not exist".to_owned(),
                Content::Unreadable(why) => format!("cannot be read: {why}"),
                Content::Certificates(0) => "holds no usable certificate".to_owned(),
                Content::Certificates(_) => continue,
            };
            if [FILE_VARIABLE, FOLDER_VARIABLE].contains(named_by) {
                let path = path.clone();
                troubles.push(StoreTrouble::Unusable { variable: named_by, path, problem });
            }
        }
        troubles
    }
}

fn content(place: &Place, roots: &mut BTreeSet<Vec<u8>>) -> Content {
    let found = if place.is_folder { folder(&place.path) } else { file(&place.path) };
    match found {
        Ok(found) => {
            let count = found.len();
            roots.extend(found);
            Content::Certificates(count)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Content::Missing,
        Err(e) => Content::Unreadable(words::reason(&e)),
    }
}

/// The fingerprints in a bundle. One damaged certificate makes OpenSSL ignore the whole file.
fn file(path: &Path) -> std::io::Result<BTreeSet<Vec<u8>>> {
    let certificates = X509::stack_from_pem(&fs::read(path)?).unwrap_or_default();
    let fingerprint = |cert: &X509| Some(cert.digest(MessageDigest::sha256()).ok()?.to_vec());
    let mut found = BTreeSet::new();
    found.extend(certificates.iter().filter_map(fingerprint));
    Ok(found)
}

fn folder(path: &Path) -> std::io::Result<BTreeSet<Vec<u8>>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(path)?.flatten() {
        if entry.file_name().to_str().is_some_and(is_hash) {
            found.extend(file(&entry.path()).unwrap_or_default());
        }
    }
    Ok(found)
}

/// `5ed36f99.0`, as c_rehash(1) names them.
fn is_hash(name: &str) -> bool {
    let Some((hash, number)) = name.split_once('.') else { return false };
    hash.len() == 8
        && hash.bytes().all(|b| b.is_ascii_hexdigit())
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scratch::Scratch;

    fn certificate() -> Vec<u8> {
        crate::testing::certificate().to_pem().expect("PEM")
    }

    fn file(folder: &Scratch, name: &str, bytes: &[u8]) -> String {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    fn store(places: &[(&str, bool)]) -> Store {
        let place = |&(path, is_folder): &(&str, bool)| Place {
            path: path.into(),
            is_folder,
            named_by: FILE_VARIABLE,
        };
        Store::read(places.iter().map(place).collect())
    }

    #[test]
    fn roots_are_counted_once_wherever_they_lie() {
        let folder = Scratch::new("count");
        let (one, two) = (certificate(), certificate());
        let bundle = file(&folder, "bundle.pem", &[&one[..], &two, &one].concat());
        file(&folder, "5ed36f99.0", &two);
        file(&folder, "not-a-hash.pem", &certificate());
        let hashed = folder.path().to_str().expect("UTF-8");
        let store = store(&[(&bundle, false), (hashed, true)]);
        let contents: Vec<_> = store.places.iter().map(|(_, content)| content.clone()).collect();
        assert_eq!(contents, [Content::Certificates(2), Content::Certificates(1)]);
        assert_eq!((store.roots, store.troubles()), (2, vec![]));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = Scratch::new("trouble");
        let good = certificate();
        let damaged = file(&folder, "damaged", &[&good[..], &good[..good.len() / 2]].concat());
        let garbage = file(&folder, "garbage", b"hello");
        let empty = folder.path().to_str().expect("UTF-8");
        for (path, is_folder, words) in [
            (damaged.as_str(), false, "holds no usable certificate"),
            (&garbage, false, "holds no usable certificate"),
            (empty, true, "holds no usable certificate"),
            (empty, false, "cannot be read: is a directory"),
            ("/nonexistent/x", false, "does not exist"),
            ("/nonexistent", true, "does not exist"),
        ] {
            let store = store(&[(path, is_folder)]);
            let troubles = store.troubles();
            assert_eq!((store.roots, troubles.len()), (0, 2), "{troubles:?}");
            assert_eq!(troubles[0], StoreTrouble::NoRoots);
            assert!(troubles[1].to_string().contains(words), "{troubles:?}");
        }
        let beside = file(&folder, "good", &good);
        let store = store(&[(&garbage, false), (&beside, false)]);
        assert!(matches!(&store.troubles()[..], [StoreTrouble::Unusable { .. }]));
    }

    #[test]
    fn the_variables_name_places_beside_the_system() {
        let nothing = || ProbeResult { cert_file: None, cert_dir: Vec::new() };
        let named = |env: &[(&str, &str)], path: &str| {
            let env: Environment = env.iter().copied().collect();
            let places = places(&env, nothing());
            places.iter().find(|p| p.path == Path::new(path)).map(|p| (p.is_folder, p.named_by))
        };
        let (file, folder) = ((FILE_VARIABLE, "/x/ca.pem"), (FOLDER_VARIABLE, "/x/a:/x/b"));
        assert_eq!(named(&[file], "/x/ca.pem"), Some((false, FILE_VARIABLE)));
        assert_eq!(named(&[folder], "/x/a"), Some((true, FOLDER_VARIABLE)));
        assert_eq!(named(&[folder], "/x/b"), Some((true, FOLDER_VARIABLE)));
        let defaults = places(&Environment::from_iter([("", ""); 0]), nothing());
        assert!(defaults[..2].iter().all(|place| place.named_by == OPENSSL));
        // As openssl-probe does, which finds by the variables first.
        let found = ProbeResult {
            cert_file: Some("/x/ca.pem".into()),
            cert_dir: vec!["/x/a".into(), "/etc/ssl/certs".into()],
        };
        let both = places(&[file, folder].into_iter().collect(), found);
        let names: Vec<_> = both.iter().map(|place| place.named_by).collect();
        assert_eq!(names, [FILE_VARIABLE, FOLDER_VARIABLE, FOLDER_VARIABLE, SYSTEM]);
    }
}
