//! An OpenLDAP server with a small company, which `dc=example,dc=org` is.
//!
//! Only `cn=reader` (password `read me`) may read it; each person may log in.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// DN of whoever may change everything.
const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// DN of whoever may read everything.
pub(crate) const READER: &str = "cn=reader,dc=example,dc=org";
pub(crate) const PEOPLE: &str = "ou=people,dc=example,dc=org";

/// The server as a child process. Its data is in a directory of its own.
pub(crate) struct Slapd {
    child: Child,
    port: u16,
    tls_port: u16,
    folder: TempDir,
}

impl Slapd {
    /// Starts a server with the people `ann`, `bob` and `cyd`, whose passwords are
    /// `NAME's secret`, and the groups `ops` (ann) and `dev` (ann, bob).
    pub(crate) fn start() -> Self {
        Self::start_with(true)
    }

    /// Starts such a server that has no certificate, and so neither TLS nor StartTLS.
    pub(crate) fn without_tls() -> Self {
        Self::start_with(false)
    }

    fn start_with(has_tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        certificates(folder.path());
        let mut text = configuration(folder.path());
        if !has_tls {
            let others = text.lines().filter(|line| !line.starts_with("TLS"));
            text = others.fold(String::new(), |text, line| text + line + "\n");
        }
        fs::write(folder.path().join("slapd.conf"), text).unwrap();
        let slapd = loop {
            let (port, tls_port) = (free_port(), if has_tls { free_port() } else { 0 });
            // Somebody else may take a port first.
            if let Some(child) = run(folder.path(), port, tls_port) {
                break Self { child, port, tls_port, folder };
            }
        };
        slapd.change(BEGIN);
        for name in ["ann", "bob", "cyd"] {
            slapd.add_person(name);
        }
        slapd.change(GROUPS);
        slapd
    }

    /// Its address without encryption.
    pub(crate) fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// Its address with TLS, at a host for which its certificate is, or is not.
    pub(crate) fn tls_url(&self, host: &str) -> String {
        format!("ldaps://{host}:{}", self.tls_port)
    }

    /// Its address without encryption, at another host.
    pub(crate) fn url_of(&self, host: &str) -> String {
        format!("ldap://{host}:{}", self.port)
    }

    /// The authority of its certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The settings of a chat server that asks this directory.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LDAP__URL", self.url()),
            ("LDAP__BASE", PEOPLE.to_owned()),
            ("LDAP__BIND_DN", READER.to_owned()),
            ("LDAP__BIND_PASSWORD", "read me".to_owned()),
        ]
    }

    /// Adds `NAME`, `NAME@corp.example`, with the password `NAME's secret`.
    pub(crate) fn add_person(&self, name: &str) {
        self.change(&person(name));
    }

    /// Applies changes in LDIF.
    pub(crate) fn change(&self, ldif: &str) {
        let mut child = Command::new("ldapmodify")
            .args(["-x", "-H", &self.url(), "-D", ADMIN, "-w", "admin secret"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ldap-utils is installed");
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{ldif}\n{said}");
    }

    /// Replaces an attribute of a person.
    pub(crate) fn set(&self, name: &str, attribute: &str, value: &str) {
        self.change(&format!(
            "dn: uid={name},{PEOPLE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: \
             {value}\n"
        ));
    }

    /// Adds a person to a group, or removes them.
    pub(crate) fn set_member(&self, group: &str, name: &str, is_member: bool) {
        let change = if is_member { "add" } else { "delete" };
        self.change(&format!(
            "dn: {}\nchangetype: modify\n{change}: member\nmember: uid={name},{PEOPLE}\n",
            group_dn(group)
        ));
    }

    /// Deletes a person.
    pub(crate) fn delete(&self, name: &str) {
        self.change(&format!("dn: uid={name},{PEOPLE}\nchangetype: delete\n"));
    }

    /// The `entryUUID` of a person.
    pub(crate) fn id(&self, name: &str) -> String {
        let found = Command::new("ldapsearch")
            .args(["-x", "-LLL", "-H", &self.url(), "-D", ADMIN, "-w", "admin secret"])
            .args(["-b", PEOPLE, &format!("(uid={name})"), "entryUUID"])
            .output()
            .expect("ldap-utils is installed");
        let text = String::from_utf8(found.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("entryUUID: "));
        line.unwrap_or_else(|| panic!("{name} has no entry: {text}")).to_owned()
    }

    /// Returns whether the directory accepts a bind of a person with a password.
    pub(crate) fn accepts(&self, name: &str, password: &str) -> bool {
        let (url, dn) = (self.url(), format!("uid={name},{PEOPLE}"));
        let bound = Command::new("ldapwhoami")
            .args(["-x", "-H", &url, "-D", &dn, "-w", password])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        bound.unwrap().success()
    }

    /// Ends the process.
    pub(crate) fn stop(&mut self) {
        drop(self.child.kill());
        self.child.wait().unwrap();
    }

    /// Starts it again on the same ports.
    pub(crate) fn restart(&mut self) {
        self.stop();
        let child = run(self.folder.path(), self.port, self.tls_port);
        self.child = child.expect("the ports are still free");
    }

    /// Stops the process without ending it: it accepts connections and says nothing.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Continues a stopped process.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // Ends a stopped process too.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// DN of a group.
pub(crate) fn group_dn(name: &str) -> String {
    format!("cn={name},ou=groups,dc=example,dc=org")
}

const BEGIN: &str = "\
dn: dc=example,dc=org
changetype: add
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=org
changetype: add
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
changetype: add
objectClass: organizationalUnit
ou: groups

dn: cn=reader,dc=example,dc=org
changetype: add
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: read me
";

const GROUPS: &str = "\
dn: cn=ops,ou=groups,dc=example,dc=org
changetype: add
objectClass: groupOfNames
cn: ops
member: uid=ann,ou=people,dc=example,dc=org
member: cn=reader,dc=example,dc=org

dn: cn=dev,ou=groups,dc=example,dc=org
changetype: add
objectClass: groupOfNames
cn: dev
member: uid=ann,ou=people,dc=example,dc=org
member: uid=bob,ou=people,dc=example,dc=org
";

fn person(name: &str) -> String {
    let mut letters = name.chars();
    let shown: String = letters.next().unwrap().to_uppercase().chain(letters).collect();
    format!(
        "dn: uid={name},{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {name}\ncn: \
         {shown} Example\nsn: Example\nmail: {name}@corp.example\nuserPassword: {name}'s secret\n"
    )
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
allow bind_anon_dn
referral ldap://127.0.0.1:1/
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
suffix dc=example,dc=org
rootdn {ADMIN}
rootpw \"admin secret\"
directory {folder}/data
maxsize 16777216
dbnosync
overlay memberof
overlay refint
refint_attributes member
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact={READER} read by * none
"
    )
}

/// Writes the certificate of an authority, and one of it for this machine, with its key.
fn certificates(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it answers; None: it has ended. Port 0: without TLS.
fn run(folder: &Path, port: u16, tls_port: u16) -> Option<Child> {
    let mut addresses = format!("ldap://127.0.0.1:{port} ldap://[::1]:{port}");
    if tls_port != 0 {
        addresses = format!("{addresses} ldaps://127.0.0.1:{tls_port} ldaps://[::1]:{tls_port}");
    }
    let mut child = Command::new("slapd")
        .args(["-h", &addresses, "-d", "0", "-f"])
        .arg(folder.join("slapd.conf"))
        .env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("slapd is installed");
    let begun = Instant::now();
    let url = format!("ldap://127.0.0.1:{port}");
    loop {
        let asked = Command::new("ldapwhoami")
            .args(["-x", "-H", &url, "-o", "nettimeout=5"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        if asked.expect("ldap-utils is installed").success() {
            return Some(child);
        }
        assert!(begun.elapsed() < super::PATIENCE, "slapd does not start");
        std::thread::yield_now();
    }
}
