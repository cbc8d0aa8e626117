//! The routes of `rooms`. Every handler authenticates, parses the request, calls `Chat` once and
//! builds the response.

use warp::http::header::SET_COOKIE;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::{COOKIE, Rooms, wire};
use crate::api::Route;
use crate::api::request::Request;
use crate::api::respond::{empty, json, with_header};
use crate::chat::{Chat, RoomPlan};
use crate::model::{Error, Result};

/// Operation of a route; named after the use case of `Chat` it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Register,
    Me,
    DeleteMe,
    LogIn,
    LogOut,
    CreateRoom,
    VisibleRooms,
    DeleteRoom,
    Socket,
}

const fn route(method: Method, template: &'static str, operation: Operation) -> Route<Operation> {
    Route { method, template, operation }
}

/// All routes.
pub(super) const ROUTES: &[Route<Operation>] = &[
    route(Method::POST, "/users", Operation::Register),
    route(Method::GET, "/users/me", Operation::Me),
    route(Method::DELETE, "/users/me", Operation::DeleteMe),
    route(Method::POST, "/login", Operation::LogIn),
    route(Method::DELETE, "/logout", Operation::LogOut),
    route(Method::POST, "/rooms", Operation::CreateRoom),
    route(Method::GET, "/rooms", Operation::VisibleRooms),
    route(Method::DELETE, "/rooms/{room_id}", Operation::DeleteRoom),
    route(Method::GET, "/rooms/{room_id}", Operation::Socket),
];

/// Answers a request for this operation.
pub(super) async fn answer(
    chat: &Chat,
    operation: Operation,
    request: Request,
) -> Result<Response> {
    match operation {
        Operation::Register => register(chat, request).await,
        Operation::Me => me(chat, request).await,
        Operation::DeleteMe => delete_me(chat, request).await,
        Operation::LogIn => log_in(chat, request).await,
        Operation::LogOut => log_out(chat, request).await,
        Operation::CreateRoom => create_room(chat, request).await,
        Operation::VisibleRooms => visible_rooms(chat, request).await,
        Operation::DeleteRoom => delete_room(chat, request).await,
        Operation::Socket => socket(chat, request).await,
    }
}

async fn register(chat: &Chat, mut request: Request) -> Result<Response> {
    let new: wire::NewUser = request.json().await?;
    let user = chat.register(new.into(), request.client()).await?;
    Ok(json(StatusCode::CREATED, &wire::User::from(&user)))
}

async fn me(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let user = chat.me(&session).await?;
    Ok(json(StatusCode::OK, &wire::User::from(&user)))
}

async fn delete_me(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.delete_me(&session).await?;
    Ok(goodbye(&request))
}

async fn log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let wire::LogIn { user_id, password, code } = request.json().await?;
    let login = chat.log_in(&user_id, &password, code.as_deref(), request.client()).await?;
    let cookie = request.session_cookie(COOKIE, &login.secret, None);
    Ok(with_header(
        json(StatusCode::RESET_CONTENT, &wire::Opened::from(&login)),
        SET_COOKIE,
        &cookie,
    ))
}

async fn log_out(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.leaving(chat).await?;
    chat.log_out(&session).await?;
    Ok(goodbye(&request))
}

async fn create_room(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let plan: RoomPlan = request.json::<wire::NewRoom>().await?.into();
    let (room, _) = chat.create_room(&session, plan).await?;
    Ok(json(StatusCode::CREATED, &wire::Room::from(&room.facts.room)))
}

async fn visible_rooms(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let cards = chat.visible_rooms(&session).await?;
    Ok(json(
        StatusCode::OK,
        &cards.iter().map(|card| wire::Room::from(&card.facts.room)).collect::<Vec<_>>(),
    ))
}

async fn delete_room(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.delete_room(&session, request.room("room_id")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn socket(chat: &Chat, request: Request) -> Result<Response> {
    if !request.is_upgrade() {
        return Err(Error::UpgradeRequired);
    }
    request.check_handshake()?;
    let who = request.authenticated(chat).await?;
    let room = request.room("room_id");
    chat.check_entry(&who.session, room).await?;
    let user = who.session.user;
    request.upgrade::<Rooms>(chat, who, user, Some(room))
}

fn goodbye(request: &Request) -> Response {
    with_header(empty(StatusCode::NO_CONTENT), SET_COOKIE, &request.cleared_cookie(COOKIE))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_in_the_module_documentation_lists_every_route() {
        let rows: HashSet<String> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'))
            .map(|(row, _)| row.to_owned())
            .collect();
        let routes: HashSet<String> =
            ROUTES.iter().map(|route| format!("{} {}", route.method, route.template)).collect();
        assert_eq!(rows, routes);
        assert_eq!(routes.len(), ROUTES.len());
    }
}
