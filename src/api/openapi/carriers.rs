//! How a credential may be carried. Every route of every dialect takes every way; a dialect names
//! its own first.

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

/// The ways, each with what it is.
pub(in crate::api) fn schemes() -> Vec<(&'static str, SecurityScheme)> {
    let key = |name: &str, text: &str| ApiKeyValue::with_description(name, text);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A JSON web token, as the log-ins of `chatrooms` and `chats` answer it"));
    let opaque = "An opaque session id of 40 hexadecimal digits, as the log-ins of `v1`, `rooms` \
                  and `realtime` make it";
    vec![
        (BEARER, SecurityScheme::Http(bearer.build())),
        (SESSION_HEADER, SecurityScheme::ApiKey(ApiKey::Header(key("X-Session-Id", opaque)))),
        (
            SESSION_QUERY,
            SecurityScheme::ApiKey(ApiKey::Query(key(
                "session_id",
                "The same, on WebSocket handshakes only",
            ))),
        ),
        (
            JWT_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "jwt_token",
                "The JSON web token that POST /api/login sets",
            ))),
        ),
        (
            AUTH_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "auth_token",
                "The same under another name",
            ))),
        ),
        (
            SESSION_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "session",
                "The session id that POST /login sets",
            ))),
        ),
        (
            CHAT_COOKIE,
            SecurityScheme::ApiKey(ApiKey::Cookie(key(
                "chat_session",
                "The session id that POST /Login sets",
            ))),
        ),
    ]
}

/// What an operation says: any one of these.
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
