//! Applying the steps of a room results in the stored room: the law on which live rooms rely.

use chatctl::model::{Change, Role, RoomFacts, RoomRetention, Seq, UserId, Visibility};
use chatctl::store::{Basis, Committed, RoomChange, RoomSettings, StoreError};

use super::{World, contract};

contract!(
    random_changes_applied_are_what_is_stored,
    a_deleted_and_a_disabled_user_leave_what_is_stored,
);

/// A small, repeatable random generator, good enough to explore changes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }

    fn change(&mut self, users: &[UserId]) -> RoomChange {
        let roles = [Role::Member, Role::SubAdmin, Role::Admin];
        match self.roll(10) {
            0 => RoomChange::Rename(self.one(&[None, Some("a"), Some("b")]).map(str::to_owned)),
            1 | 2 => RoomChange::Add(self.one(users), self.one(&roles)),
            3 => RoomChange::Remove {
                user: self.one(users),
                successor: self.one(&[None, Some(users[0]), Some(users[1])]),
                socket: None,
            },
            4 => RoomChange::Role(self.one(users), self.one(&roles)),
            5 => RoomChange::EditedName(self.one(users), self.one(&["", "x", "y"]).to_owned()),
            6 | 7 => RoomChange::Settings(RoomSettings {
                topic: self.one(&[None, Some(None), Some(Some("t"))]).map(|t| t.map(str::to_owned)),
                description: None,
                visibility: self.one(&[None, Some(Visibility::Public), Some(Visibility::Private)]),
                read_only: self.one(&[None, Some(true), Some(false)]),
                archived: self.one(&[None, None, Some(true), Some(false)]),
                retention: self
                    .one(&[None, Some(RoomRetention { days: Some(9), keep_pinned: None })]),
            }),
            8 => RoomChange::Expire(self.one(&[Seq(1), Seq(3)])),
            _ => {
                let count = 1 + self.roll(users.len());
                RoomChange::Replace { name: None, users: users[..count].to_vec() }
            }
        }
    }
}

/// Sorts participants, whose order in lists is not guaranteed.
fn sorted(mut facts: RoomFacts) -> RoomFacts {
    facts.participants.sort_by_key(|p| p.user);
    facts
}

async fn random_changes_applied_are_what_is_stored(mut world: World) {
    let users: Vec<UserId> = world.users(4).await.iter().map(|user| user.id).collect();
    for seed in 0..40 {
        let owner = world.user(&format!("owner{seed}")).await;
        let mut all = users.clone();
        all.push(owner.id);
        let mut known = world.public(&format!("room {seed}"), &owner).await;
        let room = known.room.id;
        let mut dice = Dice(seed);
        for _ in 0..30 {
            let change = dice.change(&all);
            world.events();
            let basis = Basis::Facts(known.room.facts_rev);
            match world.store.change_room(room, basis, Some(owner.id), change.clone()).await {
                Ok(done) => {
                    check_told(&mut world, &done);
                    known = done.applied_to(known);
                }
                Err(StoreError::NotFound(_) | StoreError::Taken(_)) => {
                    assert!(world.events().is_empty(), "a refusal tells nobody");
                }
                Err(other) => panic!("{change:?}: {other:?}"),
            }
            if let Some(stored) = world.store.room(room).await.unwrap() {
                assert_eq!(sorted(stored), sorted(known.clone()), "seed {seed}: {change:?}");
            } else {
                assert!(known.participants.is_empty(), "seed {seed}: {change:?}");
                break;
            }
        }
    }
}

/// Listeners receive the steps that the caller gets.
fn check_told(world: &mut World, done: &Committed) {
    let steps = world.steps();
    assert_eq!(steps.len(), usize::from(done.changed()));
    for step in steps {
        assert_eq!(
            (step.rev, step.at, step.changes.len()),
            (done.rev, done.at, done.changes.len())
        );
    }
}

async fn a_deleted_and_a_disabled_user_leave_what_is_stored(mut world: World) {
    for (n, deleted) in [true, false].into_iter().enumerate() {
        let (ann, ben) =
            (world.user(&format!("ann{n}")).await, world.user(&format!("ben{n}")).await);
        let mut known = world.public(&format!("room {n}"), &ann).await;
        let room = known.room.id;
        let add = RoomChange::Add(ben.id, Role::Member);
        let done = world.store.change_room(room, Basis::Nobody, Some(ann.id), add).await.unwrap();
        known = done.applied_to(known);
        if deleted {
            world.store.remove_user(ann.id).await.unwrap();
        } else {
            let change = chatctl::store::UserChange { disabled: Some(true), ..Default::default() };
            world.store.change_user(ann.id, change).await.unwrap();
        }
        let heir = |change: &Change| {
            let Change::ParticipantChanged(heir) = change else { return false };
            heir.user == ben.id && heir.role == Role::Admin
        };
        let step = world.wait_for_step(room, heir).await;
        for change in &step.changes {
            known.apply(step.rev, change);
        }
        let mut stored = world.facts(room).await;
        // Disabling an account is not a change of the room.
        for (stored, known) in stored.participants.iter_mut().zip(&known.participants) {
            stored.account = known.account;
        }
        assert_eq!(sorted(stored), sorted(known));
    }
}
