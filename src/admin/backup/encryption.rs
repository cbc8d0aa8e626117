//! Encryption of backups with age: recipients encrypt, identities decrypt. Files of the program
//! `age` can be read as well, armored ones too.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::iter;
use std::path::{Path, PathBuf};

use age::armor::ArmoredReader;
use age::stream::StreamWriter;
use age::{DecryptError, Decryptor, Encryptor, IdentityFile};

use super::{Failure, Kind, cannot};
use crate::config;

/// First bytes of an encrypted file.
const BINARY: &[u8] = b"age-encryption.org/";
/// First bytes of an armored encrypted file.
const ARMORED: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE";
/// Number of bytes that tell whether a file is encrypted.
pub(super) const TELLING: usize = ARMORED.len();

/// Whether a file that begins with these bytes is encrypted.
pub(super) fn is_encrypted(begin: &[u8]) -> bool {
    begin.starts_with(BINARY) || begin.starts_with(ARMORED)
}

/// The public keys for which backups are encrypted; none: they are not encrypted.
#[derive(Clone, Default)]
pub struct Recipients(Vec<age::x25519::Recipient>);

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(ToString::to_string)).finish()
    }
}

impl Recipients {
    /// Parses public keys such as `age1…`.
    pub fn parse(keys: &[String]) -> Result<Self, Failure> {
        let parsed = keys.iter().map(|key| {
            key.parse().map_err(|_| {
                Failure::usage(format!("the recipient is {}", config::check::wrong_recipient(key)))
            })
        });
        Ok(Self(parsed.collect::<Result<_, _>>()?))
    }

    /// Whether backups are encrypted.
    pub fn encrypt(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Encrypts what is written through it, if there are recipients.
pub struct Encrypting<W: Write>(Inner<W>);

enum Inner<W: Write> {
    Plain(W),
    Encrypted(StreamWriter<W>),
}

impl<W: Write> fmt::Debug for Encrypting<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encrypting")
    }
}

impl<W: Write> Encrypting<W> {
    /// Begins the file; writes its header if it is encrypted.
    pub fn begin(out: W, recipients: &Recipients) -> io::Result<Self> {
        if !recipients.encrypt() {
            return Ok(Self(Inner::Plain(out)));
        }
        let all = recipients.0.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(all).map_err(io::Error::other)?;
        Ok(Self(Inner::Encrypted(encryptor.wrap_output(out)?)))
    }

    /// Writes the end, without which the file counts as truncated, and returns the inner writer.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Inner::Plain(out) => Ok(out),
            Inner::Encrypted(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Encrypting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Plain(out) => out.write(bytes),
            Inner::Encrypted(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Plain(out) => out.flush(),
            Inner::Encrypted(out) => out.flush(),
        }
    }
}

/// The identities (secret keys) with which backups are decrypted.
#[derive(Default)]
pub struct Identities {
    files: Vec<PathBuf>,
    all: Vec<Box<dyn age::Identity + Send + Sync>>,
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.files).finish()
    }
}

impl Identities {
    /// Reads key files as `age-keygen` writes them.
    pub fn read(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut identities = Self { files: files.to_vec(), all: Vec::new() };
        for path in files {
            identities.all.extend(identities_in(path)?);
        }
        Ok(identities)
    }

    fn shown(&self) -> String {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        files.join(", ")
    }
}

fn identities_in(path: &Path) -> Result<Vec<Box<dyn age::Identity + Send + Sync>>, Failure> {
    // A pipe is fine, an endless one is not.
    let mut content = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(1 << 20).read_to_end(&mut content))
        .map_err(cannot("read", path))?;
    let refused = |why: &str| Err(Failure::usage(format!("{} {why}", path.display())));
    if is_encrypted(&content) {
        return refused("is itself encrypted; decrypt it first: age --decrypt -o KEYFILE FILE");
    }
    if content.windows(15).any(|some| some == b"OPENSSH PRIVATE") {
        return refused("is an SSH key; only keys of age-keygen can be used");
    }
    let Ok(file) = IdentityFile::from_buffer(content.as_slice()) else {
        return refused(
            "is not a key file: its lines must begin with AGE-SECRET-KEY-1, or with # as comments",
        );
    };
    match file.into_identities() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => refused("contains no key; a key begins with AGE-SECRET-KEY-1"),
    }
}

/// A file as it can be read, or what is wrong with it.
pub(super) type Opened = Result<Box<dyn Read + Send>, String>;

/// Decrypts what is read from a file, if it is encrypted. Fails without the right key. `shown`
/// names the file in messages. Second: whether it is encrypted.
pub(super) fn decrypt(
    mut from: Box<dyn Read + Send>,
    identities: &Identities,
    shown: &str,
) -> Result<(Opened, bool), Failure> {
    let mut begin = Vec::new();
    if let Err(error) = from.by_ref().take(TELLING as u64).read_to_end(&mut begin) {
        return Err(Failure::failed(format!("cannot read {shown}: {error}")));
    }
    let encrypted = is_encrypted(&begin);
    let from: Box<dyn Read + Send> = Box::new(io::Cursor::new(begin).chain(from));
    if !encrypted {
        return Ok((Ok(from), false));
    }
    let opened = match Decryptor::new(ArmoredReader::new(from)) {
        Ok(decryptor) if decryptor.is_scrypt() => {
            return Err(Failure::failed(format!(
                "{shown} is encrypted with a passphrase; decrypt it first: age --decrypt -o \
                 FILE.tar.zst FILE"
            )));
        }
        Ok(_) if identities.all.is_empty() => {
            return Err(Failure::usage(format!(
                "{shown} is encrypted: add --identity KEYFILE with the key file of one of its \
                 recipients"
            )));
        }
        Ok(decryptor) => {
            let all = identities.all.iter().map(|identity| &**identity as &dyn age::Identity);
            decryptor.decrypt(all)
        }
        Err(error) => Err(error),
    };
    match opened {
        Ok(opened) => Ok((Ok(Box::new(opened)), true)),
        Err(DecryptError::NoMatchingKeys) => Err(Failure::new(
            Kind::Failed,
            format!(
                "no key in {} can decrypt {shown}: it was encrypted for other recipients",
                identities.shown()
            ),
        )),
        Err(error) => {
            Ok((Err(format!("The file is damaged or truncated: {}.", told(&error))), true))
        }
    }
}

/// The error in one sentence, without a full stop.
fn told(error: &DecryptError) -> String {
    let text = error.to_string();
    let lines = text.lines().map(|line| line.trim_end_matches('.')).filter(|line| !line.is_empty());
    iter::once("its encryption header is invalid".to_owned())
        .chain(lines.map(str::to_owned).take(1))
        .collect::<Vec<_>>()
        .join(": ")
}
