//! Routes and handlers: authenticate, parse, one call, wire.

use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::super::Route;
use super::super::request::Request;
use super::super::respond::json;
use super::{V1, wire};
use crate::chat::{Chat, CreatorRole, People, Registration, RoomPlan};
use crate::model::{Error, Result, RoomId, UserId, Visibility, Window};

/// What a route does.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// Make an account and open a session.
    Register,
    /// Open a session.
    Login,
    /// End it.
    Logout,
    /// Who am I.
    Info,
    /// Search logins.
    Users,
    /// My rooms.
    Rooms,
    /// Make a room, or find it.
    CreateRoom,
    /// A room.
    Room,
    /// Its messages.
    Messages,
    /// Its socket.
    Chat,
}

pub(super) const ROUTES: &[Route<Operation>] = &[
    Route { method: Method::POST, template: "/v1/register", operation: Operation::Register },
    Route { method: Method::POST, template: "/v1/login", operation: Operation::Login },
    Route { method: Method::POST, template: "/v1/logout", operation: Operation::Logout },
    Route { method: Method::GET, template: "/v1/info", operation: Operation::Info },
    Route { method: Method::GET, template: "/v1/users", operation: Operation::Users },
    Route { method: Method::GET, template: "/v1/rooms", operation: Operation::Rooms },
    Route { method: Method::POST, template: "/v1/rooms", operation: Operation::CreateRoom },
    Route { method: Method::GET, template: "/v1/rooms/{id}", operation: Operation::Room },
    Route { method: Method::GET, template: "/v1/rooms/{id}/messages", operation: Operation::Messages },
    Route { method: Method::GET, template: "/v1/rooms/{id}/chat", operation: Operation::Chat },
];

const DEFAULT_MESSAGES: u32 = 50;
const MAX_MESSAGES: u32 = 1_000;
/// More participants than a room can have: cards hold all of them.
const ALL: u32 = u32::MAX;

pub(super) async fn call(chat: Chat, operation: Operation, request: Request) -> Result<Response> {
    match operation {
        Operation::Register => register(chat, request).await,
        Operation::Login => login(chat, request).await,
        Operation::Logout => logout(chat, request).await,
        Operation::Info => info(chat, request).await,
        Operation::Users => users(chat, request).await,
        Operation::Rooms => rooms(chat, request).await,
        Operation::CreateRoom => create_room(chat, request).await,
        Operation::Room => room(chat, request).await,
        Operation::Messages => messages(chat, request).await,
        Operation::Chat => socket(chat, request).await,
    }
}

async fn register(chat: Chat, mut request: Request) -> Result<Response> {
    let wire::Credentials { login, password } = request.json().await?;
    let new = Registration { login: login.clone(), password: password.clone(), ..Registration::default() };
    chat.register(new, request.client()).await?;
    let logged_in = chat.log_in(&login, &password, request.client()).await?;
    Ok(json(StatusCode::OK, &wire::SessionId { session_id: &logged_in.secret }))
}

async fn login(chat: Chat, mut request: Request) -> Result<Response> {
    let body: wire::Credentials = request.json().await?;
    let logged_in = chat.log_in(&body.login, &body.password, request.client()).await?;
    Ok(json(StatusCode::OK, &wire::SessionId { session_id: &logged_in.secret }))
}

async fn logout(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let _body: wire::Nothing = request.json_or_empty().await?;
    chat.log_out(&session).await?;
    Ok(json(StatusCode::OK, &serde_json::json!({})))
}

async fn info(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    Ok(json(StatusCode::OK, &wire::User { id: session.user.0, login: session.login }))
}

async fn users(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let found = chat.find_logins(&session, &request.query("q").unwrap_or_default()).await?;
    Ok(json(StatusCode::OK, &found.iter().map(wire::User::from).collect::<Vec<_>>()))
}

async fn rooms(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let mut cards = chat.my_rooms(&session, ALL).await?;
    cards.sort_by_key(|(card, _)| card.facts.room.id);
    Ok(json(StatusCode::OK, &cards.iter().map(|(card, _)| wire::Room::from(&card.facts)).collect::<Vec<_>>()))
}

async fn create_room(chat: Chat, mut request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let body: wire::NewRoom = request.json().await?;
    let people = People::Ids(body.users.iter().map(|user| UserId(user.id)).collect());
    let plan = RoomPlan { name: None, visibility: Visibility::Private, people, creator: CreatorRole::Member, reuse: true };
    let (room, _) = chat.create_room(&session, plan).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&*room.facts)))
}

async fn room(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let room = chat.my_room(&session, room_id(&request)).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&*room.facts)))
}

async fn messages(chat: Chat, request: Request) -> Result<Response> {
    let session = request.session(&chat).await?;
    let limit = number(&request, "limit", DEFAULT_MESSAGES)?;
    if !(1..=MAX_MESSAGES).contains(&limit) {
        return Err(Error::invalid("limit", "must be 1 to 1000"));
    }
    let window = Window::Offset(number(&request, "offset", 0)?);
    let found = chat.history(&session, room_id(&request), window, limit).await?;
    Ok(json(StatusCode::OK, &found.iter().map(wire::Message::from).collect::<Vec<_>>()))
}

async fn socket(chat: Chat, request: Request) -> Result<Response> {
    if !request.is_upgrade() {
        return Err(Error::UpgradeRequired);
    }
    request.check_handshake()?;
    let who = request.authenticated(&chat).await?;
    let room = room_id(&request);
    chat.may_enter(&who.session, room).await?;
    request.upgrade::<V1>(&chat, who, (), Some(room))
}

/// Rooms are plain numbers here.
fn room_id(request: &Request) -> RoomId {
    if request.param("id").starts_with("room") { RoomId(0) } else { request.room("id") }
}

fn number(request: &Request, name: &'static str, default: u32) -> Result<u32> {
    request.query(name).map_or(Ok(default), |text| text.parse().map_err(|_| Error::invalid(name, "must be a natural number")))
}
