//! Rooms and their participants.

use warp::http::StatusCode;
use warp::http::header::LOCATION;
use warp::reply::Response;

use super::check_caller;
use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::{empty, json, with_header};
use crate::chat::{Chat, RoomPlan};
use crate::model::{Error, Result};

/// Maximum number of participants of a room in a list.
const LISTED_PARTICIPANTS: u32 = 10;

pub(super) async fn list(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    match request.query("scope").as_deref() {
        None | Some("mine") => {
            let rooms = chat.my_rooms(&session, LISTED_PARTICIPANTS).await?;
            Ok(json(
                StatusCode::OK,
                &wire::Rooms { chatrooms: rooms.iter().map(wire::Card::mine).collect() },
            ))
        }
        Some("public") => {
            let rooms = chat.directory(&session).await?;
            Ok(json(
                StatusCode::OK,
                &wire::Rooms { chatrooms: rooms.iter().map(wire::Card::public).collect() },
            ))
        }
        Some(_) => Err(Error::invalid("scope", "must be mine or public")),
    }
}

pub(super) async fn create(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::NewRoom = request.json().await?;
    check_caller(&session, new.creator_id.as_deref())?;
    let (room, existed) =
        chat.create_room(&session, RoomPlan::try_from(new)?).await.map_err(unknown_targets)?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(with_header(
        json(status, &wire::Room::from(&room)),
        LOCATION,
        &request.address_of(&format!("/api/chatrooms/{}", room.facts.room.id.key())),
    ))
}

/// Reports unknown users as an invalid field of the body.
fn unknown_targets(error: Error) -> Error {
    if error == Error::UserNotFound {
        Error::invalid("targetUserIds", "has a user who does not exist")
    } else {
        error
    }
}

pub(super) async fn room(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = chat.room(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&room)))
}

pub(super) async fn delete(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.delete_room(&session, request.room("roomId")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn rename(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::Rename { name } = request.json().await?;
    let room = chat.rename_room(&session, request.room("roomId"), Some(name)).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&room)))
}

pub(super) async fn join(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let (room, _) = chat.join(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&room)))
}

pub(super) async fn connect(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::Caller { user_id } = request.json_or_empty().await?;
    check_caller(&session, user_id.as_deref())?;
    let connected = chat.connect_room(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::Connected::from(&connected)))
}

pub(super) async fn add_participant(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let new: wire::NewParticipant = request.json().await?;
    let participant =
        chat.add_participant(&session, request.room("roomId"), &new.user_id, new.role()?).await?;
    Ok(json(StatusCode::CREATED, &wire::Participant::from(&participant)))
}

pub(super) async fn remove_participant(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.remove_participant(&session, request.room("roomId"), request.param("userId")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn change_role(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let role = request.json::<wire::SetRole>().await?.role()?;
    let participant =
        chat.change_role(&session, request.room("roomId"), request.param("userId"), role).await?;
    Ok(json(StatusCode::OK, &wire::Participant::from(&participant)))
}

pub(super) async fn change_mine(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::ChangeMine { muted } = request.json().await?;
    let room = request.room("roomId");
    chat.mute(&session, room, muted).await?;
    Ok(json(StatusCode::OK, &wire::Muted { room_id: room.into(), muted }))
}

pub(super) async fn change_edited_name(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::SetEditedName { edited_name } = request.json().await?;
    let participant = chat
        .change_edited_name(&session, request.room("roomId"), request.param("userId"), &edited_name)
        .await?;
    Ok(json(StatusCode::OK, &wire::Participant::from(&participant)))
}
