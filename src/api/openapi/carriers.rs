//! Ways to send a credential. Every route of every dialect accepts all of them; a dialect lists its
//! own first.

use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

use super::described::Carriers;

/// `Authorization: Bearer`.
pub const BEARER: &str = "bearer";
/// Header `X-Session-Id`.
pub const SESSION_HEADER: &str = "sessionHeader";
/// Query `session_id`, on handshakes only.
pub const SESSION_QUERY: &str = "sessionQuery";
/// Cookie `jwt_token`.
pub const JWT_COOKIE: &str = "jwtCookie";
/// Cookie `session`.
pub const SESSION_COOKIE: &str = "sessionCookie";
/// Cookie `chat_session`.
pub const CHAT_COOKIE: &str = "chatCookie";
const AUTH_COOKIE: &str = "authCookie";

const EVERYWHERE: [&str; 6] =
    [BEARER, SESSION_HEADER, JWT_COOKIE, AUTH_COOKIE, SESSION_COOKIE, CHAT_COOKIE];

/// Security schemes with their descriptions.
pub(in crate::api) fn schemes() -> Vec<(&'static str, SecurityScheme)> {
    let key = |name: &str, text: &str| ApiKeyValue::with_description(name, text);
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
            "A JSON web token, as returned by the log-ins of `chatrooms` and `chats`",
        ));
    let opaque = "An opaque session id of 40 hexadecimal digits, as returned by the log-ins of \
                  `v1`, `rooms` and `realtime`";
    vec![
        (BEARER, SecurityScheme::Http(bearer.build())),
        (SESSION_HEADER, SecurityScheme::ApiKey(ApiKey::Header(key("X-Session-Id", opaque)))),
        (
            SESSION_QUERY,
            SecurityScheme::ApiKey(ApiKey::Query(key(
                "session_id",
                "The session id, on WebSocket handshakes only",
            ))),
        ),
        (
            JWT_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "jwt_token",
                "The JSON web token set by POST /api/login",
            ))),
        ),
        (
            AUTH_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "auth_token",
                "The JSON web token under its alternative name",
            ))),
        ),
        (
            SESSION_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "session",
                "The session id set by POST /login",
            ))),
        ),
        (
            CHAT_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "chat_session",
                "The session id set by POST /Login",
            ))),
        ),
    ]
}

/// Security requirements of an operation: any one of these is sufficient.
pub(super) fn all(own: &[&str], carriers: Carriers) -> Vec<SecurityRequirement> {
    let none = [SecurityRequirement::default()];
    let ways = own.iter().copied().chain(EVERYWHERE.into_iter().filter(|name| !own.contains(name)));
    let ways = ways.map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []));
    match carriers {
        Carriers::Needed | Carriers::Hidden => ways.collect(),
        Carriers::Welcome => ways.chain(none).collect(),
        Carriers::Ignored => none.into(),
    }
}
