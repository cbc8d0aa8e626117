//! Client ids of posts that came without one: given before a post is forwarded, so that it can be
//! asked for twice and is stored once.

use crate::store::StoreError;
use crate::store::cluster::settings;

/// How they begin. Clients cannot use a control character in an id, so none of theirs is one.
const MARK: &str = "~\u{1}";

/// Returns a new id.
pub(super) fn given() -> Result<String, StoreError> {
    Ok(format!("{MARK}{}", hex::encode(settings::random::<16>()?)))
}

/// Returns the id as clients see it: only what a client has sent.
pub(super) fn shown(id: Option<String>) -> Option<String> {
    id.filter(|id| !id.starts_with(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check_client_id;

    #[test]
    fn no_client_can_send_a_given_id_and_none_sees_it() {
        let given = given().unwrap();
        assert!(check_client_id("clientId", &given).is_err());
        assert_eq!(shown(Some(given)), None);
        let own = Some("~0123456789abcdef".to_owned());
        assert_eq!(shown(own.clone()), own);
    }
}
