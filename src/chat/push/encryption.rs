//! Encrypts a message for one browser (RFC 8291, with the content coding `aes128gcm` of RFC 8188):
//! the push service only carries it.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// Size of the only record, which is also the largest that push services must take.
const RECORD: u32 = 4096;
/// Marks the end of the text in the last record.
const LAST: u8 = 2;
/// What the content coding adds at least: head, end mark and tag.
const ADDED: usize = 16 + 4 + 1 + 65 + 1 + 16;
/// Maximum length of a text.
pub(super) const MOST: usize = RECORD as usize - ADDED;

/// A length of key material.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Returns the body of a request. Fails if the public key of the browser is not a point of P-256, or
/// the text is too long.
pub(super) fn encrypt(key: &[u8], secret: &[u8], text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let random = SystemRandom::new();
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    encrypt_with(own, salt, key, secret, text)
}

fn encrypt_with(
    own: EphemeralPrivateKey,
    salt: [u8; 16],
    key: &[u8],
    secret: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    if text.len() > MOST {
        return Err(Unspecified);
    }
    let public = own.compute_public_key()?;
    let public = public.as_ref();
    let browser = UnparsedPublicKey::new(&ECDH_P256, key);
    let shared = agree_ephemeral(own, &browser, |agreed| {
        let mixed = Salt::new(HKDF_SHA256, secret).extract(agreed);
        expand::<32>(&mixed, &[b"WebPush: info\0", key, public])
    })??;
    let mixed = Salt::new(HKDF_SHA256, &salt).extract(&shared);
    let content_key = expand::<16>(&mixed, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expand::<12>(&mixed, &[b"Content-Encoding: nonce\0"])?;
    let mut record = [text, &[LAST]].concat();
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;
    let length = u8::try_from(public.len()).map_err(|_| Unspecified)?;
    Ok([&salt[..], &RECORD.to_be_bytes(), &[length], public, &record].concat())
}

fn expand<const N: usize>(mixed: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    mixed.expand(info, Length(N))?.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Vec<u8> {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        own.compute_public_key().unwrap().as_ref().to_vec()
    }

    #[test]
    fn a_body_has_the_documented_head_and_never_repeats() {
        let (key, text) = (key(), [7; 100]);
        let body = encrypt(&key, &[1; 16], &text).unwrap();
        assert_eq!(body.len(), text.len() + ADDED);
        assert_eq!(body[16..21], [0, 0, 16, 0, 65]);
        assert_eq!(body[21], 4, "an uncompressed point");
        assert_ne!(body, encrypt(&key, &[1; 16], &text).unwrap());
    }

    #[test]
    fn only_points_and_texts_of_one_record_are_taken() {
        let key = key();
        assert_eq!(encrypt(&key, &[1; 16], &[0; MOST]).unwrap().len(), RECORD as usize);
        assert!(encrypt(&key, &[1; 16], &[0; MOST + 1]).is_err());
        let mut off = key.clone();
        off[64] ^= 1;
        assert!(encrypt(&off, &[1; 16], b"x").is_err(), "not on the curve");
        assert!(encrypt(&key[..64], &[1; 16], b"x").is_err());
        assert!(encrypt(&[], &[1; 16], b"x").is_err());
    }
}
