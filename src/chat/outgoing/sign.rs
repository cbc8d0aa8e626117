//! Signatures as <https://www.standardwebhooks.com> describes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{self, HMAC_SHA256, Key};

use crate::model::WebhookSecret;

/// What a secret begins with when it is shown.
const PREFIX: &str = "whsec_";

/// The secret as receivers enter it.
pub(in crate::chat) fn shown(secret: &WebhookSecret) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret.0))
}

/// The value of `webhook-signature`; `seconds` is that of `webhook-timestamp`.
pub(in crate::chat) fn signature(secret: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let tag = hmac::sign(&Key::new(HMAC_SHA256, secret), signed.as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_alike() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let shown = shown(&WebhookSecret([0; 32]));
        assert_eq!(shown, format!("whsec_{}=", "A".repeat(43)));
    }
}
