//! An entry of the audit log as it is stored, and what it is found by.

use serde::{Deserialize, Serialize};

use crate::model::{
    ActorKind, Attribution, AuditActor, AuditEntry, AuditNote, AuditTarget, Timestamp, UserId, fold,
};
use crate::store::StoreError;
use crate::store::cluster::encoding::{decode, encode};

const VERSION: u8 = 1;

/// Version 1 of a stored entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    at: i64,
    actor: String,
    actor_id: Option<i64>,
    actor_name: String,
    origin: String,
    action: String,
    /// Kind, id and name.
    target: Option<(String, String, Option<String>)>,
    before: Option<String>,
    after: Option<String>,
}

impl Stored {
    pub(super) fn new(at: Timestamp, by: &Attribution, note: &AuditNote) -> Self {
        let AuditActor { kind, user, name, from } = &by.actor;
        let target = note.target.clone().map(|target| (target.kind, target.id, target.name));
        Self {
            at: at.0,
            actor: kind.as_str().to_owned(),
            actor_id: user.map(|user| user.0),
            actor_name: name.clone(),
            origin: from.clone(),
            action: by.action.clone(),
            target,
            before: note.before.clone(),
            after: note.after.clone(),
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        encode(VERSION, self)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode(VERSION, bytes)
    }

    /// Returns the keys under which the entry is indexed: its action, the noun of the action, who
    /// acted, and whose account it concerns.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys = vec![action_key(&self.action)];
        if let Some((noun, _)) = self.action.split_once('.') {
            keys.push(action_key(noun));
        }
        keys.extend(self.people().map(|person| person_key(&person)));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns the folded names of who acted, and of the user acted on.
    fn people(&self) -> impl Iterator<Item = String> {
        let target = self.target.as_ref().filter(|(kind, ..)| kind == "user");
        let target = target.and_then(|(_, _, name)| name.as_deref().map(fold));
        std::iter::once(fold(&self.actor_name)).chain(target)
    }

    /// Returns whether an action, or the noun of one, includes this entry's.
    pub(super) fn is_of(&self, action: &str) -> bool {
        if action.contains('.') {
            self.action == action
        } else {
            self.action.strip_prefix(action).is_some_and(|rest| rest.starts_with('.'))
        }
    }

    /// Time of the change.
    pub(super) fn at(&self) -> Timestamp {
        Timestamp(self.at)
    }

    pub(super) fn entry(self, id: i64) -> AuditEntry {
        AuditEntry {
            id,
            at: self.at(),
            by: Attribution {
                actor: AuditActor {
                    kind: ActorKind::parse(&self.actor).unwrap_or(ActorKind::Server),
                    user: self.actor_id.map(UserId),
                    name: self.actor_name,
                    from: self.origin,
                },
                action: self.action,
            },
            note: AuditNote {
                target: self.target.map(|(kind, id, name)| AuditTarget { kind, id, name }),
                before: self.before,
                after: self.after,
            },
        }
    }
}

/// The key of an action, or of the noun of one.
pub(super) fn action_key(action: &str) -> String {
    format!("action {action}")
}

/// The key of a person by their folded name.
pub(super) fn person_key(folded: &str) -> String {
    format!("person {folded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        let actor = AuditActor {
            kind: ActorKind::User,
            user: Some(UserId(1)),
            name: "Ann".to_owned(),
            from: "::1".to_owned(),
        };
        let by = Attribution { actor, action: "user.disable".to_owned() };
        let target = Some(AuditTarget::new("user", "2", Some("BEN")));
        let note = AuditNote { target, before: None, after: Some("{}".to_owned()) };
        Stored::new(Timestamp(7), &by, &note)
    }

    #[test]
    fn stored_entries_of_version_1_are_read() {
        let bytes = stored().encode().unwrap();
        assert_eq!(
            hex::encode(&bytes),
            "010e0475736572010203416e6e033a3a310c757365722e64697361626c6501047573657201320103\
             42454e0001027b7d"
        );
        assert_eq!(Stored::decode(&bytes), Ok(stored()));
        assert_eq!(stored().entry(5).note.target.unwrap().name.as_deref(), Some("BEN"));
    }

    #[test]
    fn an_entry_is_found_by_action_noun_actor_and_target() {
        assert_eq!(
            stored().keys(),
            ["action user", "action user.disable", "person ann", "person ben"]
        );
        assert!(stored().is_of("user") && stored().is_of("user.disable"));
        assert!(!stored().is_of("use") && !stored().is_of("user.disabled"));
    }
}
