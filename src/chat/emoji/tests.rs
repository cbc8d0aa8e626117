//! Who may add and delete custom emoji, and what is refused as one.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream;

use super::*;
use crate::chat::world::World;
use crate::config::{Config, EmojiAdders};
use crate::model::{MessageRef, NewMessage};

/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA\
                     AABJRU5ErkJggg==";

fn pixel() -> Vec<u8> {
    BASE64_STANDARD.decode(PIXEL).unwrap()
}

/// The same picture, which claims to be this wide.
fn wide(width: u32) -> Vec<u8> {
    let mut picture = pixel();
    picture[16..20].copy_from_slice(&width.to_be_bytes());
    picture
}

async fn world(adders: EmojiAdders) -> World {
    let mut config = Config::default();
    config.rooms.custom_emoji = adders;
    World::new(&config).await
}

async fn add(world: &World, session: &Session, name: &str, body: &[u8]) -> Result<CustomEmoji> {
    let chunks = body.chunks(10_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk)));
    let mut body = stream::iter(chunks.collect::<Vec<_>>());
    world.chat.add_emoji(session, name, &mut body).await
}

async fn names(world: &World, session: &Session) -> (Vec<String>, bool) {
    let list = world.chat.emoji(session).await.unwrap();
    (list.emoji.into_iter().map(|emoji| emoji.name).collect(), list.may_add)
}

#[tokio::test]
async fn everybody_adds_emoji_where_that_is_permitted_and_deletes_their_own() {
    let world = world(EmojiAdders::Everyone).await;
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let added = add(&world, &ann, "party_parrot", &pixel()).await.unwrap();
    assert_eq!(
        (&*added.name, &*added.creator, added.media.owner),
        ("party_parrot", "ann", ann.user)
    );
    let again = add(&world, &ben, "party_parrot", &pixel()).await;
    assert_eq!(again.err(), Some(Error::Taken(Claim::Emoji)));
    assert_eq!(names(&world, &ben).await, (vec!["party_parrot".to_owned()], true));
    let refused = world.chat.remove_emoji(&ben, "party_parrot").await;
    assert_eq!(refused.err(), Some(Error::Forbidden));
    world.chat.remove_emoji(&ann, "party_parrot").await.unwrap();
    let unknown = world.chat.remove_emoji(&ann, "party_parrot").await;
    assert_eq!(unknown.err(), Some(Error::EmojiNotFound));
    let guest = Session { guest: true, ..ben };
    assert_eq!(add(&world, &guest, "shipit", &pixel()).await.err(), Some(Error::Forbidden));
    assert_eq!(names(&world, &guest).await, (Vec::new(), false));
}

#[tokio::test]
async fn only_administrators_add_emoji_otherwise() {
    let world = world(EmojiAdders::Administrators).await;
    let ann = world.user("ann").await;
    assert_eq!(add(&world, &ann, "shipit", &pixel()).await.err(), Some(Error::Forbidden));
    let chief = Session { admin: true, ..ann.clone() };
    add(&world, &chief, "shipit", &pixel()).await.unwrap();
    // Ann owns its picture, and still may not delete it.
    let refused = world.chat.remove_emoji(&ann, "shipit").await;
    assert_eq!(refused.err(), Some(Error::Forbidden));
    world.chat.remove_emoji(&chief, "shipit").await.unwrap();
}

#[tokio::test]
async fn names_of_built_in_emoji_and_what_is_no_small_picture_are_refused() {
    let world = world(EmojiAdders::Everyone).await;
    let ann = world.user("ann").await;
    let field = |refused: Result<CustomEmoji>| match refused {
        Err(Error::Invalid { field, .. }) => field.into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(add(&world, &ann, "tada", &pixel()).await), "name");
    assert_eq!(field(add(&world, &ann, "Parrot", &pixel()).await), "name");
    for other in [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", &pixel()[..20]] {
        assert_eq!(field(add(&world, &ann, "our_parrot", other).await), "body");
    }
    assert_eq!(field(add(&world, &ann, "our_parrot", &wide(MAX_EMOJI_SIDE + 1)).await), "body");
    let large = vec![b'x'; usize::try_from(MAX_EMOJI_BYTES).unwrap() + 1];
    assert_eq!(add(&world, &ann, "our_parrot", &large).await.err(), Some(Error::TooLarge));
    add(&world, &ann, "our_parrot", &wide(MAX_EMOJI_SIDE)).await.unwrap();
}

#[tokio::test]
async fn a_reaction_with_a_custom_emoji_needs_the_emoji_and_outlives_it() {
    let world = world(EmojiAdders::Everyone).await;
    let ann = world.user("ann").await;
    let room = world.room(&ann, &[]).await;
    let posted = world.chat.post(&ann, room, NewMessage::text("look")).await.unwrap();
    let message = MessageRef::Id(posted.message.id());
    let react = async |give: bool| {
        let reaction = Reaction::parse(":our_parrot:").unwrap();
        world.chat.react(&ann, room, message, reaction, give).await.map(|stored| stored.repeated)
    };
    assert!(matches!(react(true).await, Err(Error::Invalid { .. })));
    add(&world, &ann, "our_parrot", &pixel()).await.unwrap();
    assert_eq!(react(true).await, Ok(false));
    world.chat.remove_emoji(&ann, "our_parrot").await.unwrap();
    assert_eq!(react(false).await, Ok(false), "it can be taken back");
}
