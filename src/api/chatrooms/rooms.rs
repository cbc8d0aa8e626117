//! Rooms and participants.

use serde::{Deserialize, Serialize};
use warp::http::header::LOCATION;
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

use super::super::request::Request;
use super::super::respond::{empty, json};
use super::{rest, wire};
use crate::chat::{Chat, CreatorRole, People, RoomPlan};
use crate::model::{Error, Result, Role, RoomId, Visibility};

/// Rooms of the directory that one answer holds, and how many it may at most.
const DEFAULT_PUBLIC: u32 = 1_000;
const MAX_PUBLIC: u32 = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewRoom {
    creator_id: Option<String>,
    target_user_ids: Vec<String>,
    name: Option<String>,
    visibility: Option<String>,
    direct: Option<bool>,
}

#[derive(Deserialize)]
struct Rename {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewParticipant {
    user_id: String,
    role: Option<String>,
}

#[derive(Deserialize)]
struct NewRole {
    role: String,
}

#[derive(Deserialize)]
struct EditedName {
    edited_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Caller {
    user_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    room_id: String,
    state: &'static str,
    participants: Vec<wire::Participant>,
    online: Vec<String>,
    online_count: u32,
    websocket: &'static str,
}

pub(super) async fn list(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body = match request.query("scope").as_deref() {
        None | Some("mine") => {
            let rooms = chat.my_rooms(&session, wire::LISTED_PARTICIPANTS).await?;
            let rooms: Vec<_> = rooms.iter().map(|(card, state)| wire::Card::new(card, *state)).collect();
            serde_json::json!({ "chatrooms": rooms })
        }
        Some("public") => {
            let limit = rest::limit(&request, DEFAULT_PUBLIC, MAX_PUBLIC)?;
            let rooms = chat.directory(&session, RoomId(0), limit).await?;
            let rooms: Vec<_> = rooms.iter().map(|(card, state)| wire::Card::public(card, *state)).collect();
            serde_json::json!({ "chatrooms": rooms })
        }
        Some(_) => return Err(Error::invalid("scope", "must be mine or public")),
    };
    Ok(json(StatusCode::OK, &body))
}

pub(super) async fn create(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: NewRoom = request.json().await?;
    rest::check_caller(&session, body.creator_id.as_deref())?;
    let visibility = match body.visibility.as_deref() {
        None => Visibility::Private,
        Some(text) => Visibility::parse(text).ok_or_else(|| Error::invalid("visibility", "must be public or private"))?,
    };
    let reuse = body.direct.unwrap_or_default() && body.name.is_none() && visibility == Visibility::Private;
    let people = People::Logins(body.target_user_ids);
    let plan = RoomPlan { name: body.name, visibility, people, creator: CreatorRole::ByCount, reuse };
    let unknown = |error| if error == Error::UserNotFound { Error::invalid("targetUserIds", "names an unknown user") } else { error };
    let (room, existed) = chat.create_room(&session, plan).await.map_err(unknown)?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = json(status, &wire::Room::whole(&room.facts, room.state));
    let location = format!("/api/chatrooms/{}", room.facts.room.id.key());
    response.headers_mut().insert(LOCATION, HeaderValue::from_str(&location).map_err(|_| Error::Internal)?);
    Ok(response)
}

pub(super) async fn room(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let room = chat.room(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::Room::whole(&room.facts, room.state)))
}

pub(super) async fn delete(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    chat.delete_room(&session, request.room("roomId")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn rename(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let Rename { name } = request.json().await?;
    let name = name.ok_or_else(|| Error::invalid("name", "is missing"))?;
    let room = chat.rename_room(&session, request.room("roomId"), Some(name)).await?;
    Ok(json(StatusCode::OK, &wire::Room::whole(&room.facts, room.state)))
}

pub(super) async fn join(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let (room, _) = chat.join(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::Room::whole(&room.facts, room.state)))
}

pub(super) async fn connect(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let Caller { user_id } = request.json_or_empty().await?;
    rest::check_caller(&session, user_id.as_deref())?;
    let connected = chat.connect_room(&session, request.room("roomId")).await?;
    let body = Connected {
        room_id: connected.room.facts.room.id.key(),
        state: connected.room.state.as_str(),
        participants: connected.room.facts.participants.iter().map(wire::Participant::from).collect(),
        online: connected.online,
        online_count: connected.online_count,
        websocket: "/chat",
    };
    Ok(json(StatusCode::OK, &body))
}

pub(super) async fn add(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: NewParticipant = request.json().await?;
    let role = body.role.as_deref().map_or(Ok(Role::Member), role)?;
    let participant = chat.add_participant(&session, request.room("roomId"), &body.user_id, role).await?;
    Ok(json(StatusCode::CREATED, &wire::Participant::from(&participant)))
}

pub(super) async fn remove(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    chat.remove_participant(&session, request.room("roomId"), request.param("userId")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) async fn change_role(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: NewRole = request.json().await?;
    let participant = chat.change_role(&session, request.room("roomId"), request.param("userId"), role(&body.role)?).await?;
    Ok(json(StatusCode::OK, &wire::Participant::from(&participant)))
}

pub(super) async fn change_name(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: EditedName = request.json().await?;
    let participant = chat.change_edited_name(&session, request.room("roomId"), request.param("userId"), &body.edited_name).await?;
    Ok(json(StatusCode::OK, &wire::Participant::from(&participant)))
}

fn role(text: &str) -> Result<Role> {
    Role::parse(text).ok_or_else(|| Error::invalid("role", "must be admin, sub-admin or member"))
}
