//! What only its user sees: own settings of rooms, preferences, saved messages, messages marked as
//! unread.

use chatctl::model::rules::EVERYONE;
use chatctl::model::{
    DraftPlace, Event, Follow, MAX_DRAFTS, MessageId, NotifyLevel, OwnChange, OwnSettings,
    Personal, Preferences, PreferencesChange, QuietHours, Role, RoomCard, RoomId, Seq, Unsent,
    User, UserId,
};
use chatctl::store::{
    Basis, LeftBehind, MessageChange, Missing, RoomChange, RoomQuery, StoreError, Whose,
};

use super::{World, contract};

contract!(
    own_settings_change_alone_and_end_with_the_membership,
    preferences_change_part_by_part,
    saved_messages_are_listed_newest_first,
    drafts_are_replaced_and_removed,
    drafts_belong_to_participants_and_are_bounded,
    what_was_left_in_rooms_is_found,
    what_is_marked_unread_stays_so_until_it_is_read,
    marking_unread_hides_nothing_from_others,
    a_message_to_all_mentions_all_but_its_author
);

const LEAVE: fn(&User) -> RoomChange =
    |user| RoomChange::Remove { user: user.id, successor: None, socket: None };

/// Returns the personal events so far.
fn told(world: &mut World) -> Vec<(UserId, Personal)> {
    let events = world.events().into_iter();
    let personal = events.filter_map(|event| match event {
        Event::Personal { user, change, .. } => Some((user, change)),
        _ => None,
    });
    personal.collect()
}

async fn card(world: &World, user: &User, room: RoomId) -> RoomCard {
    world.store.rooms(RoomQuery::These(user.id, &[room])).await.unwrap().remove(0)
}

async fn own_settings_change_alone_and_end_with_the_membership(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    world.events();
    let level = |level| OwnChange { notify: Some(level), favourite: None };
    let star = OwnChange { notify: None, favourite: Some(true) };
    let mentions = Some(NotifyLevel::Mentions);
    world.store.change_mine(room, ann.id, level(mentions)).await.unwrap();
    let own = world.store.change_mine(room, ann.id, star).await.unwrap();
    assert_eq!(own, OwnSettings { notify: mentions, favourite: true });
    assert_eq!(world.store.change_mine(room, ann.id, star).await.unwrap(), own);
    let first = OwnSettings { favourite: false, ..own };
    let both = [first, own].map(|own| (ann.id, Personal::Room(room, own)));
    assert_eq!(told(&mut world), both, "what changes nothing is not told");
    assert_eq!(card(&world, &ann, room).await.own, own);
    assert_eq!(card(&world, &ben, room).await.own, OwnSettings::default());
    let default = world.store.change_mine(room, ann.id, level(None)).await.unwrap();
    assert_eq!(default, OwnSettings { notify: None, favourite: true });
    world.open_again_after_close().await;
    assert_eq!(card(&world, &ann, room).await.own, default);
    let change = async |change| {
        world.store.change_room(room, Basis::Nobody, Some(ben.id), change).await.unwrap();
    };
    change(LEAVE(&ann)).await;
    assert_eq!(
        world.store.change_mine(room, ann.id, star).await.unwrap_err(),
        StoreError::NotFound(Missing::Participant)
    );
    change(RoomChange::Add(ann.id, Role::Member)).await;
    assert_eq!(card(&world, &ann, room).await.own, OwnSettings::default());
    let again = world.store.change_mine(room, ann.id, level(mentions)).await.unwrap();
    assert_eq!(again, OwnSettings { notify: mentions, favourite: false });
}

async fn preferences_change_part_by_part(mut world: World) {
    let ann = world.user("ann").await;
    let none = world.store.preferences(ann.id).await.unwrap();
    assert_eq!((none.clone(), none.notify), (Preferences::default(), NotifyLevel::All));
    let change = |change| world.store.change_preferences(ann.id, change);
    let words = vec!["배포".to_owned(), "on \"call\"".to_owned()];
    let quiet = QuietHours {
        from: "22:00".to_owned(),
        to: "07:00".to_owned(),
        zone: "Asia/Seoul".to_owned(),
    };
    change(PreferencesChange { keywords: Some(words.clone()), ..PreferencesChange::default() })
        .await
        .unwrap();
    let all = change(PreferencesChange {
        notify: Some(NotifyLevel::Nothing),
        quiet: Some(Some(quiet.clone())),
        language: Some(Some("ko".to_owned())),
        ..PreferencesChange::default()
    });
    let all = all.await.unwrap();
    let wanted = Preferences {
        notify: NotifyLevel::Nothing,
        keywords: words,
        quiet: Some(quiet),
        language: Some("ko".to_owned()),
    };
    assert_eq!(all, wanted);
    assert_eq!(change(PreferencesChange::default()).await.unwrap(), wanted);
    let told = told(&mut world);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1], (ann.id, Personal::Preferences(wanted.clone())));
    world.open_again_after_close().await;
    assert_eq!(world.store.preferences(ann.id).await.unwrap(), wanted);
    let no_quiet = PreferencesChange { quiet: Some(None), ..PreferencesChange::default() };
    let changed = world.store.change_preferences(ann.id, no_quiet).await.unwrap();
    assert_eq!(changed, Preferences { quiet: None, ..wanted });
    world.store.remove_user(ann.id).await.unwrap();
    assert_eq!(world.store.preferences(ann.id).await.unwrap(), Preferences::default());
    assert_eq!(
        world.store.change_preferences(ann.id, PreferencesChange::default()).await.unwrap_err(),
        StoreError::NotFound(Missing::User)
    );
}

async fn saved_messages_are_listed_newest_first(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let one = world.private(&[&ann, &ben]).await.room.id;
    let two = world.private(&[&ann, &ben]).await.room.id;
    for text in ["first", "second", "third"] {
        world.say(one, &ben, text).await;
        world.say(two, &ben, &format!("{text} of two")).await;
    }
    world.events();
    let save =
        async |room, seq, saved| world.store.save_message(room, ann.id, Seq(seq), saved).await;
    for (room, seq) in [(one, 3), (two, 1), (one, 1), (one, 2), (one, 3)] {
        save(room, seq, true).await.unwrap();
    }
    let list = async |after, limit| world.store.saved(ann.id, after, limit).await.unwrap();
    let texts = |saved: &[chatctl::model::Saved]| -> Vec<String> {
        saved.iter().map(|saved| saved.message.text.clone()).collect()
    };
    let all = list(None, 10).await;
    let mut sorted = all.clone();
    sorted.sort_by_key(|saved| std::cmp::Reverse(saved.place()));
    assert_eq!(all, sorted);
    assert_eq!(all.len(), 4, "the same message is saved once");
    let page = list(None, 3).await;
    assert_eq!(page, all[..3]);
    assert_eq!(list(Some(page[2].place()), 3).await, all[3..]);
    assert_eq!(world.store.saved(ben.id, None, 10).await.unwrap(), []);
    save(one, 1, false).await.unwrap();
    save(one, 1, false).await.unwrap();
    let missing = StoreError::NotFound(Missing::Message);
    assert_eq!(save(one, 9, true).await.unwrap_err(), missing);
    let delete = MessageChange::Delete;
    world
        .store
        .change_message(one, Seq(2), Basis::Nobody, Some(ben.id), Whose::Any, delete)
        .await
        .unwrap();
    assert_eq!(save(one, 2, true).await.unwrap_err(), missing);
    let mut left = texts(&list(None, 10).await);
    left.sort();
    assert_eq!(left, ["first of two", "third"], "deleted messages are left out");
    assert_eq!(list(None, 1).await.len(), 1);
    let leave = world.store.change_room(two, Basis::Nobody, Some(ann.id), LEAVE(&ann));
    leave.await.unwrap();
    assert_eq!(texts(&list(None, 10).await), ["third"], "only rooms of the user");
    let told = told(&mut world);
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(matches!(told[4], (user, Personal::Saved(_, false)) if user == ann.id));
    world.open_again_after_close().await;
    assert_eq!(texts(&world.store.saved(ann.id, None, 10).await.unwrap()), ["third"]);
}

fn at(room: RoomId, thread: Option<i64>) -> DraftPlace {
    DraftPlace { room, thread: thread.map(Seq) }
}

async fn drafts_are_replaced_and_removed(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let one = world.private(&[&ann, &ben]).await.room.id;
    world.events();
    let store = std::sync::Arc::clone(&world.store);
    let change = async |place, text: &str, reply: Option<i64>| -> Unsent {
        store.change_draft(ann.id, place, text.to_owned(), reply.map(Seq), None).await.unwrap()
    };
    let first = change(at(one, None), "he", None).await;
    assert_eq!((first.text.as_str(), first.reply_to, first.place), ("he", None, at(one, None)));
    let second = change(at(one, None), "hello\n책", Some(4)).await;
    assert!(second.at > first.at, "{first:?} {second:?}");
    assert_eq!(change(at(one, None), "hello\n책", Some(4)).await, second, "nothing changed");
    let threads = change(at(one, Some(3)), "in the thread", None).await;
    let mut listed = store.drafts(ann.id).await.unwrap();
    assert!(listed[0].at >= listed[1].at, "the latest first: {listed:?}");
    listed.sort_by_key(|draft| draft.place);
    assert_eq!(listed, [second.clone(), threads.clone()]);
    assert_eq!(store.drafts(ben.id).await.unwrap(), []);
    let removed = change(at(one, None), "", Some(4)).await;
    assert_eq!((removed.text.as_str(), removed.reply_to), ("", None));
    assert!(removed.at > second.at);
    change(at(one, None), "", None).await;
    let told: Vec<Personal> = told(&mut world)
        .into_iter()
        .map(|(user, change)| {
            assert_eq!(user, ann.id);
            change
        })
        .collect();
    let wanted =
        [first, second, threads.clone(), removed.clone()].map(|draft| Personal::Draft(draft, None));
    assert_eq!(told, wanted, "what changes nothing is not told");
    let again = change(at(one, None), "again", None).await;
    assert!(again.at >= removed.at, "{removed:?} {again:?}");
    change(at(one, None), "", None).await;
    drop(store);
    world.open_again_after_close().await;
    assert_eq!(world.store.drafts(ann.id).await.unwrap(), [threads]);
}

async fn what_was_left_in_rooms_is_found(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let [here, left, gone] = [
        world.private(&[&ann, &ben]).await.room.id,
        world.private(&[&ann, &ben]).await.room.id,
        world.private(&[&ann, &ben]).await.room.id,
    ];
    let store = &world.store;
    for room in [here, left, gone] {
        for n in 1..=3 {
            world.say(room, &ben, &n.to_string()).await;
        }
        for (seq, following) in [(1, true), (2, false)] {
            store.follow_thread(room, ann.id, Seq(seq), following).await.unwrap();
        }
        store.read_thread(room, ann.id, Seq(1)).await.unwrap();
        for seq in [1, 3] {
            store.save_message(room, ann.id, Seq(seq), true).await.unwrap();
        }
        for place in [at(room, None), at(room, Some(2))] {
            store.change_draft(ann.id, place, "begun".to_owned(), None, None).await.unwrap();
        }
    }
    assert_eq!(store.left_behind(ann.id).await.unwrap(), LeftBehind::default());
    let delete = MessageChange::Delete;
    store
        .change_message(left, Seq(3), Basis::Nobody, Some(ben.id), Whose::Any, delete)
        .await
        .unwrap();
    for room in [left, gone] {
        store.change_room(room, Basis::Nobody, Some(ann.id), LEAVE(&ann)).await.unwrap();
    }
    store.change_room(gone, Basis::Nobody, Some(ben.id), RoomChange::Delete).await.unwrap();
    let found = store.left_behind(ann.id).await.unwrap();
    let drafts: Vec<_> = found.drafts.iter().map(|draft| (draft.place, &*draft.text)).collect();
    assert_eq!(drafts, [(at(left, None), "begun"), (at(left, Some(2)), "begun")]);
    let root = MessageId { room: left, seq: Seq(1) };
    assert_eq!(found.follows, [Follow { root, following: true, read: Seq(1), unread: None }]);
    let saved: Vec<_> = found.saved.iter().map(|place| (place.room, place.seq)).collect();
    assert_eq!(saved, [(left, Seq(1))], "what is deleted is not saved");
    assert_eq!(store.left_behind(ben.id).await.unwrap(), LeftBehind::default());
}

async fn drafts_belong_to_participants_and_are_bounded(world: World) {
    let (ann, ben, cyd) =
        (world.user("ann").await, world.user("ben").await, world.user("cyd").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let other = world.private(&[&ann, &ben, &cyd]).await.room.id;
    let store = &world.store;
    let change = async |user, place, text: &str| {
        store.change_draft(user, place, text.to_owned(), None, None).await
    };
    let stranger = change(cyd.id, at(room, None), "let me in").await.unwrap_err();
    assert_eq!(stranger, StoreError::NotFound(Missing::Participant));
    for n in 1..i64::from(MAX_DRAFTS) {
        change(ann.id, at(room, Some(n)), "begun").await.unwrap();
    }
    change(ann.id, at(other, None), "the last one").await.unwrap();
    let full = change(ann.id, at(other, Some(1)), "one more").await.unwrap_err();
    assert_eq!(full, StoreError::TooManyDrafts);
    change(ann.id, at(room, Some(1)), "changed").await.unwrap();
    assert_eq!(store.drafts(ann.id).await.unwrap().len(), MAX_DRAFTS as usize);
    change(ann.id, at(room, Some(1)), "").await.unwrap();
    change(ann.id, at(other, Some(1)), "one more").await.unwrap();
    change(ben.id, at(room, None), "of another user").await.unwrap();
    // Drafts of rooms that were left are not listed, and do not count.
    store.change_room(room, Basis::Nobody, Some(ann.id), LEAVE(&ann)).await.unwrap();
    let left = store.drafts(ann.id).await.unwrap();
    assert!(left.iter().all(|draft| draft.place.room == other) && left.len() == 2, "{left:?}");
    // They give way to new ones, and so they are bounded too.
    for n in 2..i64::from(MAX_DRAFTS) {
        change(ann.id, at(other, Some(n)), "there is room now").await.unwrap();
    }
    assert_eq!(store.drafts(ann.id).await.unwrap().len(), MAX_DRAFTS as usize);
    let full = change(ann.id, at(other, Some(500)), "one more").await.unwrap_err();
    assert_eq!(full, StoreError::TooManyDrafts);
    let added = RoomChange::Add(ann.id, Role::Member);
    store.change_room(room, Basis::Nobody, Some(ben.id), added).await.unwrap();
    let again = store.drafts(ann.id).await.unwrap();
    assert!(again.iter().all(|draft| draft.place.room == other), "{again:?}");
    store.remove_user(ben.id).await.unwrap();
    assert_eq!(store.drafts(ben.id).await.unwrap(), []);
}

async fn what_is_marked_unread_stays_so_until_it_is_read(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    for n in 1..=6 {
        world.say(room, &ann, &n.to_string()).await;
    }
    world.store.mark_read(room, ben.id, Seq(5)).await.unwrap();
    world.events();
    let store = std::sync::Arc::clone(&world.store);
    let unread = async |from| {
        let mark = store.mark_unread(room, ben.id, Seq(from)).await.unwrap();
        (mark.seq.0, mark.unread)
    };
    assert_eq!(unread(3).await, (2, 4));
    assert_eq!(unread(4).await, (2, 4), "those before stay unread");
    assert_eq!(unread(2).await, (1, 5));
    let read = async |upto| {
        let mark = store.mark_read(room, ben.id, Seq(upto)).await.unwrap();
        (mark.seq.0, mark.unread)
    };
    assert_eq!(read(1).await, (1, 5));
    assert_eq!(read(4).await, (4, 2), "up to where one has read again");
    let bens = card(&world, &ben, room).await;
    assert_eq!((bens.mark, bens.unread), (Seq(4), 2));
    let events = world.events();
    let marks: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Personal { user, change: Personal::Mark(mark, login), .. }
                if *user == ben.id && login == "ben" =>
            {
                Some((mark.seq.0, mark.unread))
            }
            _ => None,
        })
        .collect();
    assert_eq!(marks, [(2, 4), (1, 5), (4, 2)]);
    assert_eq!(events.len(), 3, "others are told nothing");
    assert_eq!(read(5).await, (5, 1));
    let bens = card(&world, &ben, room).await;
    assert_eq!((bens.mark, bens.unread), (Seq(5), 1));
    assert_eq!(unread(1).await, (0, 6));
    world.say(room, &ben, "my own").await;
    let bens = card(&world, &ben, room).await;
    assert_eq!((bens.mark, bens.unread), (Seq(7), 0), "whoever posts has read everything");
    assert_eq!(unread(7).await, (6, 1));
    assert_eq!(read(99).await, (7, 0));
    assert_eq!(
        world.store.mark_unread(room, UserId(99), Seq(1)).await.unwrap_err(),
        StoreError::NotFound(Missing::Participant)
    );
}

async fn marking_unread_hides_nothing_from_others(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let post = async |text: &str| {
        let mut draft = super::draft(&ann, text);
        draft.mentions = vec![vec!["ben".to_owned()]];
        world.store.post(room, Basis::Nobody, draft).await.unwrap();
    };
    post("@ben one").await;
    post("@ben two").await;
    world.store.mark_read(room, ben.id, Seq(2)).await.unwrap();
    assert_eq!(card(&world, &ben, room).await.mentions, 0);
    world.store.mark_unread(room, ben.id, Seq(2)).await.unwrap();
    let bens = card(&world, &ben, room).await;
    assert_eq!((bens.unread, bens.mentions), (1, 1));
    let readers = world.store.readers(room, Seq(2)).await.unwrap();
    let readers: Vec<_> = readers.iter().map(|(mark, who)| (mark.seq, who.as_str())).collect();
    assert_eq!(readers, [(Seq(2), "ann"), (Seq(2), "ben")]);
}

async fn a_message_to_all_mentions_all_but_its_author(world: World) {
    let (ann, ben, cyd) =
        (world.user("ann").await, world.user("ben").await, world.user("cyd").await);
    let room = world.private(&[&ann, &ben]).await.room.id;
    let post = async |names: &[&str]| {
        let mut draft = super::draft(&ann, "look");
        draft.mentions = names.iter().map(|name| vec![(*name).to_owned()]).collect();
        world.store.post(room, Basis::Nobody, draft).await.unwrap().message.seq
    };
    let mentions = async |user| card(&world, user, room).await.mentions;
    let first = post(&[EVERYONE]).await;
    post(&["ben", EVERYONE]).await;
    post(&["ben"]).await;
    assert_eq!(mentions(&ben).await, 3, "each message counts once");
    assert_eq!(mentions(&ann).await, 0);
    world.store.mark_unread(room, ann.id, first).await.unwrap();
    assert_eq!(mentions(&ann).await, 0, "not by oneself");
    let add = RoomChange::Add(cyd.id, Role::Member);
    world.store.change_room(room, Basis::Nobody, Some(ann.id), add).await.unwrap();
    assert_eq!(mentions(&cyd).await, 0, "newcomers have read everything");
    let change = async |change| {
        let changed = world.store.change_message(
            room,
            first,
            Basis::Nobody,
            Some(ann.id),
            Whose::Own,
            change,
        );
        changed.await.unwrap();
    };
    change(MessageChange::Edit { text: "look".to_owned(), mentions: Vec::new() }).await;
    assert_eq!(mentions(&ben).await, 2);
    let mentions_all = vec![vec![EVERYONE.to_owned()]];
    change(MessageChange::Edit { text: "look".to_owned(), mentions: mentions_all }).await;
    assert_eq!(mentions(&ben).await, 3);
    change(MessageChange::Delete).await;
    assert_eq!(mentions(&ben).await, 2);
    world.store.mark_read(room, ben.id, Seq(2)).await.unwrap();
    assert_eq!(mentions(&ben).await, 1);
}
