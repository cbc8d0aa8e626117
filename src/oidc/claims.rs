//! What claims say of a person, as `[oidc]` reads them.

use serde_json::{Map, Value};

use crate::config;
use crate::model::{ExternalUser, Identity};

/// Reads who has logged in.
pub(super) fn person(
    claims: &Map<String, Value>,
    issuer: &str,
    subject: &str,
    config: &config::Oidc,
) -> ExternalUser {
    let text = |name: &str| {
        let found = value(claims, name).and_then(Value::as_str).map(str::trim);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let admin = config.admin_claim.as_deref().map(|name| {
        let wanted = config.admin_value.as_deref().unwrap_or_default();
        value(claims, name).is_some_and(|value| holds(value, wanted))
    });
    ExternalUser {
        identity: Identity::oidc(issuer, subject),
        login: text(&config.login_claim),
        name: text(&config.name_claim),
        email: text(&config.email_claim),
        email_verified: value(claims, "email_verified") == Some(&Value::Bool(true)),
        admin,
    }
}

/// Returns whether nothing that is read is missing.
pub(super) fn is_complete(claims: &Map<String, Value>, config: &config::Oidc) -> bool {
    let names = [&config.login_claim, &config.name_claim, &config.email_claim];
    let names = names.into_iter().chain(&config.admin_claim);
    names.map(String::as_str).chain(["email_verified"]).all(|name| value(claims, name).is_some())
}

/// Returns a claim; dots in a name lead into objects, unless there is a claim of this name.
fn value<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    value(claims.get(first)?.as_object()?, rest)
}

/// Returns whether a claim is this value, or a list that has it. `true` is written as a text.
fn holds(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Array(all) => all.iter().any(|one| holds(one, wanted)),
        Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
        Value::Number(number) => {
            let written = number.to_string();
            written == wanted
        }
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, config: &config::Oidc) -> ExternalUser {
        person(claims.as_object().unwrap(), "https://id", "7", config)
    }

    #[test]
    fn claims_are_found_by_their_names() {
        let config = config::Oidc::default();
        let found = read(
            &json!({"preferred_username": " ann ", "name": "", "email": "a@b.org",
                "email_verified": true, "groups": ["admins"]}),
            &config,
        );
        let wanted = ExternalUser {
            identity: Identity::oidc("https://id", "7"),
            login: Some("ann".to_owned()),
            name: None,
            email: Some("a@b.org".to_owned()),
            email_verified: true,
            admin: None,
        };
        assert_eq!(found, wanted);
        let other = config::Oidc { login_claim: "nick.name".to_owned(), ..config };
        assert_eq!(read(&json!({"nick": {"name": "bo"}}), &other).login.as_deref(), Some("bo"));
        assert_eq!(read(&json!({"nick.name": "bo"}), &other).login.as_deref(), Some("bo"));
        assert_eq!(read(&json!({"nick": "bo", "email_verified": "true"}), &other).login, None);
    }

    #[test]
    fn administrators_are_known_by_a_value_or_a_list_that_has_it() {
        let config = config::Oidc {
            admin_claim: Some("realm_access.roles".to_owned()),
            admin_value: Some("chat-admin".to_owned()),
            ..config::Oidc::default()
        };
        for (roles, is) in [
            (json!(["user", "chat-admin"]), true),
            (json!("chat-admin"), true),
            (json!(["chat-admins"]), false),
            (json!({"chat-admin": true}), false),
            (json!(null), false),
        ] {
            let claims = json!({"realm_access": {"roles": roles}});
            assert_eq!(read(&claims, &config).admin, Some(is), "{claims}");
        }
        assert_eq!(read(&json!({}), &config).admin, Some(false));
        let flag = config::Oidc { admin_value: Some("true".to_owned()), ..config };
        let claims = json!({"realm_access": {"roles": true}});
        assert_eq!(read(&claims, &flag).admin, Some(true));
    }
}
